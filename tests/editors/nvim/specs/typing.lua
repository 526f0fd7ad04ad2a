-- Fluent typing with accepted completions, with and without a mapping that closes brackets and quotes. An accepted item leaves a file
-- that parses, where what stood around it did.
local h, t = ... ---@module 'harness', module 'checks'

local SEQUENCES = 200
local STEPS = 8

--- What is typed between completions, in any order.
local KEYS = {
  '[', ']', '"', "'", '[pre-up]\n', '[cl', 'pre', '["po', '[run', '[on', '\n', 'a', 'sem', 'tim', ' = ', '=', '"a" = "make',
  'description', 'x y', '# note', '$HO', ' ', '"a b" = "sh ', '"greet" = "ec', '<Esc>o', '<Esc>ggO', '<Esc>A',
} -- stylua: ignore

--- Numbers that look like chance and are the same each time.
local function chance(seed)
  local state = seed * 7919 + 1
  return function(limit)
    state = state * 16807 % 2147483647
    return math.floor(state / 7) % limit + 1
  end
end

--- A Neovim that reads keys, with a server for a tasks file and one for a project's settings.
local function start()
  local program = ("lua vim.lsp.config('draft_tasks', { cmd = { %q, 'lsp' } })"):format(vim.env.DRAFT_TASKS_BIN)
  local child, ask = t.neovim({ '-n', '--cmd', program })
  ask([[
    vim.o.completeopt = 'menuone,noselect'
    answered = 0
    local complete = vim.fn.complete
    vim.fn.complete = function(...)
      answered = answered + 1
      return complete(...)
    end
    local function pair(open, close)
      return function()
        local rest = vim.api.nvim_get_current_line():sub(vim.api.nvim_win_get_cursor(0)[2] + 1)
        if open == close and vim.startswith(rest, close) then
          return '<C-g>U<Right>'
        end
        return rest:find('^%w') and open or open .. close .. '<C-g>U<Left>'
      end
    end
    function set_pairs(are_set)
      for open, close in pairs({ ['['] = ']', ['"'] = '"', ["'"] = "'" }) do
        if are_set then
          vim.keymap.set('i', open, pair(open, close), { expr = true, buffer = true })
          vim.keymap.set('i', close, function()
            local rest = vim.api.nvim_get_current_line():sub(vim.api.nvim_win_get_cursor(0)[2] + 1)
            return vim.startswith(rest, close) and '<C-g>U<Right>' or open == close and pair(open, close)() or close
          end, { expr = true, buffer = true })
        else
          pcall(vim.keymap.del, 'i', open, { buffer = true })
          pcall(vim.keymap.del, 'i', close, { buffer = true })
        end
      end
    end
    function empty()
      vim.snippet.stop()
      vim.cmd.stopinsert()
      vim.api.nvim_buf_set_lines(0, 0, -1, false, {})
    end
    function asked()
      return vim.iter(vim.lsp.get_clients({ bufnr = 0 })):any(function(client)
        return not client.initialized or next(client.requests) ~= nil
      end)
    end
    function text(without_cursor)
      local lines = vim.api.nvim_buf_get_lines(0, 0, -1, false)
      if without_cursor then
        table.remove(lines, vim.api.nvim_win_get_cursor(0)[1])
      end
      return table.concat(lines, '\n') .. '\n'
    end
  ]])
  return child, ask
end

--- What parses is asked of all texts at once.
local texts = {} ---@type string[] their paths

local kept = {} ---@type table<string, integer>

