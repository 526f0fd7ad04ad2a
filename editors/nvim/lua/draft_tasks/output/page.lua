--- A buffer that shows text for people once, with its colours; it goes when its window does.
local ansi = require('draft_tasks.ansi')
local window = require('draft_tasks.output.window')

local M = {}

local namespace = vim.api.nvim_create_namespace('draft_tasks_page')

---@param title string
---@return integer
local function named(title)
  local bufnr = vim.fn.bufnr('^' .. vim.fn.escape(title, '[]*?\\') .. '$')
  if bufnr == -1 then
    bufnr = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(bufnr, title)
  end
  return bufnr
end

--- A window of the current tab page that shows such a buffer.
---@return integer?
local function window_of_page()
  for _, win in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if vim.b[vim.api.nvim_win_get_buf(win)].draft_tasks_page then
      return win
    end
  end
end

--- Shows text in the window that has shown such text before, else in a new one, and goes there.
---@param title string
---@param text string
---@param mods? vim.api.keyset.cmd_mods
---@return integer bufnr
function M.show(title, text, mods)
  local bufnr = named(title)
  local lines, spans = ansi.parse((text:gsub('\n$', '')), ansi.state())
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  for index, line_spans in ipairs(spans) do
    ansi.highlight(bufnr, namespace, index - 1, 0, line_spans)
  end
  vim.bo[bufnr].modifiable = false
  vim.b[bufnr].draft_tasks_page = true
  local win = not window.is_placed(mods) and window_of_page()
  if win then
    vim.api.nvim_set_current_win(win)
    vim.api.nvim_win_set_buf(win, bufnr)
  else
    window.enter(bufnr, mods)
  end
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.bo[bufnr].filetype = 'draft-tasks-output'
  require('draft_tasks.output.keys').map(bufnr)
  return bufnr
end

return M
