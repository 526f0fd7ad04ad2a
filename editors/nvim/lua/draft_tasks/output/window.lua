--- Windows for output: a split below everything, or a float in a corner.
local M = {}

--- The window of the current tab page that shows a buffer.
---@param bufnr? integer
---@return integer?
function M.of(bufnr)
  for _, win in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if bufnr and vim.api.nvim_win_get_buf(win) == bufnr then
      return win
    end
  end
end

--- The lines that output takes: never more than half of the screen.
---@return integer
function M.height()
  return math.max(1, math.min(require('draft_tasks').config.output.height, math.floor(vim.o.lines / 2)))
end

---@return vim.api.keyset.win_config
local function float()
  local width = math.max(20, math.min(100, vim.o.columns - 4))
  return {
    relative = 'editor',
    anchor = 'SE',
    row = vim.o.lines - vim.o.cmdheight - 1,
    col = vim.o.columns,
    width = width,
    height = M.height(),
    border = 'rounded',
    title = ' draft-tasks ',
  }
end

--- Shows a buffer without going there, and its end.
---@param bufnr integer
function M.open(bufnr)
  local floats = require('draft_tasks').config.output.target == 'float'
  local config = floats and float() or { split = 'below', win = -1, height = M.height() }
  -- There is no splitting in the command-line window, for one; the buffer is there all the same.
  local opened, win = pcall(vim.api.nvim_open_win, bufnr, false, config)
  if not opened then
    return
  end
  local options = vim.wo[win][0]
  options.number = false
  options.relativenumber = false
  options.signcolumn = 'no'
  options.spell = false
  options.list = false
  options.winfixheight = not floats
  vim.api.nvim_win_set_cursor(win, { vim.api.nvim_buf_line_count(bufnr), 0 })
end

--- Keys of a buffer with output: `q` closes its window.
---@param bufnr integer
function M.map(bufnr)
  vim.keymap.set('n', 'q', function()
    -- The last window is not closed.
    pcall(vim.api.nvim_win_close, 0, false)
  end, { buffer = bufnr, nowait = true, desc = 'Close the output' })
end

return M
