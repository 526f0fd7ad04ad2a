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

--- What `:checkhealth draft_tasks` says.
local function health()
  vim.cmd('silent checkhealth draft_tasks')
  local report = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
  vim.cmd.bwipeout()
  return report
end

local function says(report, ...)
  for _, text in ipairs({ ... }) do
    assert(report:find(text, 1, true), ('no %q in\n%s'):format(text, report))
  end
end

check('the health check finds nothing wrong', function()
  local path = vim.api.nvim_buf_get_name(open('.draft-tasks.toml'))
  local report = health()
  local version = require('draft_tasks.protocol').version
  says(report, ('`%s` is version %s, as the plugin'):format(vim.env.DRAFT_TASKS_BIN, version))
  says(report, ('the nearest tasks file is `%s`'):format(path))
  says(report, ('`%s`: attached is `draft_tasks` (root `%s`)'):format(path, vim.fs.dirname(h.work)))
  says(report, ('runs are kept in `%s/draft-tasks/runs`, which is writable'):format(vim.env.XDG_STATE_HOME))
  says(report, '.kube/config` cannot be read')
  assert(not report:find('ERROR', 1, true) and not report:find('WARNING', 1, true), report)
end)

check('the health check names the cluster that is chosen', function()
  h.write('kube/empty', { 'apiVersion: v1' })
  h.write('kube/config', { 'apiVersion: v1', 'current-context: "kind-dev"' })
  vim.env.KUBECONFIG = h.path('kube/empty') .. ':' .. h.path('kube/none') .. ':' .. h.path('kube/config')
  local report = health()
  says(report, 'context `kind-dev`', ('WARNING kubeconfig `%s` cannot be read'):format(h.path('kube/none')))
  vim.env.KUBECONFIG = h.path('kube/empty')
  says(health(), 'chooses no context')
  vim.env.KUBECONFIG = nil
end)

check('the health check tells of runs that cannot be kept, and of other servers', function()
  h.write('state', { 'a file' })
  vim.lsp.config('draft_tasks', { cmd_env = { DRAFT_TASKS_STATE_DIR = h.path('state') } })
  local bufnr = open('.draft-tasks.toml')
  local root = vim.fs.dirname(h.work)
  local other = vim.lsp.start({ name = 'another', cmd = { vim.env.DRAFT_TASKS_BIN, 'lsp' }, root_dir = root }, { bufnr = bufnr })
  eventually('it attaches', function()
    return #vim.lsp.get_clients({ bufnr = bufnr }) == 2
  end)
  says(health(), ('runs are not kept: `%s` is not a folder'):format(h.path('state')), '`another`', 'report the same mistakes')
  vim.lsp.get_client_by_id(other):stop()
  vim.lsp.config('draft_tasks', { cmd_env = { DRAFT_TASKS_STATE_DIR = vim.env.XDG_STATE_HOME .. '/draft-tasks' } })
end)

check('the health check tells of another version, and of another program', function()
  h.write('old/draft-tasks', { '#!/bin/sh', 'echo draft-tasks 9.9.9' })
  h.write('old/other', { '#!/bin/sh', 'echo "unknown option $1" >&2; exit 2' })
  for _, name in ipairs({ 'draft-tasks', 'other' }) do
    assert(vim.uv.fs_chmod(h.path('old/' .. name), 448))
  end
  local right = vim.lsp.config.draft_tasks.cmd
  vim.lsp.config('draft_tasks', { cmd = { h.path('old/draft-tasks'), 'lsp' } })
  says(health(), 'WARNING', 'is version 9.9.9, the plugin ' .. require('draft_tasks.protocol').version)
  vim.lsp.config('draft_tasks', { cmd = { h.path('old/other'), 'lsp' } })
  says(health(), 'ERROR', 'unknown option --version')
  vim.lsp.config('draft_tasks', { cmd = right })
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
