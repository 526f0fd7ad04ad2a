--- Windows for output: a split below everything, a float in a corner, or where the user wants it.
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

--- Whether the user says where a window is to be, by `:vertical`, `:tab` and the like.
---@param mods? vim.api.keyset.cmd_mods
---@return boolean
function M.is_placed(mods)
  return mods ~= nil and (mods.vertical or (mods.tab or -1) >= 0 or (mods.split or '') ~= '')
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

--- Nothing but the text, while the window shows this buffer.
---@param win integer
local function bare(win)
  local options = vim.wo[win][0]
  options.number = false
  options.relativenumber = false
  options.cursorline = false
  options.cursorcolumn = false
  options.colorcolumn = ''
  options.foldcolumn = '0'
  options.statuscolumn = ''
  options.signcolumn = 'no'
  options.spell = false
  options.list = false
  options.fillchars = 'eob: '
end

--- Windows that were opened by themselves keep their size when Neovim's changes.
---@param win integer
local function follow_resizes(win)
  vim.api.nvim_create_autocmd('VimResized', {
    desc = 'Keep the output where it is',
    callback = function()
      if not vim.api.nvim_win_is_valid(win) then
        return true
      elseif vim.api.nvim_win_get_config(win).relative ~= '' then
        vim.api.nvim_win_set_config(win, float())
      else
        vim.api.nvim_win_set_height(win, M.height())
      end
    end,
  })
end

--- Shows a buffer and goes there.
---@param bufnr integer
---@param mods? vim.api.keyset.cmd_mods
---@return integer win
function M.enter(bufnr, mods)
  if M.is_placed(mods) then
    vim.cmd.sbuffer({ bufnr, mods = mods })
  else
    vim.api.nvim_open_win(bufnr, true, { split = 'below', win = -1 })
  end
  local win = vim.api.nvim_get_current_win()
  bare(win)
  return win
end

---@param bufnr integer
---@return integer? win
local function open_by_itself(bufnr)
  local floats = require('draft_tasks').config.output.target == 'float'
  local config = floats and float() or { split = 'below', win = -1, height = M.height() }
  -- There is no splitting in the command-line window, for one; the buffer is there all the same.
  local opened, win = pcall(vim.api.nvim_open_win, bufnr, false, config)
  if not opened then
    return nil
  end
  bare(win)
  vim.wo[win][0].winfixheight = not floats
  follow_resizes(win)
  return win
end

--- Shows a buffer without going there, and its end.
---@param bufnr integer
---@param mods? vim.api.keyset.cmd_mods where the user wants it
function M.open(bufnr, mods)
  local win ---@type integer?
  if M.is_placed(mods) then
    local before = vim.api.nvim_get_current_win()
    win = M.enter(bufnr, mods)
    if (mods.tab or -1) < 0 then
      vim.api.nvim_set_current_win(before)
    end
  else
    win = open_by_itself(bufnr)
  end
  if win then
    vim.api.nvim_win_set_cursor(win, { vim.api.nvim_buf_line_count(bufnr), 0 })
  end
end

return M
