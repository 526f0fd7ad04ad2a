--- What a command means: the task, the tasks or the phase of some lines, or what the user chooses.
local server = require('draft_tasks.server')

local M = {}

--- A phase, some of its tasks where they are named.
---@class draft_tasks.Choice
---@field phase string
---@field tasks? string[]
---@field label? string

--- What can be run: each phase, and each of its tasks where they are wanted.
---@param phases draft_tasks.OutlinePhase[]
---@param with_tasks boolean
---@return draft_tasks.Choice[]
local function choices(phases, with_tasks)
  local found = {} ---@type draft_tasks.Choice[]
  for _, phase in ipairs(phases) do
    local count = #phase.tasks == 1 and '1 task' or ('%d tasks'):format(#phase.tasks)
    table.insert(found, { phase = phase.phase, label = ('%s (%s)'):format(phase.phase, count) })
    for _, task in ipairs(with_tasks and phase.tasks or {}) do
      -- A command may have several lines, an entry of a menu has one.
      local label = ('%s · %s: %s'):format(phase.phase, task.task, task.command):gsub('%s*\n%s*', ' ')
      table.insert(found, { phase = phase.phase, tasks = { task.task }, label = label })
    end
  end
  return found
end

--- Asks what is meant.
---@param target draft_tasks.Target
---@param prompt string
---@param with_tasks boolean
---@param on_choice fun(choice: draft_tasks.Choice)
function M.ask(target, prompt, with_tasks, on_choice)
  local found = choices(server.outline(target), with_tasks)
  if #found == 0 then
    server.notify('no task yet: write one below a phase, such as "greet" = "echo hello"')
    return
  end
  local options = {
    prompt = prompt,
    kind = 'draft_tasks',
    format_item = function(choice)
      return choice.label
    end,
  }
  vim.ui.select(found, options, function(choice)
    if choice then
      on_choice(choice)
    end
  end)
end

--- Asks whether something is to be done after all; not to do it is the first answer.
---@param question string
---@param no string
---@param yes string
---@param on_yes fun()
function M.confirm(question, no, yes, on_yes)
  vim.ui.select({ no, yes }, { prompt = question, kind = 'draft_tasks' }, function(answer)
    if answer == yes then
      on_yes()
    end
  end)
end

--- What the cursor is in: the task of its line, else the phase; where output is shown, the phase of that run.
---@param target draft_tasks.Target
---@return draft_tasks.Choice?
function M.at_cursor(target)
  if target.run then
    return { phase = target.run.phase }
  end
  if vim.api.nvim_buf_get_name(0) ~= target.path then
    return nil
  end
  local line, found = vim.api.nvim_win_get_cursor(0)[1], nil ---@type integer, draft_tasks.Choice?
  for _, place in ipairs(server.places(target)) do
    if line >= place.first and line <= place.last then
      found = { phase = place.phase, tasks = place.task and { place.task } or nil }
    end
  end
  return found
end

--- The tasks of some lines; else why they are no choice.
---@param target draft_tasks.Target
---@param first integer from 1
---@param last integer
---@return draft_tasks.Choice?, string? problem
function M.in_lines(target, first, last)
  if target.run or vim.api.nvim_buf_get_name(0) ~= target.path then
    return nil, 'lines can be run in a tasks file'
  end
  local found ---@type draft_tasks.Choice?
  for _, place in ipairs(server.places(target)) do
    if place.task and place.first <= last and place.last >= first then
      found = found or { phase = place.phase, tasks = {} }
      if found.phase ~= place.phase then
        return nil, ('the lines have tasks of `%s` and of `%s`, which run at different times'):format(found.phase, place.phase)
      end
      table.insert(found.tasks, place.task)
    end
  end
  return found, not found and 'the lines have no task' or nil
end

return M
