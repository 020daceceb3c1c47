-- SPDX-License-Identifier: MIT
-- frame_svg.lua - a frame of the workbench (--script with --color 256) as a picture for README.
--
--   tunebench --script keys --frames DIR --size 100x30 --color 256
--   lua5.4 doc/frame_svg.lua DIR/NAME.frame "what it shows" > doc/NAME.svg
--
-- Each stretch of cells of one style is a text of its own, as wide as its cells are, so that it does not matter how wide
-- a font draws braille.
local path, title = arg[1], arg[2]
local WIDTH, HEIGHT, PAPER, INK = 8.4, 17, "#1c1c1c", "#d0d0d0"

-- The 256 colours of xterm; the first sixteen are whatever a terminal has them be.
local first = { "#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5",
                "#666666", "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff" }
local function colour(index)
  if index < 0 then return INK end
  if index < 16 then return first[index + 1] end
  if index >= 232 then return string.format("#%02x%02x%02x", 8 + 10 * (index - 232), 8 + 10 * (index - 232),
                                            8 + 10 * (index - 232)) end
  local function level(v) return v == 0 and 0 or 55 + 40 * v end
  local i = index - 16
  return string.format("#%02x%02x%02x", level(i // 36), level(i // 6 % 6), level(i % 6))
end

-- Rows of cells, the map of their styles, and what its letters mean.
local function read()
  local rows, map, looks = {}, {}, {}
  local part = rows
  for line in assert(io.open(path)):lines() do
    local letter, words = line:match("^(%a+): (.*)")
    if line == "-- styles" then
      part = map
    elseif part == map and letter then
      looks[letter] = words
    else
      part[#part + 1] = line
    end
  end
  assert(#rows > 0, path .. ": no frame")
  return rows, map, looks
end

local function escaped(text)
  return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

local function put(x, y, cells, letter, looks)
  local words = looks[letter] or ""
  local fg, bold = colour(tonumber(words:match("color (-?%d+)")) or -1), words:find("bold")
  local reverse, faint = words:find("reverse"), words:find("faint")
  local wide = #cells * WIDTH
  if reverse then
    io.write(string.format('<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>\n', x * WIDTH, y * HEIGHT, wide,
                           HEIGHT, fg))
  end
  local text = table.concat(cells)
  if not text:find("%S") then return end
  local before, within = text:match("^( *)(.-) *$") -- blanks at the ends are not drawn by all browsers
  x, text = x + #before, within
  io.write(string.format('<text x="%.1f" y="%d" textLength="%.1f" fill="%s"%s%s>%s</text>\n', x * WIDTH,
                         y * HEIGHT + 13, utf8.len(text) * WIDTH, reverse and PAPER or fg, bold and ' font-weight="bold"' or "",
                         faint and ' opacity="0.6"' or "", escaped(text)))
end

local rows, map, looks = read()
local columns = 0
for _, row in ipairs(rows) do columns = math.max(columns, utf8.len(row)) end
io.write(string.format('<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 %.0f %d" role="img" '
                       .. 'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">\n'
                       .. '<title>%s</title>\n<rect x="-8" y="-8" width="100%%" height="100%%" fill="%s"/>\n',
                       columns * WIDTH + 16, #rows * HEIGHT + 16, escaped(title), PAPER))
for y, row in ipairs(rows) do
  local cells, from, last, x = {}, 0, nil, 0
  for _, code in utf8.codes(row) do
    local letter = (map[y] or ""):sub(x + 1, x + 1)
    if letter ~= last and #cells > 0 then
      put(from, y - 1, cells, last, looks)
      cells, from = {}, x
    end
    cells[#cells + 1], last, x = utf8.char(code), letter, x + 1
  end
  if #cells > 0 then put(from, y - 1, cells, last, looks) end
end
io.write("</svg>\n")
