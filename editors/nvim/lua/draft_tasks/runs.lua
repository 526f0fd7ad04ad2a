--- The runs that the server tells about, and where what they say goes.
local message = require('draft_tasks.message')
local output = require('draft_tasks.output')

local M = {}

---@class draft_tasks.OutputParams
---@field run string
---@field uri string
---@field phase string
---@field task string
---@field pod? string where the task ran, for tasks that run inside of pods
---@field pieces { stream: 'stdout'|'stderr', text: string }[] in the order in which they were written

---@class draft_tasks.RunParams
---@field run string
---@field uri string
---@field phase string
---@field state 'started'|'waiting'|'blocked'|'taskStarted'|'taskFinished'|'finished'
---@field task? string
---@field pod? string
---@field job? string the Job of Kubernetes that it is, which goes on where the server ends
---@field outcome? 'passed'|'failed'|'stopped'|'skipped'|'interrupted' the last is said in place of a server that is gone
---@field message string
---@field followed? boolean whether another step of `up` or `delete` follows
---@field remedy? draft_tasks.Remedy what helps where it is blocked

--- A run as commands name it.
---@class draft_tasks.NamedRun
---@field client? integer whose run it is; of one that is kept that is not known
---@field run string
---@field phase string
---@field uri string

---@class draft_tasks.Run: draft_tasks.NamedRun
---@field tasks table<string, integer> those that run, each with how often: once, or once in each pod
---@field waits? string what it waits for
---@field job? string the Job that it is
---@field folder? string of its tasks file, once runs of other files have gone on beside it

--- The ones that have not finished. A run's name is its server's: servers of two repositories use the same ones.
---@type table<string, draft_tasks.Run>
local active = {}

--- All that have begun, since their output stays.
---@type table<string, draft_tasks.NamedRun>
local begun = {}

---@type draft_tasks.RunParams? the last that began and finished
local last

--- What a run said last: the output has it.
---@type string?
local said

--- Whether that was a message, too.
local is_told = false

--- The columns that a failure takes in a status line at most.
local STATUS_WIDTH = 60

local signs = { passed = '✓', failed = '✗', stopped = '■', interrupted = '■' }

---@param params { run: string }
---@param ctx { client_id: integer }
---@return string
local function key_of(params, ctx)
  return ctx.client_id .. ' ' .. params.run
end

--- What a run does, in a few words.
---@param run draft_tasks.Run
---@return string
local function described(run)
  local tasks = {} ---@type string[]
  for task, count in pairs(run.tasks) do
    table.insert(tasks, count > 1 and ('%s (%d pods)'):format(task, count) or task)
  end
  table.sort(tasks)
  local what = #tasks > 0 and table.concat(tasks, ', ') or run.waits
  local words = { run.phase, what }
  if run.folder then
    table.insert(words, 1, run.folder)
  end
  return table.concat(words, ' · ')
end

--- Runs, each in a few words.
---@param which fun(run: draft_tasks.Run): boolean
---@return string[]
local function described_where(which)
  local running = {} ---@type string[]
  for _, run in pairs(active) do
    if which(run) then
      table.insert(running, described(run))
    end
  end
  table.sort(running)
  return running
end

--- What runs, each run in a few words.
---@return string[]
local function described_all()
  return described_where(function()
    return true
  end)
end

--- What of that ends with its server: a Job goes on.
---@return string[]
function M.ending_with_server()
  return described_where(function(run)
    return run.job == nil
  end)
end

--- Neovim is not left while something runs.
local function guard()
  require('draft_tasks.guard').update(M.ending_with_server())
end

--- Keeps what a run does at the moment.
---@param run draft_tasks.Run
---@param params draft_tasks.RunParams
local function follow(run, params)
  run.waits = params.state == 'waiting' and message.shortened(params.message, STATUS_WIDTH) or nil
  local change = ({ taskStarted = 1, taskFinished = -1 })[params.state]
  if change and params.task then
    local count = (run.tasks[params.task] or 0) + change
    run.tasks[params.task] = count > 0 and count or nil
  end
end

--- Names what goes on by its folder where that is in several.
local function tell_apart()
  local files = {} ---@type table<string, true>
  for _, run in pairs(active) do
    files[run.uri] = true
  end
  for _, run in pairs(vim.tbl_count(files) > 1 and active or {}) do
    run.folder = vim.fs.basename(vim.fs.dirname(vim.uri_to_fname(run.uri)))
  end
end

---@param key string
---@return string?
local function folder_of(key)
  return active[key] and active[key].folder
end

