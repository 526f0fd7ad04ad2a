--- What the subcommands of `:LspDraftTasks` do.
local choice = require('draft_tasks.choice')
local file = require('draft_tasks.file')
local protocol = require('draft_tasks.protocol')
local runs = require('draft_tasks.runs')
local server = require('draft_tasks.server')

local M = {}

local commands = protocol.commands

---@param target draft_tasks.Target
---@param chosen draft_tasks.Choice
local function start(target, chosen)
  local tasks = chosen.tasks
  if not tasks then
    server.execute(target.client, commands.run_phase, { uri = target.uri, phase = chosen.phase })
  elseif #tasks == 1 then
    server.execute(target.client, commands.run_task, { uri = target.uri, phase = chosen.phase, task = tasks[1] })
  else
    local named = vim.tbl_map(function(task)
      return { task = task }
    end, tasks)
    server.execute(target.client, commands.run_tasks, { uri = target.uri, phase = chosen.phase, tasks = named })
  end
end

--- Runs a phase or a task of it. Without a phase: what the cursor is in, else it asks.
---@param phase? string
---@param task? string
function M.run(phase, task)
  local target = server.target()
  if not target then
    return
  end
  local chosen = phase and { phase = phase, tasks = task and { task } or nil } or choice.at_cursor(target)
  if chosen then
    start(target, chosen)
  else
    M.pick()
  end
end

--- Runs a phase or a task of it in a terminal. Without a phase: what the cursor is in, else it asks.
---@param phase? string
---@param task? string
---@param mods? vim.api.keyset.cmd_mods where the user wants the terminal
function M.terminal(phase, task, mods)
  local target = server.target()
  if not target then
    return
  end
  local function go(chosen)
    require('draft_tasks.terminal').run(target, chosen, mods)
  end
  local chosen = phase and { phase = phase, tasks = task and { task } or nil } or choice.at_cursor(target)
  if chosen then
    go(chosen)
  else
    choice.ask(target, 'Run in a terminal:', true, go)
  end
end

--- Runs the tasks of some lines.
---@param first integer from 1
---@param last integer
function M.run_lines(first, last)
  local target = server.target()
  if not target then
    return
  end
  local chosen, problem = choice.in_lines(target, first, last)
  if chosen then
    start(target, chosen)
  else
    server.notify(problem or '', vim.log.levels.ERROR)
  end
end

--- Asks which phase or task to run.
function M.pick()
  local target = server.target()
  if target then
    choice.ask(target, 'Run:', true, function(chosen)
      start(target, chosen)
    end)
  end
end

--- Stops what runs of a tasks file, or one run of it, and goes on when all of that has ended.
---@param target draft_tasks.Target
---@param run? string
---@param on_end fun()
local function stop_first(target, run, on_end)
  vim.api.nvim_create_autocmd('User', {
    pattern = 'DraftTasksRun',
    callback = function()
      if #runs.running(target.uri, run) == 0 then
        vim.schedule(on_end)
        return true
      end
    end,
  })
  server.execute(target.client, commands.stop, { uri = target.uri, run = run })
end

--- Runs again what ran last of the tasks file or what the run shown ran, or of that what failed. What still runs is asked about.
---@param only_failed boolean
function M.rerun(only_failed)
  local target = server.target()
  if not target then
    return
  end
  local shown = target.run
  if shown and not shown.client and not only_failed then
    -- Which of its tasks a kept run ran the server does not know.
    local all = ('Run all of %s'):format(shown.phase)
    choice.confirm('This run is over and kept:', 'Run nothing', all, function()
      start(target, { phase = shown.phase })
    end)
    return
  end
  local run = not only_failed and shown and shown.run or nil
  local function go()
    local command = only_failed and commands.rerun_failed or commands.rerun
    local phase = only_failed and shown and shown.phase or nil
    server.execute(target.client, command, { uri = target.uri, run = run, phase = phase })
  end
  local running = runs.running(target.uri, run)
  if #running == 0 then
    go()
    return
  end
  local question = ('%s still runs:'):format(running[1].phase)
  choice.confirm(question, 'Leave it running', 'Stop it and run it again', function()
    stop_first(target, run, go)
  end)
end

--- Goes on with a phase that is named, else the one that the cursor is in, else one that the user chooses.
---@param phase? string
---@param prompt string
---@param go_on fun(target: draft_tasks.Target, phase: string)
local function with_phase(phase, prompt, go_on)
  local target = server.target()
  if not target then
    return
  end
  local here = not phase and choice.at_cursor(target)
  phase = phase or here and here.phase
  if phase then
    go_on(target, phase)
  else
    choice.ask(target, prompt, false, function(chosen)
      go_on(target, chosen.phase)
    end)
  end
end

--- Shows what a phase would run.
---@param phase? string
function M.plan(phase)
  with_phase(phase, 'Plan:', function(target, name)
    local argument = { uri = target.uri, phase = name, show = false }
    server.execute(target.client, commands.plan, argument, function(plan)
      require('draft_tasks.float').show(plan.markdown, 'plan')
    end)
  end)
end

