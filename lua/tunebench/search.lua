-- SPDX-License-Identifier: MIT
-- search.lua - ranges in the place of values, and what makes a sweep a search: search, per, prune, objective, run_cap,
-- finalists, fail_fast.
--   t.uniform(a, b)  t.log_uniform(a, b)  t.int(a, b)  t.choice{ .. }     one value each, drawn by the search
--   search = t.random{ trials = 20 }    prune = t.asha{ min = t.tokens(20e3), eta = 3 }
-- Searches and rules of pruning are words made from the program's key tables. A seed with several values is not searched:
-- trials have the first one, the others are for the finalists.
local bind = ...
local space = bind.part "space"
local type, next, tostring, format, floor, huge = type, next, tostring, string.format, math.floor, math.huge
local of = space.of

local search = {}

local function describe(v)
    local p = of(v)
    return p and "t." .. p.word or tostring(v)
end

local function bounds(here, name, a, b)
    local who = "t." .. name
    for _, v in next, { a == nil and "nothing" or a, b == nil and "nothing" or b } do
        if type(v) ~= "number" or v ~= v or v == huge or v == -huge then
            bind.fail(here, name, format("%s(low, high) wants two numbers, not %s", who, describe(v)))
        end
    end
    if a > b then
        bind.fail(here, name, format("%s(%.14g, %.14g): the range is reversed; write %s(%.14g, %.14g)", who, a, b, who,
            b, a))
    elseif a == b then
        bind.fail(here, name, format("%s(%.14g, %.14g): the range is empty; write the value %.14g", who, a, b, a))
    end
end

local function range(name)
    return function(here, a, b)
        bounds(here, name, a, b)
        if name == "log_uniform" and a <= 0 then
            bind.fail(here, name, format("t.log_uniform(%.14g, %.14g): both ends must be above 0", a, b))
        end
        if name == "int" then
            if a ~= floor(a) or b ~= floor(b) or b - a > 2 ^ 31 then
                bind.fail(here, name, format("t.int(%.14g, %.14g) wants whole numbers", a, b))
            end
            a, b = a // 1 | 0, b // 1 | 0
        end
        return space.node("range", { word = name, items = { a, b } })
    end
end

local function choice(here, list)
    local items = {}
    if type(list) ~= "table" or of(list) or #list == 0 then
        bind.fail(here, "choice", "t.choice wants values in braces: t.choice{ 4, 8, 16 }; this range is empty")
    end
    for key, v in next, list do
        if type(key) ~= "number" or of(v) then
            bind.fail(here, "choice", format("t.choice wants a list of plain values, not %s (methods are chosen by "
                .. "t.one_of)", of(v) and describe(v) or tostring(key) .. " = .."))
        end
    end
    for i = 1, #list do
        items[i] = list[i]
    end
    return space.node("range", { word = "choice", items = items })
end

-- t.random{..}, t.asha{..}: a word with the keys of its table; amounts must be tokens, so that methods compare.
local function setting(group, name)
    local who, valid = "t." .. name, bind.keys(group, name)
    return function(here, given)
        local keys = {}
        local entries = space.entries(here, who, given == nil and {} or given, valid, function(key, leaf)
            local p = of(leaf)
            if p and p.kind == "amount" and p.unit == "tokens" and key == "min" then
                leaf = p.n
            elseif key == "min" and (p or type(leaf) == "number") then
                bind.fail(here, key, format("%s: min wants t.tokens(n), not %s", who, describe(leaf)))
            elseif p then
                bind.fail(here, key, format("%s: %s wants a plain value, not t.%s", who, key, p.word))
            end
            return space.check(here, group, name, key, leaf)
        end)
        for i = 1, #entries do
            if entries[i].zip then
                bind.fail(here, nil, who .. " takes one value for each key")
            end
            keys[entries[i].key] = entries[i].value
        end
        keys.kind = name
        return space.node(group, { word = name, keys = keys, entries = entries })
    end
end

