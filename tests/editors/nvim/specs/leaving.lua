-- The ends of Neovim and of servers while tasks run.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually, open = t.check, t.equal, h.eventually, h.open

--- A Neovim in which a task runs, and the process of that.
local function start()
  h.write('leaving/.draft-tasks.toml', { '[pre-up]', [[wait = "sh -c 'echo $$ > pid; exec sleep 600'"]] })
  h.write('leaving/draft.toml', { '[environments.development]', 'name = "web"', 'namespace = "shop"' })
  vim.fn.mkdir(h.path('leaving/.git'), 'p')
  vim.fn.delete(h.path('leaving/pid'))
  vim.fn.delete(h.path('leaving/messages'))
  local program = ("lua vim.lsp.config('draft_tasks', { cmd = { %q, 'lsp' } })"):format(vim.env.DRAFT_TASKS_BIN)
  local child, ask = t.neovim({ '-n', '--cmd', program, h.path('leaving/.draft-tasks.toml') })
  ask("vim.cmd('LspDraftTasks run pre-up')")
  local pid = eventually('the task starts', function()
    return vim.fn.filereadable(h.path('leaving/pid')) == 1 and tonumber(vim.fn.readfile(h.path('leaving/pid'))[1])
  end)
  eventually('the run is told', function()
    return ask("return require('draft_tasks.runs').count()") == 1
  end)
  return child, ask, pid
end

--- Gives a Neovim a screen, on which messages may wait for a key; waits for a message that does not, and answers all.
local function screen(child, ask)
  vim.rpcrequest(child, 'nvim_ui_attach', 80, 24, {})
  ask(
    [[
      local path, count = ..., 0
      vim.uv.new_timer():start(0, 20, vim.schedule_wrap(function()
        count = count + 1
        vim.fn.writefile(vim.list_extend({ tostring(count) }, vim.split(vim.fn.execute('messages'), '\n')), path)
      end))
    ]],
    h.path('leaving/messages')
  )
  local function read()
    local lines = vim.fn.filereadable(h.path('leaving/messages')) == 1 and vim.fn.readfile(h.path('leaving/messages')) or {}
    return tonumber(lines[1]) or 0, table.concat(lines, '\n', 2)
  end
  return function(text)
    local seen
    return eventually(text .. ', without a key', function()
      -- A Neovim that waits for a key does nothing else, so it writes no more.
      local count, messages = read()
      seen = seen or messages:find(text, 1, true) and count
      return seen and count > seen + 2 and not vim.rpcrequest(child, 'nvim_get_mode').blocking and messages
    end)
  end
end

check('`:q`, `:qa` and `:wqa` refuse while tasks run, and `!` stops them', function()
  local child, ask, pid = start()
  ask("vim.cmd.only()")
  for _, command in ipairs({ 'q', 'qa', 'wqa', 'x' }) do
    local problem = tostring(ask('return select(2, pcall(vim.cmd, ...))', command))
    local refused = problem:find('E37', 1, true) or problem:find('E162', 1, true) or problem:find('E45', 1, true)
    assert(refused and h.alive(pid), command .. ': ' .. problem)
  end
  equal(ask("return { pcall(vim.cmd, 'wa') }")[1], true)
  ask("vim.cmd('messages clear')")
  local told = screen(child, ask)
  vim.rpcnotify(child, 'nvim_input', ':wqa<CR>')
  local said = told('tasks run; `:LspDraftTasks stop` stops them')
  assert(not said:find('Error', 1, true) and not said:find('E605', 1, true) and h.alive(pid), said)
  pcall(vim.rpcnotify, child, 'nvim_command', 'qa!')
  equal(vim.fn.jobwait({ child }, h.deadline)[1], 0)
  eventually('the task ends', function()
    return not h.alive(pid)
  end)
end)

check('Neovim is left as always once nothing runs, and windows show again what they showed', function()
  local child, ask, pid = start()
  ask('vim.cmd.only()')
  local shown = ask('return vim.api.nvim_buf_get_name(0)')
  vim.rpcnotify(child, 'nvim_input', ':q<CR>')
  eventually('the window shows what runs', function()
    return ask('return vim.api.nvim_buf_get_name(0)') ~= shown
  end)
  ask("vim.cmd('LspDraftTasks stop')")
  eventually('the task ends', function()
    return not h.alive(pid) and ask("return require('draft_tasks.runs').count()") == 0
  end)
  equal(ask('return vim.api.nvim_buf_get_name(0)'), shown)
  pcall(vim.rpcnotify, child, 'nvim_command', 'qa')
  equal(vim.fn.jobwait({ child }, h.deadline)[1], 0)
end)

