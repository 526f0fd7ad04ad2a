-- Runs: how they start, what they leave on the lines, how they end.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually, open = t.check, t.equal, h.eventually, h.open

check('lenses run from their lines, and are shown', function()
  local bufnr = open('.draft-tasks.toml')
  eventually('lenses for phases and tasks', function()
    local titles = table.concat(t.lens_titles(bufnr), '\n')
    return titles:find('Run pre-up', 1, true) and titles:find('Run cleanup', 1, true) and #t.lens_titles(bufnr) >= 6
  end)
  eventually('one is on the screen', function()
    local marks = vim.api.nvim_buf_get_extmarks(bufnr, -1, 0, -1, { details = true })
    return vim.iter(marks):any(function(mark)
      return vim.inspect({ mark[4].virt_text, mark[4].virt_lines }):find('Run pre-up', 1, true) ~= nil
    end)
  end)
  h.go_to('[cleanup]')
  vim.lsp.codelens.run()
  eventually('its output', function()
    return h.output_has('good bye')
  end)
end)

check('lenses are at the ends of lines, or above these', function()
  local setup = require('draft_tasks').setup
  local function marks(bufnr)
    local namespace = vim.api.nvim_create_namespace('draft_tasks_codelens')
    return vim.api.nvim_buf_get_extmarks(bufnr, namespace, 0, -1, { details = true })
  end
  for _, place in ipairs({ { codelens = 'above', key = 'virt_lines' }, { codelens = true, key = 'virt_text' } }) do
    setup({ codelens = place.codelens })
    local bufnr = open('.draft-tasks.toml')
    eventually('lenses', function()
      return #marks(bufnr) >= 6
    end)
    for _, mark in ipairs(marks(bufnr)) do
      assert(mark[4][place.key], place.codelens)
    end
    vim.cmd('bwipeout!')
  end
end)

check('a lens goes from a line that one types in, and comes back', function()
  local bufnr = open('.draft-tasks.toml')
  h.go_to('[pre-up]')
  local function of_line()
    local namespace, row = vim.api.nvim_create_namespace('draft_tasks_codelens'), vim.fn.line('.') - 1
    return #vim.api.nvim_buf_get_extmarks(bufnr, namespace, { row, 0 }, { row, -1 }, {})
  end
  eventually('a lens', function()
    return of_line() > 0
  end)
  local others = #t.lens_titles(bufnr)
  local row = vim.fn.line('.') - 1
  vim.api.nvim_buf_set_text(bufnr, row, 5, row, 8, { '' })
  equal(vim.api.nvim_get_current_line(), '[pre-')
  vim.api.nvim_exec_autocmds('TextChangedI', { buffer = bufnr })
  equal(of_line(), 0)
  assert(#t.lens_titles(bufnr) > 0 and #t.lens_titles(bufnr) < others)
  vim.api.nvim_set_current_line('[pre-up]')
  vim.api.nvim_exec_autocmds('InsertLeave', { buffer = bufnr })
  eventually('it is back', function()
    return of_line() > 0
  end)
end)

check('what a lens cannot run is refused in words alone', function()
  local bufnr = open('.draft-tasks.toml')
  h.go_to('[cleanup]')
  eventually('a lens', function()
    return #t.lens_titles(bufnr) > 0
  end)
  vim.api.nvim_buf_set_lines(bufnr, -1, -1, false, { 'broken = "' })
  vim.api.nvim_exec_autocmds('TextChanged', { buffer = bufnr })
  eventually('a lens that says so', function()
    return table.concat(t.lens_titles(bufnr), '\n'):find('does not run: see line', 1, true)
  end)
  h.go_to('[cleanup]')
  vim.lsp.codelens.run()
  eventually('the refusal', function()
    return t.notified('`cleanup` does not run while the file has a syntax error')
  end)
  local refusal = t.notified('`cleanup` does not run')
  vim.cmd('silent edit!')
  assert(not refusal.message:find('32803', 1, true), refusal.message)
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
  assert(not t.notified('pre-up'), 'a run that is seen and passes tells nothing more')
  equal(t.task_failures(bufnr), {})
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
    return t.task_failures(bufnr)[1]
  end)
  equal(failure.lnum + 1, h.line_of(bufnr, 'migrate the database'))
  equal(failure.severity, vim.diagnostic.severity.ERROR)
  assert(failure.message:find('3', 1, true), failure.message)
  assert(failure.message:find('cannot reach the database', 1, true), failure.message)
  equal(t.count_output('cannot reach the database'), 1)
  equal(t.count_output('never runs'), 0)
  local status = require('draft_tasks').status()
  assert(vim.startswith(status, '✗ pre-up: migrate the database: exit code 3: '), status)
  assert(vim.fn.strdisplaywidth(status) <= 62, status)
  equal(eventually('a message', function()
    return t.notified('pre-up')
  end).level, vim.log.levels.ERROR)
end)

