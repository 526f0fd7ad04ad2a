--- Output as a buffer of plain lines with highlights, in a split or a float.
local ansi = require('draft_tasks.ansi')
local window = require('draft_tasks.output.window')

local M = {}

local name = 'draft-tasks://output'
local namespace = vim.api.nvim_create_namespace('draft_tasks_output')

--- Marks where the text of another run begins, with the run; and headings, with what they are about.
local owners = vim.api.nvim_create_namespace('draft_tasks_owners')
local headings = vim.api.nvim_create_namespace('draft_tasks_headings')
local runs = {} ---@type table<integer, string|false>
local abouts = {} ---@type table<integer, draft_tasks.About>

--- Whose text the last line is.
local owner ---@type string|false?

---@type table<draft_tasks.HeadingKind, string>
local groups = {
  started = 'Title',
  waiting = 'Comment',
  taskStarted = 'Function',
  passed = 'DiagnosticOk',
  failed = 'DiagnosticError',
  blocked = 'DiagnosticError',
  interrupted = 'DiagnosticWarn',
  stopped = 'DiagnosticWarn',
  skipped = 'Comment',
}

local buffer ---@type integer?
local dropped, skipped_before = 0, 0

--- Whose text the last line is, while that line has no end.
local unfinished ---@type string?

--- What the text of each source left open, by run.
---@type table<string, table<string, draft_tasks.AnsiState>>
local states = {}

function M.buffer()
  if buffer and vim.api.nvim_buf_is_valid(buffer) then
    return buffer
  end
  buffer = vim.api.nvim_create_buf(false, true)
  dropped, skipped_before, unfinished, states, owner, runs, abouts = 0, 0, nil, {}, nil, {}, {}
  vim.api.nvim_buf_set_name(buffer, name)
  vim.bo[buffer].bufhidden = 'hide'
  vim.bo[buffer].undolevels = -1
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].filetype = 'draft-tasks-output'
  require('draft_tasks.output.keys').map(buffer)
  return buffer
end

function M.window()
  return window.of(buffer)
end

function M.open(mods)
  window.open(M.buffer(), mods)
end

--- Drops the oldest lines, some more than needed, so that it is not done for each line.
---@param bufnr integer
local function trim(bufnr)
  local count, most = vim.api.nvim_buf_line_count(bufnr), require('draft_tasks').config.output.max_lines
  if count <= most then
    return
  end
  local excess = count - most + math.floor(most / 10)
  dropped = dropped + skipped_before + excess - (dropped > 0 and 1 or 0)
  skipped_before = 0
  vim.api.nvim_buf_set_lines(bufnr, 0, excess, false, { ('… %d earlier lines are not kept'):format(dropped) })
  vim.api.nvim_buf_set_extmark(bufnr, namespace, 0, 0, { end_row = 1, hl_group = 'Comment' })
end

--- Changes the buffer; windows that show its end go on to do so.
---@param change fun(bufnr: integer)
local function edit(change)
  local bufnr = M.buffer()
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

--- Marks that a line is the first of a run's, where another's was before.
---@param bufnr integer
---@param row integer from 0
---@param run? string
local function mark_owner(bufnr, row, run)
  if owner ~= (run or false) then
    owner = run or false
    runs[vim.api.nvim_buf_set_extmark(bufnr, owners, row, 0, {})] = owner
  end
end

function M.begin()
  edit(function(bufnr)
    if vim.api.nvim_buf_get_lines(bufnr, -2, -1, false)[1] ~= '' then
      add_lines(bufnr, { '' })
    end
  end)
end

function M.heading(run, text, kind, about)
  edit(function(bufnr)
    local lines = vim.split(text, '\n', { plain = true })
    local row = add_lines(bufnr, lines)
    mark_owner(bufnr, row, run)
    if about then
      abouts[vim.api.nvim_buf_set_extmark(bufnr, headings, row, 0, {})] = about
    end
    for index, line in ipairs(groups[kind] and lines or {}) do
      ansi.highlight(bufnr, namespace, row + index - 1, 0, { { from = 0, to = #line, group = groups[kind] } })
    end
    unfinished = nil
  end)
end

--- Puts text behind an unfinished line, or in place of that line.
---@param bufnr integer
---@param lines string[]
---@param restarted boolean
---@return integer row, integer offset where the first line's spans begin
local function continue(bufnr, lines, restarted)
  local row = vim.api.nvim_buf_line_count(bufnr) - 1
  local length = #vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1]
  if restarted then
    vim.api.nvim_buf_clear_namespace(bufnr, namespace, row, row + 1)
  end
  local offset = restarted and 0 or length
  vim.api.nvim_buf_set_text(bufnr, row, offset, row, length, lines)
  return row, offset
end

function M.text(run, source, text, skipped)
  if skipped > 0 then
    skipped_before, unfinished = skipped_before + skipped, nil
  end
  states[run] = states[run] or {}
  states[run][source] = states[run][source] or ansi.state()
  local lines, spans, restarted = ansi.parse(text, states[run][source])
  edit(function(bufnr)
    local row, offset ---@type integer, integer
    if unfinished == source then
      row, offset = continue(bufnr, lines, restarted)
    else
      row, offset = add_lines(bufnr, lines), 0
      mark_owner(bufnr, row, run)
    end
    for index, line_spans in ipairs(spans) do
      ansi.highlight(bufnr, namespace, row + index - 1, index == 1 and offset or 0, line_spans)
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

function M.finish(run)
  states[run] = nil
end

--- Lines that belong to no run.
function M.note(text, kind)
  M.begin()
  M.heading(nil, text, kind)
end

--- The last mark of a namespace at or above a line.
---@param marks integer
---@param row integer from 0
---@return integer? id
local function mark_above(marks, row)
  local found = vim.api.nvim_buf_get_extmarks(M.buffer(), marks, { row, -1 }, 0, { limit = 1 })[1]
  return found and found[1]
end

function M.run_at(row)
  local mark = mark_above(owners, row)
  return mark and runs[mark] or nil
end

--- What the heading in a line is about.
---@param row integer from 0
---@return draft_tasks.About?
function M.about(row)
  local found = vim.api.nvim_buf_get_extmarks(M.buffer(), headings, { row, 0 }, { row, -1 }, { limit = 1 })[1]
  return found and abouts[found[1]]
end

--- The next heading below a line of which output follows, or the one above.
---@param row integer from 0
---@param step 1|-1
---@return integer? row
function M.next_heading(row, step)
  local from, to = { row + 1, 0 }, -1 ---@type any, any
  if step < 0 then
    from, to = { row - 1, -1 }, 0
  end
  for _, mark in ipairs(row + step >= 0 and vim.api.nvim_buf_get_extmarks(M.buffer(), headings, from, to, {}) or {}) do
    if abouts[mark[1]].begins then
      return mark[2]
    end
  end
end

return M
