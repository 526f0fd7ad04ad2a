--- Accepted completions replace what the server says. Neovim's own completion takes a range up to the cursor alone, so that a
--- bracket or quote behind it, which a plugin has put there, would be left.
local M = {}

--- Whether what is selected is all that stands between two of these quotes.
---@param quote string
---@return boolean
local function is_quoted(quote)
  local from, to = vim.fn.col('v'), vim.fn.col('.')
  if from > to then
    from, to = to, from
  end
  local line = vim.api.nvim_get_current_line()
  local behind = vim.o.selection == 'exclusive' and to or to + vim.str_utf_end(line, to) + 1
  return line:sub(from - 1, from - 1) == quote and line:sub(behind, behind) == quote
end

--- Somebody who writes a string ends it with a quote: where that of a snippet stands, it is that one.
local function on_char()
  local quote = vim.v.char
  if (quote ~= '"' and quote ~= "'") or not vim.snippet.active() then
    return
  end
  local line, column = vim.api.nvim_get_current_line(), vim.api.nvim_win_get_cursor(0)[2]
  local before, behind = line:sub(column, column), line:sub(column + 1, column + 1)
  if behind == quote and before ~= '\\' then
    vim.v.char = ''
    vim.api.nvim_feedkeys(vim.keycode('<C-g>U<Right>'), 'ni', false)
  end
end

--- What keys do in the placeholders of snippets. Enter goes on to the next one: it would put the end of a line into a string.
---@param bufnr integer
function M.map(bufnr)
  vim.api.nvim_create_autocmd('InsertCharPre', {
    group = vim.api.nvim_create_augroup('draft_tasks_quotes_' .. bufnr, {}),
    buffer = bufnr,
    desc = 'Take a quote that is typed at the last one of a snippet for that one',
    callback = on_char,
  })
  for _, quote in ipairs({ '"', "'" }) do
    vim.keymap.set('s', quote, function()
      return vim.snippet.active() and is_quoted(quote) and '<C-g>"_c' or quote
    end, { buffer = bufnr, expr = true, desc = 'Begin the string whose placeholder is selected' })
  end
  vim.keymap.set('s', '<CR>', function()
    return vim.snippet.active({ direction = 1 }) and '<Cmd>lua vim.snippet.jump(1)<CR>' or '<CR>'
  end, { buffer = bufnr, expr = true, desc = 'Go to the next placeholder' })
end

---@class draft_tasks.AskedAt
---@field bufnr integer
---@field line string
---@field column integer of the cursor, in bytes

---@type draft_tasks.AskedAt? where completions were asked for last
local asked

--- Keeps where completions are asked for.
---@param event vim.api.keyset.create_autocmd.callback_args
function M.on_request(event)
  local client, request = vim.lsp.get_client_by_id(event.data.client_id), event.data.request
  local is_ours = client and client.name == 'draft_tasks' and event.buf == vim.api.nvim_get_current_buf()
  if is_ours and request.type == 'pending' and request.method == 'textDocument/completion' then
    local column = vim.api.nvim_win_get_cursor(0)[2]
    asked = { bufnr = event.buf, line = vim.api.nvim_get_current_line(), column = column }
  end
end

--- What an item replaces behind the cursor.
---@param item lsp.CompletionItem
---@param client vim.lsp.Client
---@param at draft_tasks.AskedAt
---@return string
local function behind(item, client, at)
  local range = item.textEdit and item.textEdit.range
  local last = range and vim.str_byteindex(at.line, client.offset_encoding, range['end'].character, false) or 0
  return at.line:sub(at.column + 1, last)
end

--- Takes away what an accepted item replaces behind the cursor. Must come before Neovim's own part, which writes a snippet.
---@param event vim.api.keyset.create_autocmd.callback_args
function M.on_done(event)
  local completed = vim.tbl_get(vim.v.completed_item or {}, 'user_data', 'nvim', 'lsp')
  local client = completed and vim.lsp.get_client_by_id(completed.client_id)
  if vim.v.event.reason ~= 'accept' or not client or client.name ~= 'draft_tasks' then
    return
  end
  if not asked or asked.bufnr ~= event.buf then
    return
  end
  local replaced, row = behind(completed.completion_item, client, asked), vim.api.nvim_win_get_cursor(0)[1] - 1
  local column = vim.api.nvim_win_get_cursor(0)[2]
  if replaced ~= '' and vim.startswith(vim.api.nvim_get_current_line():sub(column + 1), replaced) then
    vim.api.nvim_buf_set_text(event.buf, row, column, row, column + #replaced, {})
  end
end

return M
