-- Where output goes, and how it looks there.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually, open = t.check, t.equal, h.eventually, h.open

check('log shows the output and goes there', function()
  open('.draft-tasks.toml')
  h.run('LspDraftTasks run cleanup')
  vim.cmd('LspDraftTasks log')
  equal(vim.api.nvim_get_current_buf(), require('draft_tasks.output').buffer())
  equal({ vim.bo.modifiable, vim.bo.modified, vim.bo.buftype }, { false, false, 'nofile' })
end)

check('colours are highlights, not characters', function()
  h.write('colours/colours.sh', { [[printf '\033[1;31mred\033[0m and \033[38;5;42mgreen\033[m\n']] })
  h.write('colours/.draft-tasks.toml', { '[pre-up]', 'colours = "sh colours.sh"' })
  open('colours/.draft-tasks.toml')
  vim.cmd('LspDraftTasks run pre-up')
  eventually('the text', function()
    return h.output_has('red and green')
  end)
  local buffer = require('draft_tasks.output').buffer()
  local row = h.line_of(buffer, 'red and green') - 1
  local marks = vim.api.nvim_buf_get_extmarks(buffer, -1, { row, 0 }, { row, -1 }, { details = true })
  local spans = vim.tbl_map(function(mark)
    return { mark[3], mark[4].end_col }
  end, marks)
  equal(spans, { { 0, 3 }, { 8, 13 } })
  equal(vim.api.nvim_get_hl(0, { name = marks[1][4].hl_group }).bold, true)
end)

check('pieces of text become lines, sequences and restarts as on a terminal', function()
  local output = require('draft_tasks.output')
  local function put(text, stream)
    local pieces = { { stream = stream or 'stdout', text = text } }
    output.append('run', { phase = 'pre-up', task = 'pieces', pieces = pieces })
  end
  put('one\ntw')
  put('o\nthr\27[3')
  put('1mee\27[0m\n')
  put('10 %\r')
  put('100 %\r\n')
  put('asks: ')
  put('error\n', 'stderr')
  put('answer\27]0;title\7\n\n')
  local lines = vim.list_slice(h.output(), 2)
  equal(lines, { 'one', 'two', 'three', '100 %', 'asks: ', 'error', 'answer', '' })
end)

