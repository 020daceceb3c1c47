-- SPDX-License-Identifier: MIT
-- checks.lua - checks of what was made: shares and sizes, the filter, what must be kept apart (task
-- and corpus, new and known names, style and prose), the references against the slot checker, and
-- the slot checker against sentences written by hand.
--
--     lua5.4 checks.lua WORK       a line for each check with its figure; status 1 if one fails
local home = arg[0]:match("^(.*)/") or "."
package.path = home .. "/?.lua;" .. package.path

local Random = require "random"
local slots = require "slots"
local store = require "store"
local unfit = require "unfit"
local words = require "words"

local work = arg[1] or error("usage: checks.lua WORK")
local failed = 0

local function check(ok, what, ...)
    failed = failed + (ok and 0 or 1)
    print((ok and "ok      " or "NOT OK  ") .. what:format(...))
end

local function say(what, ...)
    print("        " .. what:format(...))
end

local function percent(part, whole)
    return 100 * part / whole
end

local function matches(text, pattern)
    local n = 0
    for _ in text:gmatch(pattern) do
        n = n + 1
    end
    return n
end

local function count(list, condition)
    local n = 0
    for _, item in ipairs(list) do
        n = n + (condition(item) and 1 or 0)
    end
    return n
end

-- Documents and characters by kind: { kind = { docs, characters } }, and the sums.
local function by_kind(docs)
    local out, sum = {}, 0
    for _, d in ipairs(docs) do
        local k = out[d.kind] or { 0, 0 }
        out[d.kind], k[1], k[2], sum = k, k[1] + 1, k[2] + #d.text, sum + #d.text
    end
    return out, sum
end

-- ---- corpus

local function texts(docs)
    local out = {}
    for i, d in ipairs(docs) do
        out[i] = d.text
    end
    return out
end

