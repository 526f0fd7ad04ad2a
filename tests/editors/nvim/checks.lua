--- The checks: each stands alone, is told in a line, and counts.
local h = ... ---@module 'harness'
local M = { passed = 0, failed = 0 }

function M.check(name, f)
  local ok, problem = xpcall(f, debug.traceback)
  if ok then
    M.passed = M.passed + 1
    h.say('ok      ' .. name)
  else
    M.failed = M.failed + 1
    h.say('FAILED  ' .. name .. '\n        ' .. tostring(problem):gsub('\n', '\n        '))
    for _, notification in ipairs(h.notifications) do
      h.say('        notification: ' .. notification.message)
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
  for _, win in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(win).relative ~= '' then
      vim.api.nvim_win_close(win, true)
    end
  end
  vim.cmd('silent only! | silent %bwipeout!')
end

function M.equal(actual, expected)
  if not vim.deep_equal(actual, expected) then
    error(('expected %s\nfound    %s'):format(vim.inspect(expected), vim.inspect(actual)), 2)
  end
end

--- The diagnostics of a buffer as `line code`.
function M.found(bufnr)
  return vim.tbl_map(function(diagnostic)
    return ('%d %s'):format(diagnostic.lnum + 1, diagnostic.code)
  end, vim.diagnostic.get(bufnr))
end

function M.task_failures(bufnr)
  return vim.tbl_filter(function(diagnostic)
    return diagnostic.code == 'task-failed'
  end, vim.diagnostic.get(bufnr))
end

--- The lenses that are shown.
function M.lens_titles(bufnr)
  local namespace = vim.api.nvim_create_namespace('draft_tasks_codelens')
  local titles = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(bufnr, namespace, 0, -1, { details = true })) do
    for _, chunk in ipairs(mark[4].virt_text or mark[4].virt_lines[1]) do
      if chunk[2] == 'LspCodeLens' then
        table.insert(titles, chunk[1])
      end
    end
  end
  return titles
end

function M.notified(text)
  for _, notification in ipairs(h.notifications) do
    if notification.message:find(text, 1, true) then
      return notification
    end
  end
end

--- Lines of the output that are exactly this text.
function M.count_output(text)
  return #vim.tbl_filter(function(line)
    return line == text
  end, h.output())
end

local sleeper = { '[pre-up]', [[wait = "sh -c 'echo $$ > pid; echo waiting; exec sleep 600'"]] }

--- Starts a task that does not end by itself.
function M.start_sleeper(folder)
  h.write(folder .. '/.draft-tasks.toml', sleeper)
  local bufnr, before = h.open(folder .. '/.draft-tasks.toml'), M.count_output('waiting')
  vim.cmd('LspDraftTasks run pre-up')
  h.eventually('the task writes', function()
    return M.count_output('waiting') > before
  end)
  return bufnr, tonumber(vim.fn.readfile(h.path(folder .. '/pid'))[1])
end

--- The server that a task runs in.
function M.server_of(pid)
  local stat = vim.fn.readfile(('/proc/%d/stat'):format(pid))[1]
  return tonumber(stat:match('%) %a (%d+)'))
end

--- Answers `vim.ui.select` as a user does, while a function runs: by the item whose label holds a text.
---@param text string
---@param f fun(labels: string[])
function M.choosing(text, f)
  local select, labels = vim.ui.select, {}
  vim.ui.select = function(items, options, on_choice)
    for _, item in ipairs(items) do
      table.insert(labels, (options.format_item or tostring)(item))
    end
    for index, label in ipairs(labels) do
      if label:find(text, 1, true) then
        on_choice(items[index], index)
        return
      end
    end
    error(('%s: no %s in %s'):format(options.prompt, text, vim.inspect(labels)))
  end
  local ok, problem = pcall(f, labels)
  vim.ui.select = select
  assert(ok, problem)
end

--- Another Neovim with the plugin, as a user starts it, and a function that asks it.
---@param arguments? string[]
---@return integer channel, fun(code: string, ...: any): any
function M.neovim(arguments)
  local root = vim.env.DRAFT_TASKS_ROOT .. '/editors/nvim'
  local command = { vim.v.progpath, '--clean', '--embed', '--headless', '--cmd', 'set runtimepath^=' .. root }
  local child = vim.fn.jobstart(vim.list_extend(command, arguments or {}), { rpc = true })
  return child, function(code, ...)
    return vim.rpcrequest(child, 'nvim_exec_lua', code, { ... })
  end
end

return M
