--- Tree-sitter for tasks files: TOML's own parser, and commands in the parser for bash. Other TOML files see none of it,
--- since tasks files have a language of their own that only borrows the parser.
local file = require('draft_tasks.file')

local M = {}

local language = 'draft_tasks'

--- Whether TOML's parser can be used for tasks files.
---@return boolean
function M.available()
  if vim.g.draft_tasks_treesitter == false then
    return false
  end
  local parser = vim.api.nvim_get_runtime_file('parser/toml.*', false)[1]
  local colours = #vim.api.nvim_get_runtime_file('queries/toml/highlights.scm', false) > 0
  if not parser or not colours then
    return false
  end
  local ok, added = pcall(vim.treesitter.language.add, language, { path = parser, symbol_name = 'toml' })
  return ok and added ~= nil
end

--- Starts highlighting by tree-sitter where TOML's parser and queries are installed; else syntax stays on.
---@param bufnr integer
function M.start(bufnr)
  if M.available() then
    vim.treesitter.language.register(language, file.filetype)
    vim.treesitter.start(bufnr, language)
  end
end

return M
