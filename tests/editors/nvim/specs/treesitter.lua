-- Tree-sitter, with the parsers that tests/tools/install brings as a user would have installed them.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually = t.check, t.equal, h.eventually

local parsers = vim.env.DRAFT_TASKS_ROOT .. '/.tools/parsers'

--- The text of the parts of a buffer that are parsed in a language.
local function parsed_as(bufnr, language)
  local parser = assert(vim.treesitter.get_parser(bufnr))
  parser:parse(true)
  local child = parser:children()[language]
  local texts = {}
  for _, regions in ipairs(child and child:included_regions() or {}) do
    for _, range in ipairs(regions) do
      local row, column, end_row, end_column = range[1], range[2], range[4], range[5]
      if #range == 4 then
        row, column, end_row, end_column = unpack(range)
      end
      table.insert(texts, table.concat(vim.api.nvim_buf_get_text(bufnr, row, column, end_row, end_column, {}), '\n'))
    end
  end
  table.sort(texts)
  return texts
end

check('without the parser for TOML its syntax is shown', function()
  local bufnr = h.edit('.draft-tasks.toml')
  equal({ vim.b.current_syntax, vim.treesitter.highlighter.active[bufnr] }, { 'toml' })
end)

check('with it tasks files are highlighted by it, and their commands by that for bash', function()
  assert(vim.uv.fs_stat(parsers .. '/parser/toml.so'), 'there are no parsers: tests/tools/install')
  vim.opt.runtimepath:append(parsers)
  h.write('injected/.draft-tasks.toml', {
    '[pre-up]',
    'short = "echo $HOME"',
    [[quoted = 'cat x']],
    'long = """',
    'echo',
    'long"""',
    'number = 5',
  })
  local bufnr = h.edit('injected/.draft-tasks.toml')
  eventually('the highlighter', function()
    return vim.treesitter.highlighter.active[bufnr]
  end)
  equal(parsed_as(bufnr, 'bash'), { '\necho\nlong', 'cat x', 'echo $HOME' })
  local captures = vim.tbl_map(function(capture)
    return capture.lang .. ' ' .. capture.capture
  end, vim.treesitter.get_captures_at_pos(bufnr, 1, 0))
  assert(vim.list_contains(captures, 'draft_tasks property'), vim.inspect(captures))
end)

check('other TOML files keep their own language', function()
  h.write('injected/Cargo.toml', { '[package]', 'name = "echo x"' })
  local bufnr = h.edit('injected/Cargo.toml')
  equal(vim.treesitter.highlighter.active[bufnr], nil)
  vim.treesitter.start(bufnr)
  equal({ vim.treesitter.get_parser(bufnr):lang(), parsed_as(bufnr, 'bash') }, { 'toml', {} })
end)

check('it can be switched off', function()
  vim.g.draft_tasks_treesitter = false
  local bufnr = h.edit('.draft-tasks.toml')
  vim.g.draft_tasks_treesitter = nil
  equal(vim.treesitter.highlighter.active[bufnr], nil)
end)

vim.opt.runtimepath:remove(parsers)
