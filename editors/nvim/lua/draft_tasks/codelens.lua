--- Keeps the code lenses of tasks files shown: Neovim 0.11 asks for lenses only when told to, and does not know
--- the server's request to do it again.
local M = {}

--- Neovim 0.12 and newer do all of it themselves.
local native = vim.lsp.codelens.enable ~= nil

---@type table<integer, 'asked'|'again'> by buffer
local requests = {}

---@param client vim.lsp.Client
---@param bufnr integer
local function refresh(client, bufnr)
  if requests[bufnr] then
    requests[bufnr] = 'again'
    return
  end
  local params = { textDocument = vim.lsp.util.make_text_document_params(bufnr) }
  local sent = client:request('textDocument/codeLens', params, function(err, result, ctx)
    local again = requests[bufnr] == 'again'
    requests[bufnr] = nil
    if not vim.api.nvim_buf_is_loaded(bufnr) then
      return
    end
    if not err then
      vim.lsp.codelens.on_codelens(err, result, ctx)
    end
    if again then
      refresh(client, bufnr)
    end
  end, bufnr)
  requests[bufnr] = sent and 'asked' or nil
end

---@param client vim.lsp.Client
---@param bufnr integer
function M.enable(client, bufnr)
  if native then
    vim.lsp.codelens.enable(true, { bufnr = bufnr })
    return
  end
  requests[bufnr] = nil
  local group = vim.api.nvim_create_augroup('draft_tasks_codelens_' .. bufnr, {})
  vim.api.nvim_create_autocmd({ 'BufEnter', 'InsertLeave', 'TextChanged' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      refresh(client, bufnr)
    end,
  })
  vim.api.nvim_create_autocmd('LspDetach', {
    group = group,
    buffer = bufnr,
    callback = function(event)
      if event.data.client_id == client.id then
        requests[bufnr] = nil
        vim.api.nvim_del_augroup_by_id(group)
        vim.lsp.codelens.clear(client.id, bufnr)
      end
    end,
  })
  refresh(client, bufnr)
end

--- The server's `workspace/codeLens/refresh`.
---@param err? lsp.ResponseError
---@param params any
---@param ctx lsp.HandlerContext
function M.on_refresh(err, params, ctx)
  local default = vim.lsp.handlers['workspace/codeLens/refresh']
  if native and default then
    return default(err, params, ctx)
  end
  local client = vim.lsp.get_client_by_id(ctx.client_id)
  if client and require('draft_tasks').config.codelens then
    for bufnr in pairs(client.attached_buffers) do
      refresh(client, bufnr)
    end
  end
  return vim.NIL
end

return M
