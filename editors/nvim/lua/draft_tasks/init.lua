--- Draft tasks in Neovim: what users call. Nothing has to be called: the plugin works without `setup`.
local M = {}

---@alias draft_tasks.OutputTarget
---| 'split' a window below everything
---| 'float' a window in the corner, over others
---| 'terminal' a terminal buffer in a window below everything
---| 'quickfix' the quickfix list, where lines that name places of files lead there

---@class draft_tasks.OutputConfig
---@field open boolean whether the output is shown when a run starts
---@field target draft_tasks.OutputTarget where output goes
---@field height integer the lines of its window
---@field max_lines integer the lines that are kept, older ones are dropped

---@class draft_tasks.Config
---@field codelens boolean|'above' whether lenses are shown, at the ends of their lines or above: run this phase, run this task
---@field output draft_tasks.OutputConfig

---@type draft_tasks.Config
M.config = {
  codelens = true,
  output = { open = true, target = 'split', height = 12, max_lines = 10000 },
}

---@class draft_tasks.OutputOptions
---@field open? boolean
---@field target? draft_tasks.OutputTarget
---@field height? integer
---@field max_lines? integer

---@class draft_tasks.Options
---@field codelens? boolean|'above'
---@field output? draft_tasks.OutputOptions

--- Says which option there is not.
---@param group string
---@param options table
---@param all table
local function known(group, options, all)
  for name in pairs(options) do
    if all[name] == nil then
      local names = vim.tbl_keys(all)
      table.sort(names)
      error(('draft-tasks: there is no option `%s%s`, only `%s`'):format(group, name, table.concat(names, '`, `')), 0)
    end
  end
end

--- Says what is wrong with options.
---@param options draft_tasks.Options
local function validate(options)
  local output = options.output or {}
  vim.validate('output', output, 'table')
  known('', options, M.config)
  known('output.', output, M.config.output)
  vim.validate('codelens', options.codelens, function(lens)
    return lens == nil or lens == 'above' or type(lens) == 'boolean'
  end, "true, false or 'above'")
  vim.validate('output.open', output.open, 'boolean', true)
  vim.validate('output.target', output.target, function(target)
    return target == nil or require('draft_tasks.output').targets[target] ~= nil
  end, "'split', 'float', 'terminal' or 'quickfix'")
  vim.validate('output.height', output.height, 'number', true)
  vim.validate('output.max_lines', output.max_lines, 'number', true)
end

--- Changes the plugin's settings; those of the server are set by `vim.lsp.config('draft_tasks', { settings = … })`.
---@param options? draft_tasks.Options
function M.setup(options)
  options = options or {}
  validate(options)
  M.config = vim.tbl_deep_extend('force', M.config, options)
  -- For those whose plugin manager only puts the folder on the runtime path.
  vim.cmd.runtime({ args = { 'ftdetect/draft_tasks.lua', 'plugin/draft_tasks.lua' }, bang = true })
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
  require('draft_tasks.actions').run(phase, task)
end

--- Asks which phase or task to run.
function M.pick()
  require('draft_tasks.actions').pick()
end

--- Stops the runs of the tasks file in the current buffer; elsewhere all runs.
function M.stop()
  require('draft_tasks.actions').stop()
end

--- Shows the output of all runs and goes there.
function M.log()
  require('draft_tasks.actions').log()
end

--- Puts the tasks that failed, and the places that they named, into the quickfix list.
function M.quickfix()
  require('draft_tasks.actions').quickfix()
end

return M
