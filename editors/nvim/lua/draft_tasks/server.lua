--- Which tasks file and which server are meant, and asking that server.
local file = require('draft_tasks.file')
local message = require('draft_tasks.message')
local protocol = require('draft_tasks.protocol')

local M = {}

--- How long completion and the start of a server keep Neovim waiting, in milliseconds.
local patience = 2000

---@param text string
---@param level? integer
function M.notify(text, level)
  message.show('draft-tasks: ' .. text, level or vim.log.levels.WARN)
end

---@class draft_tasks.Target
---@field client vim.lsp.Client
---@field path string the tasks file
---@field uri string
---@field run? draft_tasks.NamedRun where the current buffer shows the output of a run

--- The tasks file that is meant: that of the run shown, the current one, else the nearest at or above the current file.
---@return string? path, draft_tasks.NamedRun?
function M.meant()
  local bufnr = vim.api.nvim_get_current_buf()
  local run = require('draft_tasks.runs').shown()
  if run then
    return vim.uri_to_fname(run.uri), run
  end
  local path = vim.api.nvim_buf_get_name(bufnr)
  return file.is_tasks_file(path) and path or file.nearest(file.folder(bufnr))
end

--- The configuration of the server for a tasks file, with its root.
---@param bufnr integer
---@return vim.lsp.ClientConfig
local function config_for(bufnr)
  local config = vim.deepcopy(vim.lsp.config.draft_tasks)
  local find, root = config.root_dir, nil ---@type any, string?
  if type(find) == 'function' then
    find(bufnr, function(folder)
      root = folder
    end)
    config.root_dir = root or vim.fs.dirname(vim.api.nvim_buf_get_name(bufnr))
  end
  return config
end

--- Starts a server for a tasks file, or takes the one of its repository; a buffer that is loaded gets it.
---@param bufnr integer
---@return vim.lsp.Client?
local function start(bufnr)
  local config = config_for(bufnr)
  local options = {
    bufnr = bufnr,
    attach = vim.api.nvim_buf_is_loaded(bufnr),
    reuse_client = config.reuse_client,
    silent = true,
  }
  local id = vim.lsp.start(config, options)
  local client ---@type vim.lsp.Client?
  -- One that has ended is gone, and not waited for.
  vim.wait(id and patience or 0, function()
    client = vim.lsp.get_client_by_id(id)
    return client == nil or client.initialized == true
  end, 5)
  return client and client.initialized and client or nil
end

--- The server for a tasks file, which need not exist. A buffer is not loaded for it: another Neovim may edit the file, and the
--- server reads what is on disk.
---@param path string
---@return vim.lsp.Client?
function M.of_file(path)
  require('draft_tasks.registration').register()
  local bufnr = vim.fn.bufadd(path)
  local present = vim.lsp.get_clients({ bufnr = bufnr, name = 'draft_tasks' })[1]
  local client = present or start(bufnr)
  if client and not present then
    require('draft_tasks.lifetime').revive()
  end
  return client
end

---@param run? draft_tasks.NamedRun
---@return vim.lsp.Client?
local function of_run(run)
  return run and run.client and vim.lsp.get_client_by_id(run.client)
end

--- The tasks file that is meant and its server; where there is none, only the reason.
---@return draft_tasks.Target?, string? problem
function M.find()
  local path, run = M.meant()
  if not path then
    return nil, ('there is no %s here or above; `:LspDraftTasks create` makes one'):format(protocol.tasks_file)
  end
  local client = of_run(run) or M.of_file(path)
  if not client then
    return nil, 'the language server does not start; see :checkhealth draft_tasks'
  end
  return { client = client, path = path, uri = run and run.uri or vim.uri_from_fname(path), run = run }
end

--- The tasks file that is meant and its server; says so where there is none.
---@return draft_tasks.Target?
function M.target()
  local target, problem = M.find()
  if problem then
    M.notify(problem, vim.log.levels.ERROR)
  end
  return target
end

--- Whether a server has a command: the newest ones are not in all versions.
---@param client vim.lsp.Client
---@param command? string
---@return boolean
function M.has(client, command)
  local provider = (client.server_capabilities or {}).executeCommandProvider or {}
  return command ~= nil and vim.list_contains(provider.commands or {}, command)
end

---@param command string
---@param argument? table
---@return lsp.ExecuteCommandParams
local function call(command, argument)
  return { command = command, arguments = argument and { argument } or {} }
end

---@param client vim.lsp.Client
---@param command string
---@param argument? table
---@param on_result? fun(result: any)
function M.execute(client, command, argument, on_result)
  client:request('workspace/executeCommand', call(command, argument), function(err, result)
    if err then
      M.notify(message.own(err.message), vim.log.levels.ERROR)
      require('draft_tasks.refusal').offer(client, err.data)
    elseif on_result then
      on_result(result)
    end
  end)
end

---@class draft_tasks.OutlineTask
---@field task string
---@field command string
---@field line integer from 0

---@class draft_tasks.OutlinePhase
---@field phase string
---@field line integer where its header is, from 0
---@field tasks draft_tasks.OutlineTask[]

---@param target draft_tasks.Target
---@param command string
---@param argument table
---@return table?
local function ask(target, command, argument)
  local response = target.client:request_sync('workspace/executeCommand', call(command, argument), patience)
  return response and response.result
end

--- What a command answers about a tasks file, soon or not at all.
---@param target draft_tasks.Target
---@param command string
---@return table?
function M.ask(target, command)
  return ask(target, command, { uri = target.uri })
end

--- What a command answers that is about no file, as that.
---@param target draft_tasks.Target
---@param command string
---@return table?
function M.ask_of_all(target, command)
  return ask(target, command, vim.empty_dict())
end

--- The phases that have tasks, as they stand in the editor, or on disk.
---@param target draft_tasks.Target
---@return draft_tasks.OutlinePhase[]
function M.outline(target)
  local outline = M.ask(target, protocol.commands.tasks)
  return outline and outline.phases or {}
end

---@class draft_tasks.Place
---@field phase string
---@field task? string
---@field first integer first line, from 1
---@field last integer last line

--- Where the phases and tasks of the current buffer are.
---@param target draft_tasks.Target
---@return draft_tasks.Place[]
function M.places(target)
  local params = { textDocument = vim.lsp.util.make_text_document_params(0) }
  local response = target.client:request_sync('textDocument/documentSymbol', params, patience, 0)
  local places = {} ---@type draft_tasks.Place[]
  ---@param symbol lsp.DocumentSymbol
  local function add(phase, task, symbol)
    local range = symbol.range
    local place = { phase = phase, task = task, first = range.start.line + 1, last = range['end'].line + 1 }
    table.insert(places, place)
  end
  for _, symbol in ipairs(response and response.result or {}) do
    local phase = symbol.name:lower()
    if vim.list_contains(protocol.phases, phase) then
      add(phase, nil, symbol)
      for _, child in ipairs(symbol.children or {}) do
        add(phase, child.name, child)
      end
    end
  end
  return places
end

return M