--- Makes a script, a Job or hooks of a chart of a phase, and goes there: the server asks for it. Without a phase it asks what
--- the phase becomes, too; else that is a script where nothing else is said.
---@param phase? string
---@param form? string
---@param image? string in which the tasks of a Job and of hooks run; it is asked for where there is none
function M.export(phase, form, image)
  with_phase(phase, 'Export:', function(target, name)
    local function go(chosen)
      local function write(typed)
        if typed and typed ~= '' then
          local argument = { uri = target.uri, phase = name, target = chosen, image = typed }
          server.execute(target.client, commands.export, argument)
        end
      end
      if chosen == 'sh' then
        server.execute(target.client, commands.export, { uri = target.uri, phase = name, target = chosen })
      elseif chosen and image then
        write(image)
      elseif chosen then
        vim.ui.input({ prompt = 'Image in which the tasks run: ' }, write)
      end
    end
    if form or phase then
      go(form or 'sh')
    else
      vim.ui.select(protocol.export_targets, { prompt = 'Export as:', kind = 'draft_tasks' }, go)
    end
  end)
end

--- Runs a phase as a Job of Kubernetes, which goes on where Neovim ends.
---@param phase? string
function M.job(phase)
  with_phase(phase, 'Run as a Job:', function(target, name)
    server.execute(target.client, commands.run_as_job, { uri = target.uri, phase = name })
  end)
end

---@class draft_tasks.LeftJob
---@field job string
---@field uri? string
---@field phase string
---@field description string

--- Goes on with a Job that is named, else with one of those that may go on, which the user chooses.
---@param job? string
---@param prompt string
---@param command string of the server
local function with_job(job, prompt, command)
  local target = server.target()
  if not target then
    return
  end
  local function go(name)
    server.execute(target.client, command, { job = name, uri = target.uri })
  end
  if job then
    go(job)
    return
  end
  server.execute(target.client, commands.jobs, nil, function(found)
    if #found.jobs == 0 then
      local none = 'no Job is known to go on: runs of this machine have made none, or they are over; name one of another machine'
      server.notify(none, vim.log.levels.INFO)
      return
    end
    local options = {
      prompt = prompt,
      kind = 'draft_tasks',
      ---@param left draft_tasks.LeftJob
      format_item = function(left)
        return ('%s · %s'):format(left.phase, left.description)
      end,
    }
    vim.ui.select(found.jobs, options, function(left)
      if left then
        go(left.job)
      end
    end)
  end)
end

--- Takes up a Job that goes on.
---@param job? string
function M.attach(job)
  with_job(job, 'Attach to:', commands.attach)
end

--- Ends a Job that goes on.
---@param job? string
function M.end_job(job)
  with_job(job, 'End:', commands.end_job)
end

--- Shows whether all that tasks inside of pods need is there.
function M.doctor()
  local target = server.target()
  if not target then
    return
  end
  if not server.has(target.client, commands.doctor) then
    server.notify('this version of the server has no doctor; :checkhealth draft_tasks says what is missing')
    return
  end
  server.execute(target.client, commands.doctor, { uri = target.uri, show = false }, function(report)
    require('draft_tasks.float').show(require('draft_tasks.message').own(report.markdown), 'doctor')
  end)
end

--- What `stop` means here: the run shown, the runs of the tasks file, elsewhere all.
---@return vim.lsp.Client[], table? argument
local function to_be_stopped()
  local shown = runs.shown()
  if shown and shown.client then
    return { vim.lsp.get_client_by_id(shown.client) }, { run = shown.run }
  end
  local of_buffer = vim.lsp.get_clients({ bufnr = 0, name = 'draft_tasks' })
  if #of_buffer > 0 then
    local path = server.meant()
    return of_buffer, path and { uri = vim.uri_from_fname(path) } or nil
  end
  return vim.lsp.get_clients({ name = 'draft_tasks' }), nil
end

--- Stops the run shown or the runs of the tasks file in the current buffer; elsewhere all runs.
function M.stop()
  local clients, argument = to_be_stopped()
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

--- Deploys or deletes the application by a command, with the phases around it.
---@param command string of the server
---@param line? string the command as the user typed it; it is asked for where there is none
local function live(command, line)
  local target = server.target()
  if not target then
    return
  end
  local function go(typed)
    if typed and vim.trim(typed) ~= '' then
      server.execute(target.client, command, { uri = target.uri, line = typed })
    end
  end
  if line then
    go(line)
  else
    local what = command == commands.up and 'Command that deploys: ' or 'Command that deletes: '
    vim.ui.input({ prompt = what, completion = 'shellcmd' }, go)
  end
end

--- Runs `pre-up`, the command that deploys the application, `post-deploy` and `post-up`.
---@param line? string
function M.up(line)
  live(commands.up, line)
end

--- Runs the command that deletes the application, then `cleanup`.
---@param line? string
function M.delete(line)
  live(commands.delete, line)
end

--- Shows the output of all runs and goes there.
---@param mods? vim.api.keyset.cmd_mods where the user wants it
function M.log(mods)
  require('draft_tasks.output').open({ enter = true, mods = mods })
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
  local path = vim.fs.joinpath(file.folder(vim.api.nvim_get_current_buf()), protocol.tasks_file)
  local client = server.of_file(path)
  if not client then
    server.notify('the language server does not start; see :checkhealth draft_tasks', vim.log.levels.ERROR)
    return
  end
  server.execute(client, commands.create, { uri = vim.uri_from_fname(path), pack = pack }, function(result)
    open_when_there(vim.uri_to_fname(result.uri))
  end)
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
  local target = server.target()
  if target then
    server.execute(target.client, commands.clear, { uri = target.uri })
  end
end

return M