---@param params draft_tasks.RunParams
---@param ctx lsp.HandlerContext
function M.on_run(params, ctx)
  local state, key = params.state, key_of(params, ctx)
  if state == 'started' then
    begun[key] = { client = ctx.client_id, run = params.run, phase = params.phase, uri = params.uri }
    active[key] = vim.tbl_extend('error', { tasks = {}, job = params.job }, begun[key])
    tell_apart()
    output.begin(key, params)
    if require('draft_tasks').config.output.open then
      output.open({ enter = false })
    end
  elseif active[key] then
    follow(active[key], params)
  end
  output.heading(key, params, folder_of(key))
  if state == 'blocked' then
    require('draft_tasks.refusal').tell(params.message, params.remedy)
  end
  said, is_told = params.message, false
  if state == 'finished' then
    active[key] = nil
    -- One that did not begin, since the user did not want it, leaves what was before.
    if params.outcome ~= 'skipped' then
      last = params
    end
    -- Of failures the server tells by itself.
    if params.outcome ~= 'failed' and not params.followed and not output.is_visible() then
      message.show(params.message, nil, true)
      is_told = true
    end
  end
  guard()
  vim.api.nvim_exec_autocmds('User', { pattern = 'DraftTasksRun', data = params, modeline = false })
  vim.cmd.redrawstatus({ bang = true })
end

--- How long a run that waits has done so by now.
---@param params lsp.ProgressParams
---@param ctx { client_id: integer }
function M.on_progress(params, ctx)
  local token, beginning = tostring(params.token), require('draft_tasks.protocol').progress
  local run = vim.startswith(token, beginning) and active[key_of({ run = token:sub(#beginning + 1) }, ctx)]
  if run and run.waits then
    run.waits = message.shortened(params.value.message or '', STATUS_WIDTH)
    vim.cmd.redrawstatus({ bang = true })
  end
end

---@param params draft_tasks.OutputParams
---@param ctx lsp.HandlerContext
function M.on_output(params, ctx)
  local key = key_of(params, ctx)
  output.append(key, params, folder_of(key))
end

--- Tells what a run said last, if a message says that, once: the output has all of it.
---@param text string
---@param level integer
---@return boolean
function M.tell_end(text, level)
  if text ~= said then
    return false
  end
  if not is_told then
    message.show(text, level, true)
  end
  return true
end

--- Where a server is gone nobody tells how its runs end. One that was asked to end has stopped their tasks; one that was killed
--- cannot.
---@param client_id integer
---@param was_asked boolean
---@return string[] interrupted the phases that were
function M.forget(client_id, was_asked)
  local interrupted = {} ---@type string[]
  local how = was_asked and 'stopped with the server' or 'interrupted, as the server has ended; its tasks may still run'
  for key, run in pairs(active) do
    if run.client == client_id then
      active[key] = nil
      local lost = ('%s: %s'):format(run.phase, how)
      if run.job then
        lost = ('%s: goes on as Job %s, if that was made; `:LspDraftTasks attach` takes it up'):format(run.phase, run.job)
      elseif not was_asked then
        table.insert(interrupted, run.phase)
        last = { run = run.run, uri = run.uri, phase = run.phase, state = 'finished', outcome = 'interrupted', message = lost }
      end
      local told = { state = 'finished', outcome = was_asked and 'stopped' or 'interrupted', uri = run.uri, phase = run.phase, message = lost }
      output.heading(key, told, run.folder)
    end
  end
  guard()
  vim.cmd.redrawstatus({ bang = true })
  return interrupted
end

---@return string
function M.status()
  local running = described_all()
  if #running > 0 then
    return '▶ ' .. table.concat(running, ', ')
  end
  if not last then
    return ''
  end
  local what = last.outcome == 'failed' and message.shortened(last.message, STATUS_WIDTH) or last.phase
  if last.outcome == 'interrupted' then
    what = what .. ' interrupted'
  end
  return ('%s %s'):format(signs[last.outcome] or '', what)
end

--- How many runs have not finished.
---@return integer
function M.count()
  return vim.tbl_count(active)
end

--- The run whose output the cursor is in, if the current buffer shows output.
---@return draft_tasks.NamedRun?
function M.shown()
  return vim.b.draft_tasks_run or begun[output.run_here() or '']
end

--- The runs of a tasks file that have not finished, or one of them.
---@param uri string
---@param run? string
---@return draft_tasks.NamedRun[]
function M.running(uri, run)
  return vim.tbl_filter(function(other)
    return other.uri == uri and (run == nil or other.run == run)
  end, vim.tbl_values(active))
end

return M
