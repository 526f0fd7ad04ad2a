--- The runs that the server tells about, and where what they say goes.
local output = require('draft_tasks.output')

local M = {}

---@class draft_tasks.OutputParams
---@field run string
---@field uri string
---@field phase string
---@field task string
---@field stream 'stdout'|'stderr'
---@field text string

---@class draft_tasks.RunParams
---@field run string
---@field uri string
---@field phase string
---@field state 'started'|'taskStarted'|'taskFinished'|'finished'
---@field task? string
---@field outcome? 'passed'|'failed'|'stopped'|'skipped'
---@field message string

---@class draft_tasks.Run
---@field client integer
---@field phase string
---@field task? string the one that runs

--- The ones that have not finished. A run's name is its server's: servers of two repositories use the same ones.
---@type table<string, draft_tasks.Run>
local active = {}

---@type draft_tasks.RunParams? the last that finished
local last

local signs = { passed = '✓', failed = '✗', stopped = '■' }

---@param params draft_tasks.OutputParams|draft_tasks.RunParams
---@param ctx lsp.HandlerContext
---@return string
local function key_of(params, ctx)
  return ctx.client_id .. ' ' .. params.run
end

---@param params draft_tasks.RunParams
---@param ctx lsp.HandlerContext
function M.on_run(params, ctx)
  local state, key = params.state, key_of(params, ctx)
  if state == 'started' then
    active[key] = { client = ctx.client_id, phase = params.phase }
    if require('draft_tasks').config.output.open then
      output.open({ enter = false })
    end
  elseif active[key] then
    active[key].task = state == 'taskStarted' and params.task or nil
  end
  output.heading(key, params)
  if state == 'finished' then
    active[key] = nil
    last = params
    -- Of failures the server tells by itself.
    if params.outcome ~= 'failed' and not output.is_visible() then
      vim.notify(params.message)
    end
  end
  vim.api.nvim_exec_autocmds('User', { pattern = 'DraftTasksRun', data = params, modeline = false })
  vim.cmd.redrawstatus({ bang = true })
end

---@param params draft_tasks.OutputParams
---@param ctx lsp.HandlerContext
function M.on_output(params, ctx)
  output.append(key_of(params, ctx), params)
end

--- A server is gone, and its runs with it; it cannot tell how they ended.
---@param client_id integer
function M.on_exit(client_id)
  for key, run in pairs(active) do
    if run.client == client_id then
      active[key] = nil
      local message = run.phase .. ': stopped, since the server has ended'
      output.heading(key, { state = 'finished', outcome = 'stopped', phase = run.phase, message = message })
    end
  end
  vim.cmd.redrawstatus({ bang = true })
end

---@return string
function M.status()
  local running = {}
  for _, run in pairs(active) do
    table.insert(running, run.task and ('%s · %s'):format(run.phase, run.task) or run.phase)
  end
  table.sort(running)
  if #running > 0 then
    return '▶ ' .. table.concat(running, ', ')
  end
  return last and ('%s %s'):format(signs[last.outcome] or '', last.phase) or ''
end

--- How many runs have not finished.
---@return integer
function M.count()
  return vim.tbl_count(active)
end

return M
