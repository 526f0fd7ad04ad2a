-- Which context and namespace are meant, and what is offered where a cluster cannot be reached.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually, open = t.check, t.equal, h.eventually, h.open

local CONFIG = {
  'contexts: [{name: one, context: {cluster: c, namespace: shop}}, {name: two, context: {cluster: c}}]',
  "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]",
}

--- Answers questions in turn, each by the item whose label begins with a text, and returns what was offered.
---@param answers string[]
---@param f fun()
---@return string[][]
local function answering(answers, f)
  local select, offered = vim.ui.select, {}
  vim.ui.select = function(items, options, on_choice)
    table.insert(offered, vim.tbl_map(options.format_item, items))
    for _, item in ipairs(items) do
      if vim.startswith(options.format_item(item), answers[#offered] or '?') then
        on_choice(item)
        return
      end
    end
    on_choice(nil)
  end
  f()
  eventually('all is asked', function()
    return #offered >= #answers
  end)
  vim.ui.select = select
  return offered
end

check('where a cluster cannot be reached, another context can be chosen, and a namespace', function()
  h.write('clusters/config', CONFIG)
  h.write('clusters/draft.toml', { '[environments.development]', 'name = "web"', 'namespace = "of-draft"' })
  h.write('clusters/.draft-tasks.toml', { '[post-deploy]', 'a = "true"' })
  vim.fn.mkdir(h.path('clusters/.git'), 'p')
  vim.env.KUBECONFIG = h.path('clusters/config')
  local bufnr = open('clusters/.draft-tasks.toml')
  vim.env.KUBECONFIG = nil
  local function meant()
    local argument = { uri = vim.uri_from_bufnr(bufnr) }
    local command = { command = 'draft-tasks.target', arguments = { argument } }
    local found = h.client(bufnr):request_sync('workspace/executeCommand', command, h.deadline).result
    return { found.context, found.namespace }
  end
  vim.v.errmsg = ''
  local offered = answering({ 'Choose the context', 'two' }, function()
    vim.cmd('LspDraftTasks run post-deploy')
  end)
  equal(vim.v.errmsg, '')
  equal(offered[1], { 'Cancel', 'Check Application and Cluster', 'Choose the context' })
  equal(offered[2], { 'one', 'two', 'the current context of the kubeconfig' })
  eventually('the context is chosen', function()
    return vim.deep_equal(meant(), { 'two', 'of-draft' })
  end)
  assert(t.notified('context two for clusters, until Neovim ends'), vim.inspect(h.notifications))
  vim.cmd('LspDraftTasks context three')
  eventually('the name is refused', function()
    return t.notified('there is no context three; the kubeconfig has one, two')
  end)
  equal(meant(), { 'two', 'of-draft' })
  equal(vim.fn.getcompletion('LspDraftTasks namespace ', 'cmdline'), { 'of-draft', 'shop' })
  vim.cmd('LspDraftTasks namespace shop')
  eventually('the namespace is chosen', function()
    return vim.deep_equal(meant(), { 'two', 'shop' })
  end)
  offered = answering({ 'the current context' }, function()
    vim.cmd('LspDraftTasks context')
  end)
  equal(offered[1][2], 'two (current)')
  answering({ 'what draft.toml says' }, function()
    vim.cmd('LspDraftTasks namespace')
  end)
  eventually('nothing is chosen', function()
    return vim.deep_equal(meant(), {})
  end)
end)

check('a run that cannot reach its cluster says what helps, asks for nothing, and the lens says that it did not run', function()
  h.write('blocked/config', {
    'current-context: one',
    'contexts: [{name: one, context: {cluster: c, user: u}}, {name: two, context: {cluster: c, user: u}}]',
    "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]",
    "users: [{name: u, user: {token: 't'}}]",
  })
  h.write('blocked/draft.toml', { '[environments.development]', 'name = "web"' })
  h.write('blocked/.draft-tasks.toml', { '[post-deploy]', 'a = "true"' })
  vim.fn.mkdir(h.path('blocked/.git'), 'p')
  vim.env.KUBECONFIG = h.path('blocked/config')
  local bufnr = open('blocked/.draft-tasks.toml')
  vim.env.KUBECONFIG = nil
  local select, columns = vim.ui.select, vim.o.columns
  vim.ui.select = function()
    error('nothing is to be asked while somebody types')
  end
  for width, helps in pairs({ [80] = '`:LspDraftTasks doctor` checks it', [140] = '`:LspDraftTasks doctor` checks it, `:LspDraftTasks context` chooses another' }) do
    vim.o.columns = width
    h.run('LspDraftTasks run post-deploy')
    local told = assert(t.notified(helps), vim.inspect(h.notifications)).message
    assert(vim.startswith(told, 'post-deploy could not run: ') and vim.endswith(told, helps), told)
  end
  vim.ui.select, vim.o.columns = select, columns
  local told = vim.iter(h.output()):find(function(line)
    return vim.startswith(line, '✗ post-deploy could not run: cannot reach the cluster')
  end)
  assert(told, vim.inspect(h.output()))
  local advice = vim.iter(h.output()):find(function(line)
    return line:find('walks through the whole chain', 1, true) ~= nil
  end)
  assert(advice and advice:find('`:LspDraftTasks doctor` walks', 1, true), vim.inspect(h.output()))
  eventually('the lens says so', function()
    return vim.iter(t.lens_titles(bufnr)):any(function(title)
      return title:find('last: ✗ could not run', 1, true) ~= nil
    end)
  end)
end)

check('a context is chosen for one project alone, and kept when its server is started again', function()
  h.write('chosen/config', CONFIG)
  vim.env.KUBECONFIG = h.path('chosen/config')
  local buffers = {} ---@type table<string, integer>
  for _, name in ipairs({ 'mine', 'other' }) do
    vim.fn.mkdir(h.path('chosen/' .. name .. '/.git'), 'p')
    h.write('chosen/' .. name .. '/draft.toml', { '[environments.development]', 'name = "web"' })
    h.write('chosen/' .. name .. '/.draft-tasks.toml', { '[post-deploy]', 'a = "true"' })
    buffers[name] = open('chosen/' .. name .. '/.draft-tasks.toml')
  end
  local function meant(name)
    local command = { command = 'draft-tasks.target', arguments = { { uri = vim.uri_from_bufnr(buffers[name]) } } }
    return h.client(buffers[name]):request_sync('workspace/executeCommand', command, h.deadline).result.context
  end
  local function is_chosen()
    return meant('mine') == 'two'
  end
  vim.cmd.buffer(buffers.mine)
  vim.cmd('LspDraftTasks context two')
  eventually('the context is chosen', is_chosen)
  equal(meant('other'), nil)
  assert(t.notified('context two for mine, until Neovim ends'), vim.inspect(h.notifications))
  local before = h.client(buffers.mine).id
  vim.cmd('LspDraftTasks restart')
  eventually('other servers', function()
    local client = h.client(buffers.mine)
    return client and client.id ~= before and client.initialized and h.client(buffers.other)
  end)
  eventually('it is kept', is_chosen)
  equal(meant('other'), nil)
  vim.env.KUBECONFIG = nil
end)
