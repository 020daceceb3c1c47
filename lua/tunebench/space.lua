-- SPDX-License-Identifier: MIT
-- space.lua - nodes, values that stand for several values, and the walk through what a sweep describes.
-- A node is an empty table; what it holds lies in `payload`, where a recipe cannot reach it. Every node has a serial number:
-- Lua evaluates a table as it is written, so the numbers give the written order, which the table itself has lost.
-- The walk goes through the axes in that order, the rightmost fastest, and sets one entry of a draft per key.
local bind = ...
local type, next, rawget, setmetatable, tostring = type, next, rawget, setmetatable, tostring
local format, sort, huge, floor, math_type = string.format, table.sort, math.huge, math.floor, math.type

local space = { words = {} } -- words: names of those of the language, in the order in which they are defined
local payload = setmetatable({}, { __mode = "k" })
local serial = 0
local meta = { __metatable = "a value of tunebench" }
local max_runs, max_points = 10000, 100000

-- What a node holds, nil for anything else.
function space.of(v)
    return type(v) == "table" and payload[v] or nil
end
local of = space.of

function space.node(kind, p)
    serial = serial + 1
    p.kind, p.serial = kind, serial
    local node = setmetatable({}, meta)
    payload[node] = p
    return node
end

-- Raises a fault at the line of the recipe that runs now; key may be nil.
space.fail_here = bind.word(function(here, key, text) bind.fail(here, key, text) end)

-- Shallow, without metatables; anything but a plain table as it is.
function space.copy(v)
    if type(v) ~= "table" or of(v) then
        return v
    end
    local out = {}
    for k, e in next, v do
        out[k] = e
    end
    return out
end

meta.__index = function(node, name)
    if name == "with" and payload[node].make then
        return space.with
    end
    space.fail_here(nil, format("t.%s{..} has no field '%s'; node:with{..} makes a variant of it", payload[node].word,
        tostring(name)))
end
meta.__newindex = function() space.fail_here(nil, "a value of tunebench cannot be changed; use :with{..}") end
meta.__tostring = function(node) return bind.part("show").text(node) end

-- recipe:with{ seed = 7 }: the same with other keys; tables (optim, eval, ..) are merged.
space.with = bind.word(function(here, node, changes)
    local p = of(node)
    if not p or not p.make or type(changes) ~= "table" or of(changes) then
        bind.fail(here, nil, "write value:with{ key = .. }")
    end
    local merged = p.merge and p.merge(p.raw, changes) or nil
    if not merged then
        merged = space.copy(p.raw)
        for k, v in next, changes do
            merged[k] = v
        end
    end
    return p.make(here, merged)
end)

-- The normalised value of a key, or a fault; written: the name under which it stands in the recipe, if that is another.
function space.check(here, group, name, key, leaf, written)
    local p = of(leaf)
    if p then
        bind.fail(here, written or key, format("%s: %s wants a plain value, not t.%s", name, key, p.word))
    end
    local value, text = bind.check(group, name, key, leaf)
    if value == nil then
        bind.fail(here, written or key, text)
    end
    return value
end

-- A list 1..n without holes or names.
local function list_length(v)
    if type(v) ~= "table" or of(v) then
        return nil
    end
    local n = 0
    for _ in next, v do
        n = n + 1
    end
    return n == #v and n or nil
end

-- t.grid{ 4, 8 } and t.one_of{ t.lora{}, t.prefix{} }: one after the other.
function space.choice(here, word, list)
    local n = list_length(list)
    if not n or n == 0 then
        bind.fail(here, word, format("t.%s wants a list in braces: t.%s{ a, b, c }", word, word))
    end
    if n > max_runs then
        bind.fail(here, word, format("t.%s has %d values; a plan has at most %d runs", word, n, max_runs))
    end
    for i = 1, n do
        if word == "one_of" and not of(list[i]) then
            bind.fail(here, word, format("t.one_of chooses between t.lora{..}, t.prefix{..} and the like; its entry %d is "
                .. "%s (for plain values there is t.grid)", i, tostring(list[i])))
        end
    end
    return space.node("choice", { word = word, items = space.copy(list) })
end

