--- Registers the server and what follows its clients, once: when a tasks file is opened or a command needs it.
local M = {}

local group ---@type integer?

---@param client_id integer
---@param bufnr integer
local function attached(client_id, bufnr)
  local client = vim.lsp.get_client_by_id(client_id)
  local around = require('draft_tasks.around')
  if not client or client.name ~= 'draft_tasks' then
    return
  end
  if around.matches(vim.api.nvim_buf_get_name(bufnr)) then
    around.leave_as_it_is(bufnr)
    return
  end
  vim.iter(vim.api.nvim_list_bufs()):each(around.attach)
  if require('draft_tasks').config.codelens then
    require('draft_tasks.codelens').enable(client, bufnr)
  end
end

---@param events string|string[]
---@param desc string
---@param callback fun(event: vim.api.keyset.create_autocmd.callback_args)
---@param pattern? string[]
local function on(events, desc, callback, pattern)
  vim.api.nvim_create_autocmd(events, { group = group, pattern = pattern, desc = desc, callback = callback })
end

local function follow_clients()
  on('LspAttach', 'Show the code lenses of tasks files, and tell the server of the files around them', function(event)
    attached(event.data.client_id, event.buf)
  end)
  on('LspDetach', 'Let no message about the end of a server wait for a key', function(event)
    require('draft_tasks.lifetime').on_detach(event.data.client_id)
  end)
  on({ 'BufReadPost', 'BufNewFile' }, 'Tell the server of the files that its quick fixes change', function(event)
    -- After file types, which end what Neovim did not attach.
    vim.schedule(function()
      if vim.api.nvim_buf_is_valid(event.buf) then
        require('draft_tasks.around').attach(event.buf)
      end
    end)
  end)
  on('LspProgress', 'Tell how long a run has waited', function(event)
    require('draft_tasks.runs').on_progress(event.data.params, event.data)
  end, { 'report' })
  -- Before any client is there, so that these are called before what Neovim does with an accepted item.
  on('LspRequest', 'Keep where completions are asked for', function(event)
    require('draft_tasks.completion').on_request(event)
  end)
  on('CompleteDone', 'Take away what an accepted completion replaces behind the cursor', function(event)
    require('draft_tasks.completion').on_done(event)
  end)
end

--- Enables the server, also for a buffer whose file type is being told.
---@param bufnr? integer
local function enable(bufnr)
  local file = require('draft_tasks.file')
  on('FileType', 'Say so when the language server is missing', function()
    require('draft_tasks.health').warn()
  end, { file.filetype, file.settings_filetype })
  if bufnr then
    require('draft_tasks.health').warn()
  end
  vim.lsp.enable('draft_tasks')
  -- While Neovim starts, buffers that have their file type already are not looked at again.
  if bufnr and vim.v.vim_did_enter == 0 then
    vim.api.nvim_exec_autocmds('FileType', { group = 'nvim.lsp.enable', buffer = bufnr })
  end
end

---@param bufnr? integer whose file type is being told
function M.register(bufnr)
  if group then
    return
  end
  group = vim.api.nvim_create_augroup('draft_tasks', {})
  vim.lsp.config('draft_tasks', require('draft_tasks.client'))
  follow_clients()
  if vim.g.draft_tasks_enable ~= false then
    enable(bufnr)
  end
end

return M
