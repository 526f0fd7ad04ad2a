-- The plugin and the server in a real Neovim. Prints a line for each check and a sum; the exit code says the same.
vim.opt.runtimepath:prepend(vim.env.DRAFT_TASKS_ROOT .. '/editors/nvim')
local h = dofile(vim.env.DRAFT_TASKS_ROOT .. '/tests/editors/nvim/harness.lua')
local eventually, open, say = h.eventually, h.open, h.say

local passed, failed = 0, 0
local function check(name, f)
  local ok, problem = xpcall(f, debug.traceback)
  if ok then
    passed = passed + 1
    say('ok      ' .. name)
  else
    failed = failed + 1
    say('FAILED  ' .. name .. '\n        ' .. tostring(problem):gsub('\n', '\n        '))
    for _, notification in ipairs(h.notifications) do
      say('        notification: ' .. notification.message)
    end
  end
  -- Checks stand alone: nothing of this one runs on, and the next sees only its own messages and output.
  pcall(function()
    for _, client in ipairs(vim.lsp.get_clients({ name = 'draft_tasks' })) do
      client:request_sync('workspace/executeCommand', { command = 'draft-tasks.stop', arguments = {} }, 5000)
    end
    vim.wait(8000, function()
      return require('draft_tasks.runs').count() == 0
    end, 20)
  end)
  for index in pairs(h.notifications) do
    h.notifications[index] = nil
  end
  vim.cmd.stopinsert()
  vim.cmd('silent only! | silent %bwipeout!')
end

local function equal(actual, expected)
  if not vim.deep_equal(actual, expected) then
    error(('expected %s\nfound    %s'):format(vim.inspect(expected), vim.inspect(actual)), 2)
  end
end

--- The diagnostics of a buffer as `line code`.
local function found(bufnr)
  return vim.tbl_map(function(diagnostic)
    return ('%d %s'):format(diagnostic.lnum + 1, diagnostic.code)
  end, vim.diagnostic.get(bufnr))
end

local function task_failures(bufnr)
  return vim.tbl_filter(function(diagnostic)
    return diagnostic.code == 'task-failed'
  end, vim.diagnostic.get(bufnr))
end

local function lens_titles(bufnr)
  return vim.tbl_map(function(lens)
    return lens.command.title
  end, vim.lsp.codelens.get(bufnr))
end

local function notified(text)
  for _, notification in ipairs(h.notifications) do
    if notification.message:find(text, 1, true) then
      return notification
    end
  end
end

--- Lines of the output that are exactly this text.
local function count_output(text)
  return #vim.tbl_filter(function(line)
    return line == text
  end, h.output())
end

local sleeper = { '[pre-up]', [[wait = "sh -c 'echo $$ > pid; echo waiting; exec sleep 600'"]] }

--- Starts a task that does not end by itself.
local function start_sleeper(folder)
  h.write(folder .. '/.draft-tasks.toml', sleeper)
  local bufnr = open(folder .. '/.draft-tasks.toml')
  vim.cmd('LspDraftTasks run pre-up')
  eventually('the task writes', function()
    return h.output_has('waiting')
  end)
  return bufnr, tonumber(vim.fn.readfile(h.path(folder .. '/pid'))[1])
end

say(tostring(vim.version()))

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
  equal(found(bufnr), expected)
  for _, diagnostic in ipairs(vim.diagnostic.get(bufnr)) do
    equal(diagnostic.source, 'draft-tasks')
  end
end)

check("a project's settings are checked", function()
  h.write('elsewhere/.draft-tasks.config.toml', { 'semantic = "draft"', '[rules]', 'phase-case = "off"' })
  equal(found(open('elsewhere/.draft-tasks.config.toml')), { '1 setting' })
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
    return not vim.iter(found(bufnr)):any(function(finding)
      return finding:find('post-delete', 1, true)
    end)
  end)
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
  equal(lines, { '[pre-up]', 'description = "command"' })
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

check('lenses run from their lines, and are shown', function()
  local bufnr = open('.draft-tasks.toml')
  eventually('lenses for phases and tasks', function()
    local titles = table.concat(lens_titles(bufnr), '\n')
    return titles:find('Run pre-up', 1, true) and titles:find('Run cleanup', 1, true) and #lens_titles(bufnr) >= 6
  end)
  h.go_to('[cleanup]')
  vim.lsp.codelens.run()
  eventually('its output', function()
    return h.output_has('good bye')
  end)
end)

