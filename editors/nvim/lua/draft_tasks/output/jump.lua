--- From output to what it is about: a heading's task, or the place of a file that a line names.
local M = {}

--- The phases of a tasks file, as it is now.
---@param uri string
---@return draft_tasks.OutlinePhase[]
local function outline(uri)
  local server = require('draft_tasks.server')
  local path = vim.uri_to_fname(uri)
  local client = server.of_file(path)
  return client and server.outline({ client = client, path = path, uri = uri }) or {}
end

--- In the text of a kept run: its first line is about the phase, and tasks stand in lines that begin with their names or with how
--- they ended.
---@param run draft_tasks.NamedRun
---@return draft_tasks.About?
local function kept_heading(run)
  local line, about = vim.api.nvim_get_current_line(), { uri = run.uri, phase = run.phase, begins = true }
  if vim.api.nvim_win_get_cursor(0)[1] == 1 then
    return about
  end
  local named = line:match('^  (%S.*)$')
  local ended = line:match('^  [✗✓■%-]+ (%S.*)$')
  for _, phase in ipairs(named and outline(run.uri) or {}) do
    for _, task in ipairs(phase.phase == run.phase and phase.tasks or {}) do
      if named == task.task or ended and vim.startswith(ended, task.task .. '  ') then
        about.task = task.task
        return about
      end
    end
  end
end

---@return draft_tasks.About?
local function heading()
  if vim.b.draft_tasks_run then
    return kept_heading(vim.b.draft_tasks_run)
  elseif vim.bo.buftype == 'terminal' then
    return nil
  end
  return require('draft_tasks.output.buffer').about(vim.api.nvim_win_get_cursor(0)[1] - 1)
end

--- Where a task or a phase stands now.
---@param about draft_tasks.About
---@return draft_tasks.FilePlace?
local function place_of(about)
  local path = vim.uri_to_fname(about.uri)
  for _, phase in ipairs(outline(about.uri)) do
    if phase.phase == about.phase then
      local line = phase.line
      for _, task in ipairs(phase.tasks) do
        line = task.task == about.task and task.line or line
      end
      return { filename = path, lnum = line + 1, col = 1 }
    end
  end
end

--- Where the tasks ran whose output this is.
---@return string
local function folder_here()
  local run = require('draft_tasks.runs').shown()
  return run and vim.fs.dirname(vim.uri_to_fname(run.uri)) or vim.fn.getcwd()
end

--- A file that is there, with the numbers that stand behind its name in the current line.
---@param name string
---@param folder string
---@return draft_tasks.FilePlace?
local function named(name, folder)
  local path = vim.startswith(name, '/') and name or vim.fs.joinpath(folder, name)
  if name == '' or vim.fn.filereadable(path) == 0 then
    return nil
  end
  local line, col = vim.api.nvim_get_current_line():match(vim.pesc(name) .. '%D-(%d+):?(%d*)')
  return { filename = vim.fs.normalize(path), lnum = tonumber(line) or 1, col = tonumber(col) or 1 }
end

--- The first file that the line names with a number behind it, wherever in it the cursor is.
---@param folder string
---@return draft_tasks.FilePlace?
local function named_in_line(folder)
  for name in vim.api.nvim_get_current_line():gmatch('([^%s:()"\']+)[:(]%d') do
    local place = named(name, folder)
    if place then
      return place
    end
  end
end

--- The place that the current line names. What is known of places is of the newest runs, which says little of a kept one.
---@return draft_tasks.FilePlace?
local function place_here()
  local places, folder, is_kept = require('draft_tasks.output.places'), folder_here(), vim.b.draft_tasks_run ~= nil
  local line = vim.api.nvim_get_current_line()
  local found = not is_kept and places.in_line(line, places.known(), folder, 1)
  return found
    or named(vim.fn.expand('<cfile>'), folder)
    or named_in_line(folder)
    or places.in_line(line, places.known(), folder, is_kept and 1 or 0)
end

--- A window for a file: the one before, else any that shows a file, else a new one.
local function leave_output()
  local wins = vim.api.nvim_tabpage_list_wins(0)
  table.insert(wins, 1, vim.fn.win_getid(vim.fn.winnr('#')))
  for _, win in ipairs(wins) do
    if win ~= 0 and vim.bo[vim.api.nvim_win_get_buf(win)].buftype == '' then
      vim.api.nvim_set_current_win(win)
      return
    end
  end
  vim.cmd('aboveleft split')
end

---@param place draft_tasks.FilePlace
local function show(place)
  leave_output()
  vim.cmd("normal! m'")
  if vim.api.nvim_buf_get_name(0) ~= place.filename then
    vim.cmd.edit({ args = { vim.fn.fnameescape(place.filename) } })
  end
  local lnum = math.min(place.lnum, vim.api.nvim_buf_line_count(0))
  vim.api.nvim_win_set_cursor(0, { lnum, place.col - 1 })
end

--- Goes to what the cursor's line is about.
function M.jump()
  local about = heading()
  local place = about and place_of(about) or place_here()
  if place then
    show(place)
  else
    require('draft_tasks.server').notify('the line names no place of a file that is there')
  end
end

return M
