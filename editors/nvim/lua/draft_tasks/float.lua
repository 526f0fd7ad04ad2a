--- Shows Markdown of the server in a float.
local M = {}

local namespace = vim.api.nvim_create_namespace('draft_tasks_float')

--- Hides the backslashes that keep text from being more than text: Neovim shows them. In code they are themselves.
---@param bufnr integer
---@param row integer from 0
---@param line string
local function hide_escapes(bufnr, row, line)
  local at, fence = 1, nil ---@type integer, string?
  while at <= #line do
    local ticks = line:match('^`+', at)
    if ticks and (fence == nil or fence == ticks) then
      fence = fence == nil and ticks or nil
    elseif not fence and line:find('^\\%p', at) then
      vim.api.nvim_buf_set_extmark(bufnr, namespace, row, at - 1, { end_col = at, conceal = '' })
      at = at + 1
    end
    at = at + (ticks and #ticks or 1)
  end
end

---@param markdown string
---@param id string tells it from other floats
function M.show(markdown, id)
  local options = { focus_id = 'draft-tasks ' .. id }
  local bufnr = vim.lsp.util.open_floating_preview(vim.split(markdown, '\n'), 'markdown', options)
  for index, line in ipairs(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)) do
    hide_escapes(bufnr, index - 1, line)
  end
end

return M
