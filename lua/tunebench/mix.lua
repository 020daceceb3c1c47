-- SPDX-License-Identifier: MIT
-- mix.lua - t.mix: rows of several texts, each with a weight that says how often an epoch holds its rows.
--   t.mix{ { t.pairs "a.txt", 2 }, { t.jsonl{ "b.jsonl" }, 0.5 }, t.text "c.txt", eval = 0.1 }
-- The keys of the word "mix" belong to all sources together and cannot be given to one of them.
local bind = ...
local space = bind.part "space"
local type, next, tostring, format = type, next, tostring, string.format
local of = space.of

local mix = {}
local max_sources = 16
local shared = bind.keys("data", "mix")

local function describe(v)
    local p = of(v)
    return p and "t." .. p.word or tostring(v)
end

-- A source of its own keys only.
local function source(here, i, leaf)
    local p = of(leaf)
    if not p or p.kind ~= "data" then
        bind.fail(here, nil, format('t.mix: source %d must be as t.pairs "file" or { t.pairs "file", 2 }, not %s', i,
            describe(leaf)))
    end
    for k = 1, #p.entries do
        local e = p.entries[k]
        local keys = e.zip and e.zip.keys or { e.key }
        for j = 1, #keys do
            for s = 1, #shared do
                if keys[j] == shared[s] then
                    bind.fail(here, keys[j], format("t.mix: '%s' belongs to all sources together: t.mix{ .., %s = .. }",
                        keys[j], keys[j]))
                end
            end
        end
    end
    return leaf
end

-- What stands in the list: { source, weight }, { source, weight = w }, or a source alone.
local function split(here, i, v)
    if type(v) ~= "table" or of(v) then
        return v, 1
    end
    for k in next, v do
        if k ~= 1 and k ~= 2 and k ~= "weight" then
            bind.fail(here, tostring(k), type(k) == "string" and bind.unknown(format("t.mix: source %d", i), k, { "weight" })
                or format("t.mix: source %d is a pair of a text and its weight", i))
        end
    end
    if v[2] ~= nil and v.weight ~= nil then
        bind.fail(here, "weight", format("t.mix: source %d has two weights", i))
    end
    return v[1], v[2] or v.weight or 1
end

local function make(here, given)
    if type(given) ~= "table" or of(given) then
        bind.fail(here, nil, 't.mix wants a list of texts: t.mix{ { t.pairs "a.txt", 2 }, { t.pairs "b.txt", 1 } }')
    end
    local sources, weights, named, n = {}, {}, {}, 0
    for key, v in next, given do
        if type(key) == "number" then
            n = n + 1
        else
            named[key] = v
        end
    end
    if n < 2 or n > max_sources or n ~= #given then
        bind.fail(here, nil, format("t.mix has 2 to %d sources, not %d", max_sources, n))
    end
    for i = 1, n do
        local text, weight = split(here, i, given[i])
        sources[i] = space.map(text, function(leaf) return source(here, i, leaf) end)
        weights[i] = space.map(weight, function(leaf) return space.check(here, "", "data.<i>", "weight", leaf) end)
    end
    local entries = space.entries(here, "t.mix", named, shared, function(key, leaf)
        return space.check(here, "data", "mix", key, leaf)
    end)
    return space.node("mix", {
        word = "mix", sources = sources, weights = weights, entries = entries, raw = space.copy(given), make = make,
    })
end

function mix.define(word)
    word("mix", make)
end

return mix
