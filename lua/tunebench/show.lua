-- SPDX-License-Identifier: MIT
-- show.lua - values of tunebench as trees, for print(recipe) and for error messages:
--   sweep {
--     base = model "tiny"
--     method = one_of {
--       lora { r = grid { 4, 8 } }
--     }
--   }
-- What fits stands on one line.
local bind = ...
local space = bind.part "space"
local type, next, tostring, format = type, next, tostring, string.format
local sort, concat, rep, find = table.sort, table.concat, string.rep, string.find

local show = {}
local width = 80
local text

local function plain(v, depth)
    if type(v) == "string" then
        return format("%q", v)
    end
    if type(v) ~= "table" then
        return tostring(v)
    end
    if depth > 4 then
        return "{..}"
    end
    local out = {}
    for i = 1, #v do
        out[i] = text(v[i], 0, depth + 1)
    end
    local keys = {}
    for k in next, v do
        if type(k) == "string" then
            keys[#keys + 1] = k
        end
    end
    sort(keys)
    for i = 1, #keys do
        out[#out + 1] = keys[i] .. " = " .. text(v[keys[i]], 0, depth + 1)
    end
    return "{ " .. concat(out, ", ") .. " }"
end

-- "word { a, b }" on one line if it fits at this indent, else a line each.
local function block(word, lines, indent)
    local line = word .. " { " .. concat(lines, ", ") .. " }"
    if #lines == 0 then
        return word .. " {}"
    end
    if #line + indent <= width and not find(line, "\n", 1, true) then
        return line
    end
    local pad = rep(" ", indent + 2)
    return word .. " {\n" .. pad .. concat(lines, "\n" .. pad) .. "\n" .. rep(" ", indent) .. "}"
end

local function entry_lines(entries, indent, depth)
    local out = {}
    for i = 1, #entries do
        local e = entries[i]
        if e.zip then
            local lists = {}
            for k = 1, #e.zip.keys do
                lists[k] = e.zip.keys[k] .. " = " .. plain(e.zip.lists[e.zip.keys[k]], depth)
            end
            out[#out + 1] = block("zip", lists, indent)
        else
            out[#out + 1] = e.key .. " = " .. text(e.value, indent, depth)
        end
    end
    return out
end

function text(v, indent, depth)
    local p = space.of(v)
    if not p then
        return plain(v, depth)
    end
    if depth > 8 then
        return p.word .. " {..}"
    end
    if p.kind == "amount" then
        return format("%s(%d)", p.unit, p.n)
    elseif p.kind == "model" then
        return format("model %q", p.name)
    elseif p.kind == "zip" then
        return block("zip", entry_lines({ { zip = p } }, indent, depth), indent)
    end
    local lines = {}
    for i = 1, #(p.items or p.parts or lines) do
        lines[i] = text((p.items or p.parts)[i], indent + 2, depth + 1)
    end
    for i = 1, #(p.sources or {}) do
        lines[i] = "{ " .. text(p.sources[i], indent + 4, depth + 1) .. ", " .. text(p.weights[i], indent + 4, depth + 1)
            .. " }"
    end
    local entries = p.entries and entry_lines(p.entries, indent + 2, depth + 1) or {}
    for i = 1, #entries do
        lines[#lines + 1] = entries[i]
    end
    if p.lr then
        lines[#lines + 1] = "lr = " .. text(p.lr, indent + 2, depth + 1)
    end
    return block(p.word, lines, indent)
end

function show.text(node)
    return text(node, 0, 0)
end

return show
