--- Output in a buffer that is a terminal: what programs draw looks as they mean it.
local window = require('draft_tasks.output.window')

local M = {}

local name = 'draft-tasks://terminal'

local buffer, channel ---@type integer?, integer?

--- Whose text the last line is, while that line has no end.
local unfinished ---@type string?
local empty = true

--- Whose output came last: a terminal moves its lines itself.
local last ---@type string?

---@type table<draft_tasks.HeadingKind, string>
local colours = { blocked = '31', interrupted = '33', started = '1', taskStarted = '34', passed = '32', failed = '31', stopped = '33', skipped = '2' }

---@return integer
function M.buffer()
  if buffer and vim.api.nvim_buf_is_valid(buffer) then
    return buffer
  end
  buffer = vim.api.nvim_create_buf(false, true)
  unfinished, empty = nil, true
  channel = vim.api.nvim_open_term(buffer, {})
  vim.api.nvim_buf_set_name(buffer, name)
  vim.bo[buffer].bufhidden = 'hide'
  vim.bo[buffer].scrollback = math.max(1, math.min(require('draft_tasks').config.output.max_lines, 100000))
  vim.bo[buffer].filetype = 'draft-tasks-output'
  require('draft_tasks.output.keys').map(buffer)
  return buffer
end

function M.window()
  return window.of(buffer)
end

function M.open(mods)
  window.open(M.buffer(), mods)
end

--- What the terminal has not got yet: much at once would hold up Neovim.
local queue = {} ---@type string[]

--- Bytes that it gets at once.
local portion = 16384

local function drain()
  M.buffer()
  vim.api.nvim_chan_send(assert(channel), table.remove(queue, 1))
  if #queue > 0 then
    vim.defer_fn(drain, 5)
  end
end

---@param text string
local function send(text)
  local is_draining = #queue > 0
  -- A line that begins again is empty.
  text = text:gsub('\r?\n', '\r\n'):gsub('\r([^\r\n])', '\r\27[K%1')
  for from = 1, #text, portion do
    table.insert(queue, text:sub(from, from + portion - 1))
  end
  empty = false
  if not is_draining and #queue > 0 then
    drain()
  end
end

function M.begin()
  if not empty then
    send(unfinished and '\n\n' or '\n')
    unfinished = nil
  end
end

function M.note(text, kind)
  M.begin()
  M.heading(last, text, kind)
end

function M.run_at()
  return last
end

function M.heading(run, text, kind)
  last = run
  send(('%s\27[0;%sm%s\27[0m\n'):format(unfinished and '\n' or '', colours[kind] or '0', text))
  unfinished = nil
end

function M.text(_, source, text, skipped)
  local ends = unfinished and (unfinished ~= source or skipped > 0)
  send((ends and '\n' or '') .. text)
  unfinished = text:sub(-1) ~= '\n' and source or nil
end

function M.finish() end

return M
