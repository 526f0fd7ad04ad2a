--- Shows the code lenses of tasks files and keeps them as they are: Neovim 0.11 asks for lenses only when told to, and does not
--- know the server's request to do it again; from 0.12 on it shows them as lines of their own and nowhere else.
local M = {}

local namespace = vim.api.nvim_create_namespace('draft_tasks_codelens')

--- Below that of diagnostics, whose text would push a lens off the screen.
local priority = 1

---@type table<integer, 'asked'|'again'> by buffer
local requests = {}

--- Whether Neovim shows them by itself, as the user wants it to.
---@param bufnr integer
---@return boolean
local function shows_by_itself(bufnr)
  return vim.lsp.codelens.is_enabled ~= nil and vim.lsp.codelens.is_enabled({ bufnr = bufnr })
end

---@param lenses lsp.CodeLens[]
---@return table<integer, [string, string][]> chunks by line
local function chunks_by_line(lenses)
  local lines = {} ---@type table<integer, [string, string][]>
  for _, lens in ipairs(lenses) do
    local row = lens.range.start.line
    lines[row] = lines[row] or {}
    if #lines[row] > 0 then
      table.insert(lines[row], { ' | ', 'LspCodeLensSeparator' })
    end
    table.insert(lines[row], { lens.command.title, 'LspCodeLens' })
  end
  return lines
end

--- A line above the first one is seen only where windows make room for it.
---@param bufnr integer
local function make_room_above(bufnr)
  for _, win in ipairs(vim.fn.win_findbuf(bufnr)) do
    vim.api.nvim_win_call(win, function()
      if vim.fn.winsaveview().topline == 1 then
        vim.fn.winrestview({ topfill = 1 })
      end
    end)
  end
end

---@param lenses lsp.CodeLens[]
---@param bufnr integer
local function show(lenses, bufnr)
  vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  if shows_by_itself(bufnr) then
    return
  end
  local above = require('draft_tasks').config.codelens == 'above'
  for row, chunks in pairs(chunks_by_line(lenses)) do
    if row < vim.api.nvim_buf_line_count(bufnr) then
      local place = above and { virt_lines = { chunks }, virt_lines_above = true } or { virt_text = chunks, hl_mode = 'combine', priority = priority }
      vim.api.nvim_buf_set_extmark(bufnr, namespace, row, 0, place)
    end
    if above and row == 0 then
      make_room_above(bufnr)
    end
  end
end

---@param client vim.lsp.Client
---@param bufnr integer
local function refresh(client, bufnr)
  if requests[bufnr] then
    requests[bufnr] = 'again'
    return
  end
  local params = { textDocument = vim.lsp.util.make_text_document_params(bufnr) }
  local sent = client:request('textDocument/codeLens', params, function(err, lenses)
    local again = requests[bufnr] == 'again'
    requests[bufnr] = nil
    if not vim.api.nvim_buf_is_loaded(bufnr) then
      return
    end
    if not err then
      show(lenses or {}, bufnr)
      if not vim.lsp.codelens.is_enabled then
        -- `vim.lsp.codelens.run()` knows those that are saved; newer ones ask.
        vim.lsp.codelens.save(lenses, bufnr, client.id)
      end
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
  requests[bufnr] = nil
  local group = vim.api.nvim_create_augroup('draft_tasks_codelens_' .. bufnr, {})
  vim.api.nvim_create_autocmd({ 'BufEnter', 'InsertLeave', 'TextChanged' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      refresh(client, bufnr)
    end,
  })
  vim.api.nvim_create_autocmd({ 'TextChangedI', 'TextChangedP' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      -- What it says of the line may be so no more; the others stay where they are, or the text would jump.
      local row = vim.api.nvim_win_get_cursor(0)[1] - 1
      vim.api.nvim_buf_clear_namespace(bufnr, namespace, row, row + 1)
    end,
  })
  vim.api.nvim_create_autocmd('LspDetach', {
    group = group,
    buffer = bufnr,
    callback = function(event)
      if event.data.client_id == client.id then
        requests[bufnr] = nil
        vim.api.nvim_del_augroup_by_id(group)
        vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
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
  local client = vim.lsp.get_client_by_id(ctx.client_id)
  if client and require('draft_tasks').config.codelens then
    for bufnr in pairs(client.attached_buffers) do
      refresh(client, bufnr)
    end
  end
  local default = vim.lsp.handlers['workspace/codeLens/refresh']
  return default and default(err, params, ctx) or vim.NIL
end

return M
