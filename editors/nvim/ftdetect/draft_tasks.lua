-- Tasks files are TOML with a sub-type, see `:help draft_tasks-filetype`.
local function filetype(path)
  local file = require('draft_tasks.file')
  return file.is_tasks_file(path) and file.filetype or nil
end
vim.filetype.add({ filename = { ['.draft-tasks.toml'] = filetype, ['tasks.toml'] = filetype } })
