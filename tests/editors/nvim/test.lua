-- The plugin and the server in a real Neovim. Prints a line for each check and a sum; the exit code says the same.
vim.opt.runtimepath:prepend(vim.env.DRAFT_TASKS_ROOT .. '/editors/nvim')
local here = vim.env.DRAFT_TASKS_ROOT .. '/tests/editors/nvim/'
local h = dofile(here .. 'harness.lua')
local t = assert(loadfile(here .. 'checks.lua'))(h)

h.say('Neovim ' .. tostring(vim.version()))
for _, spec in ipairs({
  'starting',
  'language',
  'typing',
  'treesitter',
  'running',
  'commands',
  'terminal',
  'target',
  'job',
  'output',
  'shown',
  'leaving',
  'alone',
  'documentation',
  'client',
}) do
  assert(loadfile(here .. 'specs/' .. spec .. '.lua'))(h, t)
end
h.say(('%d passed, %d failed'):format(t.passed, t.failed))
os.exit(t.failed == 0 and 0 or 1)