---@param text string
---@return integer
local function keep(text)
  if kept[text] then
    return kept[text]
  end
  local path = ('typing/texts/%d/.draft-tasks.toml'):format(#texts + 1)
  h.write(path, vim.split(text, '\n'))
  table.insert(texts, path)
  kept[text] = #texts
  return #texts
end

--- Which of the texts are no TOML, each with the reason.
---@return table<integer, string>
local function broken()
  local command = { vim.env.DRAFT_TASKS_BIN, 'check', '--format', 'json' }
  local result = vim.system(vim.list_extend(command, texts), { cwd = h.work, text = true }):wait()
  local found = {}
  for _, file in ipairs(vim.json.decode(result.stdout).files) do
    for _, diagnostic in ipairs(file.diagnostics) do
      if diagnostic.code == 'syntax' or diagnostic.code == 'duplicate-task' then
        found[tonumber(file.path:match('(%d+)/%.draft'))] = diagnostic.message
      end
    end
  end
  return found
end

---@class draft_tasks.Accepted
---@field what string keys and label
---@field is_structure boolean a phase, a task or a setting, which stands on lines of its own
---@field before integer
---@field others integer the text without the line of the cursor
---@field after integer

local child, ask

--- Waits for the end of what was begun. Keys are read before anything else that Neovim is asked.
local function settle()
  assert(vim.wait(h.deadline, function()
    return not ask('return asked()')
  end, 1))
end

local function press(keys)
  vim.rpcrequest(child, 'nvim_input', (keys:gsub('\n', '<CR>')))
end

--- Asks for completions.
---@return { label: string, kind: integer }[]
local function complete()
  local before = ask('return answered')
  ask('vim.lsp.completion.get()')
  assert(vim.wait(h.deadline, function()
    return ask('return answered') > before
  end, 1))
  return ask([[
    return vim.tbl_map(function(item)
      local offered = vim.tbl_get(item, 'user_data', 'nvim', 'lsp', 'completion_item')
      return { label = offered.label, kind = offered.kind }
    end, vim.fn.complete_info({ 'items' }).items)
  ]])
end

--- Writes words over what an accepted item leaves to be filled in, or leaves it as it is: Enter over it goes on, too.
---@param number integer
local function fill(number)
  for field = 1, 10 do
    if not ask('return vim.snippet.active()') then
      return
    end
    if number % 3 == 0 and ask("return vim.fn.mode() == 's' and vim.snippet.active({ direction = 1 })") then
      press('<CR>')
    else
      press(('two words %d %d'):format(number, field))
      press(ask('return vim.snippet.active({ direction = 1 })') and '<Tab>' or '<Esc>a')
    end
    if ask("return vim.fn.mode() == 'i' and not vim.snippet.active({ direction = 1 })") then
      ask('vim.snippet.stop()')
    end
  end
end

---@param typed string
---@param items { label: string, kind: integer }[]
---@param index integer
---@param number integer
---@return draft_tasks.Accepted
local function accept(typed, items, index, number)
  local item = items[index]
  local before, others = keep(ask('return text(false)')), keep(ask('return text(true)'))
  press(('<C-n>'):rep(index) .. '<C-y>')
  settle()
  fill(number)
  local FUNCTION, VARIABLE = 3, 6
  return {
    what = ('%s … %s'):format(typed, item.label),
    is_structure = item.kind ~= FUNCTION and item.kind ~= VARIABLE,
    before = before,
    others = others,
    after = keep(ask('return text(false)')),
  }
end

---@param accepted draft_tasks.Accepted[]
local function type_sequence(sequence, accepted)
  local next_number, typed = chance(sequence), ''
  ask('empty() set_pairs(...)', sequence % 2 == 0)
  press('i')
  for _ = 1, STEPS do
    local keys = KEYS[next_number(#KEYS)]
    press(keys)
    typed = typed .. keys:gsub('\n', '<CR>')
    if next_number(2) == 1 and ask("return vim.fn.mode() == 'i'") then
      local items = complete()
      if #items > 0 then
        local taken = accept(typed, items, next_number(#items), #accepted)
        typed = taken.what
        table.insert(accepted, taken)
      end
    end
  end
  press('<C-e><Esc>')
  settle()
end

t.check('what is accepted while typing leaves a file that parses', function()
  child, ask = start()
  local accepted = {} ---@type draft_tasks.Accepted[]
  for number, name in ipairs({ '.draft-tasks.toml', '.draft-tasks.config.toml' }) do
    h.write('typing/' .. name, {})
    ask('vim.cmd.edit({ args = { vim.fn.fnameescape(...) }, bang = true })', h.path('typing/' .. name))
    h.eventually('the server attaches', function()
      return ask('return #vim.lsp.get_clients({ bufnr = 0 }) == 1 and not asked()')
    end)
    ask("vim.lsp.completion.enable(true, vim.lsp.get_clients({ bufnr = 0 })[1].id, 0)")
    for sequence = 1, SEQUENCES do
      if (sequence % 4 == 3) == (number == 2) then
        type_sequence(sequence, accepted)
      end
    end
  end
  vim.fn.jobstop(child)
  local no_toml = broken()
  local wrong = vim.tbl_filter(function(one)
    local was_right = not no_toml[one.before] or one.is_structure and not no_toml[one.others]
    return was_right and no_toml[one.after] ~= nil
  end, accepted)
  local told = vim.tbl_map(function(one)
    local function text_of(index)
      return table.concat(vim.fn.readfile(h.path(texts[index])), '\n')
    end
    return ('%s\n%s── makes\n%s── %s'):format(one.what, text_of(one.before), text_of(one.after), no_toml[one.after])
  end, wrong)
  assert(#wrong == 0, ('%d of %d:\n'):format(#wrong, #accepted) .. table.concat(told, '\n\n'))
  assert(#accepted > SEQUENCES / 2, #accepted .. ' completions')
end)

t.check('quotes that are typed over a placeholder are those that stand there', function()
  child, ask = start()
  h.write('typing/.draft-tasks.toml', {})
  ask('vim.cmd.edit({ args = { vim.fn.fnameescape(...) }, bang = true })', h.path('typing/.draft-tasks.toml'))
  h.eventually('the server attaches', function()
    return ask('return #vim.lsp.get_clients({ bufnr = 0 }) == 1 and not asked()')
  end)
  ask('vim.lsp.completion.enable(true, vim.lsp.get_clients({ bufnr = 0 })[1].id, 0)')
  local wanted = '[pre-up]\n"make it" = "make test"\nx = "y"\n'
  -- What is selected there is replaced.
  local function placeholder()
    h.eventually('the next placeholder', function()
      return ask("return vim.fn.mode() == 's'")
    end)
  end
  for _, has_pairs in ipairs({ false, true }) do
    for description, command in pairs({
      ['"make it"'] = '"make test"',
      ['make it'] = 'make test',
      ['"make it'] = 'make test',
    }) do
      ask('empty() set_pairs(...)', has_pairs)
      press('i[pre-up]<CR>')
      local items = complete()
      for index, item in ipairs(items) do
        if item.label == 'description = "command"' then
          press(('<C-n>'):rep(index) .. '<C-y>')
        end
      end
      placeholder()
      press(description .. '<Tab>')
      placeholder()
      press(command .. '<End><CR>x = "y"')
      t.equal(ask('return text(false)'), wanted)
      press('<C-e><Esc>')
    end
  end
  vim.fn.jobstop(child)
end)
