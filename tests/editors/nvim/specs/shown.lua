-- The window of output: what commands and keys mean in it.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually, open = t.check, t.equal, h.eventually, h.open

local function press(keys)
  vim.api.nvim_feedkeys(vim.keycode(keys), 'x', false)
end

--- Puts the cursor onto the last line that holds a text.
local function go_to_last(text)
  for number = vim.api.nvim_buf_line_count(0), 1, -1 do
    if vim.fn.getline(number):find(text, 1, true) then
      vim.api.nvim_win_set_cursor(0, { number, 0 })
      return
    end
  end
  error(('no line holds %q'):format(text), 2)
end

--- Runs a phase in each of two repositories, and goes to the output.
local function run_in_two()
  for _, name in ipairs({ 'one', 'other' }) do
    vim.fn.mkdir(h.path('shown/' .. name .. '/.git'), 'p')
    h.write(('shown/%s/.draft-tasks.toml'):format(name), { '[pre-up]', ('%s = "sh -c \'echo in %s; echo x >> ran\'"'):format(name, name) })
    open(('shown/%s/.draft-tasks.toml'):format(name))
    h.run('LspDraftTasks run pre-up')
  end
  vim.cmd('LspDraftTasks log')
end

local function ran(name)
  return #vim.fn.readfile(h.path(('shown/%s/ran'):format(name)))
end

check('in the output, commands mean the run that the cursor is in', function()
  run_in_two()
  local one, other = ran('one'), ran('other')
  for _, command in ipairs({ 'run', 'rerun', 'run pre-up one' }) do
    go_to_last('in one')
    h.run('LspDraftTasks ' .. command)
    one = one + 1
    equal({ command, ran('one'), ran('other') }, { command, one, other })
  end
  go_to_last('in other')
  h.run(function()
    press('r')
  end)
  equal({ ran('one'), ran('other') }, { one, other + 1 })
  equal(vim.fn.line('w$'), vim.fn.line('$'))
end)

check('in the output, stop means the run that is shown', function()
  local _, left = t.start_sleeper('shown-left')
  local _, right = t.start_sleeper('shown-right')
  vim.cmd('LspDraftTasks log')
  go_to_last('waiting')
  vim.cmd('LspDraftTasks stop')
  eventually('it ends', function()
    return not h.alive(right)
  end)
  assert(h.alive(left))
end)

