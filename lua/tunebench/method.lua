-- SPDX-License-Identifier: MIT
-- method.lua - one word per method of the program's tables, and t.stack.
-- A method takes the keys of its table and lr, its own learning rate.
local bind = ...
local space = bind.part "space"
local type, tostring, rawget, format = type, tostring, rawget, string.format

local method = {}
local of = space.of
local max_parts = 8
local can_stack = {}

local function describe(v)
    local p = of(v)
    return p and "t." .. p.word or tostring(v)
end

-- The leaf if it is a method or a stack.
function method.expect(here, key, leaf)
    local p = of(leaf)
    if not p or (p.kind ~= "method" and p.kind ~= "stack") then
        bind.fail(here, key, format("%s must be a method as t.lora{ r = 8 }, or t.one_of{..} of them, not %s", key,
            describe(leaf)))
    end
    return leaf
end

-- A rate: a number, or t.probe{..}.
function method.rate(here, leaf)
    local p = of(leaf)
    return p and p.kind == "probe" and leaf or space.check(here, "", "optim", "lr", leaf)
end

local function one(name)
    local who, valid = "t." .. name, bind.keys("method", name)
    valid[#valid + 1] = "lr"
    local function make(here, given)
        if given == nil then
            given = {}
        end
        local entries = space.entries(here, who, given, valid, function(key, leaf)
            if key == "lr" then
                return method.rate(here, leaf)
            end
            return space.check(here, "method", name, key, leaf)
        end)
        return space.node("method", {
            word = name, method = name, entries = entries, raw = space.copy(given), make = make,
        })
    end
    return make
end

-- The rates of parts are numbers: a probe tries them all at once.
local function plain_rate(here, rate)
    space.map(rate, function(leaf)
        if of(leaf) then
            bind.fail(here, "lr", "t.stack: its parts are probed together: t.stack{ .., lr = t.probe{..} }")
        end
        return leaf
    end)
end

local function part(here, i, leaf)
    local p = of(leaf)
    if not p or p.kind ~= "method" then
        bind.fail(here, nil, format("t.stack: part %d must be a method as t.lora{ r = 4 }, not %s", i, describe(leaf)))
    end
    if not can_stack[p.method] then
        bind.fail(here, nil, format("t.stack: t.%s cannot be part of a stack", p.method))
    end
    for j = 1, #p.entries do
        if p.entries[j].key == "lr" then
            plain_rate(here, p.entries[j].value)
        end
    end
    return leaf
end

-- t.stack{ t.lora{..}, t.prompt{..}, lr = .. }: parts trained together as one adapter; lr sets the rate of all.
local function stack(here, given)
    if type(given) ~= "table" or of(given) then
        bind.fail(here, nil, "t.stack wants a list of methods: t.stack{ t.lora{ r = 4 }, t.prompt{ tokens = 10 } }")
    end
    local parts, n = {}, 0
    for key in next, given do
        if type(key) == "string" and key ~= "lr" then
            bind.fail(here, key, bind.unknown("t.stack", key, { "lr" }))
        end
        n = type(key) == "number" and n + 1 or n
    end
    if n < 2 or n > max_parts or n ~= #given then
        bind.fail(here, nil, format("t.stack has 2 to %d parts, not %d", max_parts, n))
    end
    for i = 1, n do
        parts[i] = space.map(given[i], function(leaf) return part(here, i, leaf) end)
    end
    local lr = given.lr
    if lr ~= nil then
        lr = space.map(lr, function(leaf) return method.rate(here, leaf) end)
    end
    return space.node("stack", { word = "stack", parts = parts, lr = lr, raw = space.copy(given), make = stack })
end

function method.define(word)
    local words = bind.words "method"
    for i = 1, #words do
        can_stack[words[i].name] = words[i].can_stack
        word(words[i].name, one(words[i].name))
    end
    word("stack", stack)
end

return method
