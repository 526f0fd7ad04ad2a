---@brief
---
--- Language server for `.draft-tasks.toml`, the tasks file of Draft (DEP-8), and for a draft pack's `tasks.toml`:
--- diagnostics, completion, hover, and code actions and lenses that run a phase or a task.
---
--- ```lua
--- vim.lsp.enable('draft_tasks')
--- vim.lsp.config('draft_tasks', { settings = { draftTasks = { draftVersion = '0.16' } } })
--- ```
local file = require('draft_tasks.file')
local protocol = require('draft_tasks.protocol')

---@type vim.lsp.Config
return {
  cmd = { 'draft-tasks', 'lsp' },
  filetypes = { 'toml', file.filetype },
  -- Other TOML files are not ours: for them `on_dir` is not called, and nothing starts.
  root_dir = function(bufnr, on_dir)
    local path = vim.api.nvim_buf_get_name(bufnr)
    if file.is_tasks_file(path) or file.is_settings(path) then
      on_dir(file.root(path))
    end
  end,
  get_language_id = function()
    return 'toml'
  end,
  capabilities = {
    experimental = { draftTasks = { output = true } },
    workspace = { codeLens = { refreshSupport = true } },
  },
  on_exit = vim.schedule_wrap(function(_, _, client_id)
    require('draft_tasks.runs').on_exit(client_id)
  end),
  handlers = {
    [protocol.notifications.output] = function(_, params, ctx)
      require('draft_tasks.runs').on_output(params, ctx)
    end,
    [protocol.notifications.run] = function(_, params, ctx)
      require('draft_tasks.runs').on_run(params, ctx)
    end,
    ['workspace/codeLens/refresh'] = function(err, params, ctx)
      return require('draft_tasks.codelens').on_refresh(err, params, ctx)
    end,
  },
}
