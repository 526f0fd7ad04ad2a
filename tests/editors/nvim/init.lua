-- What a user's configuration would be, for the test and the demonstration.
vim.o.swapfile = false
vim.o.shadafile = 'NONE'
vim.opt.runtimepath:prepend(vim.env.DRAFT_TASKS_ROOT .. '/editors/nvim')
vim.lsp.config('draft_tasks', { cmd = { vim.env.DRAFT_TASKS_BIN, 'lsp' } })

if vim.env.DRAFT_TASKS_HINT then
  vim.o.termguicolors = vim.env.COLORTERM ~= nil
  vim.o.number = true
  vim.o.signcolumn = 'yes'
  vim.diagnostic.config({ virtual_lines = true })
  vim.g.mapleader = ' '
  vim.keymap.set('n', '<Leader>r', vim.lsp.codelens.run, { desc = 'run the lens of this line' })
  vim.keymap.set('n', '<Leader>s', '<Cmd>LspDraftTasks stop<CR>', { desc = 'stop' })
  vim.api.nvim_create_autocmd('LspAttach', {
    callback = function(event)
      vim.lsp.completion.enable(true, event.data.client_id, event.buf, { autotrigger = true })
    end,
  })
  vim.keymap.set('n', '<Leader>n', '<Cmd>silent! wnext<CR>', { desc = 'next file' })
  -- At most 80 columns: what does not fit is cut off at its beginning.
  vim.o.tabline = ' Space r: run line  Space s: stop  gra: actions  K: hover  Space n: next  :qa'
  vim.o.showtabline = 2
end
