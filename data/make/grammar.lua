-- SPDX-License-Identifier: MIT
-- grammar.lua - fact sheets in many layouts with texts, questions, lists and copying exercises.
--
--     lua5.4 grammar.lua WORK [DOCUMENTS]      writes WORK/facts.txt (see store.lua)
--
-- They teach a small model to read a list of attributes and to copy values from it. A thing
-- (entity) has a kind, a name and a few attributes; its sheet is one of nine layouts, its text one
-- to four sentences. The layout of the places task ("key : value | key : value") occurs in none of
-- them.
local home = arg[0]:match("^(.*)/") or "."
package.path = home .. "/?.lua;" .. package.path

local Random = require "random"
local store = require "store"
local unfit = require "unfit"
local words = require "words"

local MONTHS = words.list [[January February March April May June July August September October
    November December]]
local NUMBERS = words.list "one two three four five six seven eight nine ten eleven twelve"

-- ---- the tables of domains.lua and lists.lua

local function split(text, separator)
    local out, at = {}, 1
    while true do
        local from, to = text:find(separator, at, true)
        local part = text:sub(at, from and from - 1)
        out[#out + 1] = part:match("^%s*(.-)%s*$")
        if not from then
            return out
        end
        at = to + 1
    end
end

-- The lines of a table, indented ones joined to the line above.
local function rows(text)
    local out = {}
    for line in text:gmatch("[^\n]+") do
        if line:match("^ ") then
            out[#out] = out[#out] .. " " .. line:match("^ *(.*)")
        else
            out[#out + 1] = line
        end
    end
    return out
end

local LISTS = {}
for _, line in ipairs(rows(require "lists")) do
    local name, values = line:match("^([%u_]+): (.*)$")
    LISTS[name] = split(values, ",")
end

-- "yes phrases // no phrases" -> { yes = {..}, no = {..} }
local function sides(text)
    local halves = split(text, "//")
    return { yes = split(halves[1], ";"), no = split(halves[#halves], ";") }
end

local DOMAINS = {} -- { name, nouns, attributes }
for _, line in ipairs(rows(require "domains")) do
    if line:match("^## ") then
        local nouns = split(line:sub(4), "/")
        DOMAINS[#DOMAINS + 1] = { name = nouns[1], nouns = nouns, attributes = {} }
    else
        local field = split(line, " | ")
        local attributes = DOMAINS[#DOMAINS].attributes
        attributes[#attributes + 1] = {
            keys = split(field[1], " / "), maker = words.list(field[2]), verbs = sides(field[3]),
            clauses = sides(field[4]), question = field[5], place = #attributes + 1,
        }
    end
end

-- ---- values

local function listed(r, name)
    local items = LISTS[name]
    if #items > 1 then
        return r:choice(items)
    end
    local parts = split(items[1], "+")
    for i, part in ipairs(parts) do
        parts[i] = listed(r, part)
    end
    return table.concat(parts, " ")
end

local MAKERS = {
    person = words.person,
    village = words.village,
    title = words.title,
    county = function(r)
        return r:choice { words.surname(r) .. "shire", words.made_word(r) .. "ia",
            "the county of " .. words.surname(r) }
    end,
    river = function(r)
        return r:choice { words.made_word(r), words.capital(r:choice(words.ADJ)) .. " Water",
            "River " .. words.made_word(r), words.surname(r) .. " Brook" }
    end,
    yesno = function(r)
        return r:choice { "yes", "no" }
    end,
    num = function(r, n)
        return n >= 2 and n <= 12 and r:real() < 0.5 and NUMBERS[n] or tostring(n)
    end,
    money = function(r)
        local form = r:choice { "$%d", "%d pounds", "%d crowns", "%d shillings", "%d francs",
            "$%d.50" }
        return form:format(r:int(2, 95))
    end,
    time = function(r)
        return ("%d:%02d"):format(r:int(1, 12), r:int(0, 59)) .. r:choice { "", "", " am", " pm" }
    end,
    speed = function(r)
        return r:int(12, 140) .. " miles an hour"
    end,
    date = function(r)
        return r:int(1, 28) .. " " .. r:choice(MONTHS) .. r:choice { "", " " .. r:int(1850, 2020) }
    end,
}

-- A value of { kind, low, high }; a kind that is neither list nor maker is a unit.
local function value(r, maker)
    local kind = maker[1]
    if LISTS[kind] then
        return listed(r, kind)
    end
    local n = maker[2] and r:int(tonumber(maker[2]), tonumber(maker[3]))
    if MAKERS[kind] then
        return MAKERS[kind](r, n)
    end
    return math.max(n, 2) .. " " .. kind
end

local function begins(text, ...)
    for _, pattern in ipairs { ... } do
        if text:find("^" .. pattern) then
            return true
        end
    end
    return false
end

local function article(v)
    local low = v:lower()
    local vowel = begins(low, "[aeiou]") and not begins(low, "one", "uni", "use", "eu")
    return (vowel or begins(low, "8", "11%f[^%w]", "18%f[^%w]", "hour", "honest")) and "an" or "a"
end

local function put(template, v)
    local with_article = template:gsub("%f[%w]a @", function()
        return article(v) .. " " .. v
    end)
    return (with_article:gsub("@", function()
        return v
    end))
end

local function phrases(attribute, v)
    local side = v == "no" and "no" or "yes"
    return attribute.verbs[side], attribute.clauses[side]
end

-- ---- things

local HER, HIM, IT = { "she", "her", "her" }, { "he", "him", "his" }, { "it", "it", "its" }
local PRONOUN = { SUB = 1, OBJ = 2, POS = 3 }

local function baptise(r, e)
    if e.domain.name == "person" then
        local girl = r:real() < 0.5
        e.short = r:choice(girl and words.GIRLS or words.BOYS)
        e.name = e.short .. " " .. words.surname(r)
        e.pronouns = girl and HER or HIM
        return
    end
    e.name = e.domain.name == "village" and words.village(r) or words.title(r)
    if (e.domain.name == "beast" or e.domain.name == "tool") and r:real() < 0.4 then
        e.name = words.made_word(r)
    end
    e.short = "the " .. e.noun
    e.pronouns = IT
end

-- A thing with a name and low..high items { attribute, key used, value }, fewer where keys or
-- values would be equal.
local function entity(r, domain, low, high)
    local e = { domain = domain or r:choice(DOMAINS), items = {} }
    e.noun = r:choice(e.domain.nouns)
    baptise(r, e)
    local picked = r:sample(e.domain.attributes, r:int(low or 3, high or 8))
    if r:real() < 0.7 then
        table.sort(picked, function(a, b)
            return a.place < b.place
        end)
    end
    local seen = {}
    for _, a in ipairs(picked) do
        local key = r:real() < 0.6 and a.keys[1] or r:choice(a.keys)
        local v = value(r, a.maker)
        local yesno = v == "yes" or v == "no"
        if not seen["key " .. key] and (yesno or not seen["value " .. v]) then
            seen["key " .. key], seen["value " .. v] = true, true
            e.items[#e.items + 1] = { a, key, v }
        end
    end
    return e
end

-- The name, now and then with the noun before it.
local function full_name(r, e, own)
    local k = r:real()
    if e.domain.name == "person" or e.domain.name == "village" or k < 0.8 then
        return e.name
    end
    return "the " .. e.noun .. ((own or k < 0.9) and " " or " called ") .. e.name
end

local function tidy(text)
    text = text:gsub(" +", " "):match("^%s*(.-)%s*$")
    return (text:gsub("^%l", string.upper):gsub("[.?!]%s+%l", string.upper))
end

-- Puts a name, noun or pronoun for each SUB, OBJ and POS: the name for the first.
local function refer(r, e, text, named)
    local function one(from, word, to)
        if not PRONOUN[word] then
            return nil
        end
        local last = text:sub(1, from - 1):match("(%S)%s*$")
        local opens = last == nil or last == "." or last == "?"
        local ref
        if not named then
            named, ref = true, full_name(r, e, word == "POS")
        elseif opens and (text:sub(to, to) == "," or r:real() < 0.45) then
            ref = r:real() < 0.75 and e.short or e.name
        elseif word ~= "SUB" and r:real() < 0.06 then
            ref = e.short
        else
            return e.pronouns[PRONOUN[word]]
        end
        if word == "POS" then
            return ref .. (ref:sub(-1) == "s" and "'" or "'s")
        end
        return ref
    end
    return tidy((text:gsub("%f[%w_]()(%u%u%u)()%f[^%w_]", one)))
end

-- ---- sentences

local PARTICIPLES = words.set(words.list [[
    built made written sung sent known found kept drawn driven bound
]])

-- "has a crew of 9" -> "with a crew of 9"; "was built in 1900" -> "built in 1900"; else nil.
local function with_form(verb)
    if begins(verb, "has an? ", "has %d+ ", "has no ") then
        return "with " .. verb:sub(5)
    end
    local rest = verb:match("^was (.*)") or verb:match("^is (.*)")
    local first = rest and rest:match("^(%w+) ")
    if first and (first:match("%wed$") or PARTICIPLES[first]) then
        return rest
    end
    return nil
end

-- Forms of one sentence: V1..V3 stand for verb phrases, C1..C3 for clauses, M1, M2 for "with"
-- forms, WHO for "who" or "which". Those with an M that the phrase does not have are left out.
local FORMS = {
    { "SUB V1.", "SUB V1.", "C1." },
    { "SUB V1 and V2.", "SUB V1 and V2.", "SUB V1, and C2.", "C1, and SUB V2.", "SUB, WHO V1, V2.",
        "C1, and C2.", "M1, SUB V2.", "SUB, M2, V1." },
    { "SUB V1, V2 and V3.", "SUB V1 and V2, and C3.", "C1, and SUB V2 and V3.",
        "SUB, WHO V1, V2 and V3.", "SUB V1 and V2; C3.", "M1, SUB V2 and V3." },
}

-- One sentence, SUB, OBJ and POS left open, for one to three items.
local function sentence(r, who, items)
    local fill = { WHO = who }
    for i, item in ipairs(items) do
        local verbs, clauses = phrases(item[1], item[3])
        fill["V" .. i] = put(r:choice(verbs), item[3])
        fill["C" .. i] = put(r:choice(clauses), item[3])
        fill["M" .. i] = with_form(fill["V" .. i])
    end
    local fit = {}
    for _, form in ipairs(FORMS[#items]) do
        local with = form:match("M%d")
        if not with or fill[with] then
            fit[#fit + 1] = form
        end
    end
    return (r:choice(fit):gsub("%u[%dH]O?", fill))
end

-- A few sentences that mention all the items.
local function describe(r, e, items, named)
    items = table.move(items or e.items, 1, #(items or e.items), 1, {})
    if r:real() < 0.45 then
        r:shuffle(items)
    end
    local who, out, at = e.domain.name == "person" and "who" or "which", {}, 1
    while at <= #items do
        local left = #items - at + 1
        local n = math.min(left, r:choice(left > 3 and { 1, 2, 2, 3, 3 } or { 1, 2, 3 }))
        out[#out + 1] = sentence(r, who, table.move(items, at, at + n - 1, 1, {}))
        at = at + n
    end
    return refer(r, e, table.concat(out, " "), named)
end

-- ---- sheets

local CASES = {
    low = function(key) return key end,
    cap = words.capital,
    up = string.upper,
    snake = function(key) return (key:gsub(" ", "_")) end,
}

-- Rows in the manner of each layout; from is the first row to write.
local function laid(pairs_of, form, separator, from)
    local out = {}
    for i = from or 1, #pairs_of do
        local p = pairs_of[i]
        out[#out + 1] = (form:gsub("[KV]", { K = p[1], V = p[2] }))
    end
    return table.concat(out, separator)
end

local LAYOUTS = {
    function(_, p) return laid(p, "K = V", "\n") end,
    function(r, p) return laid(p, r:choice { "-", "*", "+" } .. " K: V", "\n") end,
    function(r, p) return laid(p, "K: V", "; ") .. r:choice { "", "." } end,
    function(r, p) return "{" .. laid(p, '"K": "V"', r:choice { ", ", ",\n " }) .. "}" end,
    function(_, p) return laid(p, "| K | V |", "\n") end,
    function(_, p) return laid(p, "K? V", "\n") end,
    function(_, p) return laid(p, "K[V]", ", ") end,
    function(r, p)
        return r:choice { "# ", "== ", "", "About " } .. p[1][2] .. "\n" .. laid(p, "K: V", "\n", 2)
    end,
    function(r, p)
        local inner = r:choice { ": ", " = ", "=", " -> ", ":", " - ", " is " }
        local outer = r:choice { "\n", "; ", ", ", " / ", " + ", " ;; ", "\n\n" }
        return laid(p, "K" .. inner .. "V", outer)
    end,
}

-- Name and items in one of the layouts.
local function sheet(r, e)
    local case = CASES[r:choice { "low", "low", "cap", "up", "snake" }]
    local titled = e.domain.name == "book" or e.domain.name == "song"
    local head = r:choice { "name", "name", "name", e.domain.name, titled and "title" or "name" }
    local pairs_of = { { case(head), e.name } }
    for _, item in ipairs(e.items) do
        pairs_of[#pairs_of + 1] = { case(item[2]), item[3] }
    end
    return r:choice(LAYOUTS)(r, pairs_of)
end

-- ---- kinds of document

local function gap(r, ...)
    local forms = { "\n", "\n\n", "\n" }
    for _, label in ipairs { ... } do
        forms[#forms + 1] = "\n" .. label
    end
    return r:choice(forms)
end

local function in_full(r)
    local e = entity(r)
    local told = sheet(r, e)
    local lead = gap(r, "Text: ", "In words: ", "=> ", "-> ", "In full: ", "\nText:\n")
    return told .. lead .. describe(r, e)
end

local function in_short(r)
    local e = entity(r, nil, 5)
    local some = r:sample(e.items, r:int(1, 3))
    local told = sheet(r, e) .. "\n" .. r:choice { "In short: ", "Briefly: ", "In brief: " }
    return told .. describe(r, e, some)
end

local function answer(r, e, item)
    local a, v = item[1], item[3]
    if v == "yes" or v == "no" then
        local said = words.capital(v)
        local verbs = phrases(a, v)
        return said .. r:choice { ".", ", " .. e.pronouns[1] .. " " .. r:choice(verbs) .. "." }
    end
    if r:real() < 0.6 then
        return words.capital(v) .. "."
    end
    return refer(r, e, sentence(r, "", { item }), r:real() < 0.5)
end

-- One or two things, then questions; with two of a kind the question must name its thing.
local function questions(r)
    local two = r:real() < 0.25
    local es = { entity(r, nil, two and 2 or 4, two and 3 or 6) }
    es[2] = two and entity(r, es[1].domain, 2, 3) or nil
    local told, asked = {}, {}
    for i, e in ipairs(es) do
        told[i] = r:real() < 0.7 and sheet(r, e) or describe(r, e)
        for _, item in ipairs(e.items) do
            asked[#asked + 1] = { e, item }
        end
    end
    local out = { table.concat(told, "\n\n") .. "\n" }
    local mark = r:choice { { "Q: ", "A: " }, { "Question: ", "Answer: " }, { "? ", "> " },
        { "- ", "- " } }
    for _, ask in ipairs(r:sample(asked, r:int(2, 4))) do
        local e, item = ask[1], ask[2]
        out[#out + 1] = mark[1] .. refer(r, e, item[1].question, not two and r:real() < 0.4)
        out[#out + 1] = mark[2] .. answer(r, e, item)
    end
    return table.concat(out, "\n")
end

local function to_list(r)
    local e = entity(r)
    return describe(r, e) .. gap(r, "List: ", "Facts:\n", "Sheet:\n", "=> ") .. sheet(r, e)
end

-- A text on several things, then their names (or a value of each) in order.
local function names_back(r)
    local domain, es, text = r:choice(DOMAINS), {}, {}
    for i = 1, r:int(2, 4) do
        es[i] = entity(r, domain, 1, 2)
        text[i] = describe(r, es[i])
    end
    local told, back = table.concat(text, " "), {}
    if r:real() < 0.3 then
        local separator = r:choice { ": ", " - ", " = " }
        for i, e in ipairs(es) do
            back[i] = e.name .. separator .. r:choice(e.items)[3]
        end
        return told .. "\n\n" .. table.concat(back, "\n")
    end
    for i, e in ipairs(es) do
        back[i] = e.name
    end
    local separator = r:choice { ", ", "\n", "; ", " / " }
    local lead = separator == "\n" and "\n" or r:choice { " ", "\n" }
    local label = r:choice { "Names:", "Named here:", "The names are:" }
    return told .. "\n" .. label .. lead .. table.concat(back, separator)
end

-- The same facts in two layouts, sometimes as a text too.
local function twice(r)
    local e = entity(r, nil, 3, 5)
    local both = sheet(r, e) .. "\n\n" .. sheet(r, e)
    return both .. r:choice { "\n\n", "\n" } .. (r:real() < 0.5 and describe(r, e) or "")
end

-- ---- copying exercises

local function letters(r)
    local all, out = "abcdefghijklmnopqrstuvwxyz0123456789", {}
    for i = 1, r:int(3, 7) do
        local at = r:int(1, #all)
        out[i] = all:sub(at, at)
    end
    return table.concat(out)
end

local function many(r, low, high, maker)
    local out = {}
    for i = 1, r:int(low, high) do
        out[i] = maker(r)
    end
    return out
end

local function noun(r)
    return r:choice(words.name_nouns())
end

-- Something worth copying: a name, a person, a word, a number, a few words, odd letters.
local PIECES = {
    { words.title, 30 }, { words.person, 15 }, { words.made_word, 10 }, { words.village, 10 },
    { function(r) return tostring(r:int(1, math.tointeger(10 ^ r:int(1, 5)))) end, 10 },
    { function(r) return table.concat(many(r, 1, 4, noun), " ") end, 20 }, { letters, 5 },
}

local function piece(r)
    return r:weighted(PIECES)(r)
end

local COPYING = {
    function(r)
        local separator = r:choice { ", ", "; ", "\n", " / ", "\n- " }
        local head = r:choice { { "Names", "Again" }, { "List", "The same list" },
            { "First", "Second" }, { "Read", "Write" }, { "In", "Out" } }
        local lead = separator:sub(1, 1) == "\n" and separator or r:choice { " ", "\n" }
        local items = table.concat(many(r, 4, 9, piece), separator)
        return head[1] .. ":" .. lead .. items .. "\n" .. head[2] .. ":" .. lead .. items
    end,
    function(r)
        local mark = r:choice { { "> ", "< " }, { "say ", "" }, { "", "" },
            { "Repeat after me: ", "" }, { "copy: ", "copied: " }, { "A: ", "B: " } }
        return table.concat(many(r, 4, 8, function()
            local p = piece(r)
            return mark[1] .. p .. "\n" .. mark[2] .. p
        end), "\n")
    end,
    function(r)
        local arrow = r:choice { " -> ", " = ", " : ", " => ", ", " }
        return table.concat(many(r, 5, 9, function()
            local p = piece(r)
            return p .. arrow .. p
        end), "\n")
    end,
    function(r)
        local nouns = words.name_nouns()
        local line = table.concat(many(r, 10, 32, function()
            local at = r:int(1, #nouns + #words.ADJ)
            return nouns[at] or words.ADJ[at - #nouns]
        end), " ")
        return r:choice { "", "Words: ", "Repeat: " } .. line .. "\n" .. line
    end,
    function(r)
        local text = describe(r, entity(r, nil, 2, 4))
        local form = r:choice { "@\n@", "Read: @\nSaid: @", '"@"\n"@"', "@\nOnce more: @" }
        return (form:gsub("@", { ["@"] = text }))
    end,
    function(r)
        local keys, held, rows_of = {}, {}, {}
        for _ = 1, r:int(4, 7) do
            local nouns = words.name_nouns()
            local key = r:choice(r:choice { nouns, nouns, words.GIRLS, words.BOYS })
            if not held[key] then
                held[key] = piece(r)
                keys[#keys + 1] = key
                rows_of[#rows_of + 1] = key .. ": " .. held[key]
            end
        end
        r:shuffle(keys)
        local asked = {}
        for i = 1, math.min(5, #keys) do
            asked[i] = keys[i] .. "? " .. held[keys[i]]
        end
        return table.concat(rows_of, "\n") .. "\n\n" .. table.concat(asked, "\n")
    end,
}

local function copying(r)
    return r:choice(COPYING)(r)
end

-- Shares of the kinds, in parts of a hundred.
local KINDS = {
    { { "in_full", in_full }, 46 }, { { "in_short", in_short }, 10 },
    { { "questions", questions }, 12 }, { { "to_list", to_list }, 9 },
    { { "names_back", names_back }, 6 }, { { "twice", twice }, 5 }, { { "copying", copying }, 12 },
}

local function main(work, count)
    words.open(work)
    local r, docs, size = Random.new(7), {}, 0
    while #docs < count do
        local kind = r:weighted(KINDS)
        local text = kind[2](r):match("^%s*(.-)%s*$")
        if #text >= 120 and #text <= 620 and not unfit(text) then
            docs[#docs + 1] = { kind = kind[1], text = text }
            size = size + #text
        end
    end
    store.write(work .. "/facts.txt", docs)
    print(("facts.txt: %d documents, %.2f M characters"):format(#docs, size / 1e6))
end

main(arg[1] or error("usage: grammar.lua WORK [DOCUMENTS]"), tonumber(arg[2] or 56000))
