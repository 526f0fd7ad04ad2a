--- What the plugin adds to the client that `lsp/draft_tasks.lua` describes: where the output of runs goes, and lenses
--- that are asked for again. Without it runs are told as any editor tells them, by messages.
local message = require('draft_tasks.message')
local protocol = require('draft_tasks.protocol')

--- What a lens or an action asks for. What the server refuses is told in its words: Neovim would put a number before
--- them.
---@param command lsp.Command
---@param ctx table
local function execute(command, ctx)
  local client = vim.lsp.get_client_by_id(ctx.client_id)
  if client then
    require('draft_tasks.server').execute(client, command.command, (command.arguments or {})[1])
  end
end

--- What the server says, without its name; of a place in a file the reason goes before, as the end of a long line is cut off.
---@param text string
---@return string
local function reason_first(text)
  local said = text:gsub('^draft%-tasks: ', '')
  local lines = vim.tbl_map(function(line)
    local path, place, reason = line:match('^(/.-):(%d+:%d+): (.*)$')
    return path and ('%s (%s:%s)'):format(reason, vim.fn.fnamemodify(path, ':~:.'), place) or line
  end, vim.split(said, '\n', { plain = true }))
  return table.concat(lines, '\n')
end

local commands = {} ---@type table<string, function>
for _, name in pairs(protocol.commands) do
  commands[name] = execute
end

---@type vim.lsp.Config
return {
  commands = commands,
  on_init = function(client)
    require('draft_tasks.target').apply(client)
  end,
  on_exit = function(...)
    require('draft_tasks.lifetime').on_exit(...)
  end,
  capabilities = {
    experimental = { draftTasks = { output = protocol.output_version, colors = true } },
    workspace = { codeLens = { refreshSupport = true } },
  },
  handlers = {
    [protocol.notifications.output] = function(_, params, ctx)
      require('draft_tasks.runs').on_output(params, ctx)
    end,
    [protocol.notifications.run] = function(_, params, ctx)
      params.message = message.own(params.message)
      require('draft_tasks.runs').on_run(params, ctx)
    end,
    ['window/showMessage'] = function(_, params)
      -- The protocol's levels count down from error, Neovim's count up to it.
      local level, text = vim.log.levels.ERROR + 1 - params.type, message.own(params.message)
      if not require('draft_tasks.runs').tell_end(text, level) then
        require('draft_tasks.server').notify(reason_first(text), level)
      end
    end,
    ['window/showMessageRequest'] = function(err, params, ctx)
      -- Neovim puts a colon behind it.
      params.message = message.own(params.message):gsub('%?$', '')
      return vim.lsp.handlers['window/showMessageRequest'](err, params, ctx)
    end,
    ['workspace/applyEdit'] = function(err, params, ctx)
      -- A new tasks file is on disk when the user writes it: Neovim would make it at once, and empty.
      local file = require('draft_tasks.file')
      local changes = params.edit.documentChanges
      params.edit.documentChanges = changes and vim.tbl_filter(function(change)
        return change.kind ~= 'create' or not file.is_tasks_file(vim.uri_to_fname(change.uri))
      end, changes)
      return vim.lsp.handlers['workspace/applyEdit'](err, params, ctx)
    end,
    ['workspace/codeLens/refresh'] = function(err, params, ctx)
      return require('draft_tasks.codelens').on_refresh(err, params, ctx)
    end,
  },
}