check('a kept run is shown with its keys, and its file is the one that is meant', function()
  open('failing/.draft-tasks.toml')
  h.run('LspDraftTasks run pre-up')
  open('.draft-tasks.toml')
  t.choosing('failing/.draft-tasks.toml', function()
    vim.cmd('vertical LspDraftTasks runs')
    eventually('the run is shown', function()
      return vim.startswith(vim.api.nvim_buf_get_name(0), 'draft-tasks://runs/')
    end)
  end)
  assert(vim.api.nvim_win_get_width(0) < vim.o.columns, 'it is not beside the others')
  local windows = #vim.api.nvim_list_wins()
  local page = vim.api.nvim_get_current_buf()
  vim.cmd('wincmd p')
  t.choosing('failing/.draft-tasks.toml', function()
    vim.cmd('LspDraftTasks runs')
    eventually('it is shown again', function()
      return vim.api.nvim_get_current_buf() == page
    end)
  end)
  equal(#vim.api.nvim_list_wins(), windows)
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  press(']]')
  equal(vim.fn.getline('.'), '  check the tools')
  press(']]')
  equal(vim.fn.getline('.'), '  migrate the database')
  press('[[')
  equal(vim.fn.getline('.'), '  check the tools')
  equal(vim.fn.getcompletion('LspDraftTasks run pre-up m', 'cmdline'), { 'migrate the database' })
  local before = t.count_output('cannot reach the database')
  t.choosing('Run all of pre-up', function()
    h.run(function()
      press('r')
    end)
  end)
  equal(t.count_output('cannot reach the database'), before + 1)
end)

check('runs can be listed while one goes on and after one was interrupted, with the time of this clock', function()
  local runs = vim.fs.joinpath(vim.env.XDG_STATE_HOME, 'draft-tasks/runs')
  vim.fn.mkdir(runs .. '/20200101T000000.000Z-pre-up-1-1-00000000', 'p')
  vim.env.TZ = 'XYZ-3'
  t.start_sleeper('listed')
  t.choosing('listed/.draft-tasks.toml', function(labels)
    vim.cmd('LspDraftTasks runs')
    eventually('the run is shown', function()
      return vim.startswith(vim.api.nvim_buf_get_name(0), 'draft-tasks://runs/')
    end)
    assert(labels[1]:find('^… pre%-up  %d+%-%d%d%-%d%d %d%d:%d%d:%d%d  running  '), labels[1])
    local hour = tonumber(labels[1]:match(' (%d%d):%d%d:'))
    local now = tonumber(os.date('!%H')) + 3
    assert((now - hour) % 24 <= 1, labels[1])
    local interrupted = vim.iter(labels):any(function(label)
      return label:find('20200101T000000', 1, true) ~= nil
    end)
    assert(interrupted, vim.inspect(labels))
  end)
  vim.env.TZ = nil
  vim.fn.delete(runs .. '/20200101T000000.000Z-pre-up-1-1-00000000', 'rf')
end)

check('keys go from task to task, to the task of a heading and to the place of a line', function()
  h.write('keys/sub/main.c', { 'int main() {', '  retrun 0;', '}' })
  h.write('keys/notes', { 'a', 'b', 'c' })
  h.write('keys/.draft-tasks.toml', {
    '[pre-up]',
    'first = "echo see notes:3"',
    [[second = "sh -c 'echo sub/main.c:2:3: error: no; exit 1'"]],
  })
  local tasks, window = open('keys/.draft-tasks.toml'), vim.api.nvim_get_current_win()
  h.run('LspDraftTasks run pre-up')
  eventually('the place is known', function()
    return #vim.diagnostic.get(vim.fn.bufnr(h.path('keys/sub/main.c'))) > 0
  end)
  vim.cmd('LspDraftTasks log')
  go_to_last('pre-up · 2 tasks')
  press(']]')
  equal(vim.fn.getline('.'), '▶ first')
  press(']]')
  equal(vim.fn.getline('.'), '▶ second')
  press('[[')
  equal(vim.fn.getline('.'), '▶ first')
  press('2]]')
  press('<CR>')
  equal({ vim.api.nvim_get_current_win(), vim.api.nvim_get_current_buf(), vim.fn.line('.') }, { window, tasks, 3 })
  for text, expected in pairs({ ['^sub/main.c:2'] = { 'keys/sub/main.c', 2, 2 }, ['^see \\zsnotes'] = { 'keys/notes', 3, 0 } }) do
    vim.cmd('LspDraftTasks log')
    vim.fn.search(text, 'b')
    press('gF')
    local cursor = vim.api.nvim_win_get_cursor(0)
    equal({ vim.api.nvim_buf_get_name(0), cursor[1], cursor[2] }, { h.path(expected[1]), expected[2], expected[3] })
    equal(vim.api.nvim_get_current_win(), window)
  end
end)

check('places of a run lead into its folder, also of one that is kept, where another one has files of the same names', function()
  for _, name in ipairs({ 'mein laden ä', 'other' }) do
    local folder = 'places/' .. name
    vim.fn.mkdir(h.path(folder .. '/.git'), 'p')
    h.write(folder .. '/sub/main.c', { 'int main() {', '  return 1', '}' })
    h.write(folder .. '/.draft-tasks.toml', { '[pre-up]', 'first = "true"', [[second = "sh -c 'echo sub/main.c:2:3: error: no; exit 1'"]] })
    open(folder .. '/.draft-tasks.toml')
    h.run('LspDraftTasks run pre-up')
    eventually('the place is known', function()
      return #vim.diagnostic.get(vim.fn.bufnr(h.path(folder .. '/sub/main.c'))) > 0
    end)
  end
  local laden = h.path('places/mein laden ä')
  local function leads_to(path, line)
    for _, key in ipairs({ '<CR>', 'gF' }) do
      local win, cursor = vim.api.nvim_get_current_win(), vim.api.nvim_win_get_cursor(0)
      press(key)
      equal({ vim.api.nvim_buf_get_name(0), vim.fn.line('.') }, { path, line })
      vim.api.nvim_set_current_win(win)
      vim.api.nvim_win_set_cursor(win, cursor)
    end
  end
  vim.cmd('LspDraftTasks log')
  for _, name in ipairs({ 'other', 'mein laden ä' }) do
    go_to_last(h.path('places/' .. name))
    vim.fn.search('^sub/main.c:2')
    leads_to(h.path('places/' .. name .. '/sub/main.c'), 2)
  end
  t.choosing('mein laden', function()
    vim.cmd('LspDraftTasks runs')
    eventually('the run is shown', function()
      return vim.startswith(vim.api.nvim_buf_get_name(0), 'draft-tasks://runs/')
    end)
  end)
  for text, line in pairs({ ['^pre-up · '] = 1, ['^  second$'] = 3, ['^  ✗ second'] = 3, ['^  ✓ first'] = 2 }) do
    vim.fn.cursor(1, 1)
    assert(vim.fn.search(text, 'c') > 0, text)
    leads_to(laden .. '/.draft-tasks.toml', line)
  end
  vim.fn.search('│ sub/main.c')
  leads_to(laden .. '/sub/main.c', 2)
end)

check('the output opens where the user says, with nothing but text, and follows resizes', function()
  open('.draft-tasks.toml')
  h.run('LspDraftTasks run cleanup')
  vim.cmd('silent only')
  vim.wo.number = true
  vim.cmd('vertical LspDraftTasks log')
  local win = vim.api.nvim_get_current_win()
  equal({ vim.bo.filetype, vim.api.nvim_win_get_width(win) < vim.o.columns }, { 'draft-tasks-output', true })
  equal({ vim.wo.number, vim.wo.foldcolumn, vim.wo.statuscolumn }, { false, '0', '' })
  local tabs = #vim.api.nvim_list_tabpages()
  vim.cmd('tab LspDraftTasks log')
  equal({ vim.bo.filetype, #vim.api.nvim_list_tabpages() }, { 'draft-tasks-output', tabs + 1 })
  vim.cmd.tabonly()
  open('.draft-tasks.toml')
  vim.cmd('silent only')
  h.run('LspDraftTasks run cleanup')
  local output = vim.iter(vim.api.nvim_list_wins()):find(function(other)
    return vim.bo[vim.api.nvim_win_get_buf(other)].filetype == 'draft-tasks-output'
  end)
  local lines = vim.o.lines
  equal(vim.api.nvim_win_get_height(output), math.min(12, math.floor(lines / 2)))
  vim.o.lines = 14
  vim.api.nvim_exec_autocmds('VimResized', {})
  equal(vim.api.nvim_win_get_height(output), 7)
  vim.o.lines = lines
end)

check('mappings are there to be used', function()
  for _, name in ipairs({ 'pick', 'run', 'rerun', 'rerun-failed', 'stop', 'log', 'plan', 'quickfix', 'runs' }) do
    assert(vim.fn.maparg(('<Plug>(draft-tasks-%s)'):format(name), 'n') ~= '', name)
  end
  open('.draft-tasks.toml')
  h.go_to('bye')
  h.run(function()
    press('<Plug>(draft-tasks-run)')
  end)
  assert(h.output_has('good bye'))
end)

check('a long message is one line on the command line, and all of it is in the output', function()
  local child, ask = t.neovim({ '-n' })
  local shown = ask([[
    local text = 'cannot do it: ' .. ('very '):rep(40) .. '\nlong'
    require('draft_tasks.message').show(text, vim.log.levels.ERROR)
    return { vim.fn.execute('messages'), vim.api.nvim_buf_get_lines(require('draft_tasks.output').buffer(), 0, -1, false) }
  ]])
  vim.fn.jobstop(child)
  local message = vim.split(vim.trim(shown[1]), '\n')
  equal({ #message, vim.endswith(message[1], '…') }, { 1, true })
  assert(vim.fn.strdisplaywidth(message[1]) < 80, message[1])
  equal({ shown[2][#shown[2] - 1]:sub(1, 14), shown[2][#shown[2]] }, { 'cannot do it: ', 'long' })
end)

check('the lines of a message are told apart where it is one line', function()
  local child, ask = t.neovim({ '-n' })
  local shown = ask([[
    require('draft_tasks.message').show('there is no cluster\n  kubeconfig: none', vim.log.levels.ERROR)
    return vim.fn.execute('messages')
  ]])
  vim.fn.jobstop(child)
  assert(shown:find('there is no cluster · kubeconfig: none', 1, true), shown)
end)

check('a long message is one line also where the output is the quickfix list', function()
  local child, ask = t.neovim({ '-n' })
  local shown = ask([[
    require('draft_tasks').setup({ output = { target = 'quickfix' } })
    require('draft_tasks.message').show('cannot do it: ' .. ('very '):rep(40) .. '\nlong', vim.log.levels.ERROR)
    return vim.fn.execute('messages')
  ]])
  vim.fn.jobstop(child)
  local message = vim.split(vim.trim(shown), '\n')
  equal({ #message, vim.endswith(message[1], '…') }, { 1, true })
end)

check('an option that is not there is refused', function()
  for _, options in ipairs({ { codelenses = true }, { output = { heigth = 3 } }, { codelens = 'below' } }) do
    local ok, problem = pcall(require('draft_tasks').setup, options)
    assert(not ok and tostring(problem):find('codelens', 1, true) or tostring(problem):find('output.heigth', 1, true), problem)
  end
end)
