-- SPDX-License-Identifier: MIT
-- init.lua - the words of the recipe language: what `require "tunebench"` returns.
-- A word is a function that checks what it is given at once, so an error names the line that wrote it, and returns a node
-- (space.lua). Methods (t.lora, ..) and data (t.pairs, ..) are words made from the program's key tables.
local bind = ...
local space = bind.part "space"
local method = bind.part "method"
local mix = bind.part "mix"
local search = bind.part "search"
local type, tostring, rawget, setmetatable = type, tostring, rawget, setmetatable
local math_type, floor, format = math.type, math.floor, string.format

local t = {}

local function word(name, f)
    t[name] = bind.word(f)
    space.words[#space.words + 1] = name
end

-- Amounts: a number with its unit, so that 100e3 can never be taken for steps.
local units = { "tokens", "steps", "epochs", "minutes" }
for i = 1, #units do
    local unit = units[i]
    word(unit, function(here, n)
        local whole = type(n) == "number" and n == floor(n) and n >= 1 and n <= 2 ^ 53
        if not whole then
            local got = space.of(n) and "several; write t.grid{ t." .. unit .. "(..), .. }" or tostring(n)
            bind.fail(here, nil, format("t.%s(n) wants a whole number from 1 to 2^53, not %s", unit, got))
        end
        return space.node("amount", { word = unit, unit = unit, n = math_type(n) == "float" and n // 1 | 0 or n })
    end)
end

word("grid", function(here, list) return space.choice(here, "grid", list) end)
word("one_of", function(here, list) return space.choice(here, "one_of", list) end)
word("range", space.range)
word("zip", space.zip)

-- t.model "tiny": a name, a .gguf file or a folder.
word("model", function(here, name)
    if type(name) ~= "string" or name == "" or name == "scratch" then
        bind.fail(here, "base", 't.model wants a name, a .gguf file or a folder: t.model "tiny"')
    end
    return space.node("model", { word = "model", name = name })
end)

local function scratch(here, given)
    local entries = space.entries(here, "t.scratch", given, bind.keys("", "scratch"), function(key, leaf)
        return space.check(here, "", "scratch", key, leaf)
    end)
    local has = false
    for i = 1, #entries do
        has = has or entries[i].key == "tokenizer" or entries[i].zip
    end
    if not has then
        bind.fail(here, "tokenizer", 't.scratch needs tokenizer = "path of a tokenizer.json"')
    end
    return space.node("scratch", { word = "scratch", entries = entries, raw = space.copy(given), make = scratch })
end
word("scratch", scratch)

-- t.probe{ n = 5, steps = 10 } or t.probe{ rates = {..} }, in the place of a rate: short trials choose it.
word("probe", function(here, given)
    local fields = given == nil and {} or space.copy(given)
    local entries = space.entries(here, "t.probe", fields, bind.keys("", "probe"), function(key, leaf)
        return space.check(here, "", "probe", key, leaf)
    end)
    if fields.n == nil and fields.rates == nil then
        entries[#entries + 1] = { key = "n", value = 5 }
    end
    return space.node("probe", { word = "probe", entries = entries })
end)

-- Data words: t.pairs "file" or t.pairs{ "file", eval = 0.1 }; several files are read one after the other.
local function data_word(kind)
    local name, keys = "t." .. kind, bind.keys("data", kind)
    local valid = { "path" }
    for i = 1, #keys do
        valid[#valid + 1] = keys[i] ~= "path" and keys[i] or nil
    end
    local function make(here, given)
        local fields = type(given) == "string" and { path = given } or space.copy(given)
        if type(fields) ~= "table" or space.of(fields) then
            bind.fail(here, "path", format('%s wants a file: %s "file.txt" or %s{ "file.txt" }', name, name, name))
        end
        local files = {}
        while type(fields[#files + 1]) == "string" do
            files[#files + 1] = fields[#files + 1]
        end
        if #files > 0 or (space.of(fields[1]) or {}).kind == "choice" then
            fields.path = #files > 1 and files or fields[1]
            for i = 1, #files > 0 and #files or 1 do
                fields[i] = nil
            end
        end
        local entries = space.entries(here, name, fields, valid, function(key, leaf)
            if key == "path" then
                return space.check(here, "", "data", key, leaf)
            end
            return space.check(here, "data", kind, key, leaf)
        end)
        if fields.path == nil or fields.path == "" then
            bind.fail(here, "path", format('%s needs a file: %s{ "file.txt", .. }', name, name))
        end
        return space.node("data", { word = kind, data = kind, entries = entries, raw = fields, make = make })
    end
    return make
end
local data = bind.words "data"
for i = 1, #data do
    if data[i].name ~= "mix" then
        word(data[i].name, data_word(data[i].name))
    end
end

mix.define(word)
method.define(word)
search.define(word)

local function show(leaf)
    return space.of(leaf) and "t." .. space.of(leaf).word or tostring(leaf)
end

-- t.match{ pattern = "..", kind = "regex" }, in eval.metrics: the metric's written form. The program checks the pattern.
local kinds = { contains = true, exact = true, regex = true, number = true }
word("match", function(here, given)
    local m = type(given) == "string" and { given } or space.copy(given)
    if type(m) ~= "table" or space.of(m) then
        bind.fail(here, "eval.metrics", "t.match wants t.match{ pattern = .., kind = .. }")
    end
    local valid, pattern, kind = { "pattern", "kind", "name" }, m.pattern or m[1], m.kind or "contains"
    for key in next, m do
        if key ~= 1 and key ~= "pattern" and key ~= "kind" and key ~= "name" then
            bind.fail(here, "eval.metrics", bind.unknown("t.match", tostring(key), valid))
        end
    end
    if type(pattern) ~= "string" and math_type(pattern) ~= "integer" then
        bind.fail(here, "eval.metrics", "t.match needs a pattern: t.match{ pattern = \"city centre\" }")
    end
    if m.name ~= nil and type(m.name) ~= "string" then
        bind.fail(here, "eval.metrics", "the name of t.match is a word, not " .. show(m.name))
    end
    if not kinds[kind] then
        bind.fail(here, "eval.metrics", "the kind of t.match is contains, exact, regex or number, not " .. show(kind))
    end
    return (m.name and m.name .. "=" or "") .. kind .. ":" .. pattern
end)

-- t.sweep and t.run: what each key of theirs takes.
local sections = { optim = true, schedule = true, eval = true, stop = true, exec = true }
local valid = {
    "base", "data", "budget", "seed", "batch", "method", "optim", "schedule", "eval", "stop", "exec",
    "max_trainable", "where",
}
for i = 1, #search.settings do
    valid[#valid + 1] = search.settings[i]
end

local takes = {}

function takes.base(here, leaf)
    local p = space.of(leaf)
    if p and (p.kind == "model" or p.kind == "scratch") then
        return leaf
    end
    bind.fail(here, "base", format('base must be t.model "name" or t.scratch{..}, not %s', show(leaf)))
end

function takes.data(here, leaf)
    local p = space.of(leaf)
    if p and (p.kind == "data" or p.kind == "mix") then
        return leaf
    end
    local names = {}
    for i = 1, #data do
        names[i] = "t." .. data[i].name .. "{..}"
    end
    bind.fail(here, "data", format("data must be one of %s, not %s", table.concat(names, ", "), show(leaf)))
end

function takes.budget(here, leaf)
    local p = space.of(leaf)
    if p and p.kind == "amount" then
        return leaf
    end
    local n = type(leaf) == "number" and format("%.14g", leaf) or "n"
    bind.fail(here, "budget", format("budget needs a unit: write t.tokens(%s), t.steps(%s), t.epochs(%s) or t.minutes(%s)"
        .. ", not %s", n, n, n, n, show(leaf)))
end

function takes.seed(here, leaf)
    return space.check(here, "", "", "seed", leaf)
end

function takes.max_trainable(here, leaf)
    return space.check(here, "", "", "max_trainable", leaf)
end

function takes.batch(here, leaf)
    local p = space.of(leaf)
    if p and p.kind == "amount" and p.unit == "tokens" then
        return leaf
    end
    return space.check(here, "", "batch", "rows", leaf, "batch")
end

function takes.method(here, leaf)
    return method.expect(here, "method", leaf)
end

-- t.text{ "file", rows = "line" } as the words of --data: "text:file,rows=line".
local function data_text(here, key, node)
    local path, text = nil, ""
    for i = 1, #node.entries do
        local e = node.entries[i]
        local value = e.value
        if e.zip or space.of(value) then
            bind.fail(here, key, format("%s takes one text: %s = t.%s{ .. } with one value for each key", key, key, node.data))
        elseif e.key == "path" then
            path = type(value) == "table" and #value == 1 and value[1] or value
        else
            text = format("%s,%s=%s", text, e.key, type(value) == "table" and table.concat(value, "+") or tostring(value))
        end
    end
    if type(path) ~= "string" or path:find(",", 1, true) then
        bind.fail(here, key, format("%s takes one file without a comma in its name", key))
    end
    return node.data .. ":" .. path .. text
end

local function take_section(here, name, given)
    local p = space.of(given)
    if p and p.kind == "zip" then
        given = { given }
    elseif p or type(given) ~= "table" then
        bind.fail(here, name, format("%s must be a table of keys: %s = { .. }, not %s", name, name, show(given)))
    end
    here = { file = here.file, line = here.line, within = name }
    local entries = space.entries(here, name, given, bind.keys("", name), function(key, leaf)
        local amount = space.of(leaf)
        if name == "eval" and key == "every" and amount and amount.kind == "amount" then
            return format("%d%s", amount.n, amount.unit)
        end
        if name == "eval" and key == "forget" and amount and amount.kind == "data" then
            return data_text(here, key, amount)
        end
        if name == "optim" and key == "lr" then
            return method.rate(here, leaf)
        end
        return space.check(here, "", name, key, leaf)
    end)
    return space.node("section", { word = name, entries = entries, serial_of_axes = true })
end

local function take(here, key, leaf)
    if sections[key] then
        return take_section(here, key, leaf)
    end
    return takes[key](here, leaf)
end

local function merge(old, new)
    local out = space.copy(old)
    for k, v in next, new do
        local both = sections[k] and type(v) == "table" and type(old[k]) == "table" and not space.of(v)
            and not space.of(old[k])
        out[k] = both and merge(old[k], v) or v
    end
    return out
end

local function sweep_word(name)
    local function make(here, given)
        if type(given) ~= "table" or space.of(given) then
            bind.fail(here, nil, format("%s wants a table: %s{ base = .., data = .., .. }", name, name))
        end
        local fields = space.copy(given)
        local where = fields.where
        if where ~= nil and type(where) ~= "function" then
            bind.fail(here, "where", format("where must be a function(c) that returns true or false, not %s",
                show(where)))
        end
        fields.where = nil
        space.check_names(here, name, fields, valid)
        local settings = search.take(here, name, fields)
        local entries = space.entries(here, name, fields, valid, function(key, leaf) return take(here, key, leaf) end)
        local node = space.node("sweep", {
            word = name:sub(3), entries = entries, where = where, here = here, raw = space.copy(given), make = make,
            merge = merge, search = settings,
        })
        space.check_size(here, name, node)
        return node
    end
    return make
end
word("sweep", sweep_word "t.sweep")
word("run", sweep_word "t.run")

return setmetatable({}, {
    __metatable = "tunebench",
    __index = function(_, name)
        local w = rawget(t, name)
        if w == nil then
            space.fail_here(nil, bind.unknown("tunebench", tostring(name), space.words))
        end
        return w
    end,
    __newindex = function() space.fail_here(nil, "the words of tunebench cannot be changed") end,
    __tostring = function() return "tunebench: " .. table.concat(space.words, " ") end,
})
