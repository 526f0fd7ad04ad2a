-- What the plugin costs and does before a tasks file is open, and how it comes to one.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually, open = t.check, t.equal, h.eventually, h.open

--- Puts the binary on the PATH of other Neovims.
local function with_program(f)
  local path = vim.env.PATH
  vim.env.PATH = vim.fs.dirname(vim.env.DRAFT_TASKS_BIN) .. ':' .. path
  local ok, problem = xpcall(f, debug.traceback)
  vim.env.PATH = path
  assert(ok, problem)
end

--- What is loaded of Neovim's parts that take long to load, and of the plugin.
local loaded = [[
  local names = vim.tbl_filter(function(name)
    return name == 'vim.lsp' or name == 'vim.filetype' or vim.startswith(name, 'draft_tasks')
  end, vim.tbl_keys(package.loaded))
  table.sort(names)
  return names
]]

check('without a tasks file nothing is loaded', function()
  local child, ask = t.neovim({ '-n' })
  equal(ask(loaded), {})
  equal(ask("return vim.fn.exists(':LspDraftTasks')"), 2)
  ask('vim.cmd.edit(...)', h.path('go-app/main.go'))
  equal(ask(loaded), { 'vim.filetype' })
  vim.fn.jobstop(child)
  child, ask = t.neovim({ '-n', '--cmd', "lua vim.lsp.config('draft_tasks', {})" })
  equal(ask(loaded), { 'vim.lsp' })
  vim.fn.jobstop(child)
end)

--- Waits for the plugin's server in the other Neovim.
local function awaits_server(ask)
  eventually('the server attaches', function()
    return ask("return #vim.lsp.get_clients({ bufnr = 0, name = 'draft_tasks' }) == 1")
  end)
  assert(ask("return vim.lsp.get_clients({ bufnr = 0 })[1].config.capabilities.experimental.draftTasks.output ~= nil"))
end

check('a tasks file has its server, however it is opened', function()
  with_program(function()
    local path = h.path('.draft-tasks.toml')
    local child, ask = t.neovim({ '-n', path })
    equal(ask('return vim.bo.filetype'), 'toml.draft-tasks')
    awaits_server(ask)
    vim.fn.jobstop(child)
    child, ask = t.neovim({ '-n' })
    ask('vim.cmd.edit(...)', path)
    equal(ask('return vim.bo.filetype'), 'toml.draft-tasks')
    awaits_server(ask)
    vim.fn.jobstop(child)
    child, ask = t.neovim({ '-n', '--cmd', 'let g:draft_tasks_enable = v:false', '--cmd', "lua vim.lsp.enable('draft_tasks')", path })
    awaits_server(ask)
    vim.fn.jobstop(child)
  end)
end)

check('the command needs no tasks file that is open', function()
  with_program(function()
    local child, ask = t.neovim({ '-n', h.path('go-app/main.go') })
    equal(ask("return vim.fn.getcompletion('LspDraftTasks run p', 'cmdline')"), { 'pre-up', 'post-deploy' })
    vim.fn.jobstop(child)
  end)
end)

check('help is there where only the folder is on the runtime path', function()
  local child, ask = t.neovim({ '-n' })
  ask("vim.cmd.help('draft_tasks')")
  equal(ask('return vim.fs.basename(vim.api.nvim_buf_get_name(0))'), 'draft_tasks.txt')
  vim.fn.jobstop(child)
end)

check('a tasks file of which a swap file was left is run and not loaded', function()
  with_program(function()
    h.write('swapped/.draft-tasks.toml', { '[pre-up]', 'hello = "echo from the disk"' })
    h.write('swapped/main.go', { 'package main' })
    local killed, ask = t.neovim({ '--cmd', 'set directory=.' })
    local change = 'vim.cmd.edit(...); vim.api.nvim_buf_set_lines(0, -1, -1, false, { "# lost" }); vim.cmd.preserve()'
    ask(change, h.path('swapped/.draft-tasks.toml'))
    vim.uv.kill(vim.fn.jobpid(killed), 'sigkill')
    vim.fn.jobwait({ killed })
    local child, ask_other = t.neovim({ '--cmd', 'set directory=.', h.path('swapped/main.go') })
    ask_other("vim.cmd('LspDraftTasks run pre-up')")
    eventually('its output', function()
      local lines = ask_other("return vim.api.nvim_buf_get_lines(require('draft_tasks.output').buffer(), 0, -1, false)")
      return vim.list_contains(lines, 'from the disk')
    end)
    vim.fn.jobstop(child)
  end)
end)

check("a project's settings have a type of their own, and their server", function()
  h.write('settings-type/.draft-tasks.config.toml', { 'draft-version = "0.16"' })
  local bufnr = open('settings-type/.draft-tasks.config.toml')
  equal({ vim.bo[bufnr].filetype, vim.b.current_syntax }, { 'toml.draft-tasks-config', 'toml' })
end)

check('draft.toml keeps its own keys and options while the server hears of it', function()
  h.write('keeps/.draft-tasks.toml', { '[pre-up]', 'a = "true"' })
  h.write('keeps/draft.toml', { '[environments.development]', 'name = "web"' })
  local tasks = open('keeps/.draft-tasks.toml')
  equal(vim.fn.maparg('K', 'n', false, true).buffer, 1)
  vim.cmd.split(vim.fn.fnameescape(h.path('keeps/draft.toml')))
  local draft = vim.api.nvim_get_current_buf()
  eventually('the server hears of it', function()
    return h.client(draft)
  end)
  equal(vim.fn.maparg('K', 'n'), '')
  equal({ vim.bo.tagfunc, vim.bo.omnifunc, vim.bo.formatexpr }, { '', vim.go.omnifunc, '' })
  assert(vim.bo[tasks].omnifunc ~= '')
end)

check("what is wrong with a project's settings is told with its reason first, and with one name", function()
  vim.fn.mkdir(h.path('wrong-settings/.git'), 'p')
  h.write('wrong-settings/.draft-tasks.config.toml', { 'draft-versoin = "0.16"' })
  h.write('wrong-settings/.draft-tasks.toml', { '[pre-up]', 'a = "true"' })
  local folder = vim.fn.chdir(h.path('wrong-settings'))
  open('wrong-settings/.draft-tasks.toml')
  local told = eventually('the warning', function()
    return t.notified('draft-versoin')
  end).message
  vim.fn.chdir(folder)
  assert(vim.startswith(told, 'draft-tasks: ') and vim.endswith(told, ' (.draft-tasks.config.toml:1:1)'), told)
  assert(not told:find('draft-tasks: draft-tasks', 1, true) and not told:find(h.path('wrong-settings'), 1, true), told)
end)

check("a question of the server's ends in one mark", function()
  local bufnr = open('.draft-tasks.toml')
  local select, prompt = vim.ui.select, nil
  vim.ui.select = function(items, options, on_choice)
    prompt = options.prompt
    on_choice(items[1])
  end
  local ask = h.client(bufnr).handlers['window/showMessageRequest']
  local params = { type = 3, message = 'Run it (2 pods)?', actions = { { title = 'No' } } }
  coroutine.wrap(function()
    (ask or vim.lsp.handlers['window/showMessageRequest'])(nil, params, { client_id = h.client(bufnr).id })
  end)()
  vim.ui.select = select
  equal(prompt, 'Run it (2 pods): ')
end)
