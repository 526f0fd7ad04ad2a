--- Files around tasks files that quick fixes change: the server hears of their texts while they are open, so that it
--- changes what you see and not what is on disk.
local file = require('draft_tasks.file')
local protocol = require('draft_tasks.protocol')

local M = {}

local patterns = vim.tbl_map(vim.glob.to_lpeg, protocol.around)

---@param path string
---@return boolean
function M.matches(path)
  return path ~= ''
    and vim.iter(patterns):any(function(pattern)
      return pattern:match(path) ~= nil
    end)
end

--- Attaches the server of the nearest tasks file, where one runs for that.
---@param bufnr integer
function M.attach(bufnr)
  local path = vim.api.nvim_buf_is_loaded(bufnr) and vim.api.nvim_buf_get_name(bufnr) or ''
  if not M.matches(path) then
    return
  end
  local nearest = file.nearest(vim.fs.dirname(path))
  for _, client in ipairs(vim.lsp.get_clients({ name = 'draft_tasks' })) do
    for attached in pairs(client.attached_buffers) do
      if vim.api.nvim_buf_get_name(attached) == nearest then
        vim.lsp.buf_attach_client(bufnr, client.id)
      end
    end
  end
end

--- Takes back what Neovim sets up for an attached server: ours answers nothing about these files.
---@param bufnr integer
function M.leave_as_it_is(bufnr)
  if #vim.lsp.get_clients({ bufnr = bufnr }) > 1 then
    return
  end
  for _, option in ipairs({ 'tagfunc', 'omnifunc', 'formatexpr' }) do
    if vim.startswith(vim.bo[bufnr][option], 'v:lua.vim.lsp.') then
      -- What is not set locally is what it was.
      vim.api.nvim_buf_call(bufnr, function()
        vim.cmd.setlocal(option .. '<')
      end)
    end
  end
  vim.api.nvim_buf_call(bufnr, function()
    local mapping = vim.fn.maparg('K', 'n', false, true)
    if mapping.buffer == 1 and mapping.desc == 'vim.lsp.buf.hover()' then
      vim.keymap.del('n', 'K', { buffer = bufnr })
    end
  end)
end

return M
