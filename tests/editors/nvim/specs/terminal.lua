-- Runs of the command line in a terminal.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually, open = t.check, t.equal, h.eventually, h.open

--- What a file has, once it is there.
---@param name string
local function written(name)
  return eventually(name .. ' is written', function()
    local lines = vim.fn.filereadable(h.path(name)) == 1 and vim.fn.readfile(h.path(name)) or {}
    return #lines > 0 and lines or nil
  end)
end

--- The text of the terminal in the current buffer.
local function screen()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
end

check('the task of a line runs in a terminal, which it has for itself, and is asked nothing by others', function()
  h.write('asking/.draft-tasks.toml', { '[pre-up]', '"log in" = "sh ask.sh"', 'other = "touch other"', '[cleanup]', 'gone = "true"' })
  h.write('asking/ask.sh', { 'test -t 0 || exit 3', 'read -r name', 'echo "welcome, $name" | tee welcomed' })
  vim.fn.mkdir(h.path('asking/.git'), 'p')
  local bufnr = open('asking/.draft-tasks.toml')
  h.go_to('log in')
  vim.cmd('LspDraftTasks terminal')
  equal(vim.bo.buftype, 'terminal')
  eventually('it waits for a line', function()
    return screen():find('neither masked nor recorded', 1, true)
  end)
  vim.api.nvim_chan_send(vim.bo.channel, 'reader\r')
  equal(written('asking/welcomed'), { 'welcome, reader' })
  eventually('it has passed', function()
    return screen():find('1 passed', 1, true)
  end)
  equal(vim.fn.filereadable(h.path('asking/other')), 0)
  vim.cmd('stopinsert | bwipeout!')
  equal(vim.api.nvim_get_current_buf(), bufnr)

  vim.cmd('vertical LspDraftTasks terminal pre-up other')
  equal(vim.api.nvim_win_get_height(0) > vim.o.lines / 2, true)
  eventually('the other one has run', function()
    return vim.fn.filereadable(h.path('asking/other')) == 1
  end)
  vim.cmd('stopinsert | bwipeout!')
  equal(vim.fn.getcompletion('LspDraftTasks terminal pre-up l', 'cmdline'), { 'log in' })
end)

check('a terminal runs what the server would, where it would', function()
  local bufnr = open('asking/.draft-tasks.toml')
  vim.cmd('LspDraftTasks namespace shop')
  eventually('the namespace is chosen', function()
    return t.notified('shop for asking, until Neovim ends')
  end)
  vim.cmd('LspDraftTasks terminal cleanup')
  local words = table.concat(vim.api.nvim_get_chan_info(vim.bo.channel).argv, ' ')
  assert(words:find('run cleanup --file=.draft-tasks.toml --namespace=shop', 1, true), words)
  vim.cmd('stopinsert | bwipeout!')

  vim.api.nvim_set_current_buf(bufnr)
  vim.api.nvim_buf_set_lines(bufnr, -1, -1, false, { 'new = "true"' })
  vim.cmd('LspDraftTasks terminal cleanup')
  equal(vim.bo.buftype, '')
  assert(t.notified('has changes, and a terminal runs what is on disk: write it first'), vim.inspect(h.notifications))
  vim.cmd('edit!')

  local function refused(because)
    vim.cmd('LspDraftTasks terminal cleanup')
    equal(vim.bo.buftype, '')
    assert(t.notified(because), vim.inspect(h.notifications))
  end
  eventually('the server has the text again', function()
    return vim.lsp.get_clients({ bufnr = bufnr })[1]
  end)
  local config = vim.lsp.get_clients({ bufnr = bufnr })[1].config
  config.init_options = { trusted = false }
  refused('nothing runs in a workspace that is not trusted')
  config.init_options = nil
  local cmd = vim.lsp.config.draft_tasks.cmd
  vim.lsp.config('draft_tasks', { cmd = { '/nowhere/draft-tasks', 'lsp' } })
  refused('there is no program `/nowhere/draft-tasks`')
  vim.lsp.config('draft_tasks', { cmd = cmd })
end)
