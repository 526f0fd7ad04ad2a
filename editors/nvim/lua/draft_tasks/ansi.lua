--- Text as it was written for a terminal to plain text and highlights.
local M = {}

---@class draft_tasks.Span
---@field from integer first byte, from 0
---@field to integer byte after the last
---@field group string highlight group

---@class draft_tasks.Style
---@field fg? integer|string number of a terminal's colour, or `#rrggbb`
---@field bg? integer|string
---@field bold? boolean
---@field italic? boolean
---@field underline? boolean
---@field reverse? boolean

-- What terminals show for their sixteen colours, where the colour scheme does not say.
-- stylua: ignore
local palette = {
  [0] = '#3b4252', '#bf616a', '#8fae7a', '#c9a95f', '#6f8fb8', '#a883a8', '#78aeb8', '#c8ccd4',
  '#5c667a', '#d0757e', '#a3be8c', '#ebcb8b', '#81a1c1', '#b48ead', '#88c0d0', '#eceff4',
}

---@param color integer|string
---@return string rgb, integer? cterm
local function resolve(color)
  if type(color) == 'string' then
    return color, nil
  end
  if color < 16 then
    return vim.g['terminal_color_' .. color] or palette[color], color
  end
  if color >= 232 then
    local grey = 8 + (color - 232) * 10
    return ('#%02x%02x%02x'):format(grey, grey, grey), color
  end
  local steps = { [0] = 0, 95, 135, 175, 215, 255 }
  local cube = color - 16
  local r, g, b = math.floor(cube / 36), math.floor(cube / 6) % 6, cube % 6
  return ('#%02x%02x%02x'):format(steps[r], steps[g], steps[b]), color
end

---@type table<string, true>
local defined = {}

vim.api.nvim_create_autocmd('ColorScheme', {
  group = vim.api.nvim_create_augroup('draft_tasks_ansi', {}),
  callback = function()
    for group in pairs(defined) do
      defined[group] = nil
    end
  end,
})

--- The highlight group of a style, made when it is first needed.
---@param style draft_tasks.Style
---@return string?
local function group_of(style)
  local parts = {}
  for _, name in ipairs({ 'fg', 'bg', 'bold', 'italic', 'underline', 'reverse' }) do
    local value = style[name]
    if value then
      table.insert(parts, name .. (value == true and '' or tostring(value):gsub('#', '')))
    end
  end
  if #parts == 0 then
    return nil
  end
  local group = 'DraftTasksAnsi_' .. table.concat(parts, '_')
  if not defined[group] then
    local definition = vim.deepcopy(style) --[[@as vim.api.keyset.highlight]]
    if style.fg then
      definition.fg, definition.ctermfg = resolve(style.fg)
    end
    if style.bg then
      definition.bg, definition.ctermbg = resolve(style.bg)
    end
    vim.api.nvim_set_hl(0, group, definition)
    defined[group] = true
  end
  return group
end

--- The colour after `38` or `48`, and how many parameters it took.
---@param codes integer[]
---@param at integer
---@return integer|string|nil color, integer taken
local function extended_color(codes, at)
  if codes[at] == 5 and codes[at + 1] and codes[at + 1] < 256 then
    return codes[at + 1], 2
  end
  local r, g, b = codes[at + 1], codes[at + 2], codes[at + 3]
  if codes[at] == 2 and b and r < 256 and g < 256 and b < 256 then
    return ('#%02x%02x%02x'):format(r, g, b), 4
  end
  return nil, #codes
end

---@type table<integer, fun(style: draft_tasks.Style)>
local attributes = {
  [1] = function(style)
    style.bold = true
  end,
  [3] = function(style)
    style.italic = true
  end,
  [4] = function(style)
    style.underline = true
  end,
  [7] = function(style)
    style.reverse = true
  end,
  [22] = function(style)
    style.bold = nil
  end,
  [23] = function(style)
    style.italic = nil
  end,
  [24] = function(style)
    style.underline = nil
  end,
  [27] = function(style)
    style.reverse = nil
  end,
  [39] = function(style)
    style.fg = nil
  end,
  [49] = function(style)
    style.bg = nil
  end,
}

