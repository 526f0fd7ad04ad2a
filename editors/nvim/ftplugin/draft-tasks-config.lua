-- Runs after TOML's own, since the file type is `toml.draft-tasks-config`.
require('draft_tasks.completion').map(vim.api.nvim_get_current_buf())
