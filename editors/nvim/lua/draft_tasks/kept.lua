--- Runs that are kept, also of the command line and of earlier sessions: chosen from, and shown.
local program = require('draft_tasks.program')
local server = require('draft_tasks.server')

local M = {}

local signs = { passed = '✓', failed = '✗', stopped = '■' }

--- A time of RFC 3339 in UTC as it is on the user's clock.
---@param at string
---@return string
local function local_time(at)
  local year, month, day, hour, min, sec = at:match('^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)')
  if not year then
    return at
  end
  -- What `os.time` takes for local time is off by the difference of both clocks, without summer time.
  local parts = { year = year, month = month, day = day, hour = hour, min = min, sec = sec, isdst = false }
  local moment = os.time(parts)
  local utc = os.date('!*t', moment) --[[@as osdateparam]]
  utc.isdst = false
  return tostring(os.date('%Y-%m-%d %H:%M:%S', moment + os.difftime(moment, os.time(utc))))
end

--- Of a run that was interrupted as it began, or whose record cannot be read, not all is known.
---@param run draft_tasks.KeptRun
---@return string
local function label(run)
  local words = { ('%s %s'):format(signs[run.state] or '…', run.phase or run.id) }
  if run.at then
    table.insert(words, local_time(run.at))
  end
  table.insert(words, run.seconds and ('%.1f s'):format(run.seconds) or run.state)
  if run.file then
    table.insert(words, vim.fn.fnamemodify(run.file, ':~:.'))
  end
  return table.concat(words, '  ')
end

--- Shows what is kept of a run in a window of its own.
---@param run draft_tasks.KeptRun
---@param mods? vim.api.keyset.cmd_mods
local function show(run, mods)
  program.run(run.id, function(text, problem)
    if not text then
      server.notify(problem or 'the run cannot be shown', vim.log.levels.ERROR)
      return
    end
    local bufnr = require('draft_tasks.output.page').show('draft-tasks://runs/' .. run.id, text, mods)
    if run.file and run.phase then
      vim.b[bufnr].draft_tasks_run = { run = run.id, phase = run.phase, uri = vim.uri_from_fname(run.file) }
    end
  end)
end

--- Asks which of the kept runs to show, and shows it.
---@param mods? vim.api.keyset.cmd_mods
function M.choose(mods)
  program.runs(function(runs, problem)
    if not runs then
      server.notify(problem or 'the runs cannot be listed', vim.log.levels.ERROR)
    elseif #runs == 0 then
      server.notify('no runs are kept', vim.log.levels.INFO)
    else
      vim.ui.select(runs, { prompt = 'Show run:', kind = 'draft_tasks', format_item = label }, function(run)
        if run then
          show(run, mods)
        end
      end)
    end
  end)
end

return M
