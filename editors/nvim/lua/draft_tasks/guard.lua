--- Keeps Neovim from being left while tasks run, as a buffer does that is not written: `:q` and `:qa` refuse, with `!` Neovim
--- ends and stops them.
local M = {}

local name = 'draft-tasks://running-tasks'
local buffer ---@type integer?

--- Whether Neovim is about to be left, with buffers written before.
local leaving = false

--- `:wa` writes other buffers and says nothing of this one; `:wqa` does not leave.
local function refuse()
  if leaving then
    error('tasks run; `:LspDraftTasks stop` stops them', 0)
  end
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
  vim.api.nvim_create_autocmd('BufWriteCmd', { buffer = bufnr, callback = refuse })
  vim.api.nvim_create_autocmd('QuitPre', {
    group = vim.api.nvim_create_augroup('draft_tasks_guard', {}),
    callback = function()
      leaving = true
      vim.schedule(function()
        leaving = false
      end)
    end,
  })
  return bufnr
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
end

return M
