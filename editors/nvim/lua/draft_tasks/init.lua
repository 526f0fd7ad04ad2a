--- Draft tasks in Neovim: what users call. Nothing has to be called: the plugin works without `setup`.
local M = {}

---@class draft_tasks.OutputConfig
---@field open boolean whether the output opens in a split when a run starts
---@field height integer the lines of that split
---@field max_lines integer the lines that are kept, older ones are dropped

---@class draft_tasks.Config
---@field codelens boolean whether lenses are shown: run this phase, run this task
---@field output draft_tasks.OutputConfig

---@type draft_tasks.Config
M.config = {
  codelens = true,
  output = { open = true, height = 12, max_lines = 10000 },
}

---@class draft_tasks.Options
---@field codelens? boolean
---@field output? { open?: boolean, height?: integer, max_lines?: integer }

--- Changes the plugin's settings; those of the server are set by `vim.lsp.config('draft_tasks', { settings = … })`.
---@param options? draft_tasks.Options
function M.setup(options)
  options = options or {}
  local output = options.output or {}
  vim.validate('codelens', options.codelens, 'boolean', true)
  vim.validate('output', output, 'table')
  vim.validate('output.open', output.open, 'boolean', true)
  vim.validate('output.height', output.height, 'number', true)
  vim.validate('output.max_lines', output.max_lines, 'number', true)
  M.config = vim.tbl_deep_extend('force', M.config, options)
  -- For those whose plugin manager only puts the folder on the runtime path.
  vim.cmd.runtime('plugin/draft_tasks.lua')
end

--- What runs, or how the last run ended, for a status line; empty when nothing has run.
---@return string
function M.status()
  return require('draft_tasks.runs').status()
end

--- Runs a phase or one of its tasks. Without a phase: the one under the cursor, else it asks.
---@param phase? string
---@param task? string
function M.run(phase, task)
  require('draft_tasks.command').run(phase, task)
end

--- Stops the runs of the tasks file in the current buffer; elsewhere all runs.
function M.stop()
  require('draft_tasks.command').stop()
end

--- Shows the output of all runs and goes there.
function M.log()
  require('draft_tasks.output').open({ enter = true })
end

return M
