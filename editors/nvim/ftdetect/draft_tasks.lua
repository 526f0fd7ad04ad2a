-- Tasks files and a project's settings are TOML with a sub-type, see `:help draft_tasks-filetype`.
local function register()
  local function tasks(path)
    local file = require('draft_tasks.file')
    return file.is_tasks_file(path) and file.filetype or nil
  end
  local names = { ['.draft-tasks.toml'] = tasks, ['tasks.toml'] = tasks }
  names['.draft-tasks.config.toml'] = function()
    return require('draft_tasks.file').settings_filetype
  end
  vim.filetype.add({ filename = names })
end

-- Without files, Neovim starts without loading what detects their types.
if package.loaded['vim.filetype'] or vim.v.vim_did_enter == 1 or vim.fn.argc(-1) > 0 then
  register()
else
  vim.api.nvim_create_autocmd('BufNew', { once = true, callback = register })
end
