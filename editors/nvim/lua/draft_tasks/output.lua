--- The buffer that shows what tasks write, while they run and afterwards; one for all runs.
local ansi = require('draft_tasks.ansi')

local M = {}

local name = 'draft-tasks://output'
local namespace = vim.api.nvim_create_namespace('draft_tasks_output')

local groups = {
  started = 'Title',
  taskStarted = 'Function',
  passed = 'DiagnosticOk',
  failed = 'DiagnosticError',
  stopped = 'DiagnosticWarn',
  skipped = 'Comment',
}

local buffer ---@type integer?
local dropped = 0

--- Whose text the last line is, while that line has no end.
local unfinished ---@type string?

--- Whose text came last: another's begins with its name.
local speaker ---@type string?

---@type table<string, draft_tasks.AnsiState>
local states = {}

---@return integer
local function ensure_buffer()
  if buffer and vim.api.nvim_buf_is_valid(buffer) then
    return buffer
  end
  buffer = vim.api.nvim_create_buf(false, true)
  dropped, unfinished, speaker, states = 0, nil, nil, {}
  vim.api.nvim_buf_set_name(buffer, name)
  vim.bo[buffer].bufhidden = 'hide'
  vim.bo[buffer].undolevels = -1
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].filetype = 'draft-tasks-output'
  return buffer
end

--- The window of the current tab page that shows it.
---@return integer?
local function window()
  for _, win in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if buffer and vim.api.nvim_win_get_buf(win) == buffer then
      return win
    end
  end
end

---@return boolean
function M.is_visible()
  return window() ~= nil
end

--- The buffer, made if there is none.
---@return integer
function M.buffer()
  return ensure_buffer()
end

--- Shows the buffer in a split below, or where it is shown already.
---@param options { enter: boolean }
function M.open(options)
  local bufnr = ensure_buffer()
  local win = window()
  if not win then
    local height = math.max(1, math.min(require('draft_tasks').config.output.height, math.floor(vim.o.lines / 2)))
    -- There is no splitting in the command-line window, for one; the buffer is there all the same.
    local opened, result = pcall(vim.api.nvim_open_win, bufnr, false, { split = 'below', win = -1, height = height })
    if not opened then
      return
    end
    win = result
    local options_of_window = vim.wo[win][0]
    options_of_window.number = false
    options_of_window.relativenumber = false
    options_of_window.signcolumn = 'no'
    options_of_window.spell = false
    options_of_window.list = false
    options_of_window.winfixheight = true
    vim.api.nvim_win_set_cursor(win, { vim.api.nvim_buf_line_count(bufnr), 0 })
  end
  if options.enter then
    vim.api.nvim_set_current_win(win)
  end
end

--- Drops the oldest lines, some more than needed, so that it is not done for each line.
---@param bufnr integer
local function trim(bufnr)
  local count, most = vim.api.nvim_buf_line_count(bufnr), require('draft_tasks').config.output.max_lines
  if count <= most then
    return
  end
  local excess = count - most + math.floor(most / 10)
  dropped = dropped + excess - (dropped > 0 and 1 or 0)
  vim.api.nvim_buf_set_lines(bufnr, 0, excess, false, { ('… %d earlier lines are not kept'):format(dropped) })
  vim.api.nvim_buf_set_extmark(bufnr, namespace, 0, 0, { end_row = 1, hl_group = 'Comment' })
end

--- Changes the buffer; windows that show its end go on to do so.
---@param change fun(bufnr: integer)
local function edit(change)
  local bufnr = ensure_buffer()
  local last = vim.api.nvim_buf_line_count(bufnr)
  local following = vim.tbl_filter(function(win)
    return vim.api.nvim_win_get_cursor(win)[1] >= last
  end, vim.fn.win_findbuf(bufnr))
  vim.bo[bufnr].modifiable = true
  change(bufnr)
  trim(bufnr)
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].modified = false
  for _, win in ipairs(following) do
    vim.api.nvim_win_set_cursor(win, { vim.api.nvim_buf_line_count(bufnr), 0 })
  end
end

---@param bufnr integer
---@param row integer from 0
---@param offset integer bytes of the line before the spans
---@param spans draft_tasks.Span[]
local function highlight(bufnr, row, offset, spans)
  for _, span in ipairs(spans) do
    vim.api.nvim_buf_set_extmark(bufnr, namespace, row, offset + span.from, {
      end_col = offset + span.to,
      hl_group = span.group,
    })
  end
end

--- Adds lines at the end.
---@param bufnr integer
---@param lines string[]
---@return integer row of the first, from 0
local function add_lines(bufnr, lines)
  local count = vim.api.nvim_buf_line_count(bufnr)
  local empty = count == 1 and vim.api.nvim_buf_get_lines(bufnr, 0, 1, false)[1] == ''
  local row = empty and 0 or count
  vim.api.nvim_buf_set_lines(bufnr, row, -1, false, lines)
  return row
end

---@param bufnr integer
---@param text string
---@param group string
local function add_heading(bufnr, text, group)
  local lines = vim.split(text, '\n', { plain = true })
  local row = add_lines(bufnr, lines)
  for index, line in ipairs(lines) do
    highlight(bufnr, row + index - 1, 0, { { from = 0, to = #line, group = group } })
  end
  unfinished = nil
end

--- A line about a run: that it or a task of it began or ended.
---@param run string tells it from all other runs
---@param params { state: string, task?: string, outcome?: string, message: string }
function M.heading(run, params)
  edit(function(bufnr)
    if params.state == 'started' and vim.api.nvim_buf_get_lines(bufnr, -2, -1, false)[1] ~= '' then
      add_lines(bufnr, { '' })
    end
    local sign = params.state == 'taskStarted' and '▶ ' or ''
    add_heading(bufnr, sign .. params.message, groups[params.outcome or params.state])
    speaker = params.state == 'taskStarted' and run .. '\n' .. params.task or nil
  end)
  if params.state == 'finished' then
    for key in pairs(states) do
      if vim.startswith(key, run .. '\n') then
        states[key] = nil
      end
    end
  end
end

--- Text that a task wrote.
---@param run string
---@param params draft_tasks.OutputParams
function M.append(run, params)
  local task = run .. '\n' .. params.task
  local source = task .. '\n' .. params.stream
  states[source] = states[source] or ansi.state()
  local lines, spans, restarted = ansi.parse(params.text, states[source])
  edit(function(bufnr)
    if speaker ~= task then
      add_heading(bufnr, ('▶ %s · %s'):format(params.phase, params.task), groups.taskStarted)
      speaker = task
    end
    local row, offset ---@type integer, integer
    if unfinished == source then
      row = vim.api.nvim_buf_line_count(bufnr) - 1
      local length = #vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1]
      offset = restarted and 0 or length
      if restarted then
        vim.api.nvim_buf_clear_namespace(bufnr, namespace, row, row + 1)
      end
      vim.api.nvim_buf_set_text(bufnr, row, offset, row, length, lines)
    else
      row, offset = add_lines(bufnr, lines), 0
    end
    for index, line_spans in ipairs(spans) do
      highlight(bufnr, row + index - 1, index == 1 and offset or 0, line_spans)
    end
    unfinished = source
    if lines[#lines] == '' and (#lines > 1 or offset == 0) then
      -- The text ended with a line's end: what comes next begins a line of its own.
      local count = vim.api.nvim_buf_line_count(bufnr)
      vim.api.nvim_buf_set_lines(bufnr, count - 1, count, false, {})
      unfinished = nil
    end
  end)
end

return M
