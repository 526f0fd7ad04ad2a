--- From output to what it is about: a heading's task, or the place of a file that a line names.
local M = {}

---@return draft_tasks.About?
local function heading()
  if vim.b.draft_tasks_run or vim.bo.buftype == 'terminal' then
    return nil
  end
  return require('draft_tasks.output.buffer').about(vim.api.nvim_win_get_cursor(0)[1] - 1)
end

--- Where a task or a phase stands now.
---@param about draft_tasks.About
---@return draft_tasks.FilePlace?
local function place_of(about)
  local server = require('draft_tasks.server')
  local path = vim.uri_to_fname(about.uri)
  local client = server.of_file(path)
  for _, phase in ipairs(client and server.outline({ client = client, path = path, uri = about.uri }) or {}) do
    if phase.phase == about.phase then
      local line = phase.line
      for _, task in ipairs(phase.tasks) do
        line = task.task == about.task and task.line or line
      end
      return { filename = path, lnum = line + 1, col = 1 }
    end
  end
end

--- The file whose name is under the cursor, relative to where the tasks ran, and the numbers behind it.
---@return draft_tasks.FilePlace?
local function named_under_cursor()
  local run = require('draft_tasks.runs').shown()
  local name = vim.fn.expand('<cfile>')
  local folder = run and vim.fs.dirname(vim.uri_to_fname(run.uri)) or vim.fn.getcwd()
  local path = vim.startswith(name, '/') and name or vim.fs.joinpath(folder, name)
  if name == '' or vim.fn.filereadable(path) == 0 then
    return nil
  end
  local line, col = vim.api.nvim_get_current_line():match(vim.pesc(name) .. '%D-(%d+):?(%d*)')
  return { filename = vim.fs.normalize(path), lnum = tonumber(line) or 1, col = tonumber(col) or 1 }
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
  local places = require('draft_tasks.output.places')
  local place ---@type draft_tasks.FilePlace?
  if about then
    place = place_of(about)
  else
    place = places.in_line(vim.api.nvim_get_current_line(), places.known()) or named_under_cursor()
  end
  if place then
    show(place)
  else
    require('draft_tasks.server').notify('the line names no place of a file that is there')
  end
end

return M
