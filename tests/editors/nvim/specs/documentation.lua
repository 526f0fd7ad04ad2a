-- `:help draft_tasks`: its tags are right, and it says what there is.
local h, t = ... ---@module 'harness', module 'checks'
local check, equal = t.check, t.equal

local source = vim.env.DRAFT_TASKS_ROOT .. '/editors/nvim/doc/draft_tasks.txt'

--- The names in a file of tags.
local function tags_of(path)
  local tags = {}
  for _, line in ipairs(vim.fn.readfile(path)) do
    tags[line:match('^[^\t]+')] = true
  end
  return tags
end

local function help_text()
  return table.concat(vim.fn.readfile(source), '\n')
end

check('help tags are made without a complaint, and help opens', function()
  vim.fn.mkdir(h.path('help/doc'), 'p')
  assert(vim.uv.fs_copyfile(source, h.path('help/doc/draft_tasks.txt')))
  vim.cmd.helptags(vim.fn.fnameescape(h.path('help/doc')))
  vim.opt.runtimepath:append(h.path('help'))
  for tag in pairs(tags_of(h.path('help/doc/tags'))) do
    vim.cmd.help(tag)
    equal({ vim.bo.filetype, vim.fs.basename(vim.api.nvim_buf_get_name(0)) }, { 'help', 'draft_tasks.txt' })
  end
end)

check('the tags are there as they would be made, however the plugin is installed', function()
  local root = vim.env.DRAFT_TASKS_ROOT .. '/editors/nvim/doc/tags'
  equal(vim.fn.readfile(root), vim.fn.readfile(h.path('help/doc/tags')))
end)

check('links in the help lead somewhere', function()
  local own = tags_of(h.path('help/doc/tags'))
  local core = tags_of(vim.env.VIMRUNTIME .. '/doc/tags')
  local links = 0
  for link in help_text():gmatch('|([^%s|]+)|') do
    links = links + 1
    assert(own[link] or core[link], link)
  end
  for _, option in ipairs({ "'runtimepath'", "'statusline'" }) do
    assert(help_text():find(option, 1, true) and core[option], option)
  end
  assert(links > 5, links)
end)

check('the help has every subcommand, setting and function, in lines that fit', function()
  local text = help_text()
  for _, subcommand in ipairs(vim.fn.getcompletion('LspDraftTasks ', 'cmdline')) do
    assert(text:find('\n:%[?r?a?n?g?e?%]?LspDraftTasks ' .. subcommand .. '%f[^%w]'), subcommand)
  end
  for _, target in ipairs(vim.tbl_keys(require('draft_tasks.output').targets)) do
    assert(text:find(("'%s'"):format(target), 1, true), target)
  end
  local config = require('draft_tasks').config
  for _, name in ipairs(vim.list_extend(vim.tbl_keys(config), vim.tbl_keys(config.output))) do
    assert(text:find('\n +' .. name .. ' = '), name)
  end
  for name, value in pairs(require('draft_tasks')) do
    assert(type(value) ~= 'function' or text:find(('*draft_tasks.%s()*'):format(name), 1, true), name)
  end
  for number, line in ipairs(vim.split(text, '\n')) do
    assert(vim.fn.strdisplaywidth(line) <= 80, number .. ': ' .. line)
  end
end)

check('the Lua in the documentation of editors is Lua', function()
  local editors = table.concat(vim.fn.readfile(vim.env.DRAFT_TASKS_ROOT .. '/docs/editors.md'), '\n')
  local blocks = 0
  for block in editors:gmatch('```lua\n(.-)```') do
    blocks = blocks + 1
    assert(loadstring(block) or loadstring('return ' .. block), block)
  end
  assert(blocks > 0)
end)