check('rerun of what runs asks, and runs it again only after it was stopped', function()
  local _, first = t.start_sleeper('again-running')
  t.choosing('Leave', function()
    vim.cmd('LspDraftTasks rerun')
  end)
  assert(h.alive(first))
  t.choosing('Stop', function(labels)
    vim.cmd('LspDraftTasks rerun')
    equal(labels[1], 'Leave it running')
  end)
  local second = eventually('it runs again', function()
    local pid = tonumber(vim.fn.readfile(h.path('again-running/pid'))[1])
    return pid ~= first and pid
  end)
  assert(not h.alive(first) and h.alive(second))
end)

check('restart gives a new server, and asks first where something runs', function()
  local bufnr = open('.draft-tasks.toml')
  local before = assert(h.client(bufnr)).id
  vim.cmd('LspDraftTasks restart')
  eventually('another server', function()
    local client = h.client(bufnr)
    return client and client.id ~= before
  end)
  local sleeper, pid = t.start_sleeper('restarted')
  t.choosing('Leave', function()
    vim.cmd('LspDraftTasks restart')
  end)
  assert(h.alive(pid) and h.client(sleeper))
end)

check('a server that was killed is told with what to do, and a command starts another', function()
  local sleeper, pid = t.start_sleeper('killed')
  local bufnr = open('.draft-tasks.toml')
  vim.uv.kill(t.server_of(pid), 'sigkill')
  eventually('that it has ended', function()
    return t.notified('the server has ended, and pre-up was interrupted; `:LspDraftTasks restart` starts it')
  end)
  equal(vim.tbl_filter(function(title)
    return title:find('Stop', 1, true) ~= nil
  end, t.lens_titles(sleeper)), {})
  equal(require('draft_tasks').status(), '■ pre-up interrupted')
  vim.uv.kill(pid, 'sigkill')
  h.run('LspDraftTasks run pre-up greet')
  assert(h.output_has('hello world'))
  assert(h.client(bufnr))
  open('killed/.draft-tasks.toml')
  eventually('the lens says what became of it', function()
    return (t.lens_titles(sleeper)[1] or ''):find('last: ■ interrupted', 1, true)
  end)
end)

check('a server that ends at once is not waited for', function()
  local right = vim.lsp.config.draft_tasks.cmd
  vim.fn.mkdir(h.path('dead/.git'), 'p')
  h.write('dead/.draft-tasks.toml', { '[pre-up]', 'a = "true"' })
  vim.lsp.config('draft_tasks', { cmd = { 'false', 'lsp' } })
  h.edit('dead/.draft-tasks.toml')
  local waited
  local wait = vim.wait
  vim.wait = function(time, condition, ...)
    local done = wait(time, condition, ...)
    waited = waited or (not done and time > 0)
    return done
  end
  vim.cmd('LspDraftTasks run pre-up')
  vim.wait = wait
  vim.lsp.config('draft_tasks', { cmd = right })
  assert(t.notified('the language server does not start'), vim.inspect(h.notifications))
  equal(waited, false)
end)

check('what to do about a server that was killed is on the screen without a key', function()
  local child, ask, pid = start()
  ask('vim.cmd.only()')
  local told = screen(child, ask)
  vim.uv.kill(t.server_of(pid), 'sigkill')
  told('`:LspDraftTasks restart` starts it')
  vim.uv.kill(pid, 'sigkill')
  vim.fn.jobstop(child)
end)

check('a context that is chosen from the list is told without a key', function()
  local child, ask = start()
  ask('vim.cmd.only()')
  local told = screen(child, ask)
  vim.rpcnotify(child, 'nvim_input', ':LspDraftTasks namespace<CR>')
  eventually('the list', function()
    return vim.rpcrequest(child, 'nvim_get_mode').blocking or vim.rpcrequest(child, 'nvim_get_mode').mode == 'c'
  end)
  vim.rpcnotify(child, 'nvim_input', '1<CR>')
  told('namespace shop for leaving, until Neovim ends')
  pcall(vim.rpcnotify, child, 'nvim_command', 'qa!')
  equal(vim.fn.jobwait({ child }, h.deadline)[1], 0)
end)
