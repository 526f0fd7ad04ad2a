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

--- The first of these places that a line names.
---@param line string
---@param known table<string, vim.Diagnostic[]>
---@return draft_tasks.FilePlace?
function M.in_line(line, known)
  for name, diagnostics in pairs(known) do
    local rest = line:match(vim.pesc(name) .. '(.*)$')
    for _, diagnostic in ipairs(rest and diagnostics or {}) do
      if rest:find(('%%f[%%d]%d%%f[%%D]'):format(diagnostic.lnum + 1)) then
        local filename = vim.api.nvim_buf_get_name(diagnostic.bufnr)
        return { filename = filename, lnum = diagnostic.lnum + 1, col = diagnostic.col + 1 }
      end
    end
  end
end

return M
