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

function M.lens_titles(bufnr)
  return vim.tbl_map(function(lens)
    return lens.command.title
  end, vim.lsp.codelens.get(bufnr))
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
  local bufnr = h.open(folder .. '/.draft-tasks.toml')
  vim.cmd('LspDraftTasks run pre-up')
  h.eventually('the task writes', function()
    return h.output_has('waiting')
  end)
  return bufnr, tonumber(vim.fn.readfile(h.path(folder .. '/pid'))[1])
end

return M
