-- Runs after TOML's own, since the file type is `toml.draft-tasks`.
require('draft_tasks.treesitter').start(vim.api.nvim_get_current_buf())
require('draft_tasks.completion').map(vim.api.nvim_get_current_buf())
