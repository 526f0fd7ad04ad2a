---@brief
---
--- Language server for `.draft-tasks.toml`, the tasks file of Draft (DEP-8), for a project's settings beside it, and for
--- a draft pack's `tasks.toml`: diagnostics, completion, hover, and code actions and lenses that run a phase or a task.
---
--- The program is `draft-tasks`, installed by `cargo install --path server/draft-tasks --locked` in a clone.
---
--- ```lua
--- vim.lsp.enable('draft_tasks')
--- vim.lsp.config('draft_tasks', { settings = { draftTasks = { draftVersion = '0.16' } } })
--- ```

---@type vim.lsp.Config
return {
  cmd = { 'draft-tasks', 'lsp' },
  filetypes = { 'toml', 'toml.draft-tasks', 'toml.draft-tasks-config' },
  -- Other TOML files are not ours: for them `on_dir` is not called, and nothing starts. A pack is known by its charts.
  root_dir = function(bufnr, on_dir)
    local path = vim.api.nvim_buf_get_name(bufnr)
    if path:find('^%a[%w+.-]+://') then
      return
    end
    local name, folder = vim.fs.basename(path), vim.fs.dirname(path)
    local of_pack = name == 'tasks.toml' and vim.fn.isdirectory(vim.fs.joinpath(folder, 'charts')) == 1
    if of_pack or name == '.draft-tasks.toml' or name == '.draft-tasks.config.toml' then
      on_dir(vim.fs.root(path, { '.git', '.hg', '.jj' }) or folder)
    end
  end,
  get_language_id = function(bufnr, filetype)
    -- The plugin also tells the server of the files around a tasks file, which keep their own language.
    local name = vim.fs.basename(vim.api.nvim_buf_get_name(bufnr))
    local ours = { '.draft-tasks.toml', '.draft-tasks.config.toml', 'tasks.toml' }
    return (filetype == 'toml.draft-tasks' or vim.list_contains(ours, name)) and 'draft-tasks' or filetype
  end,
}
