--- The program `draft-tasks` beside the server: its version, and what is kept of runs.
local M = {}

---@return string[]|function|nil
local function cmd()
  return (vim.lsp.config.draft_tasks or {}).cmd
end

--- What is to be started and is not there.
---@return string?
function M.missing()
  local command = cmd()
  local program = type(command) == 'table' and command[1] or nil
  return program and vim.fn.executable(program) == 0 and program or nil
end

--- The program's command line with other arguments than those that make it a server.
---@param ... string
---@return string[]? command, string? problem
function M.command(...)
  local command = cmd()
  if type(command) ~= 'table' then
    return nil, 'the server is started by a function, so the program is not known'
  end
  local words = vim.tbl_filter(function(word)
    return word ~= 'lsp' and word ~= '--stdio'
  end, command)
  return vim.list_extend(words, { ... })
end

--- Runs the program in the environment that the server has.
---@param arguments string[]
---@param on_exit? fun(result: vim.SystemCompleted) called where Neovim's functions can be
---@return vim.SystemObj? process, string? problem
function M.start(arguments, on_exit)
  local command, problem = M.command(unpack(arguments))
  if not command then
    return nil, problem
  end
  local config = vim.lsp.config.draft_tasks
  local options = { text = true, env = config.cmd_env, cwd = config.cmd_cwd, timeout = 10000 }
  local ok, process = pcall(vim.system, command, options, on_exit and vim.schedule_wrap(on_exit))
  if not ok then
    return nil, tostring(process)
  end
  return process
end

---@class draft_tasks.KeptRun
---@field id string
---@field file? string the tasks file
---@field phase? string
---@field at? string when it began, RFC 3339
---@field state string how it ended, or that it goes on
---@field seconds? number

--- What is kept of runs, newest first.
---@param on_runs fun(runs?: draft_tasks.KeptRun[], problem?: string)
function M.runs(on_runs)
  local process, problem = M.start({ 'runs', '--all', '--format', 'json', 'list' }, function(result)
    local ok, runs = pcall(vim.json.decode, result.stdout or '', { luanil = { object = true } })
    if result.code == 0 and ok then
      on_runs(runs)
    else
      on_runs(nil, vim.trim(result.stderr or '') .. (ok and '' or (' ' .. tostring(runs))))
    end
  end)
  if not process then
    on_runs(nil, problem)
  end
end

--- What is kept of a run, for people, with colours.
---@param id string
---@param on_text fun(text?: string, problem?: string)
function M.run(id, on_text)
  local process, problem = M.start({ 'runs', '--color', 'always', 'show', id }, function(result)
    if result.code == 0 then
      on_text(result.stdout)
    else
      on_text(nil, vim.trim(result.stderr or ''))
    end
  end)
  if not process then
    on_text(nil, problem)
  end
end

--- The draft packs of this user, as `draft-tasks create` names them.
---@return string[]
function M.packs()
  local home = vim.env.DRAFT_HOME or vim.fs.joinpath(vim.uv.os_homedir(), '.draft')
  local root = vim.fs.joinpath(home, 'packs')
  local packs = {} ---@type string[]
  for depth = 1, 4 do
    local pattern = ('%s/%spacks/*/'):format(vim.fn.escape(root, '*?[]'), ('*/'):rep(depth))
    for _, path in ipairs(vim.fn.glob(pattern, true, true)) do
      table.insert(packs, (path:sub(#root + 2, -2):gsub('/packs/', '/')))
    end
  end
  return packs
end

return M
