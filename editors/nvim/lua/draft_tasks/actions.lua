--- What the subcommands of `:LspDraftTasks` do.
local file = require('draft_tasks.file')
local program = require('draft_tasks.program')
local protocol = require('draft_tasks.protocol')
local server = require('draft_tasks.server')

local M = {}

local commands = protocol.commands

---@param client vim.lsp.Client
---@param bufnr integer
---@param phase string
---@param task? string
local function start(client, bufnr, phase, task)
  local uri = vim.uri_from_bufnr(bufnr)
  if task then
    server.execute(client, commands.run_task, { uri = uri, phase = phase, task = task })
  else
    server.execute(client, commands.run_phase, { uri = uri, phase = phase })
  end
end

---@class draft_tasks.Choice
---@field phase string
---@field task? string
---@field label string

--- What can be run: each phase, and each of its tasks where they are wanted.
---@param phases draft_tasks.PhaseOutline[]
---@param with_tasks boolean
---@return draft_tasks.Choice[]
local function choices(phases, with_tasks)
  local found = {} ---@type draft_tasks.Choice[]
  for _, phase in ipairs(phases) do
    local count = #phase.tasks == 1 and '1 task' or ('%d tasks'):format(#phase.tasks)
    table.insert(found, { phase = phase.phase, label = ('%s (%s)'):format(phase.phase, count) })
    for _, task in ipairs(with_tasks and phase.tasks or {}) do
      local label = ('%s · %s: %s'):format(phase.phase, task.name, task.command)
      table.insert(found, { phase = phase.phase, task = task.name, label = label })
    end
  end
  return found
end

--- Asks what is meant.
---@param client vim.lsp.Client
---@param bufnr integer
---@param prompt string
---@param with_tasks boolean
---@param on_choice fun(choice: draft_tasks.Choice)
local function choose(client, bufnr, prompt, with_tasks, on_choice)
  local found = choices(server.outline(client, bufnr), with_tasks)
  if #found == 0 then
    server.notify('the file has no phase with tasks')
    return
  end
  local options = {
    prompt = prompt,
    kind = 'draft_tasks',
    format_item = function(choice)
      return choice.label
    end,
  }
  vim.ui.select(found, options, function(choice)
    if choice then
      on_choice(choice)
    end
  end)
end

--- The phase that the cursor is in.
---@param client vim.lsp.Client
---@param bufnr integer
---@return string?
local function phase_at_cursor(client, bufnr)
  if bufnr ~= vim.api.nvim_get_current_buf() then
    return nil
  end
  local line = vim.api.nvim_win_get_cursor(0)[1] - 1
  for _, candidate in ipairs(server.outline(client, bufnr)) do
    if line >= candidate.first and line <= candidate.last then
      return candidate.phase
    end
  end
end

--- Runs a phase or a task of it. Without a phase: the one under the cursor, else it asks.
---@param phase? string
---@param task? string
function M.run(phase, task)
  local client, bufnr = server.target()
  if not client or not bufnr then
    return
  end
  phase = phase or phase_at_cursor(client, bufnr)
  if phase then
    start(client, bufnr, phase, task)
  else
    M.pick()
  end
end

--- Asks which phase or task to run.
function M.pick()
  local client, bufnr = server.target()
  if client and bufnr then
    choose(client, bufnr, 'Run:', true, function(choice)
      start(client, bufnr, choice.phase, choice.task)
    end)
  end
end

--- Runs again what ran last of the tasks file, or of that what failed.
---@param only_failed boolean
function M.rerun(only_failed)
  local client, bufnr = server.target()
  if client and bufnr then
    local command = only_failed and commands.rerun_failed or commands.rerun
    server.execute(client, command, { uri = vim.uri_from_bufnr(bufnr) })
  end
end

---@param markdown string
---@param id string
local function preview(markdown, id)
  vim.lsp.util.open_floating_preview(vim.split(markdown, '\n'), 'markdown', { focus_id = 'draft-tasks ' .. id })
end

--- Shows what a phase would run.
---@param phase? string
function M.plan(phase)
  local client, bufnr = server.target()
  if not client or not bufnr then
    return
  end
  local function show(name)
    local argument = { uri = vim.uri_from_bufnr(bufnr), phase = name, show = false }
    server.execute(client, commands.plan, argument, function(plan)
      preview(plan.markdown, 'plan')
    end)
  end
  phase = phase or phase_at_cursor(client, bufnr)
  if phase then
    show(phase)
  else
    choose(client, bufnr, 'Plan:', false, function(choice)
      show(choice.phase)
    end)
  end
end

--- Shows whether all that tasks inside of pods need is there.
function M.doctor()
  local client, bufnr = server.target()
  if not client or not bufnr then
    return
  end
  if not server.has(client, commands.doctor) then
    server.notify('this version of the server has no doctor; :checkhealth draft_tasks says what is missing')
    return
  end
  local argument = { uri = vim.uri_from_bufnr(bufnr), show = false }
  server.execute(client, commands.doctor, argument, function(report)
    preview(report.markdown, 'doctor')
  end)
