-- Registers what is needed before anything of the plugin is loaded: the server, the command and the lenses.
-- `vim.g.draft_tasks_enable = false` before this leaves it to you to call `vim.lsp.enable('draft_tasks')`.
if vim.g.loaded_draft_tasks then
  return
end
vim.g.loaded_draft_tasks = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.notify('draft-tasks needs Neovim 0.11 or newer', vim.log.levels.ERROR)
  return
end

vim.lsp.config('draft_tasks', require('draft_tasks.client'))

vim.api.nvim_create_user_command('LspDraftTasks', function(opts)
  require('draft_tasks.command').execute(opts.args)
end, {
  nargs = '*',
  desc = 'Run and stop draft tasks, show what they wrote',
  complete = function(lead, line, position)
    return require('draft_tasks.command').complete(lead, line, position)
  end,
})

local group = vim.api.nvim_create_augroup('draft_tasks', {})

vim.api.nvim_create_autocmd('LspAttach', {
  group = group,
  desc = 'Show the code lenses of tasks files, and tell the server of the files around them',
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    local around = require('draft_tasks.around')
    if not client or client.name ~= 'draft_tasks' or around.matches(vim.api.nvim_buf_get_name(event.buf)) then
      return
    end
    vim.iter(vim.api.nvim_list_bufs()):each(around.attach)
    if require('draft_tasks').config.codelens then
      require('draft_tasks.codelens').enable(client, event.buf)
    end
  end,
})

vim.api.nvim_create_autocmd({ 'BufReadPost', 'BufNewFile' }, {
  group = group,
  desc = 'Tell the server of the files that its quick fixes change',
  callback = function(event)
    -- After file types, which end what Neovim did not attach.
    vim.schedule(function()
      if vim.api.nvim_buf_is_valid(event.buf) then
        require('draft_tasks.around').attach(event.buf)
      end
    end)
  end,
})

vim.api.nvim_create_autocmd('LspDetach', {
  group = group,
  desc = 'Tell that runs have ended with their server',
  callback = function(event)
    local client_id = event.data.client_id
    vim.schedule(function()
      require('draft_tasks.runs').forget_gone(client_id)
    end)
  end,
})

if vim.g.draft_tasks_enable ~= false then
  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    pattern = 'toml.draft-tasks',
    desc = 'Say so when the language server is missing',
    callback = function()
      require('draft_tasks.health').warn()
    end,
  })
  vim.lsp.enable('draft_tasks')
end