--- A style after the parameters of an SGR sequence.
---@param style draft_tasks.Style
---@param parameters string
---@return draft_tasks.Style
local function restyled(style, parameters)
  local codes = {} ---@type integer[]
  for code in (parameters:gsub(':', ';') .. ';'):gmatch('(%d*);') do
    table.insert(codes, tonumber(code) or 0)
  end
  style = vim.deepcopy(style)
  local at = 1
  while codes[at] do
    local code = codes[at]
    if code == 0 then
      style = {}
    elseif attributes[code] then
      attributes[code](style)
    elseif code == 38 or code == 48 then
      local color, taken = extended_color(codes, at + 1)
      style[code == 38 and 'fg' or 'bg'] = color
      at = at + taken
    elseif code >= 30 and code <= 37 then
      style.fg = code - 30
    elseif code >= 40 and code <= 47 then
      style.bg = code - 40
    elseif code >= 90 and code <= 97 then
      style.fg = code - 82
    elseif code >= 100 and code <= 107 then
      style.bg = code - 92
    end
    at = at + 1
  end
  return style
end

--- The end of the control sequence that begins at a byte, and its parameters when it is about colours.
--- `nil`: it is not complete.
---@param text string
---@param at integer
---@return integer? last, string? parameters
local function sequence(text, at)
  local kind = text:sub(at + 1, at + 1)
  if kind == '' then
    return nil
  elseif kind == '[' then
    local _, last, parameters, final = text:find('^([%d;:<=>?]*)[ -/]*([@-~])', at + 2)
    if last then
      return last, final == 'm' and parameters or nil
    end
    -- Only parameters up to the end: the rest is to come. Anything else is no sequence: the introducer is dropped.
    return not text:find('^[%d;:<=>?]*[ -/]*$', at + 2) and at + 1 or nil
  elseif kind == ']' or kind == 'P' or kind == '_' or kind == '^' then
    local _, bell = text:find('^[^\7\27]*\7', at + 2)
    local _, terminator = text:find('^[^\7\27]*\27\\', at + 2)
    return bell or terminator or (text:find('\n', at, true) and at + 1 or nil)
  end
  local _, last = text:find('^[ -/]*[0-~]', at + 1)
  return last or at
end

--- What is longer and has no end is no sequence.
local longest_sequence = 4096

---@class draft_tasks.AnsiState
---@field style draft_tasks.Style
---@field pending string the beginning of a sequence that is not complete

---@return draft_tasks.AnsiState
function M.state()
  return { style = {}, pending = '' }
end

--- Removes a piece of text's control sequences. A carriage return starts the line over, as on a terminal.
---@param text string
---@param state draft_tasks.AnsiState what earlier pieces left, changed
---@return string[] lines the last one has no end yet
---@return draft_tasks.Span[][] spans for each line
---@return boolean restarted whether the first line replaces what came before it
function M.parse(text, state)
  text = state.pending .. text
  state.pending = ''
  local restarted = false
  local lines, spans = {}, {} ---@type string[], draft_tasks.Span[][]
  local line, line_spans = '', {} ---@type string, draft_tasks.Span[]
  local at, group = 1, group_of(state.style)

  local function put(piece)
    if group and piece ~= '' then
      table.insert(line_spans, { from = #line, to = #line + #piece, group = group })
    end
    line = line .. piece
  end

  while at <= #text do
    local special = text:find('[%z\1-\8\11-\31\127\n]', at)
    put(text:sub(at, (special or #text + 1) - 1))
    if not special then
      break
    end
    local char = text:sub(special, special)
    at = special + 1
    if char == '\n' then
      table.insert(lines, line)
      table.insert(spans, line_spans)
      line, line_spans = '', {}
    elseif char == '\r' then
      if special == #text then
        state.pending = '\r' -- a line feed may follow
      elseif text:sub(at, at) ~= '\n' then
        line, line_spans = '', {}
        restarted = restarted or #lines == 0
      end
    elseif char == '\27' then
      local last, parameters = sequence(text, special)
      if not last and #text - special < longest_sequence then
        state.pending = text:sub(special)
        break
      end
      if parameters then
        state.style = restyled(state.style, parameters)
        group = group_of(state.style)
      end
      at = (last or special) + 1
    end
  end
  table.insert(lines, line)
  table.insert(spans, line_spans)
  return lines, spans, restarted
end

--- Shows spans of a line.
---@param bufnr integer
---@param namespace integer
---@param row integer from 0
---@param offset integer bytes of the line before the spans
---@param spans draft_tasks.Span[]
function M.highlight(bufnr, namespace, row, offset, spans)
  for _, span in ipairs(spans) do
    vim.api.nvim_buf_set_extmark(bufnr, namespace, row, offset + span.from, {
      end_col = offset + span.to,
      hl_group = span.group,
    })
  end
end

return M
