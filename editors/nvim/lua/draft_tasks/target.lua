--- Which context and namespace are meant: asked, and kept as a setting of the project's server until Neovim ends.
--
-- Must not change where the tasks of another project run.
local protocol = require('draft_tasks.protocol')
local server = require('draft_tasks.server')

local M = {}

---@alias draft_tasks.TargetName 'context'|'namespace'

local otherwise = {
  context = 'the current context of the kubeconfig',
  namespace = 'what draft.toml says, else that of the context',
}

--- What was chosen for each project, by its folder: a server that is started again has it, too.
---@type table<string, table<draft_tasks.TargetName, string>>
local chosen = {}

--- Gives a server what was chosen for its project.
---@param client vim.lsp.Client
function M.apply(client)
  local of_project = chosen[client.root_dir]
  if of_project then
    local settings = { draftTasks = { kubernetes = of_project } }
    client.settings = vim.tbl_deep_extend('force', client.settings or {}, settings)
    client:notify('workspace/didChangeConfiguration', { settings = client.settings })
  end
end

---@param client vim.lsp.Client
---@param name draft_tasks.TargetName
---@param value string empty for none
local function keep(client, name, value)
  local root = client.root_dir
  chosen[root] = vim.tbl_extend('force', chosen[root] or {}, { [name] = value })
  M.apply(client)
  local project = vim.fs.basename(root)
  local said = value == '' and ('%s: %s'):format(project, otherwise[name]) or ('%s %s for %s, until Neovim ends'):format(name, value, project)
  -- The list of what could be chosen is still on the screen, and would wait for a key.
  vim.cmd.redraw()
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
        return value == found[name] and label .. ' (current)' or label
      end,
    }
    vim.ui.select(vim.list_extend(vim.deepcopy(known), { '' }), options, function(value)
      if value then
        keep(client, name, value)
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
        keep(target.client, name, value)
      else
        local known = table.concat(found.contexts, ', ')
        server.notify(('there is no context %s; the kubeconfig has %s'):format(value, known), vim.log.levels.ERROR)
      end
    end)
  elseif value then
    keep(target.client, name, value)
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