check('the run action of a phase runs its tasks, and their output appears', function()
  local bufnr, window = open('.draft-tasks.toml'), vim.api.nvim_get_current_win()
  h.go_to('[pre-up]')
  local titles = vim.tbl_map(function(action)
    return action.title
  end, h.actions('draft-tasks.run'))
  assert(#titles > 0, 'no run action')
  h.run_action('pre-up')
  eventually('its output', function()
    return h.output_has('hello world')
  end)
  eventually('its end', function()
    return require('draft_tasks').status() == '✓ pre-up'
  end)
  assert(require('draft_tasks.output').is_visible(), 'the output is not shown')
  equal({ vim.api.nvim_get_current_win(), vim.api.nvim_get_current_buf() }, { window, bufnr })
  assert(not notified('pre-up'), 'a run that is seen and passes tells nothing more')
  equal(task_failures(bufnr), {})
end)

check('run actions come only for their kind, and none where nothing can run', function()
  open('.draft-tasks.toml')
  h.go_to('[pre-up]')
  for _, action in ipairs(h.actions('quickfix')) do
    assert(action.kind ~= 'draft-tasks.run', action.title)
  end
  open('pack/tasks.toml')
  h.go_to('[pre-up]')
  equal(h.actions('draft-tasks.run'), {})
end)

check('a failing task has a diagnostic on its line, and the rest is left out', function()
  local bufnr = open('failing/.draft-tasks.toml')
  h.run('LspDraftTasks run pre-up')
  local failure = eventually('the diagnostic', function()
    return task_failures(bufnr)[1]
  end)
  equal(failure.lnum + 1, h.line_of(bufnr, 'migrate the database'))
  equal(failure.severity, vim.diagnostic.severity.ERROR)
  assert(failure.message:find('3', 1, true), failure.message)
  assert(failure.message:find('cannot reach the database', 1, true), failure.message)
  equal(count_output('cannot reach the database'), 1)
  equal(count_output('never runs'), 0)
  equal(require('draft_tasks').status(), '✗ pre-up')
  equal(eventually('a message', function()
    return notified('pre-up')
  end).level, vim.log.levels.ERROR)
end)

check('cleanup goes on after a failure', function()
  local bufnr = open('failing/.draft-tasks.toml')
  h.run('LspDraftTasks run cleanup')
  equal(count_output('runs all the same'), 1)
  eventually('one failure', function()
    return vim.iter(task_failures(bufnr)):any(function(failure)
      return failure.lnum + 1 == h.line_of(bufnr, 'stop the database')
    end)
  end)
end)

local flag = { '[pre-up]', [[flag = "sh -c 'test -f flag || exit 4'"]] }

check('a good run clears the diagnostic', function()
  h.write('rerun/.draft-tasks.toml', flag)
  local bufnr = open('rerun/.draft-tasks.toml')
  h.run('LspDraftTasks run pre-up flag')
  eventually('the diagnostic', function()
    return #task_failures(bufnr) == 1
  end)
  h.write('rerun/flag', {})
  vim.cmd('LspDraftTasks run pre-up flag')
  eventually('it is gone', function()
    return #task_failures(bufnr) == 0
  end)
end)

check('an edit of the command clears the diagnostic', function()
  h.write('edited/.draft-tasks.toml', flag)
  local bufnr = open('edited/.draft-tasks.toml')
  vim.cmd('LspDraftTasks run pre-up')
  eventually('the diagnostic', function()
    return #task_failures(bufnr) == 1
  end)
  vim.api.nvim_buf_set_lines(bufnr, 0, 0, false, { '# moved by a line' })
  eventually('it moves along', function()
    local failure = task_failures(bufnr)[1]
    return failure and failure.lnum == 2
  end)
  vim.api.nvim_buf_set_lines(bufnr, 2, 3, false, { 'flag = "echo something else"' })
  eventually('it is gone', function()
    return #task_failures(bufnr) == 0
  end)
end)

check('the text in the buffer runs, saved or not', function()
  local bufnr = open('clean/minimal/.draft-tasks.toml')
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, { '[pre-up]', 'hello = "echo not saved yet"' })
  vim.cmd('LspDraftTasks run pre-up')
  eventually('its output', function()
    return h.output_has('not saved yet')
  end)
end)

check('stop ends the process, and lenses and status follow', function()
  local bufnr, pid = start_sleeper('stop')
  assert(h.alive(pid))
  equal(require('draft_tasks').status(), '▶ pre-up · wait')
  eventually('the lens stops', function()
    return vim.iter(lens_titles(bufnr)):any(function(title)
      return title:find('Stop', 1, true)
    end)
  end)
  vim.cmd('LspDraftTasks stop')
  eventually('the process ends', function()
    return not h.alive(pid)
  end)
  eventually('the run ends', function()
    return require('draft_tasks').status() == '■ pre-up'
  end)
  equal(task_failures(bufnr), {})
  eventually('the lens runs', function()
    return not vim.iter(lens_titles(bufnr)):any(function(title)
      return title:find('Stop', 1, true)
    end)
  end)
end)

