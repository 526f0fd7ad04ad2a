-- `:LspDraftTasks`.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually, open = t.check, t.equal, h.eventually, h.open

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
