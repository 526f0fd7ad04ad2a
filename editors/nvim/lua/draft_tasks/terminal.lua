--- Runs of the command line in a terminal of Neovim, for tasks that ask for something.
--
-- Must not decide what can run, nor ask: the command line does, in the terminal. Must not run another text than the one that is
-- seen, nor elsewhere than the server would. No word has the value of a variable, since everybody sees the words of processes.
local program = require('draft_tasks.program')
local protocol = require('draft_tasks.protocol')
local server = require('draft_tasks.server')

local M = {}

--- A setting of a server, as users may write it.
---@param client vim.lsp.Client
---@param name string
---@return any
local function setting(client, name)
  local settings = vim.tbl_get(client.settings or {}, protocol.settings) or {}
  local found = settings[name]
  if found == nil then
    found = vim.tbl_get(settings, unpack(vim.split(name, '.', { plain = true })))
  end
  return found ~= vim.NIL and found or nil
end

--- Of the tasks that run once those of a phase: other files may have the others.
---@param target draft_tasks.Target
---@param phase string
---@return string[]
local function once(target, phase)
  local wanted = setting(target.client, 'kubernetes.once') or {}
  local found = {} ---@type string[]
  for _, of in ipairs(server.outline(target)) do
    for _, task in ipairs(of.phase == phase and of.tasks or {}) do
      if vim.list_contains(wanted, task.task) then
        table.insert(found, task.task)
      end
    end
  end
  return found
end

--- The words behind the program.
---@param target draft_tasks.Target
---@param chosen draft_tasks.Choice
---@return string[]
local function arguments(target, chosen)
  local phase, tasks, client = chosen.phase, chosen.tasks or {}, target.client
  local words = { 'run', phase, '--file=' .. vim.fs.basename(target.path) }
  for _, option in ipairs(protocol.options) do
    local value = setting(client, option[1])
    for _, one in ipairs(type(value) == 'table' and value or { value }) do
      if one ~= '' then
        table.insert(words, ('%s=%s'):format(option[2], one))
      end
    end
  end
  local policy = (setting(client, 'onFailure') or {})[phase]
  if policy then
    table.insert(words, '--on-failure=' .. policy)
  end
  if not vim.list_contains(protocol.local_phases, phase) then
    for _, task in ipairs(once(target, phase)) do
      table.insert(words, '--once=' .. task)
    end
  elseif #tasks == 1 then
    table.insert(words, '--tty')
  end
  return #tasks > 0 and vim.list_extend(vim.list_extend(words, { '--' }), tasks) or words
end

--- The variables that the server has beside those of Neovim, and those that its tasks get.
---@param client vim.lsp.Client
---@return table<string, string>?
local function environment(client)
  local variables = vim.tbl_extend('force', vim.lsp.config.draft_tasks.cmd_env or {}, setting(client, 'run.env') or {})
  local contexts = setting(client, 'kubernetes.localContexts') or {}
  if #contexts > 0 then
    variables.DRAFT_TASKS_LOCAL_CONTEXTS = table.concat(contexts, ',')
  end
  return next(variables) and vim.tbl_map(tostring, variables) or nil
end

--- Why nothing runs, as far as the command line could not tell.
---@param target draft_tasks.Target
---@return string?
local function obstacle(target)
  if (target.client.config.init_options or {}).trusted == false then
    return 'nothing runs in a workspace that is not trusted'
  end
  local of_file = vim.fn.bufadd(target.path)
  if vim.api.nvim_buf_is_loaded(of_file) and vim.bo[of_file].modified then
    local name = vim.fn.fnamemodify(target.path, ':~:.')
    return ('%s has changes, and a terminal runs what is on disk: write it first'):format(name)
  end
  local missing = program.missing()
  return missing and ('there is no program `%s`: install it, or name it in `cmd`'):format(missing)
end

--- Runs a phase, or a task of it: one on this machine has the terminal for itself.
---@param target draft_tasks.Target
---@param chosen draft_tasks.Choice
---@param mods? vim.api.keyset.cmd_mods where the user wants the terminal
function M.run(target, chosen, mods)
  local words, problem = program.command(unpack(arguments(target, chosen)))
  problem = obstacle(target) or problem
  if not words or problem then
    server.notify(problem, vim.log.levels.ERROR)
    return
  end
  require('draft_tasks.output.window').enter(vim.api.nvim_create_buf(true, false), mods)
  vim.fn.jobstart(words, { term = true, cwd = vim.fs.dirname(target.path), env = environment(target.client) })
  vim.cmd.startinsert()
end

return M
