--- Which files are tasks files, or settings for them.
local protocol = require('draft_tasks.protocol')

local M = {}

--- Sub-type of TOML, so that TOML's highlighting and settings apply.
M.filetype = 'toml.draft-tasks'

--- Whether a path is an application's tasks file, or the one of a draft pack: a pack is known by its `charts` folder.
---@param path string
---@return boolean
function M.is_tasks_file(path)
  if path == '' or path:find('^%a[%w+.-]+://') then
    return false
  end
  local name = vim.fs.basename(path)
  if name == '.draft-tasks.toml' then
    return true
  end
  local charts = name == 'tasks.toml' and vim.uv.fs_stat(vim.fs.joinpath(vim.fs.dirname(path), 'charts'))
  return charts and charts.type == 'directory' or false
end

--- Whether a path is that of a project's settings, beside its tasks file.
---@param path string
---@return boolean
function M.is_settings(path)
  return vim.fs.basename(path) == protocol.settings_file and not path:find('^%a[%w+.-]+://')
end

--- The folder that a server is started for: the repository, so that all its applications share one server.
---@param path string
---@return string
function M.root(path)
  return vim.fs.root(path, { '.git', '.hg', '.jj' }) or vim.fs.dirname(path)
end

return M