function search.define(word)
    for _, name in next, { "uniform", "log_uniform", "int" } do
        word(name, range(name))
    end
    word("choice", choice)
    for _, group in next, { "search", "prune" } do
        local words = bind.words(group)
        for i = 1, #words do
            word(words[i].name, setting(group, words[i].name))
        end
    end
end

local settings = { "search", "per", "prune", "objective", "run_cap", "finalists", "fail_fast" }
search.settings = settings

local takes = {}

local function node_of(group, example)
    return function(here, v)
        local p = of(v)
        if not p or p.kind ~= group then
            bind.fail(here, group, format("%s must be as %s, not %s", group, example, describe(v)))
        end
        return p.keys
    end
end
takes.search = node_of("search", "t.random{ trials = 20 } or t.tpe{ trials = 20 }")
takes.prune = node_of("prune", "t.asha{ min = t.tokens(20e3) }, t.median{} or t.patience{}")

function takes.per(here, v)
    if v ~= "method" then
        bind.fail(here, "per", format('per must be "method", not %s', describe(v)))
    end
    return v
end

local function is_finite(v)
    return type(v) == "number" and v - v == 0
end

function takes.objective(here, v)
    local words = 'objective must be as { "eval/loss", "min", target = 1.1 }'
    if type(v) ~= "table" or of(v) then
        bind.fail(here, "objective", words .. ", not " .. describe(v))
    end
    for key in next, v do
        if key ~= 1 and key ~= 2 and key ~= "target" then
            bind.fail(here, "objective", format("%s; it has no '%s'", words, tostring(key)))
        end
    end
    -- Which series its runs produce is known once they are complete.
    if type(v[1]) ~= "string" then
        bind.fail(here, "objective", format("%s, not %s", words, describe(v[1])))
    elseif v[2] ~= "min" and v[2] ~= "max" then
        bind.fail(here, "objective", format('%s: "min" or "max", not %s', words, describe(v[2])))
    elseif v.target ~= nil and not is_finite(v.target) then
        bind.fail(here, "objective", format("objective: target must be a finite number, not %s", describe(v.target)))
    end
    return { metric = v[1], goal = v[2], target = v.target }
end

local function count(name, least)
    return function(here, v)
        if type(v) ~= "number" or v ~= floor(v) or v < least or v > 10000 then
            bind.fail(here, name, format("%s must be a whole number from %d to 10000, not %s", name, least, describe(v)))
        end
        return v // 1 | 0
    end
end
takes.run_cap = count("run_cap", 1)
takes.finalists = count("finalists", 0)

function takes.fail_fast(here, v)
    if type(v) ~= "boolean" then
        bind.fail(here, "fail_fast", format("fail_fast must be true or false, not %s", describe(v)))
    end
    return v or nil
end

-- All values of the seed; fields.seed becomes the first.
local function take_seeds(here, fields)
    local p, seeds = of(fields.seed), {}
    if p and p.kind == "range" then
        bind.fail(here, "seed", "a seed is not searched; write t.grid{ 0, 1, 2 }: the finalists get all of them")
    end
    space.each(fields.seed == nil and 0 or fields.seed, function(v)
        seeds[#seeds + 1] = space.check(here, "", "", "seed", v)
    end)
    fields.seed = seeds[1]
    return seeds
end

-- Takes the settings out of the fields of t.sweep; nil if they are of no search.
function search.take(here, who, fields)
    local taken, first = {}, nil
    for i = 1, #settings do
        local key = settings[i]
        if fields[key] ~= nil then
            first = first or key
            taken[key] = takes[key](here, fields[key])
            fields[key] = nil
        end
    end
    if not first then
        return nil
    elseif who == "t.run" then
        bind.fail(here, first, "t.run is one run; a search is made by t.sweep")
    elseif not taken.search then
        bind.fail(here, first, format("'%s' belongs to a search; add search = t.random{ trials = 20 }", first))
    end
    taken.seeds = take_seeds(here, fields)
    return taken
end

return search
