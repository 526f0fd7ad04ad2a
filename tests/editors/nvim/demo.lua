-- A session with the plugin and the server in a real Neovim, printed as a transcript: what a user would see.
-- Each part checks that what it is to show is there; a part that fails makes the exit code 1.
local h = dofile(vim.env.DRAFT_TASKS_ROOT .. '/tests/editors/nvim/harness.lua')
local say = h.say

local missing = 0

---@param title string
---@param f fun()
local function part(title, f)
  say('\n' .. title .. '\n' .. ('─'):rep(vim.fn.strdisplaywidth(title)))
  local ok, problem = pcall(f)
  if not ok then
    missing = missing + 1
    say('MISSING: ' .. tostring(problem))
  end
end

--- Rows as columns that are as wide as they need to be.
---@param rows string[][]
local function columns(rows)
  local widths = {} ---@type integer[]
  for _, row in ipairs(rows) do
    for index, cell in ipairs(row) do
      widths[index] = math.max(widths[index] or 0, vim.fn.strdisplaywidth(cell))
    end
  end
  for _, row in ipairs(rows) do
    local line = ' '
    for index, cell in ipairs(row) do
      local pad = index < #row and (' '):rep(widths[index] - vim.fn.strdisplaywidth(cell)) or ''
      line = line .. ' ' .. cell .. pad
    end
    say(line)
  end
end

local severities = { 'error', 'warning', 'info', 'hint' }

---@param bufnr integer
local function say_diagnostics(bufnr)
  local rows = {} ---@type string[][]
  for _, diagnostic in ipairs(vim.diagnostic.get(bufnr)) do
    local message = diagnostic.message:gsub('\n', ' ⏎ ')
    local severity = severities[diagnostic.severity]
    table.insert(rows, { tostring(diagnostic.lnum + 1), severity, tostring(diagnostic.code), message })
  end
  columns(rows)
end

---@param bufnr integer
local function say_file(bufnr)
  for number, line in ipairs(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)) do
    say(('  %2d │ %s'):format(number, line))
  end
end

local function say_output()
  for _, line in ipairs(h.output()) do
    say('  │ ' .. line)
  end
end

say(('Neovim %s with the plugin of editors/nvim and the server `draft-tasks lsp`'):format(tostring(vim.version())))

part('A file with mistakes: diagnostics as it is opened', function()
  local bufnr = h.open('broken/.draft-tasks.toml')
  say_file(bufnr)
  say()
  local codes = h.eventually('diagnostics', function()
    local codes = {}
    for _, diagnostic in ipairs(vim.diagnostic.get(bufnr)) do
      codes[diagnostic.code] = true
    end
    return codes['syntax'] and codes['post-delete'] and codes
  end)
  say_diagnostics(bufnr)
  local expected = { 'task-outside-phase', 'duplicate-task', 'task-not-string', 'command-syntax', 'unknown-phase' }
  for _, code in ipairs(expected) do
    assert(codes[code], 'no diagnostic `' .. code .. '`')
  end
end)

part('An empty file: what completion offers', function()
  h.open('empty/.draft-tasks.toml')
  local items = h.completions()
  columns(vim.tbl_map(function(item)
    return { item.label, item.detail or '' }
  end, items))
  for _, phase in ipairs({ '[pre-up]', '[post-deploy]', '[cleanup]' }) do
    assert(vim.iter(items):any(function(item)
      return item.label == phase
    end), 'no completion ' .. phase)
  end
end)

part('A task under the cursor: hover', function()
  h.open('.draft-tasks.toml')
  h.go_to('where is home')
  local client = assert(h.client(0))
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local response = assert(client:request_sync('textDocument/hover', params, h.deadline, 0))
  assert(response.result, 'no hover')
  for _, line in ipairs(vim.lsp.util.convert_input_to_markdown_lines(response.result.contents)) do
    say('  ' .. line)
  end
end)

part('The header [pre-up]: code actions and lenses', function()
  local bufnr = h.open('.draft-tasks.toml')
  h.go_to('[pre-up]')
  local actions = h.actions()
  columns(vim.tbl_map(function(action)
    return { 'action', action.kind or '', action.title }
  end, actions))
  assert(vim.iter(actions):any(function(action)
    return action.kind == 'draft-tasks.run' and action.title:find('pre-up', 1, true)
  end), 'no action runs pre-up')
  local lenses = h.eventually('lenses', function()
    local lenses = vim.lsp.codelens.get(bufnr)
    return #lenses > 0 and lenses
  end)
  columns(vim.tbl_map(function(lens)
    return { 'lens', 'line ' .. lens.range.start.line + 1, lens.command.title }
  end, lenses))
end)

part('The action runs pre-up: the output in its split', function()
  h.open('.draft-tasks.toml')
  h.go_to('[pre-up]')
  h.run(function()
    h.run_action('pre-up')
  end)
  say_output()
  assert(h.output_has('hello world'), 'no output of the task `greet`')
  say('\n  status line: ' .. require('draft_tasks').status())
end)

part('A task that fails: the diagnostic on its line', function()
  vim.api.nvim_buf_delete(require('draft_tasks.output').buffer(), { force = true })
  local bufnr = h.open('failing/.draft-tasks.toml')
  say_file(bufnr)
  say('\n  :LspDraftTasks run pre-up')
  h.run('LspDraftTasks run pre-up')
  say_output()
  local failure = h.eventually('the diagnostic of the failed task', function()
    return vim.iter(vim.diagnostic.get(bufnr)):find(function(diagnostic)
      return diagnostic.code == 'task-failed'
    end)
  end)
  say()
  say_diagnostics(bufnr)
  assert(failure.lnum + 1 == h.line_of(bufnr, 'migrate the database'), 'the diagnostic is on another line')
  assert(failure.message:find('cannot reach the database', 1, true), 'the diagnostic does not say why')
end)

for _, client in ipairs(vim.lsp.get_clients()) do
  client:stop()
end
h.eventually('the server ends', function()
  return #vim.lsp.get_clients() == 0
end)
say(missing == 0 and '\nAll parts of the demonstration appeared.' or ('\n%d parts are missing.'):format(missing))
os.exit(missing == 0 and 0 or 1)
