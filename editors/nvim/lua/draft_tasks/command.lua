--- `:LspDraftTasks run [phase] [task] | rerun | plan [phase] | stop | log`, and its completion.
local file = require('draft_tasks.file')
local protocol = require('draft_tasks.protocol')

local M = {}

--- How long completion and opening a file wait for the server, in milliseconds.
local patience = 2000

---@param message string
---@param level? integer
local function notify(message, level)
  vim.notify('draft-tasks: ' .. message, level or vim.log.levels.WARN)
end

--- The buffer of the tasks file that is meant: the current one, else the nearest `.draft-tasks.toml` above it.
---@return integer?
local function tasks_buffer()
  local path = vim.api.nvim_buf_get_name(0)
  if file.is_tasks_file(path) then
    return vim.api.nvim_get_current_buf()
  end
  local start = vim.bo.buftype == '' and path ~= '' and vim.fs.dirname(path) or vim.uv.cwd()
  local found = vim.fs.find('.draft-tasks.toml', { path = start, upward = true, type = 'file' })[1]
  if not found then
    return nil
  end
  local bufnr = vim.fn.bufadd(found)
  vim.fn.bufload(bufnr)
  return bufnr
end

---@param bufnr integer
---@return vim.lsp.Client?
local function client_of(bufnr)
  local client ---@type vim.lsp.Client?
  vim.wait(patience, function()
    client = vim.lsp.get_clients({ bufnr = bufnr, name = 'draft_tasks' })[1]
    return client ~= nil
  end, 10)
  return client
end

--- The tasks file that is meant and its server; says so where there is none.
---@return vim.lsp.Client?, integer?
local function target()
  local bufnr = tasks_buffer()
  if not bufnr then
    notify('there is no .draft-tasks.toml here or above')
    return nil
  end
  local client = client_of(bufnr)
  if not client then
    notify('the language server does not run for this file; see :checkhealth draft_tasks', vim.log.levels.ERROR)
    return nil
  end
  return client, bufnr
end

---@param client vim.lsp.Client
---@param command string
---@param argument? table
---@param on_result? fun(result: any)
local function execute(client, command, argument, on_result)
  local params = { command = command, arguments = argument and { argument } or {} }
  client:request('workspace/executeCommand', params, function(err, result)
    if err then
      notify(err.message, vim.log.levels.ERROR)
    elseif on_result then
      on_result(result)
    end
  end)
end

---@class draft_tasks.PhaseOutline
---@field phase string
---@field first integer first line, from 0
---@field last integer last line
---@field tasks string[]

--- The phases of a file with their tasks, as the server sees them.
---@param client vim.lsp.Client
---@param bufnr integer
---@return draft_tasks.PhaseOutline[]
local function outline(client, bufnr)
  local params = { textDocument = vim.lsp.util.make_text_document_params(bufnr) }
  local response = client:request_sync('textDocument/documentSymbol', params, patience, bufnr)
  local phases = {} ---@type draft_tasks.PhaseOutline[]
  for _, symbol in ipairs(response and response.result or {}) do
    local phase = symbol.name:lower()
    if vim.list_contains(protocol.phases, phase) then
      local tasks = vim.tbl_map(function(child)
        return child.name
      end, symbol.children or {})
      local range = symbol.range
      table.insert(phases, { phase = phase, first = range.start.line, last = range['end'].line, tasks = tasks })
    end
  end
  return phases
end

---@param client vim.lsp.Client
---@param bufnr integer
---@param phase string
---@param task? string
local function start(client, bufnr, phase, task)
  local uri = vim.uri_from_bufnr(bufnr)
  if task then
    execute(client, protocol.commands.run_task, { uri = uri, phase = phase, task = task })
  else
    execute(client, protocol.commands.run_phase, { uri = uri, phase = phase })
  end
end

--- The phase at the cursor, else the one that the user chooses.
---@param client vim.lsp.Client
---@param bufnr integer
---@param prompt string
---@param on_phase fun(phase: string)
local function choose_phase(client, bufnr, prompt, on_phase)
  local phases = outline(client, bufnr)
  local line = vim.api.nvim_win_get_cursor(0)[1] - 1
  for _, candidate in ipairs(phases) do
    if bufnr == vim.api.nvim_get_current_buf() and line >= candidate.first and line <= candidate.last then
      on_phase(candidate.phase)
      return
    end
  end
  local names = vim.tbl_map(function(candidate)
    return candidate.phase
  end, phases)
  if #names == 0 then
    notify('the file has no phase with tasks')
    return
  end
  vim.ui.select(names, { prompt = prompt }, function(choice)
    if choice then
      on_phase(choice)
    end
  end)
