-- Registers what is needed before anything of the plugin is loaded: the command, mappings, and what waits for a tasks file.
-- `vim.g.draft_tasks_enable = false` before this leaves it to you to call `vim.lsp.enable('draft_tasks')`.
if vim.g.loaded_draft_tasks then
  return
end
vim.g.loaded_draft_tasks = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.notify('draft-tasks needs Neovim 0.11 or newer', vim.log.levels.ERROR)
  return
end

vim.api.nvim_create_user_command('LspDraftTasks', function(opts)
  require('draft_tasks.command').execute(opts)
end, {
  nargs = '*',
  range = true,
  desc = 'Run and stop draft tasks, show what they wrote',
  complete = function(lead, line, position)
    return require('draft_tasks.command').complete(lead, line, position)
  end,
})

for _, subcommand in ipairs({ 'run', 'rerun', 'rerun failed', 'stop', 'log', 'plan', 'quickfix', 'runs' }) do
  local name = ('<Plug>(draft-tasks-%s)'):format((subcommand:gsub(' ', '-')))
  vim.api.nvim_set_keymap('n', name, ('<Cmd>LspDraftTasks %s<CR>'):format(subcommand), { noremap = true })
end
vim.api.nvim_set_keymap('n', '<Plug>(draft-tasks-pick)', '<Cmd>LspDraftTasks<CR>', { noremap = true })
vim.api.nvim_set_keymap('x', '<Plug>(draft-tasks-run)', ':LspDraftTasks run<CR>', { noremap = true, silent = true })

-- Neovim's client takes longer to load than all of this. Who has enabled the server already would start it as it is.
if package.loaded['vim.lsp'] and (not vim.lsp.is_enabled or vim.lsp.is_enabled('draft_tasks')) then
  require('draft_tasks.registration').register()
else
  vim.api.nvim_create_autocmd('FileType', {
    pattern = { 'toml.draft-tasks', 'toml.draft-tasks-config' },
    once = true,
    desc = 'Register the server of tasks files with the first of them',
    callback = function(event)
      require('draft_tasks.registration').register(event.buf)
    end,
  })
end
