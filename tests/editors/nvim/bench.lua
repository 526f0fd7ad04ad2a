-- What a person waits for in Neovim: a list after a key, output after a lens, keys while much output comes.
-- Prints milliseconds: the median and the longest of some repetitions. No test looks at them.
--
--   tests/editors/nvim/run bench.lua
vim.opt.runtimepath:prepend(vim.env.DRAFT_TASKS_ROOT .. '/editors/nvim')
local h = dofile(vim.env.DRAFT_TASKS_ROOT .. '/tests/editors/nvim/harness.lua')
-- What takes long is to be seen, and is no error: a machine may be busy for hours.
h.deadline = 24 * 60 * 60 * 1000

local function tell(what, times)
  table.sort(times)
  h.say(('%-44s %6.1f ms, at most %.1f ms'):format(what, times[math.floor(#times / 2) + 1], times[#times]))
end

local function now()
  return vim.uv.hrtime() / 1e6
end

local tasks = { '[pre-up]' }
for number = 1, 100 do
  table.insert(tasks, ('"task %d" = "echo hello %d"'):format(number, number))
end
h.write('bench/.draft-tasks.toml', tasks)

-- Lists of completion need a Neovim that reads keys: a second one, driven from here, with its own clock.
local function completion()
  local init = vim.env.DRAFT_TASKS_ROOT .. '/tests/editors/nvim/init.lua'
  local child = vim.fn.jobstart({ vim.v.progpath, '--clean', '--embed', '-u', init, h.path('bench/.draft-tasks.toml') }, { rpc = true })
  vim.rpcrequest(child, 'nvim_ui_attach', 80, 24, {})
  local function ask(code)
    return vim.rpcrequest(child, 'nvim_exec_lua', code, {})
  end
  h.eventually('the server attaches', function()
    return ask('return #vim.lsp.get_clients({ bufnr = 0 })') == 1
  end)
  ask([[
    vim.api.nvim_create_autocmd('CompleteChanged', { callback = function() shown = shown or vim.uv.hrtime() end })
    vim.o.completeopt = 'menuone,noinsert'
  ]])
  local times = {}
  for _ = 1, 30 do
    ask([[vim.cmd('normal! Go') vim.api.nvim_input('A"new task" = "ec')]])
    vim.wait(100)
    ask([[shown, asked = nil, vim.uv.hrtime() vim.api.nvim_input(vim.keycode('<C-x><C-o>'))]])
    h.eventually('the list', function()
      return ask('return shown ~= nil')
    end)
    table.insert(times, ask('return (shown - asked) / 1e6'))
    ask([[vim.api.nvim_input(vim.keycode('<C-e><Esc>')) ]])
    vim.wait(20)
    ask([[vim.cmd('silent undo 0')]])
  end
  vim.fn.jobstop(child)
  tell('key to list of completion, 100 tasks', times)
end

local function lens()
  h.open('bench/.draft-tasks.toml')
  local bufnr = require('draft_tasks.output').buffer()
  local first
  vim.api.nvim_buf_attach(bufnr, false, {
    on_lines = function(_, _, _, from, _, to)
      if not first and vim.iter(vim.api.nvim_buf_get_lines(bufnr, from, to, false)):any(function(line)
        return vim.startswith(line, 'hello')
      end) then
        first = now()
      end
    end,
  })
  local namespace = vim.api.nvim_create_namespace('draft_tasks_codelens')
  local times = {}
  for _ = 1, 30 do
    h.go_to('"task 1"')
    h.eventually('a lens that runs', function()
      local mark = vim.api.nvim_buf_get_extmarks(0, namespace, { 1, 0 }, { 1, -1 }, { details = true })[1]
      return mark and mark[4].virt_text[1][1]:find('▶ Run', 1, true)
    end)
    vim.wait(50)
    first = nil
    local asked = now()
    h.run(function()
      vim.lsp.codelens.run()
    end)
    table.insert(times, first - asked)
  end
  tell('lens to first output', times)
end

--- The longest time in which Neovim does nothing else while a phase runs: as the clock has it, and of the processor, which does
--- not depend on what else the machine does.
local function much(target)
  require('draft_tasks').setup({ output = { target = target } })
  h.write('much/.draft-tasks.toml', { '[pre-up]', 'much = "seq 100000"' })
  h.open('much/.draft-tasks.toml')
  local times, busy = {}, {}
  for _ = 1, 5 do
    local longest, last, worked, before = 0, now(), 0, os.clock()
    local timer = assert(vim.uv.new_timer())
    timer:start(0, 1, function()
      local tick = now()
      longest, last = math.max(longest, tick - last), tick
      local clock = os.clock()
      worked, before = math.max(worked, clock - before), clock
    end)
    h.run('LspDraftTasks run pre-up')
    vim.wait(200)
    timer:close()
    table.insert(times, longest)
    table.insert(busy, worked * 1000)
  end
  tell(('100,000 lines, %s: longest without a key'):format(target), times)
  tell('  of the processor', busy)
end

h.say('Neovim ' .. tostring(vim.version()))
completion()
lens()
for _, target in ipairs({ 'split', 'terminal', 'quickfix' }) do
  much(target)
end
os.exit(0)
