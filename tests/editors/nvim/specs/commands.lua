-- `:LspDraftTasks`.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually, open = t.check, t.equal, h.eventually, h.open

check("run works from the application's other files", function()
  local bufnr = h.edit('go-app/main.go')
  -- Without a kubeconfig nobody knows whether pods of the application are left, so the server asks: "Run" is the last.
  local select = vim.ui.select
  vim.ui.select = function(items, _, on_choice)
    on_choice(items[#items], #items)
  end
  vim.cmd('LspDraftTasks run cleanup')
  eventually('its output', function()
    return h.output_has('go-app is gone')
  end)
  vim.ui.select = select
  equal(vim.api.nvim_get_current_buf(), bufnr)
end)

check('plan shows what would run, and rerun runs again', function()
  open('.draft-tasks.toml')
  vim.cmd('LspDraftTasks plan pre-up')
  eventually('a preview', function()
    return vim.iter(vim.api.nvim_list_wins()):any(function(window)
      local text = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
      return vim.api.nvim_win_get_config(window).relative ~= '' and text:find('1. `greet`', 1, true) ~= nil
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

check('a phase is exported by the code action and the command, and not over what is there', function()
  h.write('export/.draft-tasks.toml', { '[cleanup]', 'bye = "echo good bye $NAME"', '[pre-up]', 'a = "true"' })
  open('export/.draft-tasks.toml')
  h.go_to('[cleanup]')
  vim.lsp.buf.code_action({ context = { only = { 'draft-tasks.export' }, diagnostics = {} }, apply = true })
  local function is_shown(name)
    eventually(name .. ' is shown', function()
      return vim.endswith(vim.api.nvim_buf_get_name(0), 'export/' .. name)
    end)
  end
  is_shown('cleanup.sh')
  equal({ vim.bo.modified, vim.bo.filetype }, { true, 'sh' })
  vim.cmd.write()
  local script = vim.api.nvim_buf_get_name(0)
  local ran = vim.system({ 'sh', script }, { cwd = vim.fs.dirname(script), env = { NAME = 'Ann' } }):wait()
  equal({ ran.code, ran.stdout }, { 0, 'good bye Ann\n' })
  open('export/.draft-tasks.toml')
  vim.cmd('LspDraftTasks export pre-up')
  is_shown('pre-up.sh')
  vim.cmd('bwipeout!')
  open('export/.draft-tasks.toml')
  vim.cmd('LspDraftTasks export cleanup')
  eventually('that there is one', function()
    return t.notified('already exists; not overwritten')
  end)
end)

check('the command completes itself, phases and tasks', function()
  open('.draft-tasks.toml')
  local complete = function(line)
    return vim.fn.getcompletion(line, 'cmdline')
  end
  local all = { 'attach', 'clear', 'context', 'create', 'delete', 'doctor', 'end', 'export', 'job', 'log', 'namespace', 'plan', 'quickfix', 'rerun', 'restart', 'run', 'runs', 'stop', 'terminal', 'up' }
  equal(complete('LspDraftTasks '), all)
  equal(complete('LspDraftTasks run '), { 'pre-up', 'post-deploy', 'cleanup' })
  equal(complete('LspDraftTasks run p'), { 'pre-up', 'post-deploy' })
  equal(complete('LspDraftTasks run pre-up '), { 'greet', 'machine', 'where is home' })
  equal(complete('LspDraftTasks run pre-up where i'), { 'is home' })
  equal(complete('LspDraftTasks stop '), {})
end)

check('what cannot be done is said', function()
  open('.draft-tasks.toml')
  vim.cmd('LspDraftTasks walk')
  assert(t.notified('`walk`'))
  vim.cmd('LspDraftTasks stop')
  eventually('that nothing runs', function()
    return t.notified('nothing runs')
  end)
  vim.cmd('LspDraftTasks run nonsense')
  eventually('that there is no such phase', function()
    return t.notified('nonsense')
  end)
end)

local choosing = t.choosing

--- The text of the float that is open.
local function float_text()
  for _, win in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(win).relative ~= '' then
      return table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(win), 0, -1, false), '\n')
    end
  end
end

check('without a subcommand a picker offers phases and tasks', function()
  open('.draft-tasks.toml')
  choosing('pre-up · greet', function(labels)
    h.run('LspDraftTasks')
    equal(vim.list_slice(labels, 1, 2), { 'pre-up (3 tasks)', 'pre-up · greet: echo hello world' })
    equal(#labels, 8)
  end)
  assert(h.output_has('hello world'))
  equal(#vim.tbl_filter(function(line)
    return vim.startswith(line, 'home is')
  end, h.output()), 0)
end)

check('where there is no task it is said what to write', function()
  h.write('no-task/.draft-tasks.toml', { '[pre-up]' })
  open('no-task/.draft-tasks.toml')
  for _, command in ipairs({ 'LspDraftTasks', 'LspDraftTasks plan' }) do
    vim.cmd(command)
    eventually('it is said', function()
      return t.notified('no task yet: write one below a phase')
    end)
  end
end)

check('run asks where the cursor is in no phase', function()
  open('.draft-tasks.toml')
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  choosing('cleanup (1 task)', function()
    h.run('LspDraftTasks run')
  end)
  assert(h.output_has('good bye'))
end)

check('runs shows what is kept of a run, with its colours', function()
  open('failing/.draft-tasks.toml')
  h.run('LspDraftTasks run pre-up')
  choosing('✗ pre-up', function(labels)
    vim.cmd('LspDraftTasks runs')
    eventually('the run is shown', function()
      return vim.startswith(vim.api.nvim_buf_get_name(0), 'draft-tasks://runs/')
    end)
    assert(labels[1]:find('failing/.draft-tasks.toml', 1, true), labels[1])
  end)
  local row = h.line_of(0, '✗ migrate the database') - 1
  assert(#vim.api.nvim_buf_get_extmarks(0, -1, { row, 0 }, { row, -1 }, {}) > 0, 'no colours')
  equal({ vim.bo.modifiable, vim.bo.buftype }, { false, 'nofile' })
end)

check('rerun failed leaves out what passed', function()
  h.write('again/.draft-tasks.toml', { '[cleanup]', 'good = "echo went well"', 'bad = "sh -c \'echo did not; exit 1\'"' })
  open('again/.draft-tasks.toml')
  h.run('LspDraftTasks run cleanup')
  h.run('LspDraftTasks rerun failed')
  equal({ t.count_output('went well'), t.count_output('did not') }, { 1, 2 })
end)

check('a run that the user does not want leaves how the last one ended', function()
  h.write('declined/.draft-tasks.toml', { '[cleanup]', 'bad = "sh -c \'exit 1\'"' })
  local bufnr = open('declined/.draft-tasks.toml')
  h.run('LspDraftTasks run cleanup')
  equal(#t.task_failures(bufnr), 1)
  -- Now there is an application, of which nobody knows whether pods are left.
  h.write('declined/draft.toml', { '[environments.development]', 'name = "web"' })
  local select, told = vim.ui.select, nil
  vim.ui.select = function(items, _, on_choice)
    on_choice(items[1], 1)
  end
  local id = vim.api.nvim_create_autocmd('User', {
    pattern = 'DraftTasksRun',
    callback = function(event)
      told = event.data.state == 'finished' and event.data or told
    end,
  })
  vim.cmd('LspDraftTasks run cleanup')
  eventually('it is declined', function()
    return told ~= nil
  end)
  vim.ui.select = select
  vim.api.nvim_del_autocmd(id)
  equal(told.outcome, 'skipped')
  assert(vim.startswith(require('draft_tasks').status(), '✗ cleanup: '), require('draft_tasks').status())
  equal(#t.task_failures(bufnr), 1)
end)

check('create makes a file and goes there, and leaves one that is there alone', function()
  vim.fn.mkdir(h.path('created'), 'p')
  h.edit('created/main.go')
  vim.cmd('LspDraftTasks create')
  local bufnr = eventually('the new file', function()
    local path = vim.api.nvim_buf_get_name(0)
    return vim.endswith(path, 'created/.draft-tasks.toml') and vim.api.nvim_get_current_buf()
  end)
  assert(h.line_of(bufnr, '[pre-up]'))
  equal({ vim.bo.filetype, vim.bo.modified }, { 'toml.draft-tasks', true })
  equal(vim.uv.fs_stat(h.path('created/.draft-tasks.toml')), nil)
  eventually('the server attaches', function()
    return h.client(bufnr)
  end)
  vim.cmd('silent write')
  vim.cmd('LspDraftTasks create')
  eventually('that it exists', function()
    return t.notified('already exists; not overwritten')
  end)
end)

check('create copies the tasks of a pack, whose name completes', function()
  local pack = vim.fs.joinpath(vim.env.HOME, '.draft/packs/github.com/acme/draft/packs/python')
  vim.fn.mkdir(pack .. '/charts', 'p')
  vim.fn.writefile({ '[pre-up]', 'of-pack = "echo of the pack"' }, pack .. '/tasks.toml')
  equal(vim.fn.getcompletion('LspDraftTasks create g', 'cmdline'), { 'github.com/acme/draft/python' })
  vim.fn.mkdir(h.path('from-pack'), 'p')
  h.edit('from-pack/app.py')
  vim.cmd('LspDraftTasks create python')
  eventually('the new file', function()
    return vim.list_contains(vim.api.nvim_buf_get_lines(0, 0, -1, false), 'of-pack = "echo of the pack"')
  end)
end)

check('quickfix lists failed tasks and the places that they named, clear forgets them', function()
  h.write('listed/main.c', { 'int main() {', '  retrun 0;', '}' })
  h.write('listed/.draft-tasks.toml', { '[pre-up]', 'build = "sh build.sh"' })
  h.write('listed/build.sh', { 'echo "main.c:2:3: error: unknown type name retrun" >&2', 'exit 2' })
  local bufnr = open('listed/.draft-tasks.toml')
  vim.cmd('LspDraftTasks quickfix')
  assert(t.notified('no task failed'))
  h.run('LspDraftTasks run pre-up')
  local found = eventually('both', function()
    vim.cmd('LspDraftTasks quickfix')
    local items = vim.fn.getqflist()
    return #items == 2 and items
  end)
  local places = vim.tbl_map(function(item)
    return ('%s:%d %s'):format(vim.fs.basename(vim.api.nvim_buf_get_name(item.bufnr)), item.lnum, item.type)
  end, found)
  table.sort(places)
  equal(places, { '.draft-tasks.toml:2 E', 'main.c:2 E' })
  vim.cmd.wincmd('p')
  vim.cmd('LspDraftTasks clear')
  eventually('no diagnostic is left', function()
    return #t.task_failures(bufnr) == 0
  end)
end)

check('a float hides the backslashes of Markdown, but not those of code', function()
  local text = { '- \\- **a\\_b**: `c\\_d` e\\[f', '``g`\\_``\\!' }
  require('draft_tasks.float').show(table.concat(text, '\n'), 'test')
  local win = vim.iter(vim.api.nvim_list_wins()):find(function(other)
    return vim.api.nvim_win_get_config(other).relative ~= ''
  end)
  local bufnr = vim.api.nvim_win_get_buf(win)
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
  for _, mark in ipairs(vim.iter(vim.api.nvim_buf_get_extmarks(bufnr, -1, 0, -1, { details = true })):rev():totable()) do
    if mark[4].conceal == '' and mark[4].end_col == mark[3] + 1 and lines[mark[2] + 1]:sub(mark[3] + 1, mark[3] + 1) == '\\' then
      lines[mark[2] + 1] = lines[mark[2] + 1]:sub(1, mark[3]) .. lines[mark[2] + 1]:sub(mark[3] + 2)
    end
  end
  equal(lines, { '- - **a_b**: `c\\_d` e[f', '``g`\\_``!' })
  assert(vim.wo[win].conceallevel >= 1)
end)

check('doctor shows what the server finds, or says that this one has none', function()
  local bufnr = open('.draft-tasks.toml')
  local server = require('draft_tasks.server')
  vim.cmd('LspDraftTasks doctor')
  if server.has(assert(h.client(bufnr)), require('draft_tasks.protocol').commands.doctor) then
    assert(#eventually('the report', float_text) > 0)
  else
    assert(t.notified('has no doctor'))
  end
end)

local several = {
  '[pre-up]',
  'one = "echo ran one"',
  'two = """sh -c \\',
  "  'echo ran two'",
  '"""',
  '# no task',
  'three = "echo ran three"',
  '',
  '[cleanup]',
  'four = "echo ran four"',
}

--- Which tasks of `several` have run.
local function have_run()
  local found = {}
  for _, line in ipairs(h.output()) do
    table.insert(found, line:match('^ran (%l+)$'))
  end
  return found
end

check('run means the task of the line, the phase on a header, and with lines their tasks', function()
  h.write('lines/.draft-tasks.toml', several)
  open('lines/.draft-tasks.toml')
  local before = #have_run()
  for _, case in ipairs({
    { line = 2, runs = { 'one' } },
    { line = 4, runs = { 'two' } },
    { line = 6, runs = { 'one', 'two', 'three' } },
    { line = 1, runs = { 'one', 'two', 'three' } },
    { line = 1, command = '4,7LspDraftTasks run', runs = { 'two', 'three' } },
    { line = 1, command = '10LspDraftTasks run', runs = { 'four' } },
  }) do
    vim.api.nvim_win_set_cursor(0, { case.line, 0 })
    h.run(case.command or 'LspDraftTasks run')
    equal({ case.line, vim.list_slice(have_run(), before + 1) }, { case.line, case.runs })
    before = #have_run()
  end
  for command, problem in pairs({
    ['7,10LspDraftTasks run'] = 'different times',
    ['8,9LspDraftTasks run'] = 'the lines have no task',
    ['2LspDraftTasks stop'] = '`stop` takes no lines',
  }) do
    vim.cmd(command)
    assert(t.notified(problem), problem)
  end
end)

check('up and delete run the phases around a command, which is asked for where none is given', function()
  h.write('live/.draft-tasks.toml', { '[pre-up]', 'before = "echo before it"', '[post-up]', 'after = "echo after it"', '[cleanup]', 'end = "echo cleaned up"' })
  open('live/.draft-tasks.toml')
  local function awaits(text)
    eventually(text, function()
      return h.output_has(text)
    end)
  end
  vim.cmd('LspDraftTasks up echo it is deployed')
  awaits('it is deployed')
  awaits('after it')
  assert(h.output_has('before it'))
  eventually('it is over', function()
    return require('draft_tasks.runs').count() == 0
  end)
  local input, asked = vim.ui.input, nil
  vim.ui.input = function(options, on_confirm)
    asked = options.prompt
    on_confirm('echo it is deleted')
  end
  t.choosing('', function()
    vim.cmd('LspDraftTasks delete')
    awaits('it is deleted')
    awaits('cleaned up')
  end)
  vim.ui.input = input
  equal(asked, 'Command that deletes: ')
end)

check('what ran before a step of up that failed does not run again in its place', function()
  h.write('up-failed/.draft-tasks.toml', { '[pre-up]', [[once = "sh -c 'echo x >> ran'"]] })
  open('up-failed/.draft-tasks.toml')
  vim.cmd('LspDraftTasks up false')
  eventually('it failed', function()
    return h.output_has('up failed in the deploy command: false: exit code 1')
  end)
  for index, command in ipairs({ 'LspDraftTasks rerun', 'LspDraftTasks rerun failed' }) do
    vim.cmd(command)
    eventually(command .. ' is refused', function()
      local refused = vim.tbl_filter(function(notification)
        return notification.message:find('does not run again alone: use `:LspDraftTasks up`', 1, true)
      end, h.notifications)
      return #refused == index
    end)
  end
  equal(vim.fn.readfile(h.path('up-failed/ran')), { 'x' })
end)

check('stop means the tasks file also where draft.toml or the settings beside it are looked at', function()
  local texts = { ['draft.toml'] = '[environments.development]', ['.draft-tasks.config.toml'] = '# nothing' }
  for name, text in pairs(texts) do
    h.write('stopped-beside/' .. name, { text })
    local _, pid = t.start_sleeper('stopped-beside')
    local bufnr = h.edit('stopped-beside/' .. name)
    eventually('the server hears of ' .. name, function()
      return h.client(bufnr)
    end)
    vim.cmd('LspDraftTasks stop')
    eventually('it ends', function()
      return not h.alive(pid)
    end)
  end
end)
