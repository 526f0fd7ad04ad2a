--- Which tasks file and which server are meant, and asking that server.
local file = require('draft_tasks.file')
local protocol = require('draft_tasks.protocol')

local M = {}

--- How long completion and opening a file wait for the server, in milliseconds.
local patience = 2000

---@param message string
---@param level? integer
function M.notify(message, level)
  vim.notify('draft-tasks: ' .. message, level or vim.log.levels.WARN)
end

--- The buffer of the tasks file that is meant: the current one, else the nearest `.draft-tasks.toml` above it.
---@return integer?
local function tasks_buffer()
  local bufnr = vim.api.nvim_get_current_buf()
  if file.is_tasks_file(vim.api.nvim_buf_get_name(bufnr)) then
    return bufnr
  end
  local found = file.nearest(file.folder(bufnr))
  if not found then
    return nil
  end
  bufnr = vim.fn.bufadd(found)
  vim.fn.bufload(bufnr)
  return bufnr
end

--- The tasks file that is meant and its server; where there is none, only the reason.
---@return vim.lsp.Client?, integer?, string? problem
function M.find()
  local bufnr = tasks_buffer()
  if not bufnr then
    return nil, nil, ('there is no %s here or above; `:LspDraftTasks create` makes one'):format(protocol.tasks_file)
  end
  local client ---@type vim.lsp.Client?
  vim.wait(patience, function()
    client = vim.lsp.get_clients({ bufnr = bufnr, name = 'draft_tasks' })[1]
    return client ~= nil
  end, 10)
  local problem = not client and 'the language server does not run for this file; see :checkhealth draft_tasks' or nil
  return client, bufnr, problem
end

--- The tasks file that is meant and its server; says so where there is none.
---@return vim.lsp.Client?, integer?
function M.target()
  local client, bufnr, problem = M.find()
  if problem then
    M.notify(problem, vim.log.levels.ERROR)
    return nil
  end
  return client, bufnr
end

--- A server for a folder without a tasks file: one that runs for the repository, else a new one.
---@param folder string
---@return vim.lsp.Client?
function M.for_folder(folder)
  local root = vim.fs.root(folder, { '.git', '.hg', '.jj' }) or folder
  local config = vim.deepcopy(vim.lsp.config.draft_tasks)
  config.root_dir = root
  local id = vim.lsp.start(config, { attach = false })
  local client = id and vim.lsp.get_client_by_id(id)
  local ready = client and vim.wait(patience, function()
    return client.initialized == true
  end, 10)
  if not ready then
    M.notify('the language server does not start; see :checkhealth draft_tasks', vim.log.levels.ERROR)
    return nil
  end
  return client
end

--- Whether a server has a command: the newest ones are not in all versions.
---@param client vim.lsp.Client
---@param command? string
---@return boolean
function M.has(client, command)
  local provider = (client.server_capabilities or {}).executeCommandProvider or {}
  return command ~= nil and vim.list_contains(provider.commands or {}, command)
end

---@param client vim.lsp.Client
---@param command string
---@param argument? table
---@param on_result? fun(result: any)
function M.execute(client, command, argument, on_result)
  local params = { command = command, arguments = argument and { argument } or {} }
  client:request('workspace/executeCommand', params, function(err, result)
    if err then
      M.notify(err.message, vim.log.levels.ERROR)
    elseif on_result then
      on_result(result)
    end
  end)
end

---@class draft_tasks.PhaseOutline
---@field phase string
---@field first integer first line, from 0
---@field last integer last line
---@field tasks { name: string, command: string }[]

--- The phases of a file with their tasks, as the server sees them.
---@param client vim.lsp.Client
---@param bufnr integer
---@return draft_tasks.PhaseOutline[]
function M.outline(client, bufnr)
  local params = { textDocument = vim.lsp.util.make_text_document_params(bufnr) }
  local response = client:request_sync('textDocument/documentSymbol', params, patience, bufnr)
  local phases = {} ---@type draft_tasks.PhaseOutline[]
  for _, symbol in ipairs(response and response.result or {}) do
    local phase = symbol.name:lower()
    if vim.list_contains(protocol.phases, phase) then
      local tasks = vim.tbl_map(function(child)
        return { name = child.name, command = child.detail or '' }
      end, symbol.children or {})
      local range = symbol.range
      table.insert(phases, { phase = phase, first = range.start.line, last = range['end'].line, tasks = tasks })
    end
  end
  return phases
end

return M
