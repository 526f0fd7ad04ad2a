-- Installs draft-tasks by mason.nvim as a user would, opens a tasks file, and removes it; any error is the exit code.
--
--   nvim --clean --headless -l packaging/mason.lua MASON PLUGIN PLACE ADDRESS
--
-- PLACE has the folder `registry` and a tasks file with a mistake; below ADDRESS are the files of a release.
local mason, plugin, place, address = unpack(arg)
vim.opt.runtimepath:prepend({ mason, plugin })

--- Until it holds, half a minute at most.
local function wait(what, holds)
  assert(vim.wait(30000, holds, 20), 'not ' .. what)
end

require('mason').setup({
  install_root_dir = place .. '/mason',
  registries = { 'file:' .. place .. '/registry' },
  system_registries = {},
  github = { download_url_template = address .. '/%s/%s/%s' },
})
local registry = require('mason-registry')

local updated
registry.update(function(success, result)
  updated = { success = success, result = result }
end)
wait('updated', function()
  return updated
end)
assert(updated.success, vim.inspect(updated.result))

local installed
local package = registry.get_package('draft-tasks')
package:install({}, function(success, result)
  installed = { success = success, result = result }
end)
wait('installed', function()
  return installed
end)
assert(installed.success, vim.inspect(installed.result))
assert(vim.fn.exepath('draft-tasks') == place .. '/mason/bin/draft-tasks', vim.fn.exepath('draft-tasks'))

vim.lsp.enable('draft_tasks')
vim.cmd.edit(place .. '/.draft-tasks.toml')
vim.bo.filetype = 'toml'
wait('diagnosed', function()
  return #vim.diagnostic.get(0) > 0
end)
for _, client in ipairs(vim.lsp.get_clients()) do
  client:stop()
end
wait('stopped', function()
  return #vim.lsp.get_clients() == 0
end)

package:uninstall()
wait('removed', function()
  return vim.fn.executable('draft-tasks') == 0
end)
