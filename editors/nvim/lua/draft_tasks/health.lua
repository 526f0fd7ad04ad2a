--- `:checkhealth draft_tasks`
local file = require('draft_tasks.file')
local program = require('draft_tasks.program')
local protocol = require('draft_tasks.protocol')

local M = {}

--- Neovim only writes into its log that a server cannot be started.
function M.warn()
  local missing = program.missing()
  if missing then
    vim.notify_once(('`%s` is not on PATH; see :checkhealth draft_tasks'):format(missing), vim.log.levels.WARN)
  end
end

--- A variable of the environment that the server has.
---@param name string
---@return string?
local function variable(name)
  local of_client = (vim.lsp.config.draft_tasks or {}).cmd_env or {}
  local value = of_client[name] or vim.env[name]
  return value ~= nil and value ~= '' and tostring(value) or nil
end

local function check_program()
  local health = vim.health
  local missing = program.missing()
  if missing then
    health.error(('`%s` is not on PATH'):format(missing), {
      'install it: `cargo install --path server/draft-tasks --locked` in a clone of draft-tasks',
      "or say where it is: `vim.lsp.config('draft_tasks', { cmd = { '/path/to/draft-tasks', 'lsp' } })`",
    })
    return
  end
  local command = program.command('--version')
  local process, problem = program.start({ '--version' })
  if not process or not command then
    health.info(problem or 'the program is not known')
    return
  end
  local result = process:wait()
  local version = (result.stdout or ''):match('^draft%-tasks (%S+)')
  local path = vim.fn.exepath(command[1])
  if result.code ~= 0 or not version then
    local said = vim.trim((result.stderr or '') .. (result.stdout or ''))
    health.error(('`%s` is not the program that is meant: %s'):format(table.concat(command, ' '), said))
  elseif version ~= protocol.version then
    health.warn(('`%s` is version %s, the plugin %s'):format(path, version, protocol.version), {
      'update the plugin and the program from the same version of draft-tasks',
    })
  else
    health.ok(('`%s` is version %s, as the plugin'):format(path, version))
  end
end

---@return integer[] tasks files that are open
local function open_files()
  return vim.tbl_filter(function(bufnr)
    return vim.api.nvim_buf_is_loaded(bufnr) and file.is_tasks_file(vim.api.nvim_buf_get_name(bufnr))
  end, vim.api.nvim_list_bufs())
end

--- The tasks file that commands would mean, and which servers the ones that are open have.
local function check_files()
  local health = vim.health
  local nearest = file.nearest(file.folder(vim.fn.bufnr('#') > 0 and vim.fn.bufnr('#') or 0))
  if nearest then
    health.ok(('the nearest tasks file is `%s`'):format(nearest))
  else
    health.info(('no `%s` here or above; `:LspDraftTasks create` makes one'):format(protocol.tasks_file))
  end
  local opened = open_files()
  for _, bufnr in ipairs(opened) do
    local path, names, serves = vim.api.nvim_buf_get_name(bufnr), {}, false
    for _, client in ipairs(vim.lsp.get_clients({ bufnr = bufnr })) do
      table.insert(names, ('`%s` (root `%s`)'):format(client.name, client.root_dir or 'none'))
      serves = serves or client.name == 'draft_tasks'
    end
    local attached = #names > 0 and table.concat(names, ', ') or 'nothing'
    if serves then
      health.ok(('`%s`: attached is %s'):format(path, attached))
    else
      health.error(('`%s`: attached is %s'):format(path, attached), {
        "is `vim.g.draft_tasks_enable` false? then call `vim.lsp.enable('draft_tasks')`",
        'the reason may be in `:lua vim.cmd.edit(vim.lsp.get_log_path())`',
      })
    end
    if #names > 1 then
      health.info('several servers report the same mistakes of TOML twice; limit the others to other files')
    end
  end
  if #opened == 0 then
    health.info('no tasks file is open; the server starts with the first')
  end
end

--- The folder itself, or the nearest above it that is there.
---@param path string
---@return string
local function existing(path)
  while not vim.uv.fs_stat(path) and vim.fs.dirname(path) ~= path do
    path = vim.fs.dirname(path)
  end
  return path
end

