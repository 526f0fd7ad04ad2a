--- What tasks write, while they run and afterwards: who speaks is told here, how it looks by the views in `output/`.
local M = {}

--- A place that shows output; all runs go into it.
---@class draft_tasks.View
---@field begin fun(run: string, title: string, folder: string) a run begins
---@field heading fun(run: string, text: string, kind: draft_tasks.HeadingKind, about?: draft_tasks.About) whole lines of our own
---@field note fun(text: string, kind: draft_tasks.HeadingKind) lines that belong to no run, where the view has them
---@field text fun(run: string, source: string, text: string, skipped: integer) text as a task wrote it, without this many lines before; sources do not share lines
---@field finish fun(run: string) nothing more comes of a run
---@field buffer fun(): integer made if there is none
---@field window fun(): integer? the window of the current tab page that shows it
---@field open fun(mods?: vim.api.keyset.cmd_mods) shows it, without going there
---@field run_at fun(row: integer): string? whose output a line of it is, from 0

--- What a heading is about.
---@class draft_tasks.About
---@field uri string
---@field phase string
---@field task? string
---@field begins boolean whether output of that follows

---@alias draft_tasks.HeadingKind
---| 'started' | 'waiting' | 'blocked' | 'interrupted' | 'taskStarted' | 'passed' | 'failed' | 'stopped' | 'skipped' | 'finished'

---@type table<draft_tasks.OutputTarget, string>
M.targets = { split = 'buffer', float = 'buffer', terminal = 'terminal', quickfix = 'quickfix' }

---@return draft_tasks.View
local function view()
  return require('draft_tasks.output.' .. M.targets[require('draft_tasks').config.output.target])
end

--- Whose text came last: another's begins with its name.
local speaker ---@type string?

--- What each run said last that it waits for.
---@type table<string, string>
local waits = {}

---@return boolean
function M.is_visible()
  return view().window() ~= nil
end

--- The buffer, made if there is none.
---@return integer
function M.buffer()
  return view().buffer()
end

--- Shows the output, where it is shown already if it is.
---@param options { enter: boolean, mods?: vim.api.keyset.cmd_mods }
function M.open(options)
  local shown = view()
  if not shown.window() or require('draft_tasks.output.window').is_placed(options.mods) then
    shown.open(options.mods)
  end
  local win = options.enter and shown.window()
  if win then
    vim.api.nvim_set_current_win(win)
  end
end

--- Whose output the cursor is in, where the current buffer shows it.
---@return string?
function M.run_here()
  local shown = view()
  local win = shown.window()
  if win and vim.api.nvim_win_get_buf(win) == vim.api.nvim_get_current_buf() then
    return shown.run_at(vim.api.nvim_win_get_cursor(0)[1] - 1)
  end
end

--- Keeps a message that belongs to no run.
---@param text string
---@param level? integer
function M.note(text, level)
  view().note(text, level == vim.log.levels.ERROR and 'failed' or 'waiting')
end

--- A run begins.
---@param run string tells it from all other runs
---@param params draft_tasks.RunParams
function M.begin(run, params)
  view().begin(run, params.message, vim.fs.dirname(vim.uri_to_fname(params.uri)))
end

---@param run string
---@param params { task?: string, pod?: string }
---@return string
local function speaker_of(run, params)
  return table.concat({ run, params.task or '', params.pod or '' }, '\n')
end

---@param text string
---@param pod? string
---@return string
local function with_pod(text, pod)
  return pod and not text:find(pod, 1, true) and ('%s · %s'):format(text, pod) or text
end

---@param text string
---@param folder? string
---@return string
local function with_folder(text, folder)
  return folder and ('%s · %s'):format(folder, text) or text
end

--- A line about a run: that it or a task of it began or ended.
---@param run string
---@param params { state: string, uri: string, phase: string, task?: string, pod?: string, outcome?: string, message: string }
---@param folder? string that tells it from others that go on
function M.heading(run, params, folder)
  local state = params.state
  if state == 'waiting' and waits[run] == params.message then
    return
  end
  waits[run] = state == 'waiting' and params.message or nil
  local sign = state == 'taskStarted' and '▶ ' or state == 'waiting' and '… ' or state == 'blocked' and '✗ ' or ''
  local begins = state == 'started' or state == 'taskStarted'
  local about = { uri = params.uri, phase = params.phase, task = params.task, begins = begins }
  view().heading(run, sign .. with_folder(with_pod(params.message, params.pod), folder), params.outcome or state, about)
  speaker = state == 'taskStarted' and speaker_of(run, params) or nil
  if state == 'finished' then
    view().finish(run)
  end
end

--- The end of a text that is kept, and how many lines stood before: of much text most would be shown for nothing.
---@param text string
---@return string, integer
local function kept_of(text)
  local left, at = require('draft_tasks').config.output.max_lines, #text
  while at > 0 and left >= 0 do
    left = left - (text:byte(at) == 10 and 1 or 0)
    at = at - 1
  end
  if left >= 0 then
    return text, 0
  end
  local _, lines = text:sub(1, at + 1):gsub('\n', '')
  return text:sub(at + 2), lines
end

--- Text that a task wrote.
---@param run string
---@param params draft_tasks.OutputParams
---@param folder? string that tells it from others that go on
function M.append(run, params, folder)
  local source = speaker_of(run, params)
  if speaker ~= source then
    local about = { uri = params.uri, phase = params.phase, task = params.task, begins = true }
    local text = with_pod(('%s · %s'):format(params.phase, params.task), params.pod)
    view().heading(run, '▶ ' .. with_folder(text, folder), 'taskStarted', about)
    speaker = source
  end
  for _, piece in ipairs(params.pieces) do
    local text, skipped = kept_of(piece.text)
    view().text(run, source .. '\n' .. piece.stream, text, skipped)
  end
end

return M
