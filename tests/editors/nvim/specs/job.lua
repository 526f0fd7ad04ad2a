-- Tasks as a Job of Kubernetes: run, left by Neovim, and taken up again. The cluster is the double of an API server.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually, open = t.check, t.equal, h.eventually, h.open

--- The double as a program, and a function that tells it something: tests/kubernetes/served.rs says what it understands.
---@return vim.SystemObj, string kubeconfig, fun(order: table)
local function start_double()
  local lines, rest = {}, ''
  local process = vim.system({ vim.env.DRAFT_TASKS_DOUBLE }, {
    stdin = true,
    stdout = function(_, data)
      local parts = vim.split(rest .. (data or ''), '\n', { plain = true })
      rest = table.remove(parts)
      vim.list_extend(lines, parts)
    end,
  })
  local read = 0
  local function line()
    read = read + 1
    return vim.json.decode(eventually('an answer of the double', function()
      return lines[read]
    end))
  end
  local kubeconfig = line().kubeconfig
  return process, kubeconfig, function(order)
    process:write(vim.json.encode(order) .. '\n')
    line()
  end
end

---@param text string
local function wrote(text)
  eventually('the output has ' .. text, function()
    return vim.iter(h.output()):any(function(line)
      return line:find(text, 1, true) ~= nil
    end)
  end)
end

check('a Job goes on when the server ends, and is taken up by its lens or by a command', function()
  local process, kubeconfig, tell = start_double()
  vim.env.KUBECONFIG = kubeconfig
  h.write('jobs/draft.toml', { '[environments.development]', 'name = "web"', 'namespace = "default"' })
  h.write('jobs/.draft-tasks.toml', { '[post-deploy]', 'migrate = "migrate --all"', '"warm up" = "warm-up"' })
  vim.fn.mkdir(h.path('jobs/.git'), 'p')
  tell({ deploy = vim.empty_dict() })
  local bufnr = open('jobs/.draft-tasks.toml')
  local function has_lens(text)
    return vim.iter(t.lens_titles(bufnr)):any(function(title)
      return title:find(text, 1, true) ~= nil
    end)
  end
  vim.cmd('LspDraftTasks job post-deploy')
  tell({ job = { states = { 'runs', 'waits' }, logs = { 'locks the tables\n' } } })
  wrote('locks the tables')
  equal(vim.iter(vim.fn.getbufinfo({ bufmodified = 1 })):map(function(info)
    return info.name
  end):totable(), {})
  vim.cmd('LspDraftTasks restart')
  eventually('the next server tells of it', function()
    return t.notified('goes on as Job draft-tasks-post-deploy-web-')
  end)
  eventually('a lens', function()
    return has_lens('↻ Job may go on · attach')
  end)
  local known = vim.fn.getcompletion('LspDraftTasks attach ', 'cmdline')
  equal(#known, 1)
  t.choosing(known[1], function(labels)
    vim.cmd('LspDraftTasks attach')
    eventually('it asks which one', function()
      return #labels > 0
    end)
  end)
  eventually('it is followed', function()
    return has_lens('■ Stop following post-deploy')
  end)
  equal(has_lens('attach'), false)
  tell({ job = { states = { '0', '3' }, logs = { 'locks the tables\n', 'error: no such table\n' } } })
  wrote('error: no such table')
  eventually('the task that failed has its diagnostic', function()
    return #t.task_failures(bufnr) == 1
  end)
  equal(t.task_failures(bufnr)[1].lnum, 2)
  eventually('it is known to be over', function()
    return #vim.fn.getcompletion('LspDraftTasks attach ', 'cmdline') == 0
  end)
  vim.cmd('LspDraftTasks attach')
  eventually('there is none any more', function()
    return t.notified('no Job is known to go on')
  end)
  vim.cmd('LspDraftTasks end ' .. known[1])
  tell({ jobGone = vim.empty_dict() })
  vim.env.KUBECONFIG = nil
  process:write(nil)
  process:wait(h.deadline)
end)
