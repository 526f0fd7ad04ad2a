--- Keys in buffers that show output: its end, again, from task to task, and to the places that it names.
local M = {}

--- In the text of a kept run, a task's name stands over its command.
local kept_heading = [[^  \S.*\n    \S]]

---@param step 1|-1
local function go_to_heading(step)
  local pattern = vim.b.draft_tasks_run and kept_heading or vim.bo.buftype == 'terminal' and '^▶ '
  if pattern then
    vim.fn.search(pattern, step > 0 and 'W' or 'Wb')
    return
  end
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  for _ = 1, vim.v.count1 do
    row = require('draft_tasks.output.buffer').next_heading(row, step) or row
  end
  vim.api.nvim_win_set_cursor(0, { row + 1, 0 })
end

---@param bufnr integer
function M.map(bufnr)
  local function map(key, desc, action)
    vim.keymap.set('n', key, action, { buffer = bufnr, nowait = true, desc = desc })
  end
  local function jump()
    require('draft_tasks.output.jump').jump()
  end
  map('q', 'Close the output', function()
    -- The last window is not closed.
    pcall(vim.api.nvim_win_close, 0, false)
  end)
  map('r', 'Run again what this run ran', function()
    require('draft_tasks.actions').rerun(false)
    -- At its end the window follows what comes.
    vim.api.nvim_win_set_cursor(0, { vim.api.nvim_buf_line_count(0), 0 })
  end)
  map('<CR>', 'Go to the task, or to the place that the line names', jump)
  map('gF', 'Go to the task, or to the place that the line names', jump)
  map(']]', 'Go to the next task', function()
    go_to_heading(1)
  end)
  map('[[', 'Go to the task before', function()
    go_to_heading(-1)
  end)
end

return M
