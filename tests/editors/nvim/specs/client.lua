-- The client itself: its settings, its health, its end. These come last.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually, open = t.check, t.equal, h.eventually, h.open

check('settings reach the server', function()
  vim.lsp.config('draft_tasks', { settings = { draftTasks = { draftVersion = 'master' } } })
  for _, client in ipairs(vim.lsp.get_clients({ name = 'draft_tasks' })) do
    client:stop()
  end
  eventually('the server ends', function()
    return #vim.lsp.get_clients({ name = 'draft_tasks' }) == 0
  end)
  h.write('settings/.draft-tasks.toml', { '[post-up]', 'hello = "echo up"' })
  local bufnr = open('settings/.draft-tasks.toml')
  eventually('post-up is not reported', function()
    return #vim.diagnostic.get(bufnr) == 0
  end)
end)

check('the health check finds nothing wrong', function()
  vim.cmd('silent checkhealth draft_tasks')
  local report = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
  assert(report:find(vim.env.DRAFT_TASKS_BIN, 1, true) and not report:find('ERROR', 1, true), report)
  vim.cmd.bwipeout()
end)

check('the server ends with its client', function()
  for _, client in ipairs(vim.lsp.get_clients()) do
    client:stop()
  end
  eventually('no client is left', function()
    return #vim.lsp.get_clients() == 0
  end)
end)

check('a missing program is told once', function()
  vim.lsp.config('draft_tasks', { cmd = { 'no-such-program', 'lsp' } })
  h.edit('.draft-tasks.toml')
  h.edit('failing/.draft-tasks.toml')
  equal(#h.notifications, 1)
  assert(t.notified('`no-such-program` is not on PATH'))
end)