check('the lens of a running phase stops it', function()
  local bufnr, pid = start_sleeper('stop-lens')
  eventually('the lens stops', function()
    return vim.iter(lens_titles(bufnr)):any(function(title)
      return title:find('Stop', 1, true)
    end)
  end)
  h.go_to('[pre-up]')
  vim.lsp.codelens.run()
  eventually('the process ends', function()
    return not h.alive(pid)
  end)
end)

check('no task outlives the server', function()
  local bufnr, pid = start_sleeper('outlive')
  assert(h.client(bufnr)):stop()
  eventually('the process ends', function()
    return not h.alive(pid)
  end)
  eventually('the client ends', function()
    return not h.client(bufnr)
  end)
  eventually('the output says so', function()
    return vim.iter(h.output()):any(function(line)
      return line == 'pre-up: stopped, since the server has ended' or line:find('1 stopped', 1, true)
    end)
  end)
  equal(require('draft_tasks.runs').count(), 0)
end)

check('runs of two servers at once do not mix', function()
  for _, name in ipairs({ 'left', 'right' }) do
    vim.fn.mkdir(h.path('two/' .. name .. '/.git'), 'p')
    local command = ([[sh -c 'for i in 1 2 3 4 5; do echo %s $i; sleep 0.02; done']]):format(name)
    h.write(('two/%s/.draft-tasks.toml'):format(name), { '[pre-up]', ('%s = "%s"'):format(name, command) })
  end
  local left, right = open('two/left/.draft-tasks.toml'), open('two/right/.draft-tasks.toml')
  assert(h.client(left).id ~= h.client(right).id)
  vim.cmd('LspDraftTasks run pre-up')
  vim.cmd.buffer(left)
  vim.cmd('LspDraftTasks run pre-up')
  eventually('both end', function()
    return #vim.tbl_filter(function(line)
      return vim.startswith(line, 'pre-up: 1 passed')
    end, h.output()) == 2
  end)
  local seen, heading = {}, ''
  for _, line in ipairs(h.output()) do
    heading = vim.startswith(line, '▶') and line or heading
    local name, number = line:match('^(%l+) (%d)$')
    if name then
      assert(vim.endswith(heading, name), line .. ' stands below ' .. heading)
      seen[name] = (seen[name] or '') .. number
    end
  end
  equal(seen, { left = '12345', right = '12345' })
end)

check('one task of a phase runs alone', function()
  open('.draft-tasks.toml')
  h.run('LspDraftTasks run pre-up greet')
  assert(h.output_has('hello world'))
  equal(#vim.tbl_filter(function(line)
    return vim.startswith(line, 'home is')
  end, h.output()), 0)
end)

check('a description with spaces is one argument', function()
  open('.draft-tasks.toml')
  vim.cmd('LspDraftTasks run pre-up where is home')
  eventually('its output', function()
    return vim.iter(h.output()):any(function(line)
      return vim.startswith(line, 'home is')
    end)
  end)
end)

check('run without a phase runs the one under the cursor', function()
  open('.draft-tasks.toml')
  h.go_to('bye')
  vim.cmd('LspDraftTasks run')
  eventually('its output', function()
    return h.output_has('good bye')
  end)
end)

check("run works from the application's other files", function()
  local bufnr = h.edit('go-app/main.go')
  vim.cmd('LspDraftTasks run cleanup')
  eventually('its output', function()
    return h.output_has('go-app is gone')
  end)
  equal(vim.api.nvim_get_current_buf(), bufnr)
end)

check('plan shows what would run, and rerun runs again', function()
  open('.draft-tasks.toml')
  vim.cmd('LspDraftTasks plan pre-up')
  eventually('a preview', function()
    return vim.iter(vim.api.nvim_list_wins()):any(function(window)
      local text = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
      return vim.api.nvim_win_get_config(window).relative ~= '' and text:find('1. greet', 1, true) ~= nil
    end)
  end)
  local finished = 0
  vim.api.nvim_create_autocmd('User', {
    pattern = 'DraftTasksRun',
    callback = function(event)
      finished = finished + (event.data.state == 'finished' and 1 or 0)
    end,
  })
  for run, command in ipairs({ 'LspDraftTasks run pre-up greet', 'LspDraftTasks rerun' }) do
    vim.cmd(command)
    eventually('the end of the run', function()
      return finished == run
    end)
  end
end)