end

--- Stops the runs of the tasks file in the current buffer; elsewhere all runs.
function M.stop()
  local bufnr = vim.api.nvim_get_current_buf()
  local clients = vim.lsp.get_clients({ bufnr = bufnr, name = 'draft_tasks' })
  local argument = #clients > 0 and { uri = vim.uri_from_bufnr(bufnr) } or nil
  if #clients == 0 then
    clients = vim.lsp.get_clients({ name = 'draft_tasks' })
  end
  local answers, stopped = 0, 0
  for _, client in ipairs(clients) do
    server.execute(client, commands.stop, argument, function(result)
      answers, stopped = answers + 1, stopped + result.stopped
      if answers == #clients and stopped == 0 then
        server.notify('nothing runs', vim.log.levels.INFO)
      end
    end)
  end
  if #clients == 0 then
    server.notify('nothing runs', vim.log.levels.INFO)
  end
end

--- Shows the output of all runs and goes there.
function M.log()
  require('draft_tasks.output').open({ enter = true })
end

local signs = { passed = '✓', failed = '✗', stopped = '■' }

---@param run draft_tasks.KeptRun
---@return string
local function run_label(run)
  local at = run.at:gsub('T', ' '):gsub('%.%d+Z$', ' UTC')
  local seconds = run.seconds and ('  %.1f s'):format(run.seconds) or ''
  return ('%s %s  %s%s  %s'):format(signs[run.state] or '…', run.phase, at, seconds, vim.fn.fnamemodify(run.file, ':~:.'))
end

--- Shows what is kept of a run in a window of its own.
---@param id string
local function show_run(id)
  program.run(id, function(text, problem)
    if not text then
      server.notify(problem or 'the run cannot be shown', vim.log.levels.ERROR)
      return
    end
    local bufnr = require('draft_tasks.output.buffer').page('draft-tasks://runs/' .. id, text)
    vim.api.nvim_open_win(bufnr, true, { split = 'below', win = -1 })
  end)
end

--- Asks which of the kept runs to show, and shows it.
function M.runs()
  program.runs(function(runs, problem)
    if not runs then
      server.notify(problem or 'the runs cannot be listed', vim.log.levels.ERROR)
    elseif #runs == 0 then
      server.notify('no runs are kept', vim.log.levels.INFO)
    else
      vim.ui.select(runs, { prompt = 'Show run:', kind = 'draft_tasks', format_item = run_label }, function(run)
        if run then
          show_run(run.id)
        end
      end)
    end
  end)
end

--- Goes to a file once it is there: the server's edit comes after its answer. Where the folder cannot be written the
--- edit makes a buffer alone, and writing that tells why.
---@param path string
---@param tries? integer
local function open_when_there(path, tries)
  tries = tries or 500
  if vim.uv.fs_stat(path) or vim.fn.bufloaded(path) == 1 then
    vim.cmd.edit({ args = { vim.fn.fnameescape(path) } })
  elseif tries > 0 then
    vim.defer_fn(function()
      open_when_there(path, tries - 1)
    end, 10)
  else
    server.notify(('%s was not created'):format(path), vim.log.levels.ERROR)
  end
end

--- Creates a tasks file in the folder of the current file, from a draft pack or with the phases and comments.
---@param pack? string
function M.create(pack)
  local folder = file.folder(vim.api.nvim_get_current_buf())
  local client = server.for_folder(folder)
  if client then
    local argument = { uri = vim.uri_from_fname(folder), pack = pack }
    server.execute(client, commands.create, argument, function(result)
      open_when_there(vim.uri_to_fname(result.uri))
    end)
  end
end

--- Puts what is wrong with tasks into the quickfix list: which failed, and the places that they named.
function M.quickfix()
  local items = {} ---@type vim.quickfix.entry[]
  for _, client in ipairs(vim.lsp.get_clients({ name = 'draft_tasks' })) do
    local namespace = vim.lsp.diagnostic.get_namespace(client.id)
    local found = vim.tbl_filter(function(diagnostic)
      local is_tasks_file = file.is_tasks_file(vim.api.nvim_buf_get_name(diagnostic.bufnr))
      return diagnostic.code == protocol.task_failed or not is_tasks_file
    end, vim.diagnostic.get(nil, { namespace = namespace }))
    vim.list_extend(items, vim.diagnostic.toqflist(found))
  end
  vim.fn.setqflist({}, ' ', { title = 'draft-tasks: failures', items = items })
  if #items > 0 then
    vim.cmd('botright copen')
  else
    server.notify('no task failed when it last ran', vim.log.levels.INFO)
  end
end

--- Forgets the results of runs and which tasks failed.
function M.clear()
  local client, bufnr = server.target()
  if client and bufnr then
    server.execute(client, commands.clear, { uri = vim.uri_from_bufnr(bufnr) })
  end
end

return M
