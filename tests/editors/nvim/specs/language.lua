-- What the server knows of a file, as the editor shows it.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually, open = t.check, t.equal, h.eventually, h.open

check('a tasks file is a kind of TOML, with its highlighting', function()
  h.edit('.draft-tasks.toml')
  equal(vim.bo.filetype, 'toml.draft-tasks')
  equal(vim.b.current_syntax, 'toml')
end)

check("a draft pack's tasks.toml is one, another tasks.toml is not", function()
  h.edit('pack/tasks.toml')
  equal(vim.bo.filetype, 'toml.draft-tasks')
  h.write('elsewhere/tasks.toml', { '[tasks]' })
  h.edit('elsewhere/tasks.toml')
  equal(vim.bo.filetype, 'toml')
end)

check('attaches to tasks files only, and one server serves them all', function()
  h.write('elsewhere/Cargo.toml', { '[package]' })
  local cargo, other = h.edit('elsewhere/Cargo.toml'), h.edit('elsewhere/tasks.toml')
  local first, pack, last = open('.draft-tasks.toml'), open('pack/tasks.toml'), open('go-app/.draft-tasks.toml')
  equal({ h.client(cargo), h.client(other) }, {})
  equal({ h.client(pack).id, h.client(last).id }, { h.client(first).id, h.client(first).id })
  equal(h.client(first).root_dir, vim.fs.dirname(h.work))
end)

check('diagnostics of a broken file', function()
  local bufnr = open('broken/.draft-tasks.toml')
  local line = function(text)
    return h.line_of(bufnr, text)
  end
  local expected = {
    ('%d task-outside-phase'):format(line('stray task')),
    ('%d duplicate-task'):format(line('echo hello again')),
    ('%d task-not-string'):format(line('port = 8080')),
    ('%d command-syntax'):format(line('where does it end')),
    ('%d empty-command'):format(line('nothing = ""')),
    ('%d syntax'):format(line('unclosed')),
    ('%d unknown-phase'):format(line('[post-depoy]')),
    ('%d post-delete'):format(line('[post-delete]')),
  }
  equal(t.found(bufnr), expected)
  for _, diagnostic in ipairs(vim.diagnostic.get(bufnr)) do
    equal(diagnostic.source, 'draft-tasks')
  end
end)

check("a project's settings are checked", function()
  h.write('elsewhere/.draft-tasks.config.toml', { 'semantic = "draft"', '[rules]', 'phase-case = "off"' })
  equal(t.found(open('elsewhere/.draft-tasks.config.toml')), { '1 setting' })
end)

check('correct files have no warnings', function()
  local files = vim.fn.glob(h.path('clean/*/.draft-tasks.toml'), true, true)
  assert(#files >= 4, vim.inspect(files))
  for _, path in ipairs(files) do
    -- Which programs this machine has is no mistake of the file.
    local warnings = { severity = { min = vim.diagnostic.severity.WARN } }
    equal(vim.diagnostic.get(open(vim.fs.relpath(h.work, path)), warnings), {})
  end
end)

check('a quick fix renames post-delete', function()
  local bufnr = open('broken/.draft-tasks.toml')
  h.go_to('[post-delete]')
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      return action.kind == 'quickfix' and action.title:find('cleanup', 1, true) ~= nil
    end,
  })
  eventually('the header is renamed', function()
    return vim.list_contains(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), '[cleanup]')
  end)
  eventually('the finding is gone', function()
    return not vim.iter(t.found(bufnr)):any(function(finding)
      return finding:find('post-delete', 1, true)
    end)
  end)
end)

--- Applies the quick fix of the first line whose title holds a text.
local function fix(title)
  h.go_to('[post-deploy]')
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      return action.kind == 'quickfix' and action.title:find(title, 1, true) ~= nil
    end,
  })
end

--- Waits until a code is found in a buffer, or until it is not any more.
local function awaits(bufnr, code, there)
  eventually((there and '%s is found' or '%s is gone'):format(code), function()
    return vim.list_contains(t.found(bufnr), '1 ' .. code) == there
  end)
end

local function lines_of(bufnr)
  return vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
end

