--- `:checkhealth draft_tasks`
local M = {}

--- The program that is to be started, if it is not there.
---@return string?
local function missing_program()
  local cmd = (vim.lsp.config.draft_tasks or {}).cmd
  local program = type(cmd) == 'table' and cmd[1] or nil
  return program and vim.fn.executable(program) == 0 and program or nil
end

--- Neovim only writes into its log that a server cannot be started.
function M.warn()
  local program = missing_program()
  if program then
    vim.notify_once(('`%s` is not on PATH; see :checkhealth draft_tasks'):format(program), vim.log.levels.WARN)
  end
end

function M.check()
  local health = vim.health
  health.start('draft-tasks')
  if vim.fn.has('nvim-0.11') == 0 then
    health.error('Neovim is older than 0.11')
    return
  end
  health.ok('Neovim ' .. tostring(vim.version()))

  local cmd = (vim.lsp.config.draft_tasks or {}).cmd
  local missing = missing_program()
  if missing then
    health.error(('`%s` is not on PATH'):format(missing), {
      'install it: `cargo install --path server/draft-tasks --locked` in a clone of draft-tasks',
      "or say where it is: `vim.lsp.config('draft_tasks', { cmd = { '/path/to/draft-tasks', 'lsp' } })`",
    })
  elseif type(cmd) ~= 'table' then
    health.info('the server is started by a function')
  else
    local program = cmd[1]
    local run = vim.system({ program, '--version' }, { text = true }):wait(5000)
    local version = vim.trim(run.stdout or '')
    if run.code == 0 then
      health.ok(('`%s` is %s'):format(vim.fn.exepath(program), version))
    else
      health.error(('`%s --version` fails: %s'):format(program, vim.trim(run.stderr or '')))
    end
  end

  local clients = vim.lsp.get_clients({ name = 'draft_tasks' })
  for _, client in ipairs(clients) do
    health.ok(('serves %d buffers below `%s`'):format(vim.tbl_count(client.attached_buffers), client.root_dir))
  end
  if #clients == 0 then
    health.info('no server runs; it starts when a `.draft-tasks.toml` is opened')
  end
end

return M