end

---@param phase? string
---@param task? string
function M.run(phase, task)
  local client, bufnr = target()
  if not client or not bufnr then
    return
  end
  if phase then
    start(client, bufnr, phase, task)
    return
  end
  choose_phase(client, bufnr, 'Run:', function(choice)
    start(client, bufnr, choice)
  end)
end

--- Runs again what ran last of the tasks file.
function M.rerun()
  local client, bufnr = target()
  if client and bufnr then
    execute(client, protocol.commands.rerun, { uri = vim.uri_from_bufnr(bufnr) })
  end
end

--- Shows what a phase would run.
---@param phase? string
function M.plan(phase)
  local client, bufnr = target()
  if not client or not bufnr then
    return
  end
  local function show(choice)
    local argument = { uri = vim.uri_from_bufnr(bufnr), phase = choice, show = false }
    execute(client, protocol.commands.plan, argument, function(plan)
      vim.lsp.util.open_floating_preview(vim.split(plan.markdown, '\n'), 'markdown', { focus_id = 'draft-tasks plan' })
    end)
  end
  if phase then
    show(phase)
  else
    choose_phase(client, bufnr, 'Plan:', show)
  end
end

function M.stop()
  local bufnr = vim.api.nvim_get_current_buf()
  local clients = vim.lsp.get_clients({ bufnr = bufnr, name = 'draft_tasks' })
  local argument = #clients > 0 and { uri = vim.uri_from_bufnr(bufnr) } or nil
  if #clients == 0 then
    clients = vim.lsp.get_clients({ name = 'draft_tasks' })
  end
  if #clients == 0 then
    notify('nothing runs', vim.log.levels.INFO)
  end
  for _, client in ipairs(clients) do
    execute(client, protocol.commands.stop, argument, function(result)
      if type(result) == 'table' and result.stopped == 0 then
        notify('nothing runs', vim.log.levels.INFO)
      end
    end)
  end
end

local subcommands = { 'log', 'plan', 'rerun', 'run', 'stop' }

--- What `:LspDraftTasks` does.
---@param opts { args: string }
function M.execute(opts)
  local subcommand, rest = opts.args:match('^(%S+)%s*(.-)%s*$')
  if subcommand == 'run' then
    -- A description may hold spaces: everything behind the phase is one.
    local phase, task = rest:match('^(%S+)%s*(.*)$')
    M.run(phase, task ~= '' and task or nil)
  elseif not vim.list_contains(subcommands, subcommand) then
    notify(('there is no `%s`, only run, rerun, plan, stop and log'):format(subcommand), vim.log.levels.ERROR)
  elseif subcommand == 'plan' then
    M.plan(rest ~= '' and rest or nil)
  elseif rest ~= '' then
    notify(('`%s` takes no argument'):format(subcommand), vim.log.levels.ERROR)
  elseif subcommand == 'stop' then
    M.stop()
  elseif subcommand == 'rerun' then
    M.rerun()
  else
    require('draft_tasks').log()
  end
end

---@param candidates string[]
---@param typed string
---@param lead string the last word of what was typed: the only part that Neovim replaces
---@return string[]
local function matching(candidates, typed, lead)
  local found = {} ---@type string[]
  for _, candidate in ipairs(candidates) do
    if vim.startswith(candidate, typed) then
      table.insert(found, candidate:sub(#typed - #lead + 1))
    end
  end
  return found
end

---@param lead string
---@param line string
---@param position integer
---@return string[]
function M.complete(lead, line, position)
  local typed = line:sub(1, position):match('LspDraftTasks!?%s+(.*)$') or ''
  local subcommand, rest = typed:match('^(%S+)%s+(.*)$')
  if not subcommand then
    return matching(subcommands, typed, lead)
  end
  local takes_phase = subcommand == 'run' or subcommand == 'plan'
  local bufnr = takes_phase and tasks_buffer()
  local client = bufnr and client_of(bufnr)
  if not bufnr or not client then
    return {}
  end
  local phases = outline(client, bufnr)
  local phase, task = rest:match('^(%S+)%s+(.*)$')
  local candidates = {} ---@type string[]
  for _, candidate in ipairs(phases) do
    if not phase then
      table.insert(candidates, candidate.phase)
    elseif candidate.phase == phase and subcommand == 'run' then
      vim.list_extend(candidates, candidate.tasks)
    end
  end
  return matching(candidates, task or rest, lead)
end

return M
