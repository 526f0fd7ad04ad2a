--- `:LspDraftTasks`, with its subcommands and their completion.
local program = require('draft_tasks.program')
local server = require('draft_tasks.server')

local M = {}

---@class draft_tasks.Subcommand
---@field name string
---@field run fun(argument: string?, opts: vim.api.keyset.create_user_command.command_args)
---@field complete? fun(rest: string): string[], string? candidates, and what of the rest they begin with

--- The phases of the tasks file that is meant, each with the names of its tasks.
---@return { phase: string, tasks: string[] }[]
local function phases()
  local target = server.find()
  return vim.tbl_map(function(phase)
    return {
      phase = phase.phase,
      tasks = vim.tbl_map(function(task)
        return task.task
      end, phase.tasks),
    }
  end, target and server.outline(target) or {})
end

local function phase_names()
  return vim.tbl_map(function(phase)
    return phase.phase
  end, phases())
end

---@param rest string
---@return string[], string?
local function phase_or_task(rest)
  local name, task = rest:match('^(%S+)%s+(.*)$')
  if not name then
    return phase_names()
  end
  for _, phase in ipairs(phases()) do
    if phase.phase == name then
      return phase.tasks, task
    end
  end
  return {}
end

--- The phases whose tasks can be a Job without an image.
local function phases_of_workload()
  return vim.tbl_filter(function(name)
    return name == 'post-deploy' or name == 'post-up'
  end, phase_names())
end

--- The Jobs that may go on.
local function jobs()
  local target = server.find()
  local found = target and server.ask_of_all(target, require('draft_tasks.protocol').commands.jobs)
  return vim.tbl_map(function(left)
    return left.job
  end, found and found.jobs or {})
end

--- A phase, and what it becomes.
---@param rest string
---@return string[], string?
local function phase_or_form(rest)
  local form = rest:match('^%S+%s+(.*)$')
  if form then
    return require('draft_tasks.protocol').export_targets, form
  end
  return phase_names()
end

---@param action string
---@return fun(argument?: string)
local function act(action)
  return function(argument)
    require('draft_tasks.actions')[action](argument)
  end
end

--- The first word of a command line.
---@param rest string
---@return string[]
local function programs(rest)
  return rest:find('%s') and {} or vim.fn.getcompletion(rest, 'shellcmd')
end

--- A phase, and a task of it. A description may hold spaces: everything behind the phase is one.
---@param argument? string
---@return string? phase, string? task
local function split(argument)
  local phase, task = (argument or ''):match('^(%S+)%s*(.*)$')
  return phase, task ~= '' and task or nil
end

--- A subcommand that chooses where tasks run.
---@param name draft_tasks.TargetName
---@return draft_tasks.Subcommand
local function choosing(name)
  return {
    name = name,
    run = function(argument)
      require('draft_tasks.target').set(name, argument)
    end,
    complete = function()
      return require('draft_tasks.target').known(name)
    end,
  }
end

---@type draft_tasks.Subcommand[]
local subcommands = {
  { name = 'attach', run = act('attach'), complete = jobs },
  { name = 'clear', run = act('clear') },
  choosing('context'),
  { name = 'create', run = act('create'), complete = program.packs },
  { name = 'delete', run = act('delete'), complete = programs },
  { name = 'doctor', run = act('doctor') },
  { name = 'end', run = act('end_job'), complete = jobs },
  {
    name = 'export',
    run = function(argument)
      local words = vim.split(argument or '', '%s+', { trimempty = true })
      local forms = require('draft_tasks.protocol').export_targets
      if words[2] and not vim.list_contains(forms, words[2]) then
        local known = table.concat(forms, ', ')
        server.notify(('a phase is not exported as `%s`, only as %s'):format(words[2], known), vim.log.levels.ERROR)
      else
        require('draft_tasks.actions').export(words[1], words[2], words[3])
      end
    end,
    complete = phase_or_form,
  },
  { name = 'job', run = act('job'), complete = phases_of_workload },
  {
    name = 'log',
    run = function(_, opts)
      require('draft_tasks.actions').log(opts.smods)
    end,
  },
  choosing('namespace'),
  { name = 'plan', run = act('plan'), complete = phase_names },
  { name = 'quickfix', run = act('quickfix') },
  {
    name = 'rerun',
    run = function(argument)
      if argument and argument ~= 'failed' then
        server.notify('`rerun` takes nothing, or `failed`', vim.log.levels.ERROR)
      else
        act('rerun')(argument ~= nil)
      end
    end,
    complete = function()
      return { 'failed' }
    end,
  },
  {
    name = 'restart',
    run = function()
      require('draft_tasks.lifetime').restart()
    end,
  },
  {
    name = 'run',
    run = function(argument, opts)
      if not argument and opts.range > 0 then
        require('draft_tasks.actions').run_lines(opts.line1, opts.line2)
        return
      end
      require('draft_tasks.actions').run(split(argument))
    end,
    complete = phase_or_task,
  },
  {
    name = 'runs',
    run = function(_, opts)
      require('draft_tasks.kept').choose(opts.smods)
    end,
  },
  { name = 'stop', run = act('stop') },
  {
    name = 'terminal',
    run = function(argument, opts)
      local phase, task = split(argument)
      require('draft_tasks.actions').terminal(phase, task, opts.smods)
    end,
    complete = phase_or_task,
  },
  { name = 'up', run = act('up'), complete = programs },
}

---@type string[]
local names = vim.tbl_map(function(subcommand)
  return subcommand.name
end, subcommands)

---@param name string
---@return draft_tasks.Subcommand?
local function named(name)
  return vim.iter(subcommands):find(function(subcommand)
    return subcommand.name == name
  end)
end

--- What `:LspDraftTasks` does; without a subcommand it asks what to run.
---@param opts vim.api.keyset.create_user_command.command_args
function M.execute(opts)
  local name, rest = opts.args:match('^(%S+)%s*(.-)%s*$')
  local subcommand = name and named(name)
  if not name then
    require('draft_tasks.actions').pick()
  elseif not subcommand then
    server.notify(('there is no `%s`, only %s'):format(name, table.concat(names, ', ')), vim.log.levels.ERROR)
  elseif opts.range > 0 and name ~= 'run' then
    server.notify(('`%s` takes no lines'):format(name), vim.log.levels.ERROR)
  elseif rest ~= '' and not subcommand.complete then
    server.notify(('`%s` takes no argument'):format(name), vim.log.levels.ERROR)
  else
    subcommand.run(rest ~= '' and rest or nil, opts)
  end
end

--- The candidates that continue what was typed, without what Neovim leaves as it is: it replaces only the last word.
---@param candidates string[]
---@param typed string
---@param lead string
---@return string[]
local function matching(candidates, typed, lead)
  local found = {} ---@type string[]
  for _, candidate in ipairs(candidates) do
    if vim.startswith(candidate, typed) then
      table.insert(found, candidate:sub(#typed - #lead + 1))
    end
  end
  return found
end

---@param lead string
---@param line string
---@param position integer
---@return string[]
function M.complete(lead, line, position)
  local typed = line:sub(1, position):match('LspDraftTasks%s+(.*)$') or ''
  local name, rest = typed:match('^(%S+)%s+(.*)$')
  if not name then
    return matching(names, typed, lead)
  end
  local subcommand = named(name)
  if not subcommand or not subcommand.complete then
    return {}
  end
  local candidates, continues = subcommand.complete(rest)
  return matching(candidates, continues or rest, lead)
end

return M
