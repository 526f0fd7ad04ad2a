--- The ends of servers: what is said of them, and that they are started again.
local file = require('draft_tasks.file')
local message = require('draft_tasks.message')
local server = require('draft_tasks.server')

local M = {}

--- Those that end because they are to be started again.
local ending = {} ---@type table<integer, true>

--- Whether a server has ended that nobody asked to, so that files are open without one.
local has_crashed = false

--- Gives each open file a server.
local function start()
  has_crashed = false
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    local filetype = vim.bo[bufnr].filetype
    if vim.api.nvim_buf_is_loaded(bufnr) and (filetype == file.filetype or filetype == file.settings_filetype) then
      if not server.of_file(vim.api.nvim_buf_get_name(bufnr)) then
        server.notify('the language server does not start; see :checkhealth draft_tasks', vim.log.levels.ERROR)
        return
      end
    end
  end
end

--- A command has started a server: where one has crashed before, the other files that it served get theirs, too.
function M.revive()
  if has_crashed then
    start()
  end
end

--- Neovim forgets a client some time after its end, and until then takes it for one that serves.
---@param client_id integer
---@param on_gone fun()
local function when_gone(client_id, on_gone)
  vim.defer_fn(function()
    if vim.lsp.get_client_by_id(client_id) then
      when_gone(client_id, on_gone)
    else
      on_gone()
    end
  end, 5)
end

--- How messages wait, while Neovim tells of an end.
local waits ---@type string?

--- A server is detached. What Neovim then says of one that has ended is longer than many screens are wide: it would wait for a key,
--- before what to do is told.
---@param client_id integer
function M.on_detach(client_id)
  local client = vim.lsp.get_client_by_id(client_id)
  if client and client.name == 'draft_tasks' and client.rpc.is_closing() and not waits then
    waits = vim.o.messagesopt
    vim.o.messagesopt = waits:gsub('hit%-enter', 'wait:0')
  end
end

--- Neovim has told of the end.
local function let_wait()
  if waits then
    vim.cmd.redraw()
    vim.o.messagesopt, waits = waits, nil
  end
end

--- A server has ended.
---@param code integer
---@param signal integer
---@param client_id integer
function M.on_exit(code, signal, client_id)
  local client = vim.lsp.get_client_by_id(client_id)
  local was_up = client ~= nil and client.initialized == true
  when_gone(client_id, function()
    let_wait()
    local interrupted = require('draft_tasks.runs').forget(client_id, ending[client_id] ~= nil)
    if ending[client_id] then
      ending[client_id] = nil
      if next(ending) == nil then
        start()
      end
    elseif was_up and (code ~= 0 or (signal ~= 0 and signal ~= 15)) then
      has_crashed = true
      local lost = #interrupted > 0 and (', and %s was interrupted'):format(table.concat(interrupted, ', ')) or ''
      local text = message.with_help('draft-tasks: the server has ended' .. lost, '; `:LspDraftTasks restart` starts it')
      message.show(text, vim.log.levels.ERROR)
    end
  end)
end

local function restart()
  local clients = vim.lsp.get_clients({ name = 'draft_tasks' })
  for _, client in ipairs(clients) do
    ending[client.id] = true
    client:stop()
  end
  if #clients == 0 then
    start()
  end
end

--- Ends the servers and starts them again; what runs would be stopped, so that is asked about.
function M.restart()
  local running = #require('draft_tasks.runs').ending_with_server()
  if running == 0 then
    restart()
    return
  end
  local question = running == 1 and 'A run goes on:' or ('%d runs go on:'):format(running)
  require('draft_tasks.choice').confirm(question, 'Leave the server', 'Stop what runs and restart the server', restart)
end

return M
