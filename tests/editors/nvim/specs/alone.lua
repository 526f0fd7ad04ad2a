-- The description of the server without the plugin, as nvim-lspconfig would ship it.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal, eventually = t.check, t.equal, h.eventually

--- A second Neovim that has only `lsp/draft_tasks.lua`, and a function that asks it.
local function start()
  local runtime = h.path('../alone')
  vim.fn.mkdir(runtime .. '/lsp', 'p')
  assert(vim.uv.fs_copyfile(vim.env.DRAFT_TASKS_ROOT .. '/editors/nvim/lsp/draft_tasks.lua', runtime .. '/lsp/draft_tasks.lua'))
  local child = vim.fn.jobstart({ vim.v.progpath, '--clean', '--embed', '--headless', '-n' }, { rpc = true })
  local function ask(code, ...)
    return vim.rpcrequest(child, 'nvim_exec_lua', code, { ... })
  end
  ask(
    [[
      local runtime, program = ...
      vim.opt.runtimepath:prepend(runtime)
      vim.lsp.config('draft_tasks', { cmd = { program, 'lsp' } })
      vim.lsp.enable('draft_tasks')
      vim.lsp.log.set_level('info')
      told = {}
      for _, method in ipairs({ 'window/showMessage', 'window/logMessage' }) do
        local default = vim.lsp.handlers[method]
        vim.lsp.handlers[method] = function(_, params, ctx)
          table.insert(told, params.message)
          return method == 'window/logMessage' and default(_, params, ctx) or nil
        end
      end
    ]],
    runtime,
    vim.env.DRAFT_TASKS_BIN
  )
  return child, ask
end

check('`lsp/draft_tasks.lua` is enough to run tasks', function()
  local child, ask = start()
  ask('vim.cmd.edit(vim.fn.fnameescape(...))', h.path('failing/.draft-tasks.toml'))
  equal(ask('return vim.bo.filetype'), 'toml')
  eventually('the server attaches', function()
    return ask("return #vim.lsp.get_clients({ bufnr = 0, name = 'draft_tasks' }) == 1")
  end)
  ask([[
    vim.fn.search('pre-up')
    vim.lsp.buf.code_action({
      apply = true,
      context = { only = { 'draft-tasks.run' }, diagnostics = {} },
      filter = function(action)
        return action.title:find('Run pre-up (', 1, true) ~= nil
      end,
    })
  ]])
  eventually('the output is told', function()
    return ask("return table.concat(told, '\\n')"):find('cannot reach the database', 1, true)
  end)
  eventually('the diagnostic of the failure', function()
    return ask([[
      return vim.iter(vim.diagnostic.get(0)):any(function(diagnostic)
        return diagnostic.code == 'task-failed'
      end)
    ]])
  end)
  local log = table.concat(vim.fn.readfile(ask('return vim.lsp.get_log_path()')), '\n')
  assert(log:find('cannot reach the database', 1, true), 'the output is not in the log')
  ask([[
    vim.fn.search('migrate the database')
    vim.lsp.buf.code_action({
      apply = true,
      context = { only = { 'draft-tasks.show' }, diagnostics = {} },
      filter = function(action)
        return action.title:find('last log', 1, true) ~= nil
      end,
    })
  ]])
  eventually('the log is shown', function()
    return ask("return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')") == 'cannot reach the database'
  end)
  equal(ask("return package.loaded['draft_tasks.protocol'] == nil"), true)
  vim.fn.jobstop(child)
end)

check('`lsp/draft_tasks.lua` names the same files as the plugin', function()
  local text = table.concat(vim.fn.readfile(vim.env.DRAFT_TASKS_ROOT .. '/editors/nvim/lsp/draft_tasks.lua'), '\n')
  local protocol, file = require('draft_tasks.protocol'), require('draft_tasks.file')
  for _, name in ipairs({ protocol.tasks_file, protocol.settings_file, file.filetype }) do
    assert(text:find(("'%s'"):format(name), 1, true), name)
  end
end)