check('a quick fix changes draft.toml as it is in its buffer', function()
  local text = { '[environments.development]', 'name = "app"', 'namespace = "a"', 'auto-connect = true' }
  h.write('around/.draft-tasks.toml', { '[post-deploy]', 'a = "true"' })
  h.write('around/draft.toml', text)
  local tasks = open('around/.draft-tasks.toml')
  awaits(tasks, 'auto-connect', true)
  vim.cmd.split(vim.fn.fnameescape(h.path('around/draft.toml')))
  local draft = vim.api.nvim_get_current_buf()
  eventually('the server hears of draft.toml', function()
    return h.client(draft)
  end)
  vim.api.nvim_buf_set_lines(draft, 0, 0, false, { '# not saved' })
  vim.cmd.wincmd('p')
  h.go_to('[post-deploy]')
  eventually('the server hears of the change', function()
    return vim.iter(h.actions('quickfix')):any(function(action)
      local changes = action.edit.documentChanges
      return changes ~= nil and changes[1].textDocument.version == vim.b[draft].changedtick
    end)
  end)
  fix('Set `auto-connect')
  local expected = { '# not saved', text[1], text[2], text[3], 'auto-connect = false' }
  eventually('draft.toml is changed', function()
    return vim.deep_equal(lines_of(draft), expected)
  end)
  equal(vim.fn.readfile(h.path('around/draft.toml')), text)
  vim.api.nvim_buf_call(draft, function()
    vim.cmd('silent write')
  end)
  awaits(tasks, 'auto-connect', false)
end)

check('what is wrong in draft.toml is told once and stands there, and goes when it is right', function()
  h.write('around/draft.toml', { '[environments.development]', 'name = "app"', 'namespace = 3' })
  h.write('around/.draft-tasks.toml', { '[post-deploy]', 'a = "true"' })
  open('around/.draft-tasks.toml')
  eventually('it is told', function()
    return t.notified('(around/draft.toml:3:13)')
  end)
  vim.cmd.split(vim.fn.fnameescape(h.path('around/draft.toml')))
  local draft = vim.api.nvim_get_current_buf()
  local function stands()
    return vim.list_contains(t.found(draft), '3 broken-draft-toml')
  end
  eventually('it stands there', stands)
  vim.api.nvim_buf_set_lines(draft, 2, 3, false, { 'namespace = "a"' })
  eventually('it is gone', function()
    return not stands()
  end)
  vim.cmd('bwipeout!')
  vim.fn.delete(h.path('around/draft.toml'))
end)

check('a quick fix changes a file that is not open, and makes one that is not there', function()
  h.write('beside/.draft-tasks.toml', { '[post-deploy]', 'a = "true"' })
  h.write('beside/draft.toml', { '[environments.development]', 'name = "app"' })
  h.write('beside/Dockerfile', { 'COPY . .' })
  local tasks = open('beside/.draft-tasks.toml')
  for _, expected in ipairs({
    { code = 'draft-namespace', title = 'Add `namespace', file = 'draft.toml', line = 'namespace = "default"' },
    { code = 'tasks-file-in-image', title = 'Create .dockerignore', file = '.dockerignore', line = '.draft-tasks.toml' },
  }) do
    awaits(tasks, expected.code, true)
    fix(expected.title)
    local changed = eventually(expected.file .. ' is changed', function()
      local bufnr = vim.fn.bufnr(h.path('beside/' .. expected.file))
      local lines = bufnr ~= -1 and lines_of(bufnr) or {}
      return vim.list_contains(lines, expected.line) and bufnr
    end)
    vim.api.nvim_buf_call(changed, function()
      vim.cmd('silent write!')
    end)
    awaits(tasks, expected.code, false)
  end
end)

check('an empty file offers the phases', function()
  open('empty/.draft-tasks.toml')
  local items = h.completions()
  local labels = vim.tbl_map(function(item)
    return item.label
  end, items)
  equal(vim.list_slice(labels, 1, 3), { '[pre-up]', '[post-deploy]', '[cleanup]' })
  for _, item in ipairs(items) do
    assert(item.detail and item.detail ~= '', item.label .. ' says nothing about itself')
  end
end)

check('a lens of an empty file adds a phase', function()
  h.write('no-phase/.draft-tasks.toml', {})
  local bufnr = open('no-phase/.draft-tasks.toml')
  eventually('the lenses', function()
    return table.concat(t.lens_titles(bufnr)):find('Add pre-up', 1, true)
  end)
  t.choosing('Add pre-up', vim.lsp.codelens.run)
  eventually('the phase', function()
    return lines_of(bufnr)[1] == '[pre-up]'
  end)
  vim.cmd('bwipeout!')
end)

