-- SPDX-License-Identifier: MIT
-- strict.lua - the globals of a recipe: none can be made or misread by a typo, and `pairs` walks names in order.
-- Lua's own order of names differs from run to run (its hash is seeded by the clock), and a recipe must mean the same plan
-- every time.
local bind = ...
local space = bind.part "space"
local G, type, tostring, rawget, next, sort = _G, type, tostring, rawget, next, table.sort
local match, setmetatable = string.match, setmetatable

local gone = {
    io = "a recipe reads and writes no files", os = "a recipe cannot reach the system",
    debug = "it is not part of recipes", package = "use require with a file beside the recipe",
    coroutine = "it is not part of recipes", load = "it is not part of recipes", loadstring = "it is not part of recipes",
    dofile = "use require with a file beside the recipe", loadfile = "use require with a file beside the recipe",
    collectgarbage = "it is not part of recipes", utf8 = "it is not part of recipes",
}

-- Numbers by value, then names by bytes, then the rest as they come.
local rank = { number = 1, string = 2 }
local function before(a, b)
    local x, y = rank[type(a)] or 3, rank[type(b)] or 3
    if x ~= y then
        return x < y
    end
    return x < 3 and a < b
end

local function sorted_pairs(t)
    local keys, i = {}, 0
    if type(t) ~= "table" then
        space.fail_here(nil, "pairs wants a table, not " .. type(t))
    end
    for k in next, t do
        keys[#keys + 1] = k
    end
    sort(keys, before)
    return function()
        i = i + 1
        if keys[i] ~= nil then
            return keys[i], rawget(t, keys[i])
        end
    end, t, nil
end

G.pairs = sorted_pairs

local names = {}
for name in next, G do
    names[#names + 1] = name
end
sort(names)

local function unknown(name)
    local why = gone[name]
    if why then
        return "there is no '" .. name .. "' here: " .. why
    end
    name = tostring(name)
    if name == "t" then
        return "'t' is not defined; a recipe begins with local t = require \"tunebench\""
    end
    for i = 1, #space.words do
        if space.words[i] == name then
            return "'" .. name .. "' is not defined; words of tunebench are written t." .. name
        end
    end
    local near = match(bind.unknown("this recipe", name, names), "did you mean '(.+)'")
    local near_word = match(bind.unknown("tunebench", name, space.words), "did you mean '(.+)'")
    near = near or near_word and "t." .. near_word
    return "'" .. name .. "' is not defined" .. (near and "; did you mean '" .. near .. "'?" or "")
end

setmetatable(G, {
    __metatable = false,
    __index = function(_, name) space.fail_here(nil, unknown(name)) end,
    __newindex = function(_, name)
        space.fail_here(nil, "'" .. tostring(name) .. "' is no variable yet; write local "
            .. tostring(name) .. " = ..")
    end,
})

return true
