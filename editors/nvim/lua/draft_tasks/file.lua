--- Which files are tasks files, and which one is meant.
local protocol = require('draft_tasks.protocol')

local M = {}

--- Sub-type of TOML, so that TOML's highlighting and settings apply.
M.filetype = 'toml.draft-tasks'

--- That of a project's settings beside it.
M.settings_filetype = 'toml.draft-tasks-config'

--- Whether a path is an application's tasks file, or the one of a draft pack: a pack is known by its `charts` folder.
---@param path string
---@return boolean
function M.is_tasks_file(path)
  if path == '' or path:find('^%a[%w+.-]+://') then
    return false
  end
  local name = vim.fs.basename(path)
  if name == protocol.tasks_file then
    return true
  end
  local charts = name == 'tasks.toml' and vim.uv.fs_stat(vim.fs.joinpath(vim.fs.dirname(path), 'charts'))
  return charts and charts.type == 'directory' or false
end

--- The folder of a buffer's file, else the current one.
---@param bufnr integer
---@return string
function M.folder(bufnr)
  local path = vim.api.nvim_buf_get_name(bufnr)
  local is_file = vim.bo[bufnr].buftype == '' and path ~= ''
  return is_file and vim.fs.dirname(path) or assert(vim.uv.cwd())
end

--- The nearest tasks file in a folder or above it.
---@param folder string
---@return string?
function M.nearest(folder)
  return vim.fs.find(protocol.tasks_file, { path = folder, upward = true, type = 'file' })[1]
end

return M
