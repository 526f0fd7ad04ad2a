--- Which context and namespace are meant: asked, and kept as a setting of the server until Neovim ends.
local protocol = require('draft_tasks.protocol')
local server = require('draft_tasks.server')

local M = {}

---@alias draft_tasks.TargetName 'context'|'namespace'

local otherwise = {
  context = 'the current context of the kubeconfig',
  namespace = 'what draft.toml says, else that of the context',
}

--- Gives it to all servers, also those that start later.
---@param name draft_tasks.TargetName
---@param value string empty for none
local function keep(name, value)
  local settings = { draftTasks = { kubernetes = { [name] = value } } }
  vim.lsp.config('draft_tasks', { settings = settings })
  for _, client in ipairs(vim.lsp.get_clients({ name = 'draft_tasks' })) do
    client.settings = vim.tbl_deep_extend('force', client.settings or {}, settings)
    client:notify('workspace/didChangeConfiguration', { settings = client.settings })
  end
  local said = value == '' and otherwise[name] or ('%s %s, until Neovim ends'):format(name, value)
  server.notify(said, vim.log.levels.INFO)
end

--- What can be chosen for a tasks file.
---@param client vim.lsp.Client
---@param uri string
---@param on_found fun(found: table<string, any>)
local function ask(client, uri, on_found)
  server.execute(client, protocol.commands.target, { uri = uri }, on_found)
end

--- Asks for one of those that are known.
---@param client vim.lsp.Client
---@param uri string the tasks file
---@param name draft_tasks.TargetName
function M.choose(client, uri, name)
  ask(client, uri, function(found)
    local known = found[name .. 's']
    if #known == 0 then
      server.notify(('there is no %s to choose: nothing names one'):format(name))
      return
    end
    local options = {
      prompt = ('The %s:'):format(name),
      kind = 'draft_tasks',
      format_item = function(value)
        local label = value == '' and otherwise[name] or value
        return value == found[name] and label .. ' (present)' or label
      end,
    }
    vim.ui.select(vim.list_extend(vim.deepcopy(known), { '' }), options, function(value)
      if value then
        keep(name, value)
      end
    end)
  end)
end

--- Takes the one that is named; without a name it asks.
---@param name draft_tasks.TargetName
---@param value? string
function M.set(name, value)
  local target = server.target()
  if not target then
    return
  end
  if value and name == 'context' then
    ask(target.client, target.uri, function(found)
      if value == '' or #found.contexts == 0 or vim.list_contains(found.contexts, value) then
        keep(name, value)
      else
        local known = table.concat(found.contexts, ', ')
        server.notify(('there is no context %s; the kubeconfig has %s'):format(value, known), vim.log.levels.ERROR)
      end
    end)
  elseif value then
    keep(name, value)
  else
    M.choose(target.client, target.uri, name)
  end
end

--- The names that could be chosen, for completion.
---@param name draft_tasks.TargetName
---@return string[]
function M.known(name)
  local target = server.find()
  local found = target and server.ask(target, protocol.commands.target)
  return found and found[name .. 's'] or {}
end

return M
