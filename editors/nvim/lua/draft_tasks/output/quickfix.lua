--- Output in the quickfix list, one list for each run: lines that name a place of a file lead there.
local ansi = require('draft_tasks.ansi')
local window = require('draft_tasks.output.window')

local M = {}

---@class draft_tasks.QuickfixRun
---@field id integer the list's
---@field folder string where the run's tasks run: names of files are relative to it
---@field count integer lines
---@field states table<string, draft_tasks.AnsiState>
---@field rest table<string, string> what has no line's end yet, by source

---@type table<string, draft_tasks.QuickfixRun>
local runs = {}

function M.begin(run, title, folder)
  vim.fn.setqflist({}, ' ', { title = 'draft-tasks: ' .. title, items = {} })
  local id = vim.fn.getqflist({ id = 0 }).id
  runs[run] = { id = id, folder = folder, count = 0, states = {}, rest = {} }
end

function M.buffer()
  return vim.fn.getqflist({ qfbufnr = 0 }).qfbufnr
end

function M.window()
  return window.of(M.buffer())
end

function M.open()
  local before = vim.api.nvim_get_current_win()
  -- Not from the command-line window, for one.
  if pcall(vim.cmd, ('botright copen %d'):format(window.height())) then
    vim.api.nvim_set_current_win(before)
  end
end

--- Drops the oldest lines of a list, some more than needed, so that it is not done for each line.
---@param run draft_tasks.QuickfixRun
local function trim(run)
  local most = require('draft_tasks').config.output.max_lines
  if run.count <= most then
    return
  end
  local items = vim.fn.getqflist({ id = run.id, items = 0 }).items
  items = vim.list_slice(items, #items - math.floor(most * 0.9) + 1)
  vim.fn.setqflist({}, 'r', { id = run.id, items = items })
  run.count = #items
end

--- The window's cursor follows the end when it was there.
---@param lines string[]
---@param run? draft_tasks.QuickfixRun
local function add(run, lines)
  if not run or #lines == 0 then
    return
  end
  local win = M.window()
  local bottom = win and vim.api.nvim_buf_line_count(M.buffer())
  local follows = win and vim.api.nvim_win_get_cursor(win)[1] >= bottom
  -- Names of files are relative to the folder, which is entered by a line that is not shown.
  local enter = ('draft-tasks enters %s'):format(run.folder)
  local leave = ('draft-tasks leaves %s'):format(run.folder)
  local items = vim.fn.getqflist({
    lines = vim.iter({ enter, lines, leave }):flatten():totable(),
    efm = '%Ddraft-tasks enters %f,%Xdraft-tasks leaves %f,' .. vim.go.errorformat,
  }).items
  items = vim.list_slice(items, 2, #items - 1)
  vim.fn.setqflist({}, 'a', { id = run.id, items = items })
  run.count = run.count + #items
  trim(run)
  if win and follows then
    vim.api.nvim_win_set_cursor(win, { vim.api.nvim_buf_line_count(M.buffer()), 0 })
  end
end

--- Adds lines that have no end, of all sources but one.
---@param run draft_tasks.QuickfixRun
---@param source? string
local function flush(run, source)
  for other, rest in pairs(run.rest) do
    if other ~= source and rest ~= '' then
      run.rest[other] = ''
      add(run, { rest })
    end
  end
end

function M.heading(run, text)
  local shown = runs[run]
  if shown then
    flush(shown)
    add(shown, vim.split(text, '\n', { plain = true }))
  end
end

function M.text(run, source, text)
  local shown = runs[run]
  if not shown then
    return
  end
  flush(shown, source)
  shown.states[source] = shown.states[source] or ansi.state()
  local lines, _, restarted = ansi.parse(text, shown.states[source])
  lines[1] = (restarted and '' or shown.rest[source] or '') .. lines[1]
  shown.rest[source] = table.remove(lines)
  add(shown, lines)
end

function M.finish(run)
  runs[run] = nil
end

return M