check('the command completes itself, phases and tasks', function()
  open('.draft-tasks.toml')
  local complete = function(line)
    return vim.fn.getcompletion(line, 'cmdline')
  end
  equal(complete('LspDraftTasks '), { 'clear', 'create', 'doctor', 'log', 'plan', 'quickfix', 'rerun', 'run', 'runs', 'stop' })
  equal(complete('LspDraftTasks run '), { 'pre-up', 'post-deploy', 'cleanup' })
  equal(complete('LspDraftTasks run p'), { 'pre-up', 'post-deploy' })
  equal(complete('LspDraftTasks run pre-up '), { 'greet', 'machine', 'where is home' })
  equal(complete('LspDraftTasks run pre-up where i'), { 'is home' })
  equal(complete('LspDraftTasks stop '), {})
end)

check('what cannot be done is said', function()
  open('.draft-tasks.toml')
  vim.cmd('LspDraftTasks walk')
  assert(notified('`walk`'))
  vim.cmd('LspDraftTasks stop')
  eventually('that nothing runs', function()
    return notified('nothing runs')
  end)
  vim.cmd('LspDraftTasks run nonsense')
  eventually('that there is no such phase', function()
    return notified('nonsense')
  end)
end)

check('log shows the output and goes there', function()
  open('.draft-tasks.toml')
  h.run('LspDraftTasks run cleanup')
  vim.cmd('LspDraftTasks log')
  equal(vim.api.nvim_get_current_buf(), require('draft_tasks.output').buffer())
  equal({ vim.bo.modifiable, vim.bo.modified, vim.bo.buftype }, { false, false, 'nofile' })
end)

check('colours are highlights, not characters', function()
  h.write('colours/colours.sh', { [[printf '\033[1;31mred\033[0m and \033[38;5;42mgreen\033[m\n']] })
  h.write('colours/.draft-tasks.toml', { '[pre-up]', 'colours = "sh colours.sh"' })
  open('colours/.draft-tasks.toml')
  vim.cmd('LspDraftTasks run pre-up')
  eventually('the text', function()
    return h.output_has('red and green')
  end)
  local buffer = require('draft_tasks.output').buffer()
  local row = h.line_of(buffer, 'red and green') - 1
  local marks = vim.api.nvim_buf_get_extmarks(buffer, -1, { row, 0 }, { row, -1 }, { details = true })
  local spans = vim.tbl_map(function(mark)
    return { mark[3], mark[4].end_col }
  end, marks)
  equal(spans, { { 0, 3 }, { 8, 13 } })
  equal(vim.api.nvim_get_hl(0, { name = marks[1][4].hl_group }).bold, true)
end)

check('pieces of text become lines, sequences and restarts as on a terminal', function()
  local output = require('draft_tasks.output')
  local function put(text, stream)
    output.append('run', { phase = 'pre-up', task = 'pieces', stream = stream or 'stdout', text = text })
  end
  put('one\ntw')
  put('o\nthr\27[3')
  put('1mee\27[0m\n')
  put('10 %\r')
  put('100 %\r\n')
  put('asks: ')
  put('error\n', 'stderr')
  put('answer\27]0;title\7\n\n')
  local lines = vim.list_slice(h.output(), 2)
  equal(lines, { 'one', 'two', 'three', '100 %', 'asks: ', 'error', 'answer', '' })
end)

check('output beyond the limit drops the oldest lines', function()
  h.write('much/.draft-tasks.toml', { '[pre-up]', 'much = "seq 25000"' })
  open('much/.draft-tasks.toml')
  h.run('LspDraftTasks run pre-up')
  assert(h.output_has('25000'))
  local lines = h.output()
  assert(#lines <= 10000, #lines)
  assert(lines[1]:find('earlier lines', 1, true), lines[1])
end)

check('formatting', function()
  h.write('format/.draft-tasks.toml', { '[pre-up]', 'a   =    "echo a"', '', '', '', '[cleanup]', 'b="echo b"' })
  local bufnr = open('format/.draft-tasks.toml')
  vim.lsp.buf.format({ timeout_ms = h.deadline })
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
  assert(vim.list_contains(lines, 'a = "echo a"') and vim.list_contains(lines, 'b = "echo b"'), vim.inspect(lines))
end)

check('the outline lists phases and tasks', function()
  open('.draft-tasks.toml')
  local response = assert(h.client(0)):request_sync('textDocument/documentSymbol', {
    textDocument = vim.lsp.util.make_text_document_params(0),
  }, h.deadline, 0)
  equal(#response.result, 3)
  equal(response.result[1].children[1].name, 'greet')
end)

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
  assert(notified('`no-such-program` is not on PATH'))
end)

say(('%d passed, %d failed'):format(passed, failed))
os.exit(failed == 0 and 0 or 1)