local function check_documents(name, docs, low, high)
    local seen, twice = {}, 0
    for _, d in ipairs(docs) do
        twice = twice + (seen[d.text] and 1 or 0)
        seen[d.text] = true
    end
    local short = count(docs, function(d) return #d.text < low or #d.text > high end)
    local bad = count(docs, function(d) return unfit(d.text) end)
    local odd = count(docs, function(d) return d.text:find("[^\n\x20-\x7e]") end)
    local doubled = count(docs, function(d) return d.text:find("  ", 1, true) end)
    check(short == 0, "%s: documents not of %d to %d characters: %d", name, low, high, short)
    check(bad == 0, "%s: documents with an unfit word: %d", name, bad)
    check(odd == 0, "%s: documents with other than printable ASCII: %d", name, odd)
    check(doubled == 0, "%s: documents with two blanks in a row: %d", name, doubled)
    check(twice <= #docs // 1000, "%s: documents that occur twice: %d", name, twice)
end

local PROSE_LEAST = { novels = 3.8e6, bible = 4.4e6, examples = 1.4e6, definitions = 0.9e6 }

local function check_prose(docs)
    local kinds, sum = by_kind(docs)
    for _, kind in ipairs { "novels", "bible", "examples", "definitions" } do
        local k = kinds[kind] or { 0, 0 }
        check(k[2] >= PROSE_LEAST[kind], "prose: %s %d documents, %.2f M characters", kind, k[1],
            k[2] / 1e6)
    end
    say("prose: %d documents, %.2f M characters", #docs, sum / 1e6)
    check_documents("prose", docs, 250, 1600)
    local named = count(docs, function(d) return d.text:find("World English Bible", 1, true) end)
    check(named == 0, "prose: documents with the name of the translation: %d", named)
end

-- What the kinds should be after those of a wrong length were drawn again, in per cent.
local FACT_SHARES = { { "in_full", 47 }, { "questions", 12 }, { "copying", 11 }, { "in_short", 10 },
    { "to_list", 9 }, { "names_back", 6 }, { "twice", 5 } }

-- How often a word of the new names stands with a capital beside another such word. (Alone it may
-- begin an answer: "Marble.", "Trumpet.")
local function in_names(text)
    local new, n = {}, 0
    for _, group in ipairs { words.NEW_FIRST, words.NEW_SECOND, words.NEW_NEAR } do
        for _, w in ipairs(group) do
            new[words.capital(w)] = true
        end
    end
    for first, at in text:gmatch("%f[%w](%u%l+)()%f[ ]") do
        local second = text:match("^ (%u%l+)", at)
        n = n + (second and (new[first] or new[second]) and 1 or 0)
    end
    return n
end

local function check_facts(docs)
    local kinds, sum = by_kind(docs)
    say("facts: %d documents, %.2f M characters", #docs, sum / 1e6)
    for _, share in ipairs(FACT_SHARES) do
        local got = percent(kinds[share[1]][1], #docs)
        check(math.abs(got - share[2]) <= 2, "facts: %s %.1f %% (%d)", share[1], got, share[2])
    end
    check_documents("facts", docs, 120, 620)
    local all = table.concat(texts(docs), "\n")
    local a, an = 0, 0
    for word in all:gmatch("%f[%w]a (%l+)") do
        local vowel = word:find("^[aeiou]") and not (word:find("^one") or word:find("^uni")
            or word:find("^use") or word:find("^eu") or word:find("^ewe"))
        a = a + (vowel and 1 or 0)
    end
    for word in all:gmatch("%f[%w]an (%l+)") do
        an = an + ((word:find("^[aeiou]") or word:find("^hour") or word:find("^honest")) and 0 or 1)
    end
    check(a + an == 0, "facts: 'a' before a vowel %d, 'an' before a consonant %d", a, an)
    check(in_names(all) == 0, "facts: words of new names inside other names: %d", in_names(all))
    local low, found = all:lower(), {}
    for _, w in ipairs(words.list "hotel restaurant cafe bistro noodles riverside seafront") do
        found[#found + 1] = matches(low, "%f[%w]" .. w .. "%f[^%w]")
    end
    check(math.max(table.unpack(found)) == 0, "facts: words of the task (hotel, ..): %s",
        table.concat(found, " "))
end

local function check_mix(prose, facts)
    local mix, known = store.text(work .. "/mix.txt"), {}
    for _, d in ipairs(prose) do
        known[d.text] = "prose"
    end
    for _, d in ipairs(facts) do
        known[d.text] = "facts"
    end
    local size, docs, strange = { prose = 0, facts = 0 }, 0, 0
    for text in mix:gmatch("(.-)<|endoftext|>") do
        local kind = known[text]
        docs, strange = docs + 1, strange + (kind and 0 or 1)
        size[kind or "prose"] = size[kind or "prose"] + #text
    end
    local share = percent(size.prose, size.prose + size.facts)
    check(math.abs(share - 43) < 0.5, "mix: %d documents, %.2f M characters, %.1f %% prose", docs,
        #mix / 1e6, share)
    local ended = mix:sub(-#store.MARK) == store.MARK
    check(strange == 0 and ended, "mix: documents of neither file: %d", strange)
    local layout = matches(mix, "%w : [^|\n]+ | %w+ : ")
    check(layout == 0, "mix: 'key : value | key : value': %d", layout)
end

-- ---- task

-- Inputs in order, each with its texts; and rows whose input was already left.
local function inputs_of(rows)
    local out, index, scattered = {}, {}, 0
    for i, row in ipairs(rows) do
        local at = index[row[1]]
        if not at then
            out[#out + 1] = { input = row[1], texts = {} }
            at = #out
            index[row[1]] = at
        elseif rows[i - 1][1] ~= row[1] then
            scattered = scattered + 1
        end
        table.insert(out[at].texts, row[2])
    end
    return out, index, scattered
end

local function check_places(name, least, most)
    local path = work .. "/" .. name
    local rows, size = slots.rows(path), #store.text(path)
    local inputs, index, scattered = inputs_of(rows)
    check(#rows >= least and size < most, "%s: %d rows, %d inputs, %d bytes", name, #rows, #inputs,
        size)
    local three = count(inputs, function(i) return #i.texts == 3 end)
    check(three == #inputs and scattered == 0, "%s: inputs with three references in a row: %d",
        name, three)
    local many = {}
    for _, i in ipairs(inputs) do
        local _, n = slots.attributes(i.input)
        many[n] = (many[n] or 0) + 1
    end
    local said = {}
    for n = 3, 8 do
        said[#said + 1] = n .. ": " .. (many[n] or 0)
    end
    say("%s: inputs by number of attributes: %s", name, table.concat(said, ", "))
    local different = {}
    for _, row in ipairs(rows) do
        different[row[2]] = true
    end
    local texts_n = 0
    for _ in pairs(different) do
        texts_n = texts_n + 1
    end
    say("%s: %d different references", name, texts_n)
    local bad = count(rows, function(row) return unfit(row[1] .. " " .. row[2]) end)
    local odd = count(rows, function(row)
        return (row[1] .. row[2]):find("[^\x20-\x7e]") or row[2]:find("  ", 1, true)
    end)
    check(bad == 0 and odd == 0, "%s: rows unfit or not plain: %d", name, bad + odd)
    local wrong = count(rows, function(row)
        local right, all = slots.right(row[1], row[2])
        return right ~= all
    end)
    check(wrong == 0, "%s: references with a slot that the checker finds wrong: %d", name, wrong)
    local r, right, all = Random.new(3), 0, 0
    for _, row in ipairs(rows) do
        local a, b = slots.right(row[1], r:choice(rows)[2])
        right, all = right + a, all + b
    end
    check(right / all < 0.2, "%s: slots right with a reference of another row: %.1f %%", name,
        percent(right, all))
    return rows, index
end

local function check_apart(rows, new_rows, index, new_index)
    local shared = 0
    for input in pairs(new_index) do
        shared = shared + (index[input] and 1 or 0)
    end
    check(shared == 0 and #new_rows > 0, "places-new.txt: inputs that places.txt has too: %d",
        shared)
    local known = {}
    for _, row in ipairs(rows) do
        for word in (row[1] .. " " .. row[2]):lower():gmatch("%w+") do
            known[word] = true
        end
    end
    local met = 0
    for _, group in ipairs { words.NEW_FIRST, words.NEW_SECOND, words.NEW_NEAR } do
        met = met + count(group, function(w) return known[w:lower()] end)
    end
    check(met == 0, "places-new.txt: words of its names that places.txt has too: %d", met)
end

-- Written by hand, not by the grammar: input, text, the slots that are right.
local BY_HAND = {
    { "name : Old Owl | family : no", "Don't bring the kids to the Old Owl.", "name" },
    { "name : Old Owl | family : no", "The Old Owl isn't really meant for kids.", "family name" },
    { "name : Old Owl | family : no", "Children aren't welcome at Old Owl", "family name" },
    { "name : Old Owl | family : no", "Old Owl is an adults-only place.", "family name" },
    { "name : Old Owl | family : no", "Old Owl is a non-family place.", "family name" },
    { "name : Old Owl | family : yes", "Bring your kids to Old Owl: not far.", "family name" },
    { "name : Old Owl | family : yes", "Old Owl is no place for families.", "name" },
    { "name : Old Owl | family : yes", "Old Owls are good for families.", "family" },
    { "name : Old Owl | price : high", "Old Owl is inexpensive.", "name" },
    { "name : Old Owl | price : high", "Old Owl is an expensive place.", "name price" },
    { "name : Old Owl | price : high", "Old Owl is expensive but has low prices.", "name" },
    { "name : Old Owl | price : low", "Old Owl is low in price.", "name price" },
    { "name : Old Owl | price : low", "Old Owl has a low rating.", "name" },
    { "name : Old Owl | price : under $15", "A meal at old owl costs under $15.", "name price" },
    { "name : Old Owl | price : under $15", "A meal at Old Owl costs over $40.", "name" },
    { "name : Old Owl | rating : high", "Old Owl has a high customer rating.", "name rating" },
    { "name : Old Owl | rating : high", "Old Owl has high prices.", "name" },
    { "name : Old Owl | rating : 3 out of 5", "Old Owl got 3 out of 5, so it is average.", "name" },
    { "name : Old Owl | rating : 3 out of 5", "People rate Old Owl 3 out of 5.", "name rating" },
    { "name : Old Owl | kind : pub", "Old Owl is a pub.", "kind name" },
    { "name : Old Owl | kind : pub", "Old Owl is a public house.", "name" },
    { "name : Old Owl | kind : pub", "Old Owl is a pub and hotel.", "name" },
    { "name : Old Owl | food : cakes", "Old Owl makes the best cake in town.", "food name" },
    { "name : Old Owl | food : cakes", "Old Owl makes pancakes.", "name" },
    { "name : Old Owl | near : Old Mill", "Near the old mill stands the Old Owl.", "name near" },
    { "name : Old Owl | near : Old Mill", "Old Owl is near the Town Hall.", "name" },
    { "name : Old Owl | near : Old Mill", "Old Owl is near Old Mill and the Zoo.", "name" },
    { "name : Old Owl | near : Wharf Locks", "Old Owl is near Wharf Locksmith.", "name" },
    { "name : Summer Owl | open : late", "Summer Owl is open late.", "name open" },
    { "name : Summer Owl | open : late", "Summer Owl is open late in summer.", "name" },
    { "name : Old Owl | area : harbour | view : lake", "By the harbour, Old Owl looks on the lake.",
        "area name view" },
    { "name : Old Owl | area : harbour | view : lake", "", "" },
}

local function check_by_hand()
    for _, case in ipairs(BY_HAND) do
        local right = {}
        for key, ok in pairs(slots.results(case[1], case[2])) do
            right[#right + 1] = ok and key or nil
        end
        table.sort(right)
        local got = table.concat(right, " ")
        if got ~= case[3] then
            check(false, "slots: '%s' of '%s' has '%s', not '%s'", case[2], case[1], got, case[3])
        end
    end
    say("slots: %d sentences written by hand were judged", #BY_HAND)
end

-- ---- style and the shipped files

local function check_style(prose)
    local text, docs = store.text(work .. "/style.txt"), {}
    for paragraph in (text .. "\n"):gmatch("(.-)\n\n") do
        docs[#docs + 1] = { kind = "style", text = paragraph }
    end
    check(#docs > 400 and #text > 2.5e5, "style: %d paragraphs, %d bytes", #docs, #text)
    check_documents("style", docs, 101, 1600)
    local all = table.concat(texts(prose), "\n")
    local met = count(docs, function(d) return all:find(d.text:sub(1, 60), 1, true) end)
    check(met == 0, "style: paragraphs that prose has too: %d", met)
end

local function check_shipped()
    for _, name in ipairs { "places.txt", "places-new.txt", "style.txt" } do
        local f = io.open(home .. "/../" .. name, "rb")
        if f then
            check(f:read("a") == store.text(work .. "/" .. name), "data/%s is what was made", name)
            f:close()
        end
    end
end

local function main()
    check(Random.new(0):next() == 0xE220A8397B1DCDAF, "splitmix64: first number of seed 0")
    local prose, facts = store.read(work .. "/prose.txt"), store.read(work .. "/facts.txt")
    check_prose(prose)
    check_facts(facts)
    check_mix(prose, facts)
    local rows, index = check_places("places.txt", 5200, 1.25e6)
    local new_rows, new_index = check_places("places-new.txt", 300, 1e5)
    check_apart(rows, new_rows, index, new_index)
    check_by_hand()
    check_style(prose)
    check_shipped()
    print(failed == 0 and "all as it should be" or failed .. " checks failed")
    os.exit(failed == 0 and 0 or 1)
end

main()