check('both streams of a task are in the order in which it wrote them', function()
  h.write('turns/.draft-tasks.toml', { '[pre-up]', ('turns = "python3 %s 1000"'):format(vim.env.DRAFT_TASKS_ROOT .. '/tests/tools/alternate.py') })
  open('turns/.draft-tasks.toml')
  h.run('LspDraftTasks run pre-up')
  local lines = vim.tbl_filter(function(line)
    return line:find('^%d+$')
  end, h.output())
  local expected = vim.tbl_map(tostring, vim.fn.range(1000))
  equal(vim.list_slice(lines, #lines - 999), expected)
end)

check('output beyond the limit drops the oldest lines', function()
  h.write('much/.draft-tasks.toml', { '[pre-up]', 'much = "seq 25000"' })
  open('much/.draft-tasks.toml')
  h.run('LspDraftTasks run pre-up')
  assert(h.output_has('25000'))
  local lines = h.output()
  assert(#lines <= 10000, #lines)
  assert(lines[1]:find('earlier lines', 1, true), lines[1])
end)

--- Has output go elsewhere while a function runs.
local function with_target(target, f)
  local config = require('draft_tasks').config
  require('draft_tasks').setup({ output = { target = target } })
  local ok, problem = xpcall(f, debug.traceback)
  config = require('draft_tasks').config
  require('draft_tasks').setup({ output = { target = 'split' } })
  vim.cmd.cclose()
  assert(ok, problem)
  assert(config.output.target == target)
end

check('a target that is not there is refused', function()
  local ok, problem = pcall(require('draft_tasks').setup, { output = { target = 'window' } })
  assert(not ok and tostring(problem):find('output.target', 1, true), problem)
end)

check('output goes into a float', function()
  with_target('float', function()
    open('.draft-tasks.toml')
    local window = vim.api.nvim_get_current_win()
    h.run('LspDraftTasks run pre-up')
    local float = vim.iter(vim.api.nvim_list_wins()):find(function(win)
      return vim.api.nvim_win_get_config(win).relative == 'editor'
    end)
    assert(float, 'no float')
    local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(float), 0, -1, false)
    assert(vim.list_contains(lines, 'hello world'), vim.inspect(lines))
    equal(vim.api.nvim_get_current_win(), window)
    vim.cmd('LspDraftTasks log')
    equal(vim.api.nvim_get_current_win(), float)
    vim.api.nvim_feedkeys('q', 'x', false)
    assert(not vim.api.nvim_win_is_valid(float), 'q closes it')
  end)
end)

check('output goes into a terminal', function()
  with_target('terminal', function()
    h.write('terminal/draw.sh', { [[printf 'ten\rTWO\n\033[31mred\033[0m\n']] })
    h.write('terminal/.draft-tasks.toml', { '[pre-up]', 'draw = "sh draw.sh"' })
    open('terminal/.draft-tasks.toml')
    h.run('LspDraftTasks run pre-up')
    equal(vim.bo[require('draft_tasks.output').buffer()].buftype, 'terminal')
    eventually('the text as a terminal shows it', function()
      local lines = vim.tbl_map(vim.trim, h.output())
      return vim.list_contains(lines, 'TWO') and vim.list_contains(lines, 'red')
    end)
    assert(require('draft_tasks.output').is_visible(), 'it is not shown')
  end)
end)

check('output goes into the quickfix list, where places of files lead there', function()
  with_target('quickfix', function()
    h.write('fix/sub/main.c', { 'int main() {', '  retrun 0;', '}' })
    h.write('fix/.draft-tasks.toml', { '[pre-up]', 'build = "sh build.sh"' })
    h.write('fix/build.sh', { [[printf '\033[31msub/main.c:2:3: error: no\033[0m\n']], "printf 'no end' >&2", 'exit 2' })
    open('fix/.draft-tasks.toml')
    local window = vim.api.nvim_get_current_win()
    h.run('LspDraftTasks run pre-up')
    local list = vim.fn.getqflist({ items = 0, title = 0 })
    assert(vim.startswith(list.title, 'draft-tasks: pre-up'), list.title)
    local texts = vim.tbl_map(function(item)
      return item.text
    end, list.items)
    assert(vim.list_contains(texts, 'no end'), vim.inspect(texts))
    assert(not table.concat(texts, '\n'):find('draft-tasks enters', 1, true), vim.inspect(texts))
    local place = eventually('a line that leads to its place', function()
      return vim.iter(vim.fn.getqflist()):find(function(item)
        return item.valid == 1
      end)
    end)
    equal({ vim.api.nvim_buf_get_name(place.bufnr), place.lnum, place.col }, { h.path('fix/sub/main.c'), 2, 3 })
    assert(require('draft_tasks.output').is_visible(), 'it is not shown')
    equal(vim.api.nvim_get_current_win(), window)
  end)
end)

check('much output in the quickfix list drops the oldest lines', function()
  with_target('quickfix', function()
    open('much/.draft-tasks.toml')
    h.run('LspDraftTasks run pre-up')
    local list = vim.fn.getqflist()
    assert(#list <= 10000 and #list > 5000, #list)
    local last = vim.iter(list):rev():find(function(item)
      return item.text:find('^%d+$')
    end)
    equal(last.text, '25000')
  end)
end)

check('tasks in several pods are told apart, and waiting is said once', function()
  local runs, context = require('draft_tasks.runs'), { client_id = 0 }
  local function tell(params)
    runs.on_run(vim.tbl_extend('force', { run = 'pods', phase = 'post-deploy', uri = vim.uri_from_fname(h.path('x')) }, params), context)
  end
  local function write(pod, text)
    local pieces = { { stream = 'stdout', text = text } }
    local params = { run = 'pods', phase = 'post-deploy', task = 'migrate', pod = pod, pieces = pieces }
    runs.on_output(params, context)
  end
  local first = #h.output()
  tell({ state = 'started', message = 'post-deploy · 1 task' })
  tell({ state = 'waiting', message = '1/2 pods ready' })
  vim.api.nvim_exec_autocmds('LspProgress', {
    pattern = 'report',
    data = { client_id = 0, params = { token = require('draft_tasks.protocol').progress .. 'pods', value = { kind = 'report', message = '1/2 pods ready (12 s of 300 s)' } } },
  })
  equal(require('draft_tasks').status(), '▶ post-deploy · 1/2 pods ready (12 s of 300 s)')
  tell({ state = 'waiting', message = '1/2 pods ready' })
  tell({ state = 'taskStarted', task = 'migrate', pod = 'web-1', message = 'migrate' })
  tell({ state = 'taskStarted', task = 'migrate', pod = 'web-2', message = 'migrate' })
  write('web-1', 'one\n')
  write('web-2', 'two\n')
  tell({ state = 'finished', outcome = 'passed', message = 'post-deploy: 1 passed' })
  local lines = vim.list_slice(h.output(), first)
  equal(vim.list_slice(lines, #lines - 8), {
    'post-deploy · 1 task',
    '… 1/2 pods ready',
    '▶ migrate · web-1',
    '▶ migrate · web-2',
    '▶ post-deploy · migrate · web-1',
    'one',
    '▶ post-deploy · migrate · web-2',
    'two',
    'post-deploy: 1 passed',
  })
  equal(runs.count(), 0)
end)
