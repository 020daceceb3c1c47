-- SPDX-License-Identifier: MIT
-- slots.lua - which attributes of a places input a text mentions rightly.
--
--     lua5.4 slots.lua FILE..      rows "input || text" (as places.txt, or with a model's output)
--
-- prints for each file the share of slots that are right and of texts that are wholly right. A slot
-- is right if its value is mentioned and no other value of its closed list is: a text that names
-- two prices says neither. Names are compared as they are, without regard to case. The patterns are
-- for English as people write it, but no judge of style, and blind to what a text invents beside
-- the attributes that were asked for.
local home = arg[0]:match("^(.*)/") or "."
package.path = home .. "/?.lua;" .. package.path

local places = require "places"
local words = require "words"

-- Lua patterns, on lower-case text with single blanks; %f[%w] is the beginning of a word.
local PRICE = {
    low = { "%f[%w]cheap", "inexpensive", "low[%- ]pric", "low in price", "prices? are low",
        "prices? is low", "%f[%w]affordable" },
    moderate = { "moderate", "mid%-pric", "mid%-range" },
    high = { "%f[%w]expensive", "costly", "high[%- ]pric", "prices? are high", "prices? is high" },
}
local RATING = {
    low = { "poorly[%- ]rated", "low[%- ]rated", "low[%- ]rating", "low %a+ rating", "rated poorly",
        "rated low", "rated as low", "rated poor", "rated as poor", "rating is low",
        "rating is poor" },
    average = { "average" },
    high = { "highly[%- ]rated", "well[%- ]rated", "top[%- ]rated", "high[%- ]rated",
        "high[%- ]rating", "high %a+ rating", "rated highly", "rated high", "rated as high",
        "rating is high" },
}
local OPENING = {
    ["late"] = { "until late", "open late", "late at night" }, ["all day"] = { "all day" },
    ["evenings"] = { "evening" }, ["weekends"] = { "weekend" }, ["mornings"] = { "morning" },
    ["summer"] = { "summer" },
}

local function literal(text)
    return (text:gsub("%p", "%%%0"))
end

-- { value = { pattern } } of a list whose values stand for themselves.
local function as_written(list, before, cut)
    local out = {}
    for _, value in ipairs(list) do
        out[value] = { (before or "") .. literal(cut and value:gsub(cut, "") or value) }
    end
    return out
end

local function merged(a, b)
    for value, patterns in pairs(b) do
        a[value] = patterns
    end
    return a
end

local CLOSED = {
    kind = as_written(places.KIND, "%f[%w]"), food = as_written(places.FOOD, "%f[%w]", "s$"),
    price = merged(as_written(places.COSTS), PRICE),
    rating = merged(as_written(places.SCORES), RATING),
    area = as_written(places.AREAS), open = OPENING, view = as_written(places.VIEW),
}
for _, patterns in pairs(CLOSED.kind) do
    patterns[2] = patterns[1] .. "s%f[^%w]"
    patterns[1] = patterns[1] .. "%f[^%w]"
end

local function mentions(text, patterns)
    for _, pattern in ipairs(patterns) do
        if text:find(pattern) then
            return true
        end
    end
    return false
end

-- text with every whole-word occurrence of name replaced by "it", and how many there were.
local function without_name(text, name)
    return text:gsub("%f[%w]" .. literal(name:lower()) .. "%f[^%w]", "it")
end

local PEOPLE = { "^famil", "^child", "^kid" }
local NEGATION = words.set(words.list "not cannot never no unsuitable non")
-- What may stand between "not" and "families".
local FILLER = words.set(words.list [[
    a an be at all very really suitable good meant ideal recommended welcome welcoming accept allow
    place the to for whole
]])
local REFUSED = { "are not", "is not", "aren't", "isn't", "cannot", "are never", "are unwelcome" }

local function denied_before(tokens, at)
    local i = at - 1
    while i >= 1 and FILLER[tokens[i]] do
        i = i - 1
    end
    return i >= 1 and (NEGATION[tokens[i]] or tokens[i]:find("n't$")) and true or false
end

local function denied_after(tokens, at)
    local next_two = " " .. table.concat(tokens, " ", at + 1, math.min(at + 2, #tokens)) .. " "
    for _, words_of in ipairs(REFUSED) do
        if next_two:find("^ " .. words_of .. "%f[^%w]") then
            return true
        end
    end
    return false
end

-- "yes", "no" or nil: what the text says of families.
local function family(text)
    if mentions(text, { "adults[%- ]only", "only adults" }) then
        return "no"
    end
    local tokens, said = words.list((text:gsub("non%-famil", "non famil"))), nil
    for i, token in ipairs(tokens) do
        if mentions(token, PEOPLE) then
            if denied_before(tokens, i) or denied_after(tokens, i) then
                return "no"
            end
            said = "yes"
        end
    end
    return said
end

local slots = {}

-- "name : X | kind : hotel" -> { name = "X", kind = "hotel" }, and how many.
function slots.attributes(input)
    local out, n = {}, 0
    for part in (input .. " | "):gmatch("(.-) | ") do
        local key, v = part:match("^%s*(.-) : (.-)%s*$")
        if key then
            out[key], n = v, n + 1
        end
    end
    return out, n
end

-- Whether a known place other than this one is mentioned.
local function elsewhere(text)
    for _, place in ipairs(places.NEAR) do
        if text:find("%f[%w]" .. literal(place:lower()) .. "%f[^%w]") then
            return true
        end
    end
    return false
end

-- { key = true or false } for each attribute of input.
function slots.results(input, output)
    local a = slots.attributes(input)
    local text = output:gsub("%s+", " "):lower()
    local found, rest, count = {}, text, nil
    for _, key in ipairs { "near", "name" } do
        if a[key] then
            rest, count = without_name(rest, a[key])
            found[key] = count > 0 or select(2, without_name(text, a[key])) > 0
        end
    end
    if found.near and elsewhere(rest) then
        found.near = false
    end
    for key, v in pairs(a) do
        if key == "family" then
            found[key] = family(rest) == v
        elseif CLOSED[key] then
            local right = CLOSED[key][v] ~= nil
            for value, patterns in pairs(CLOSED[key]) do
                right = right and mentions(rest, patterns) == (value == v)
            end
            found[key] = right
        end
    end
    return found
end

-- How many slots of input are right in output, and how many there are.
function slots.right(input, output)
    local right, all = 0, 0
    for _, ok in pairs(slots.results(input, output)) do
        right, all = right + (ok and 1 or 0), all + 1
    end
    return right, all
end

-- Rows of a file: { input, text }.
function slots.rows(path)
    local out = {}
    for line in assert(io.open(path, "rb")):lines() do
        local input, text = line:match("^(.-) || ?(.*)$")
        assert(input, path .. ": a line without ' || '")
        out[#out + 1] = { input, text }
    end
    return out
end

function slots.report(path)
    local right, all, whole, rows = 0, 0, 0, slots.rows(path)
    for _, row in ipairs(rows) do
        local r, n = slots.right(row[1], row[2])
        right, all, whole = right + r, all + n, whole + (r == n and 1 or 0)
    end
    local share, share_whole = 100 * right / math.max(all, 1), 100 * whole / math.max(#rows, 1)
    local form = "%s: %d texts, %.1f %% of %d slots right, %.1f %% of the texts wholly right"
    return form:format(path, #rows, share, all, share_whole)
end

if arg[0]:match("[^/]*$") == "slots.lua" then
    for _, path in ipairs(arg) do
        print(slots.report(path))
    end
end
return slots
