--- Tells the user something. On the command line that is one line: a longer one would wait for a key to be pressed.
local protocol = require('draft_tasks.protocol')

local M = {}

--- The subcommands that do what the server names by its title in the menus of other editors.
local subcommands = {} ---@type table<string, string>
for command, subcommand in pairs({
  attach = 'attach',
  delete = 'delete',
  doctor = 'doctor',
  end_job = 'end',
  run_as_job = 'job',
  up = 'up',
}) do
  subcommands[protocol.titles[command]] = ('`:LspDraftTasks %s`'):format(subcommand)
end

--- What the server says, in Neovim's words.
---@param text string
---@return string
function M.own(text)
  return (text:gsub('"([^"\n]+)"', subcommands))
end

--- Whether messages go to the command line, and not where a plugin of the user's shows them.
---@return boolean
local function is_own()
  -- Neovim's own is compiled in, in some builds without the name of its file.
  local source = debug.getinfo(vim.notify, 'S').source
  return not vim.startswith(source, '@') or source:find('vim/_[%w/]*editor%.lua') ~= nil
end

--- One line of text that takes no more columns.
---@param text string
---@param room integer
---@return string
function M.shortened(text, room)
  local line = text:gsub('%s*\n%s*', ' · ')
  if vim.fn.strdisplaywidth(line) <= room then
    return line
  end
  return vim.fn.strcharpart(line, 0, room - 1) .. '…'
end

--- Text with what helps behind it: that is not cut off.
---@param text string
---@param helps string
---@return string
function M.with_help(text, helps)
  local room = is_own() and vim.v.echospace - vim.fn.strdisplaywidth(helps) or math.huge
  return M.shortened(text, math.max(room, 1)) .. helps
end

--- What does not fit is in the output, all of it, where that takes messages.
---@param text string
---@param level? integer
---@param is_in_output? boolean
function M.show(text, level, is_in_output)
  local line = is_own() and M.shortened(text, math.max(vim.v.echospace, 20)) or text
  if line ~= text and not is_in_output then
    require('draft_tasks.output').note(text, level)
  end
  vim.notify(line, level)
end

return M
