--- Output in the quickfix list, one list for each run: lines that name a place of a file lead there. Which do the server says:
--- to look for that here would hold up Neovim, and would be another opinion.
local ansi = require('draft_tasks.ansi')
local places = require('draft_tasks.output.places')
local window = require('draft_tasks.output.window')

local M = {}

--- Lines are added in batches, this many milliseconds after the first.
local interval = 50

---@class draft_tasks.QuickfixRun
---@field id integer the list's
---@field items vim.quickfix.entry[] the lines that are kept
---@field shown integer how many of them the list has; -1 where the list has to be rebuilt
---@field states table<string, draft_tasks.AnsiState>
---@field rest table<string, string> what has no line's end yet, by source
---@field is_due? boolean whether a batch is on its way

---@type table<string, draft_tasks.QuickfixRun>
local runs = {}

--- Places come after the run.
local latest ---@type draft_tasks.QuickfixRun?

function M.buffer()
  return vim.fn.getqflist({ qfbufnr = 0 }).qfbufnr
end

function M.window()
  return window.of(M.buffer())
end

function M.open(mods)
  local before = vim.api.nvim_get_current_win()
  local placed = window.is_placed(mods)
  -- Not from the command-line window, for one.
  if pcall(vim.cmd.copen, { count = not placed and window.height() or nil, mods = placed and mods or { split = 'botright' } }) then
    vim.api.nvim_set_current_win(before)
  end
end

function M.run_at()
  local context = vim.fn.getqflist({ context = 0 }).context
  return type(context) == 'table' and context.draft_tasks_run or nil
end

function M.note() end

--- Gives the list what it does not have. The window's cursor follows the end when it was there.
---@param run draft_tasks.QuickfixRun
local function flush(run)
  run.is_due = nil
  if run.shown == #run.items then
    return
  end
  local win = M.window()
  local follows = win and vim.api.nvim_win_get_cursor(win)[1] >= vim.api.nvim_buf_line_count(M.buffer())
  if run.shown < 0 then
    local index = vim.fn.getqflist({ id = run.id, idx = 0 }).idx
    vim.fn.setqflist({}, 'r', { id = run.id, items = run.items, idx = index })
  else
    vim.fn.setqflist({}, 'a', { id = run.id, items = vim.list_slice(run.items, run.shown + 1) })
  end
  run.shown = #run.items
  if win and follows then
    vim.api.nvim_win_set_cursor(win, { vim.api.nvim_buf_line_count(M.buffer()), 0 })
  end
end

---@param run draft_tasks.QuickfixRun
local function flush_soon(run)
  if not run.is_due then
    run.is_due = true
    vim.defer_fn(function()
      flush(run)
    end, interval)
  end
end

--- Keeps lines; the oldest are dropped, some more than needed, so that it is not done for each line.
---@param run draft_tasks.QuickfixRun
---@param lines string[]
local function add(run, lines)
  local most = require('draft_tasks').config.output.max_lines
  for index = math.max(1, #lines - most + 1), #lines do
    table.insert(run.items, { text = lines[index] })
  end
  if #run.items > most then
    run.items = vim.list_slice(run.items, #run.items - math.floor(most * 0.9) + 1)
    run.shown = -1
  end
  flush_soon(run)
end

--- Adds lines that have no end, of all sources but one.
---@param run draft_tasks.QuickfixRun
---@param source? string
local function end_lines(run, source)
  for other, rest in pairs(run.rest) do
    if other ~= source and rest ~= '' then
      run.rest[other] = ''
      add(run, { rest })
    end
  end
end

--- Has lines lead to the places that they name.
---@param run draft_tasks.QuickfixRun
local function locate(run)
  local known = places.known()
  for _, item in ipairs(next(known) and run.items or {}) do
    local place = not item.filename and places.in_line(item.text, known)
    if place then
      item.filename, item.lnum, item.col, item.valid = place.filename, place.lnum, place.col, 1
      run.shown = -1
    end
  end
  if run.shown < 0 then
    flush_soon(run)
  end
end

local function locate_in_latest()
  if latest then
    vim.schedule_wrap(locate)(latest)
  end
end

function M.begin(run, title)
  local context = { draft_tasks_run = run }
  vim.fn.setqflist({}, ' ', { title = 'draft-tasks: ' .. title, items = {}, context = context })
  local id = vim.fn.getqflist({ id = 0 }).id
  latest = { id = id, items = {}, shown = 0, states = {}, rest = {} }
  runs[run] = latest
  local group = vim.api.nvim_create_augroup('draft_tasks_quickfix', {})
  vim.api.nvim_create_autocmd('DiagnosticChanged', { group = group, callback = locate_in_latest })
end

function M.heading(run, text)
  local shown = runs[run]
  if shown then
    end_lines(shown)
    add(shown, vim.split(text, '\n', { plain = true }))
  end
end

function M.text(run, source, text, skipped)
  local shown = runs[run]
  if not shown then
    return
  end
  end_lines(shown, source)
  shown.states[source] = shown.states[source] or ansi.state()
  local lines, _, restarted = ansi.parse(text, shown.states[source])
  local rest = not restarted and skipped == 0 and shown.rest[source] or ''
  lines[1] = rest .. lines[1]
  shown.rest[source] = table.remove(lines)
  add(shown, lines)
end

function M.finish(run)
  if runs[run] then
    flush(runs[run])
    runs[run] = nil
  end
end

return M