check('cleanup goes on after a failure', function()
  local bufnr = open('failing/.draft-tasks.toml')
  h.run('LspDraftTasks run cleanup')
  equal(t.count_output('runs all the same'), 1)
  eventually('one failure', function()
    return vim.iter(t.task_failures(bufnr)):any(function(failure)
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
    return #t.task_failures(bufnr) == 1
  end)
  h.write('rerun/flag', {})
  vim.cmd('LspDraftTasks run pre-up flag')
  eventually('it is gone', function()
    return #t.task_failures(bufnr) == 0
  end)
end)

check('an edit of the command clears the diagnostic', function()
  h.write('edited/.draft-tasks.toml', flag)
  local bufnr = open('edited/.draft-tasks.toml')
  vim.cmd('LspDraftTasks run pre-up')
  eventually('the diagnostic', function()
    return #t.task_failures(bufnr) == 1
  end)
  vim.api.nvim_buf_set_lines(bufnr, 0, 0, false, { '# moved by a line' })
  eventually('it moves along', function()
    local failure = t.task_failures(bufnr)[1]
    return failure and failure.lnum == 2
  end)
  vim.api.nvim_buf_set_lines(bufnr, 2, 3, false, { 'flag = "echo something else"' })
  eventually('it is gone', function()
    return #t.task_failures(bufnr) == 0
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
  local bufnr, pid = t.start_sleeper('stop')
  assert(h.alive(pid))
  equal(require('draft_tasks').status(), '▶ pre-up · wait')
  eventually('the lens stops', function()
    return vim.iter(t.lens_titles(bufnr)):any(function(title)
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
  equal(t.task_failures(bufnr), {})
  eventually('the lens runs', function()
    return not vim.iter(t.lens_titles(bufnr)):any(function(title)
      return title:find('Stop', 1, true)
    end)
  end)
end)

check('the lens of a running phase stops it', function()
  local bufnr, pid = t.start_sleeper('stop-lens')
  eventually('the lens stops', function()
    return vim.iter(t.lens_titles(bufnr)):any(function(title)
      return title:find('Stop', 1, true)
    end)
  end)
  h.go_to('[pre-up]')
  vim.lsp.codelens.run()
  eventually('the process ends', function()
    return not h.alive(pid)
  end)
end)

local LOST = 'pre-up: interrupted, as the server has ended; its tasks may still run'

check('the tasks of a server that was killed are told as lost', function()
  local bufnr, pid = t.start_sleeper('lost')
  vim.uv.kill(t.server_of(pid), 'sigkill')
  eventually('the client ends', function()
    return not h.client(bufnr)
  end)
  eventually('the output says so', function()
    return vim.list_contains(h.output(), LOST)
  end)
  assert(h.alive(pid))
  vim.uv.kill(pid, 'sigkill')
end)

check('no task outlives the server', function()
  local bufnr, pid = t.start_sleeper('outlive')
  assert(h.client(bufnr)):stop()
  eventually('the process ends', function()
    return not h.alive(pid)
  end)
  eventually('the client ends', function()
    return not h.client(bufnr)
  end)
  eventually('the output says so', function()
    return vim.iter(h.output()):any(function(line)
      return line == LOST or line:find('1 stopped', 1, true)
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
    return vim.iter({ 'left', 'right' }):all(function(name)
      return vim.iter(h.output()):any(function(line)
        return vim.startswith(line, name .. ' · pre-up: 1 passed')
      end)
    end)
  end)
  local seen, heading = {}, ''
  for _, line in ipairs(h.output()) do
    heading = vim.startswith(line, '▶') and line or heading
    local name, number = line:match('^(%l+) (%d)$')
    if name then
      assert(vim.endswith(heading, name), line .. ' stands below ' .. heading)
      -- The first lines may come while nothing else runs.
      assert(name == 'right' or vim.startswith(heading, '▶ left · '), heading)
      seen[name] = (seen[name] or '') .. number
    end
  end
  equal(seen, { left = '12345', right = '12345' })
end)

check('runs of two files are told by their folders, and a run alone is not', function()
  t.start_sleeper('folders/first')
  equal(require('draft_tasks').status(), '▶ pre-up · wait')
  t.start_sleeper('folders/second')
  equal(require('draft_tasks').status(), '▶ first · pre-up · wait, second · pre-up · wait')
  local guarded = vim.api.nvim_buf_get_lines(vim.fn.bufnr('draft-tasks://running-tasks'), 0, 2, false)
  equal(guarded, { '▶ first · pre-up · wait', '▶ second · pre-up · wait' })
  vim.cmd('LspDraftTasks stop')
  eventually('its end tells its folder', function()
    return vim.iter(h.output()):any(function(line)
      return vim.startswith(line, 'second · pre-up: ')
    end)
  end)
  vim.cmd.buffer(vim.fn.bufnr(h.path('folders/first/.draft-tasks.toml')))
  vim.cmd('LspDraftTasks stop')
  eventually('so does the end of the one that goes on alone', function()
    return vim.iter(h.output()):any(function(line)
      return vim.startswith(line, 'first · pre-up: ')
    end)
  end)
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

check('progress of a run comes by LspProgress', function()
  local kinds = {}
  local id = vim.api.nvim_create_autocmd('LspProgress', {
    callback = function(event)
      if vim.startswith(tostring(event.data.params.token), 'draft-tasks/') then
        table.insert(kinds, event.data.params.value.kind)
      end
    end,
  })
  open('.draft-tasks.toml')
  vim.cmd('LspDraftTasks run pre-up')
  eventually('its end', function()
    return kinds[#kinds] == 'end'
  end)
  vim.api.nvim_del_autocmd(id)
  equal(kinds[1], 'begin')
end)

check('the end of up is one message, and names what failed', function()
  local setup = require('draft_tasks').setup
  setup({ output = { open = false } })
  h.write('whole/.draft-tasks.toml', { '[pre-up]', 'a = "true"', '[post-up]', 'call = "sh -c \'[ -e fixed ] || { echo no route >&2; exit 3; }\'"' })
  open('whole/.draft-tasks.toml')
  local function told_of_up(text)
    local before = #h.notifications
    vim.cmd('LspDraftTasks up true')
    eventually(text, function()
      return t.notified(text)
    end)
    local told = vim.list_slice(vim.tbl_map(function(notification)
      return { notification.message, notification.level }
    end, h.notifications), before + 1)
    -- Nobody knows an application here.
    return vim.tbl_filter(function(one)
      return not one[1]:find('no pods are awaited', 1, true)
    end, told)
  end
  local failed = 'up failed in post-up: call: exit code 3: no route'
  equal(told_of_up(failed), { { failed, vim.log.levels.ERROR } })
  h.write('whole/fixed', {})
  equal(told_of_up('up: all steps passed'), { { 'up: all steps passed', vim.log.levels.INFO } })
  -- What the server tells, too, is not told again.
  local showed = h.client(0).handlers['window/showMessage']
  local before = #h.notifications
  showed(nil, { type = vim.lsp.protocol.MessageType.Info, message = 'up: all steps passed' }, {})
  equal(#h.notifications, before)
  setup({ output = { open = true } })
end)
