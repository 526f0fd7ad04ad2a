--- Keeps Neovim from being left while tasks run, as a buffer does that is not written: `:q` and `:qa` refuse, with `!` Neovim
--- ends and stops them.
local M = {}

local name = 'draft-tasks://running-tasks'
local buffer ---@type integer?

--- Neovim is about to be left, perhaps by `:wqa`: that writes first, and what cannot be written keeps it. `:wa` alone writes other
--- buffers and says nothing of this one.
local function refuse_to_be_written()
  local guarded, said = buffer, vim.v.errmsg
  if not guarded or not vim.bo[guarded].modified then
    return
  end
  vim.bo[guarded].readonly, vim.v.errmsg = true, ''
  vim.schedule(function()
    if vim.api.nvim_buf_is_loaded(guarded) then
      vim.bo[guarded].readonly = false
    end
    if vim.startswith(vim.v.errmsg, 'E45:') then
      -- In place of that, which tells of an option.
      vim.cmd.redraw()
      vim.notify('tasks run; `:LspDraftTasks stop` stops them', vim.log.levels.ERROR)
    elseif vim.v.errmsg == '' then
      vim.v.errmsg = said
    end
  end)
end

---@return integer
local function create()
  if buffer and vim.api.nvim_buf_is_valid(buffer) then
    -- A user has unloaded it.
    vim.api.nvim_buf_delete(buffer, { force = true })
  end
  -- Made without a swap file: where there is none for such a name, naming the buffer would fail.
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(bufnr, name)
  vim.bo[bufnr].buftype = 'acwrite'
  vim.bo[bufnr].undolevels = -1
  vim.api.nvim_create_autocmd('BufWriteCmd', {
    buffer = bufnr,
    -- There is nothing to write, and it stays modified.
    callback = function() end,
  })
  vim.api.nvim_create_autocmd('QuitPre', {
    group = vim.api.nvim_create_augroup('draft_tasks_guard', {}),
    callback = refuse_to_be_written,
  })
  return bufnr
end

--- Shows again what windows showed before a command that was refused brought this buffer.
local function give_back_windows()
  for _, win in ipairs(vim.fn.win_findbuf(buffer)) do
    vim.api.nvim_win_call(win, function()
      local before = vim.fn.bufnr('#')
      if vim.fn.buflisted(before) == 1 then
        vim.api.nvim_win_set_buf(win, before)
      end
    end)
  end
end

---@param running string[] what runs, in words
function M.update(running)
  local is_there = buffer and vim.api.nvim_buf_is_loaded(buffer)
  if #running == 0 and not is_there then
    return
  end
  buffer = is_there and buffer or create()
  local lines = vim.tbl_map(function(run)
    return '▶ ' .. run
  end, running)
  local ends = '`:LspDraftTasks stop` stops what runs; with `!` Neovim ends, and stops it.'
  vim.list_extend(lines, #running > 0 and { '', ends } or { 'Nothing runs any more.' })
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].modified = #running > 0
  if #running == 0 then
    give_back_windows()
  end
end

return M
