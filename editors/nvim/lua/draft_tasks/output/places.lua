--- The places of files that lines of output name, as the server has found them.
local M = {}

---@class draft_tasks.FilePlace
---@field filename string
---@field lnum integer from 1
---@field col integer from 1

--- What the server reports of files, by the names of these. Its own findings have codes, what tasks report has none.
---@return table<string, vim.Diagnostic[]>
function M.known()
  local known = {} ---@type table<string, vim.Diagnostic[]>
  for _, client in ipairs(vim.lsp.get_clients({ name = 'draft_tasks' })) do
    local namespace = vim.lsp.diagnostic.get_namespace(client.id)
    for _, diagnostic in ipairs(vim.diagnostic.get(nil, { namespace = namespace })) do
      if diagnostic.code == nil then
        local name = vim.fs.basename(vim.api.nvim_buf_get_name(diagnostic.bufnr))
        known[name] = known[name] or {}
        table.insert(known[name], diagnostic)
      end
    end
  end
  return known
end

--- How surely a path that a line names is this file: 2 where it is it, seen from the folder, 1 where it may be it there, 0 where
--- only another folder has it.
---@param filename string
---@param path string
---@param folder? string
---@return integer? certainty
local function certainty(filename, path, folder)
  path = path:gsub('^%./', '')
  if path == filename or folder and vim.fs.joinpath(folder, path) == filename then
    return 2
  elseif vim.endswith(filename, '/' .. path:gsub('^[%./]+', '')) then
    return folder and vim.startswith(filename, folder .. '/') and 1 or 0
  end
end

--- The place that a line names most surely.
---@param line string
---@param known table<string, vim.Diagnostic[]>
---@param folder? string in which the tasks ran
---@param least? integer how sure it has to be
---@return draft_tasks.FilePlace?
function M.in_line(line, known, folder, least)
  local found, best = nil, (least or 0) - 1 ---@type draft_tasks.FilePlace?, integer
  for name, diagnostics in pairs(known) do
    local before, rest = line:match('^(.*)' .. vim.pesc(name) .. '(.*)$')
    for _, diagnostic in ipairs(rest and diagnostics or {}) do
      if rest:find(('%%f[%%d]%d%%f[%%D]'):format(diagnostic.lnum + 1)) then
        local filename = vim.api.nvim_buf_get_name(diagnostic.bufnr)
        local sure = certainty(filename, before:match('[^%s:()"\']*$') .. name, folder)
        if sure and sure > best then
          best, found = sure, { filename = filename, lnum = diagnostic.lnum + 1, col = diagnostic.col + 1 }
        end
      end
    end
  end
  return found
end

return M
