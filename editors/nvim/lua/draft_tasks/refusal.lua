--- What helps where the server refuses a command: asked for, after the reason was told.
local protocol = require('draft_tasks.protocol')

local M = {}

--- The columns that the reason has at least, beside several things that help.
local LEAST = 40

---@class draft_tasks.Remedy
---@field location? lsp.Location where what is wrong stands
---@field command? lsp.Command of the server, which tells more
---@field contextOf? string the tasks file for which another context could be chosen

---@class draft_tasks.Offer
---@field title string
---@field run? fun()

--- Shows what a command of the server tells.
---@param client vim.lsp.Client
---@param command lsp.Command
local function tell_more(client, command)
  local argument = vim.tbl_extend('force', command.arguments[1], { show = false })
  require('draft_tasks.server').execute(client, command.command, argument, function(report)
    require('draft_tasks.float').show(require('draft_tasks.message').own(report.markdown), 'doctor')
  end)
end

---@param client vim.lsp.Client
---@param remedy draft_tasks.Remedy
---@return draft_tasks.Offer[]
local function offers(client, remedy)
  local found = {} ---@type draft_tasks.Offer[]
  local function add(title, run)
    table.insert(found, { title = title, run = run })
  end
  local location, command = remedy.location, remedy.command
  -- In the buffer that one looks at its diagnostic is seen.
  if location and vim.uri_to_fname(location.uri) ~= vim.api.nvim_buf_get_name(0) then
    add('Show the problem', function()
      vim.lsp.util.show_document(location, client.offset_encoding, { focus = true })
    end)
  end
  if command and command.command == protocol.commands.doctor then
    add(command.title, function()
      tell_more(client, command)
    end)
  end
  if remedy.contextOf then
    add('Choose the context', function()
      require('draft_tasks.target').choose(client, remedy.contextOf, 'context')
    end)
  end
  return found
end

--- Says why a run cannot go on, with what helps. It comes while the user may be typing something else, so nothing is asked.
---@param text string
---@param remedy? draft_tasks.Remedy
function M.tell(text, remedy)
  local commands = {} ---@type string[]
  if remedy and remedy.command and remedy.command.command == protocol.commands.doctor then
    table.insert(commands, '`:LspDraftTasks doctor` checks it')
  end
  if remedy and remedy.contextOf then
    table.insert(commands, '`:LspDraftTasks context` chooses another')
  end
  local message = require('draft_tasks.message')
  -- What helps is not cut off: where there is little room, only the first.
  for count = #commands, 1, -1 do
    local helps = '; ' .. table.concat(commands, ', ', 1, count)
    local room = vim.v.echospace - vim.fn.strdisplaywidth(helps)
    if room >= LEAST or count == 1 then
      text = message.shortened(text, math.max(room, 1)) .. helps
      break
    end
  end
  message.show(text, vim.log.levels.ERROR, true)
end

---@param client vim.lsp.Client
---@param remedy? draft_tasks.Remedy
function M.offer(client, remedy)
  local found = remedy and offers(client, remedy) or {}
  if #found == 0 then
    return
  end
  table.insert(found, 1, { title = 'Cancel' })
  local options = {
    prompt = 'It was refused:',
    kind = 'draft_tasks',
    format_item = function(offer)
      return offer.title
    end,
  }
  vim.ui.select(found, options, function(offer)
    if offer and offer.run then
      offer.run()
    end
  end)
end

return M
