--- What the smoke test and the demonstration share: opening files, waiting for the server, reading the screen.
local M = {}

M.work = assert(vim.env.DRAFT_TASKS_WORK, 'run it by tests/editors/nvim/run')
M.deadline = 20000

--- Everything that Neovim told the user.
---@type { message: string, level: integer }[]
M.notifications = {}
vim.notify = function(message, level)
  table.insert(M.notifications, { message = message, level = level or vim.log.levels.INFO })
end

-- Neovim prints what it did for a server; in between the checks it would break their lines.
print = function(...)
  vim.notify(table.concat(vim.tbl_map(tostring, { ... }), ' '))
end

vim.lsp.handlers['window/showMessage'] = function(_, params)
  -- The protocol's levels count down from error, Neovim's count up to it.
  vim.notify(params.message, vim.log.levels.ERROR + 1 - params.type)
end

-- `nvim -l` starts without file types, syntax and plugins.
vim.cmd('filetype plugin on | syntax on')
vim.cmd.runtime({ args = { 'plugin/draft_tasks.lua' } })

--- Waits until a function answers something, and returns that.
---@generic T
---@param what string
---@param f fun(): T?
---@return T
function M.eventually(what, f)
  local result
  local done = vim.wait(M.deadline, function()
    result = f()
    return result and true or false
  end, 20)
  if not done then
    error(('not within %d s: %s'):format(M.deadline / 1000, what), 2)
  end
  return result
end

--- How often the server has published diagnostics of open files, by path: it does of others, too.
---@type table<string, integer>
M.published = {}
local on_publish = vim.lsp.handlers['textDocument/publishDiagnostics']
vim.lsp.handlers['textDocument/publishDiagnostics'] = function(err, result, ctx)
  on_publish(err, result, ctx)
  if result.version then
    local path = vim.uri_to_fname(result.uri)
    M.published[path] = (M.published[path] or 0) + 1
  end
end

---@param name string below the copy of the examples
---@return string
function M.path(name)
  return vim.fs.joinpath(M.work, name)
end

---@param name string
---@param lines string[]
function M.write(name, lines)
  vim.fn.mkdir(vim.fs.dirname(M.path(name)), 'p')
  vim.fn.writefile(lines, M.path(name))
end

--- Opens a file, without waiting for anything.
---@param name string
---@return integer bufnr
function M.edit(name)
  vim.cmd.edit({ args = { vim.fn.fnameescape(M.path(name)) }, bang = true })
  return vim.api.nvim_get_current_buf()
end

---@param bufnr integer
---@return vim.lsp.Client?
function M.client(bufnr)
  return vim.lsp.get_clients({ bufnr = bufnr, name = 'draft_tasks' })[1]
end

--- Opens a tasks file, and waits until the server has looked at it.
---@param name string
---@return integer bufnr
function M.open(name)
  local bufnr = M.edit(name)
  M.eventually('the server attaches to ' .. name, function()
    return M.client(bufnr)
  end)
  M.eventually('diagnostics for ' .. name, function()
    return M.published[M.path(name)]
  end)
  return bufnr
end

--- The first line that holds a text, from 1.
---@param bufnr integer
---@param text string
---@return integer
function M.line_of(bufnr, text)
  for number, line in ipairs(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)) do
    if line:find(text, 1, true) then
      return number
    end
  end
  error(('no line of %s holds %q'):format(vim.api.nvim_buf_get_name(bufnr), text), 2)
end

--- Puts the cursor onto the first line that holds a text.
---@param text string
function M.go_to(text)
  vim.api.nvim_win_set_cursor(0, { M.line_of(0, text), 0 })
end

--- What the server offers at the cursor.
---@param kind? string only actions of this kind
---@return lsp.CodeAction[]
function M.actions(kind)
  local client = assert(M.client(0))
  local params = vim.lsp.util.make_range_params(0, client.offset_encoding)
  ---@cast params +{ context: lsp.CodeActionContext }
  params.context = {
    diagnostics = vim.tbl_map(function(diagnostic)
      return diagnostic.user_data.lsp
    end, vim.diagnostic.get(0, { lnum = vim.api.nvim_win_get_cursor(0)[1] - 1 })),
    only = kind and { kind } or nil,
  }
  local response = assert(client:request_sync('textDocument/codeAction', params, M.deadline, 0))
  assert(not response.err, vim.inspect(response.err))
  return response.result or {}
end

--- Runs the first run action of the cursor's line whose title holds a text, as a user does from the menu.
---@param title string
function M.run_action(title)
  vim.lsp.buf.code_action({
    apply = true,
    context = { only = { 'draft-tasks.run' }, diagnostics = {} },
    filter = function(action)
      return action.title:find(title, 1, true) ~= nil
    end,
  })
end

--- The completions at the cursor.
---@return lsp.CompletionItem[]
function M.completions()
  local client = assert(M.client(0))
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local response = assert(client:request_sync('textDocument/completion', params, M.deadline, 0))
  assert(not response.err, vim.inspect(response.err))
  local items = response.result and (response.result.items or response.result) or {}
  table.sort(items, function(a, b)
    return (a.sortText or a.label) < (b.sortText or b.label)
  end)
  return items
end

--- The lines of the output buffer.
---@return string[]
function M.output()
  return vim.api.nvim_buf_get_lines(require('draft_tasks.output').buffer(), 0, -1, false)
end

---@param text string a whole line
---@return boolean
function M.output_has(text)
  return vim.list_contains(M.output(), text)
end

--- How often runs have ended.
local finished = 0
vim.api.nvim_create_autocmd('User', {
  pattern = 'DraftTasksRun',
  callback = function(event)
    finished = finished + (event.data.state == 'finished' and 1 or 0)
  end,
})

--- Starts a run, by an Ex command or otherwise, and waits for its end.
---@param start string|fun()
function M.run(start)
  local before = finished
  if type(start) == 'string' then
    vim.cmd(start)
  else
    start()
  end
  M.eventually('the end of the run', function()
    return finished > before
  end)
end

--- Whether a process exists.
---@param pid integer
---@return boolean
function M.alive(pid)
  return vim.uv.kill(pid, 0) == 0
end

--- Writes a line; `print` drops line ends in scripts.
---@param text? string
function M.say(text)
  io.write((text or '') .. '\n')
  io.flush()
end

return M