check('an accepted completion gives a phase with a task to fill in', function()
  -- Menus need a Neovim that reads keys: a second one, driven from here.
  local init = vim.env.DRAFT_TASKS_ROOT .. '/tests/editors/nvim/init.lua'
  local command = { vim.v.progpath, '--clean', '--embed', '-u', init }
  local child = vim.fn.jobstart(command, { rpc = true })
  local function ask(code)
    return vim.rpcrequest(child, 'nvim_exec_lua', code, {})
  end
  vim.rpcrequest(child, 'nvim_ui_attach', 80, 24, {})
  vim.rpcrequest(child, 'nvim_command', 'edit ' .. vim.fn.fnameescape(h.path('empty/.draft-tasks.toml')))
  eventually('the server attaches', function()
    return ask("return #vim.lsp.get_clients({ bufnr = 0, name = 'draft_tasks' }) == 1")
  end)
  ask("vim.lsp.completion.enable(true, vim.lsp.get_clients({ bufnr = 0 })[1].id, 0, {})")
  vim.rpcrequest(child, 'nvim_input', 'i<C-x><C-o>')
  eventually('the menu opens', function()
    return ask('return vim.fn.pumvisible() == 1')
  end)
  vim.rpcrequest(child, 'nvim_input', '<C-y>')
  local lines = eventually('the snippet', function()
    local lines = ask('return vim.api.nvim_buf_get_lines(0, 0, -1, false)')
    return #lines == 2 and lines
  end)
  vim.fn.jobstop(child)
  equal(lines, { '[pre-up]', '"description" = "command"' })
end)

check('hover says exactly what runs', function()
  local bufnr = open('.draft-tasks.toml')
  h.go_to('greet')
  vim.lsp.buf.hover()
  local text = eventually('a float opens', function()
    for _, win in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(win).relative ~= '' then
        return table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(win), 0, -1, false), '\n')
      end
    end
  end)
  assert(text:find('`echo` `hello` `world`', 1, true), text)
  equal(vim.api.nvim_get_current_buf(), bufnr)
end)

check('formatting', function()
  h.write('format/.draft-tasks.toml', { '[pre-up]', 'a   =    "echo a"', '', '', '', '[cleanup]', 'b="echo b"' })
  local bufnr = open('format/.draft-tasks.toml')
  vim.lsp.buf.format({ timeout_ms = h.deadline })
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
  assert(vim.list_contains(lines, 'a = "echo a"') and vim.list_contains(lines, 'b = "echo b"'), vim.inspect(lines))
end)

check('gq formats lines, and leaves those that are right as they are', function()
  local long = 'long = "echo ' .. ('word '):rep(40) .. '"'
  h.write('gq/.draft-tasks.toml', { '[pre-up]', 'a   =    "echo a"', long, 'b="echo b"' })
  local bufnr = open('gq/.draft-tasks.toml')
  vim.bo[bufnr].textwidth = 72
  vim.cmd('normal! 2Ggqj')
  equal(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), { '[pre-up]', 'a = "echo a"', long, 'b="echo b"' })
end)

check('references are those of a task, a variable or a target', function()
  h.write('references/.draft-tasks.toml', { '[pre-up]', "a = 'make x $X'", "b = 'make -j 4 x'", '[cleanup]', "a = 'echo ${X}'" })
  local bufnr = open('references/.draft-tasks.toml')
  for word, lines in pairs({ ['^a'] = { 2, 5 }, ['x $'] = { 2, 3 }, ['X'] = { 2, 5 } }) do
    vim.cmd('cclose')
    vim.api.nvim_win_set_cursor(vim.fn.bufwinid(bufnr), { 2, assert(vim.fn.getline(2):find(word:gsub('%$', '%%$'))) - 1 })
    local found = nil
    vim.lsp.buf.references(nil, {
      on_list = function(list)
        found = vim.tbl_map(function(item)
          return item.lnum
        end, list.items)
      end,
    })
    eventually('references of ' .. word, function()
      return found
    end)
    table.sort(found)
    equal(found, lines)
  end
end)

check('the outline lists phases and tasks', function()
  open('.draft-tasks.toml')
  local response = assert(h.client(0)):request_sync('textDocument/documentSymbol', {
    textDocument = vim.lsp.util.make_text_document_params(0),
  }, h.deadline, 0)
  equal(#response.result, 3)
  equal(response.result[1].children[1].name, 'greet')
end)