-- t.range(1, 9, 2) is t.grid{ 1, 3, 5, 7, 9 }; the end is part of it if a step meets it.
function space.range(here, from, to, step)
    step = step or 1
    for _, v in next, { from or "nothing", to or "nothing", step } do
        if type(v) ~= "number" or v ~= v or v == huge or v == -huge then
            bind.fail(here, "range", format("t.range(from, to, step) wants numbers, not %s", tostring(v)))
        end
    end
    if step == 0 or (to - from) / step < 0 then
        bind.fail(here, "range", "t.range(from, to, step): the step leads away from the end")
    end
    local last = floor((to - from) / step + 1e-9)
    if last >= max_runs then
        bind.fail(here, "range", format("t.range has more than %d values", max_runs))
    end
    local items = {}
    for i = 0, last do
        items[i + 1] = from + i * step
    end
    return space.node("choice", { word = "range", items = items })
end

-- t.zip{ r = {4, 8}, lr = {1e-3, 5e-4} }: keys that walk together.
function space.zip(here, given)
    local keys, lists, n = {}, {}, nil
    if type(given) ~= "table" or of(given) then
        bind.fail(here, "zip", "t.zip wants a table of lists: t.zip{ r = {4, 8}, lr = {1e-3, 5e-4} }")
    end
    for k, v in next, given do
        local p = of(v)
        local list = p and p.kind == "choice" and p.items or v
        local len = list_length(list)
        if type(k) ~= "string" or not len or len == 0 then
            bind.fail(here, tostring(k), "t.zip wants lists under names: t.zip{ r = {4, 8}, lr = {1e-3, 5e-4} }")
        end
        keys[#keys + 1], lists[k] = k, list
    end
    sort(keys)
    for i = 1, #keys do
        n = n or #lists[keys[i]]
        if #lists[keys[i]] ~= n then
            bind.fail(here, keys[i], format("t.zip: '%s' has %d values, '%s' has %d; they walk together, so they must be "
                .. "as many", keys[1], n, keys[i], #lists[keys[i]]))
        end
    end
    if not n then
        bind.fail(here, "zip", "t.zip{} is empty")
    end
    return space.node("zip", { word = "zip", keys = keys, lists = lists, n = n })
end

-- The same value with f applied to every leaf; a choice keeps its place in the written order. Of a range both ends, or
-- its values, are leaves.
function space.map(v, f)
    local p = of(v)
    if not p or (p.kind ~= "choice" and p.kind ~= "range") then
        return f(v)
    end
    local items = {}
    for i = 1, #p.items do
        items[i] = space.map(p.items[i], f)
    end
    local node = space.node(p.kind, { word = p.word, items = items })
    payload[node].serial = p.serial
    return node
end

local function in_list(list, v)
    for i = 1, #list do
        if list[i] == v then
            return true
        end
    end
    return false
end

-- Where an entry stands in the written order; constants come first.
local function place(e)
    local p = e.zip or of(e.value)
    if not p then
        return 0
    end
    if p.serial_of_axes then
        return #p.entries > 0 and place(p.entries[#p.entries]) or 0
    end
    return p.serial
end

local function by_place(a, b)
    local x, y = place(a), place(b)
    if x ~= y then
        return x < y
    end
    return (a.key or "") < (b.key or "")
end

local function zip_entry(here, who, p, valid, accept)
    local lists = {}
    for i = 1, #p.keys do
        local key = p.keys[i]
        if not in_list(valid, key) then
            bind.fail(here, key, bind.unknown(who, key, valid))
        end
        local list = {}
        for j = 1, p.n do
            list[j] = space.map(p.lists[key][j], function(leaf) return accept(key, leaf) end)
        end
        lists[key] = list
    end
    return { zip = { keys = p.keys, lists = lists, n = p.n, serial = p.serial } }
end

-- What is misspelt is told before what is wrong or missing.
function space.check_names(here, who, given, valid)
    for key in next, given do
        if type(key) == "string" and not in_list(valid, key) then
            bind.fail(here, key, bind.unknown(who, key, valid))
        end
    end
end

-- The entries of a word's table: known keys, each leaf accepted, in the order of the walk. A t.zip may stand among them
-- without a name.
function space.entries(here, who, given, valid, accept)
    local entries, seen = {}, {}
    if type(given) ~= "table" or of(given) then
        bind.fail(here, nil, format("%s wants a table: %s{ key = value, .. }", who, who))
    end
    space.check_names(here, who, given, valid)
    for key, v in next, given do
        local p = of(v)
        if type(key) == "number" and p and p.kind == "zip" then
            entries[#entries + 1] = zip_entry(here, who, p, valid, accept)
        elseif type(key) ~= "string" then
            bind.fail(here, nil, format("%s: entry %s has no name; write key = value", who, tostring(key)))
        else
            entries[#entries + 1] = { key = key, value = space.map(v, function(leaf) return accept(key, leaf) end) }
        end
    end
    sort(entries, by_place)
    for i = 1, #entries do
        local keys = entries[i].zip and entries[i].zip.keys or { entries[i].key }
        for j = 1, #keys do
            if seen[keys[j]] then
                bind.fail(here, keys[j], format("%s: '%s' is written twice", who, keys[j]))
            end
            seen[keys[j]] = true
        end
    end
    return entries
end

-- While a search is walked or counted: a choice between plain values is drawn like a range.
local searching = false
local walked -- where the sweep was written

local function is_drawn(p)
    if p.kind == "range" then
        return true
    end
    for i = 1, #p.items do
        if not searching or p.kind ~= "choice" or of(p.items[i]) then
            return false
        end
    end
    return #p.items > 1
end

-- How many points a value makes.
local size

local function size_of_entries(entries)
    local n = 1
    for i = 1, #entries do
        local e = entries[i]
        if e.zip then
            local sum = 0
            for j = 1, e.zip.n do
                local product = 1
                for k = 1, #e.zip.keys do
                    product = product * size(e.zip.lists[e.zip.keys[k]][j])
                end
                sum = sum + product
            end
            n = n * sum
        else
            n = n * size(e.value)
        end
    end
    return n
end

function size(v)
    local p = of(v)
    if not p then
        return 1
    end
    if p.items and is_drawn(p) then
        return 1
    end
    if p.kind == "choice" or p.kind == "stack" then
        local list = p.items or p.parts
        local n = p.kind == "choice" and 0.0 or 1.0
        for i = 1, #list do
            n = p.kind == "choice" and n + size(list[i]) or n * size(list[i])
        end
        return n
    end
    if p.kind == "mix" then
        local n = size_of_entries(p.entries)
        for i = 1, #p.sources do
            n = n * size(p.sources[i]) * size(p.weights[i])
        end
        return n
    end
    return p.entries and size_of_entries(p.entries) or 1
end

function space.check_size(here, who, node)
    searching = of(node).search ~= nil
    local n, limit = size(node), of(node).where and max_points or max_runs
    searching = false
    if who == "t.run" and n > 1 then
        bind.fail(here, nil, format("t.run is one run, and this describes %.0f; write t.sweep{..}", n))
    end
    if n > limit then
        bind.fail(here, nil, format("this describes %.0f runs; at most %.0f are allowed%s", n, max_runs,
            of(node).where and " (and 100000 for `where` to choose from)" or ""))
    end
end

-- The walk. set(draft, key, leaf, go_on) writes a leaf, calls go_on() and takes the leaf back.
local walk

-- What stands in a draft for a value that will be drawn.
local function drawn(p)
    if not searching then
        bind.fail(walked, p.word, format("t.%s stands for values that a search draws; add search = t.random{ trials = 20 } "
            .. "to t.sweep", p.word))
    end
    return { draw = p.kind == "range" and p.word or "choice", of = p.items }
end

local function each(v, f)
    local p = of(v)
    if p and p.items and is_drawn(p) then
        f(drawn(p))
    elseif p and p.kind == "choice" then
        for i = 1, #p.items do
            each(p.items[i], f)
        end
    else
        f(v)
    end
end

space.each = each

local function walk_zip(draft, zip, set, j, k, go_on)
    local key = zip.keys[k]
    if not key then
        return go_on()
    end
    each(zip.lists[key][j], function(leaf)
        set(draft, key, leaf, function() walk_zip(draft, zip, set, j, k + 1, go_on) end)
    end)
end

function walk(draft, entries, set, i, go_on)
    local e = entries[i]
    if not e then
        return go_on()
    end
    local function rest()
        walk(draft, entries, set, i + 1, go_on)
    end
    if e.zip then
        for j = 1, e.zip.n do
            walk_zip(draft, e.zip, set, j, 1, rest)
        end
    else
        each(e.value, function(leaf) set(draft, e.key, leaf, rest) end)
    end
end

local function put(draft, key, value, go_on)
    local before = draft[key]
    draft[key] = value
    go_on()
    draft[key] = before
end

-- A setter for plain values under "prefix.".
local function under(prefix)
    return function(draft, key, leaf, go_on) put(draft, prefix .. "." .. key, leaf, go_on) end
end

-- A rate under this key; t.probe{..} in its place sets keys of its own under "prefix.".
local function put_rate(draft, key, leaf, prefix, go_on)
    if of(leaf) then
        return walk(draft, of(leaf).entries, under(prefix), 1, go_on)
    end
    put(draft, key, leaf, go_on)
end

local function set_optim(draft, key, leaf, go_on)
    put_rate(draft, "optim." .. key, leaf, "probe", go_on)
end

-- One method at "method" or "method.<i>".
local function set_method(draft, at, p, go_on)
    put(draft, at .. ".kind", p.method, function()
        walk(draft, p.entries, function(_, key, leaf, rest)
            put_rate(draft, key == "lr" and at .. ".lr" or at .. "." .. p.method .. "." .. key, leaf, at .. ".probe", rest)
        end, 1, go_on)
    end)
end

local function set_parts(draft, parts, i, go_on)
    if not parts[i] then
        return go_on()
    end
    each(parts[i], function(leaf)
        set_method(draft, "method." .. i - 1, of(leaf), function() set_parts(draft, parts, i + 1, go_on) end)
    end)
end

-- The sources of a mix from the i-th on, each at "data.<i>".
local function set_sources(draft, p, i, go_on)
    local at = "data." .. i - 1
    if not p.sources[i] then
        return walk(draft, p.entries, under "data", 1, go_on)
    end
    each(p.sources[i], function(leaf)
        put(draft, at .. ".kind", of(leaf).data, function()
            walk(draft, of(leaf).entries, under(at), 1, function()
                each(p.weights[i], function(weight)
                    put(draft, at .. ".weight", weight, function() set_sources(draft, p, i + 1, go_on) end)
                end)
            end)
        end)
    end)
end

local setters = {}

function setters.base(draft, p, go_on)
    if p.kind == "model" then
        return put(draft, "base", p.name, go_on)
    end
    put(draft, "base", "scratch", function() walk(draft, p.entries, under "scratch", 1, go_on) end)
end

function setters.data(draft, p, go_on)
    if p.kind == "mix" then
        return put(draft, "data.kind", "mix", function() set_sources(draft, p, 1, go_on) end)
    end
    put(draft, "data.kind", p.data, function() walk(draft, p.entries, under "data", 1, go_on) end)
end

function setters.budget(draft, p, go_on)
    put(draft, "budget.unit", p.unit, function() put(draft, "budget.n", p.n, go_on) end)
end

function setters.method(draft, p, go_on)
    if p.kind == "method" then
        return set_method(draft, "method", p, go_on)
    end
    put(draft, "method.kind", "stack", function()
        each(p.lr, function(lr)
            put_rate(draft, "method.lr", lr, "method.probe", function() set_parts(draft, p.parts, 1, go_on) end)
        end)
    end)
end

local function set(draft, key, leaf, go_on)
    local p = of(leaf)
    if setters[key] then
        setters[key](draft, p, go_on)
    elseif key == "batch" then
        put(draft, p and "batch.tokens" or "batch.rows", p and p.n or leaf, go_on)
    elseif p then
        walk(draft, p.entries, key == "optim" and set_optim or under(key), 1, go_on)
    else
        put(draft, key, leaf, go_on)
    end
end

-- Emits every point of a sweep; false if the value is none.
function space.enumerate(node)
    local p, draft = of(node), {}
    if not p or p.kind ~= "sweep" then
        return false
    end
    bind.begin(p.here, p.where, p.search)
    walked, searching = p.here, p.search ~= nil
    walk(draft, p.entries, set, 1, function() bind.emit(draft) end)
    if searching then
        bind.draw()
    end
    return true
end

return space