--- Whether runs can be recorded.
local function check_state()
  local health = vim.health
  local own, shared = variable('DRAFT_TASKS_STATE_DIR'), variable('XDG_STATE_HOME')
  local state = own or vim.fs.joinpath(shared or vim.fs.joinpath(vim.uv.os_homedir(), '.local/state'), 'draft-tasks')
  local runs = vim.fs.joinpath(state, 'runs')
  local there = existing(runs)
  if vim.fn.filewritable(there) == 2 then
    health.ok(('runs are kept in `%s`, which is writable'):format(runs))
  else
    local what = vim.fn.isdirectory(there) == 1 and 'is not writable' or 'is not a folder'
    health.warn(('runs are not kept: `%s` %s'):format(there, what), {
      'tasks run all the same; set `DRAFT_TASKS_STATE_DIR` to a folder that is writable',
    })
  end
end

--- The first context that the files of a kubeconfig choose, as kubectl reads them.
---@param paths string[]
---@return string?
local function current_context(paths)
  for _, path in ipairs(paths) do
    for line in io.lines(path) do
      local context = line:match('^current%-context:%s*(.-)%s*$')
      context = context and context:gsub('^(["\'])(.*)%1$', '%2')
      if context and context ~= '' then
        return context
      end
    end
  end
end

--- Where the server would run tasks in pods, as it tells of a tasks file that is open; it contacts nothing for that.
local function check_target()
  local command = protocol.commands.target
  for _, bufnr in ipairs(command and open_files() or {}) do
    local client = vim.lsp.get_clients({ bufnr = bufnr, name = 'draft_tasks' })[1]
    if client and require('draft_tasks.server').has(client, command) then
      local params = { command = command, arguments = { { uri = vim.uri_from_bufnr(bufnr) } } }
      local response = client:request_sync('workspace/executeCommand', params, 2000)
      local target = response and response.result or {}
      local words = {} ---@type string[]
      for _, name in ipairs({ 'environment', 'context', 'namespace', 'selector' }) do
        if type(target[name]) == 'string' then
          table.insert(words, ('%s `%s`'):format(name, target[name]))
        end
      end
      local path, where = vim.api.nvim_buf_get_name(bufnr), table.concat(words, ', ')
      if type(target.problem) == 'string' then
        vim.health.info(('`%s`: `post-deploy` cannot run: %s'):format(path, target.problem))
      else
        vim.health.ok(('`%s`: `post-deploy` runs in pods of %s'):format(path, where))
      end
    end
  end
end

--- What is known of the cluster without asking it; only tasks in pods need it.
local function check_cluster()
  local health = vim.health
  local separator = vim.fn.has('win32') == 1 and ';' or ':'
  local set = variable('KUBECONFIG')
  local default = vim.fs.joinpath(vim.uv.os_homedir(), '.kube', 'config')
  local readable = {} ---@type string[]
  for _, path in ipairs(set and vim.split(set, separator, { trimempty = true }) or { default }) do
    if vim.fn.filereadable(path) == 1 then
      table.insert(readable, path)
    else
      local level = set and health.warn or health.info
      level(('kubeconfig `%s` cannot be read; `post-deploy` needs it'):format(path))
    end
  end
  if #readable == 0 then
    return
  end
  local settings = vim.tbl_get(vim.lsp.config.draft_tasks or {}, 'settings', protocol.settings, 'kubernetes') or {}
  local chosen = settings.context ~= '' and settings.context or nil
  local context = chosen or current_context(readable)
  local files = table.concat(readable, '`, `')
  if context then
    local from = chosen and ', of the settings' or ''
    health.ok(('kubeconfig `%s`, context `%s`%s'):format(files, context, from))
  else
    health.warn(('kubeconfig `%s` chooses no context'):format(files), {
      'choose one: `kubectl config use-context NAME`, or the setting `draftTasks.kubernetes.context`',
    })
  end
end

function M.check()
  local health = vim.health
  health.start('draft-tasks: program')
  if vim.fn.has('nvim-0.11') == 0 then
    health.error('Neovim is older than 0.11')
    return
  end
  health.ok('Neovim ' .. tostring(vim.version()))
  check_program()
  health.start('draft-tasks: files')
  check_files()
  check_state()
  health.start('draft-tasks: cluster')
  check_cluster()
  check_target()
  health.start('draft-tasks: tree-sitter')
  if not require('draft_tasks.treesitter').available() then
    health.info('the parser for TOML is not installed; syntax highlighting is used')
  elseif #vim.api.nvim_get_runtime_file('parser/bash.*', false) == 0 then
    health.ok('TOML is highlighted; with the parser for bash commands would be, too')
  else
    health.ok('TOML and the commands in it are highlighted')
  end
end

return M
