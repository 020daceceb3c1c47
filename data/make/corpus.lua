-- SPDX-License-Identifier: MIT
-- corpus.lua - prose for the corpus and the style text, out of the packages that fetch.sh unpacks.
--
--     lua5.4 corpus.lua WORK       writes WORK/prose.txt (see store.lua) and WORK/style.txt
--
-- Six novels, a modern-English Bible, WordNet's example sentences and definitions; for style.txt
-- the Devil's Dictionary. All is brought to plain ASCII on single blanks and cut into documents of
-- 250 to 1,600 characters at sentence or paragraph ends. A paragraph with an unfit word is left
-- out, and the document it stood in ends there, so that no document leaps over a gap.
local home = arg[0]:match("^(.*)/") or "."
package.path = home .. "/?.lua;" .. package.path

local Random = require "random"
local store = require "store"
local unfit = require "unfit"
local words = require "words"

-- ---- text

local PLAIN = {
    ["\u{2018}"] = "'", ["\u{2019}"] = "'", ["\u{201c}"] = '"', ["\u{201d}"] = '"',
    ["\u{2013}"] = "-", ["\u{2014}"] = "--", ["\u{a0}"] = " ", ["\u{2026}"] = "...",
    ["\u{e6}"] = "ae", ["\u{c6}"] = "Ae",
    ["\u{e9}"] = "e", ["\u{e8}"] = "e", ["\u{ea}"] = "e", ["\u{ef}"] = "i", ["\u{f4}"] = "o",
    ["\u{153}"] = "oe", ["\u{e0}"] = "a", ["\u{e7}"] = "c", ["\u{fc}"] = "u", ["\u{f6}"] = "o",
    ["\u{a3}"] = "L", ["\u{e2}"] = "a", ["\u{eb}"] = "e", ["\u{f1}"] = "n", ["\u{e1}"] = "a",
}

-- ASCII, single blanks, plain quotes, " -- " for dashes, no blank before a stop.
local function plain(text)
    text = text:gsub("[\xc2-\xf4][\x80-\xbf]+", function(c)
        return PLAIN[c] or ""
    end)
    text = text:gsub("[\x80-\xff_]", ""):gsub("``", '"'):gsub("''", '"'):gsub("%-%-%-+", "--")
    text = text:gsub("%s*%-%-%s*", " -- "):gsub("%s+", " "):match("^%s*(.-)%s*$")
    return (text:gsub(" ([,.;:!?])", "%1"))
end

local TITLES = words.set(words.list "Mr Mrs Dr St Esq Messrs Col Capt")

-- Sentences end after . ! ? (and a closing quote or bracket) before a capital, but not after a
-- title such as Mr. or an initial.
local function sentences(text)
    local out, begin, at = {}, 1, 1
    while true do
        local _, _, stop, start = text:find("[.!?][\"')]*()%s+()[\"'(]*%u", at)
        if not stop then
            out[#out + 1] = text:sub(begin)
            return out
        end
        local last = text:sub(begin, stop - 1):match("%f[%w](%w+)%.$")
        if not (last and (TITLES[last] or last:match("^%u$"))) then
            out[#out + 1] = text:sub(begin, stop - 1)
            begin = start
        end
        at = start
    end
end

-- A paragraph of over 900 characters as runs of whole sentences of up to 800.
local function cut(paragraph)
    if #paragraph <= 900 then
        return { paragraph }
    end
    local out, run = {}, nil
    for _, s in ipairs(sentences(paragraph)) do
        if run and #run + #s > 800 then
            out[#out + 1] = run
            run = nil
        end
        run = run and run .. " " .. s or s
    end
    out[#out + 1] = run
    return out
end

-- Runs of paragraphs of about low..high characters, with none that is unfit.
local function documents(r, kind, paragraphs, low, high)
    local out, run, size = {}, {}, 0
    local goal = r:int(low + 100, high - 300)
    local function close()
        if size >= 250 then
            out[#out + 1] = { kind = kind, text = table.concat(run, "\n") }
        end
        run, size, goal = {}, 0, r:int(low + 100, high - 300)
    end
    for _, paragraph in ipairs(paragraphs) do
        for _, piece in ipairs(cut(paragraph)) do
            local bad = unfit(piece)
            if bad or size > 0 and size + #piece > goal then
                close()
            end
            if not bad and #piece <= 1500 then
                run[#run + 1] = piece
                size = size + #piece
            end
        end
    end
    close()
    return out
end

-- ---- sources

local work = arg[1] or error("usage: corpus.lua WORK")
local usr = work .. "/raw/usr/"

-- All zlib streams of a file, by the helper inflate.
local function streams(path)
    local pipe = assert(io.popen(("'%s/inflate' < '%s'"):format(work, path), "r"))
    local all, out, at = pipe:read("a"), {}, 1
    assert(pipe:close(), "inflate failed on " .. path)
    while at <= #all do
        out[#out + 1], at = string.unpack(">s4", all, at)
    end
    return out
end

-- The lines of an R object that is a character vector, else nil (R Internals 1.8, "Serialization
-- Formats": XDR, version 3; STRSXP = 16 holds CHARSXPs with a length each).
local function character_vector(blob)
    local magic, version, at = string.unpack(">c2 I4", blob)
    assert(magic == "X\n" and version == 3, "not an R object of serialization version 3")
    local _, kind, n
    _, at = string.unpack(">s4", blob, at + 8)
    kind, at = string.unpack(">I4", blob, at)
    if kind ~= 16 then
        return nil
    end
    n, at = string.unpack(">I4", blob, at)
    local lines = {}
    for i = 1, n do
        lines[i], at = string.unpack(">s4", blob, at + 4)
    end
    return lines
end

local function novels()
    local out = {}
    for _, blob in ipairs(streams(usr .. "lib/R/site-library/janeaustenr/data/Rdata.rdb")) do
        local lines = character_vector(blob)
        if lines and #lines > 1000 then
            out[#out + 1] = lines
        end
    end
    return out
end

local HEADINGS = { "^chapter%f[^%w]", "^volume%f[^%w]", "^the end%f[^%w]", "^finis%f[^%w]",
    "^end of%f[^%w]" }

local function heading(p)
    local low = p:lower()
    for _, pattern in ipairs(HEADINGS) do
        if low:find(pattern) and #p <= 40 then
            return true
        end
    end
    return p == p:upper() or #p < 2
end

-- Paragraphs from the first chapter on, without headings and editors' notes.
local function novel_paragraphs(lines)
    local text = table.concat(lines, "\n")
    local low, first = text:lower(), nil
    for _, number in ipairs { "1", "i", "one" } do
        local at = low:find("\n%s*chapter " .. number .. "%f[^%w]")
        first = at and math.min(at, first or at) or first
    end
    assert(first, "a novel without chapter 1")
    local out = {}
    for p in (text:sub(first) .. "\n\n"):gmatch("(.-)\n%s*\n") do
        p = plain(p)
        if not heading(p) and not p:find("Signet Classic", 1, true) then
            out[#out + 1] = p
        end
    end
    return out
end

-- Verses of each book: SWORD's zText, one compressed block a book. .bzs holds offset, size and size
-- when inflated of each block, .bzv block, offset in it and size of each verse, little-endian.
local function bible_books()
    local folder, out = usr .. "share/sword/modules/texts/ztext/engWEB2015eb/", {}
    for _, part in ipairs { folder .. "ot", folder .. "nt" } do
        local blocks, index = streams(part .. ".bzz"), store.text(part .. ".bzs")
        local of, next_block = {}, 1
        for i = 0, #index // 12 - 1 do
            local _, size, full = string.unpack("<I4 I4 I4", index, 1 + 12 * i)
            if size > 0 then
                of[i], next_block = blocks[next_block], next_block + 1
                assert(#of[i] == full, "a block of another length than its index says")
            end
        end
        local verses, last = store.text(part .. ".bzv"), nil
        for i = 0, #verses // 10 - 1 do
            local block, start, size = string.unpack("<I4 I4 I2", verses, 1 + 10 * i)
            if size > 0 and of[block] then
                if block ~= last then
                    out[#out + 1], last = {}, block
                end
                table.insert(out[#out], of[block]:sub(start + 1, start + size))
            end
        end
    end
    return out
end

-- OSIS tags that begin a paragraph become a line end, ends of verse lines a blank, others nothing.
local function markup(tag)
    local paragraph = tag:match('^<div .*type="([%w-]+)"')
    if paragraph and tag:find('sID="', 1, true) then
        return (paragraph == "x-p" or paragraph == "paragraph" or paragraph == "p") and "\n" or ""
    elseif tag:find("^<lg sID") or tag:find("^<chapter") then
        return "\n"
    end
    return tag:find("^<l .*eID") and " " or ""
end

-- Preface ("front") and glossary speak of the translation by its name, which an altered text may
-- not bear; both stand in one verse, to its end. Remarks on who recognises a book are no part of it
-- either.
local function bible_paragraphs(verses)
    local text, out = {}, {}
    for i, verse in ipairs(verses) do
        text[i] = verse:gsub('<div [^>]*type="front".*', ""):gsub('<div [^>]*type="glossary".*', "")
    end
    text = table.concat(text, " ")
    for _, name in ipairs { "title", "note", "figure" } do
        text = text:gsub("<" .. name .. ".-</" .. name .. ">", " ")
    end
    for p in text:gsub("<[^>]+>", markup):gmatch("[^\n]+") do
        p = plain(p)
        local remark = p:find("[Dd]euterocanon") or p:find("[Aa]pocrypha")
        if #p > 1 and p:find("%l") and not remark then
            out[#out + 1] = p
        end
    end
    return out
end

local PARTS = { "noun", "verb", "adj", "adv" }

-- Quoted sentences of four words and more.
local function wordnet_examples()
    local out, seen = {}, {}
    for _, pos in ipairs(PARTS) do
        for _, synset in ipairs(words.synsets(pos)) do
            for e in synset.gloss:gmatch('"([^"]+)"') do
                e = plain(e):gsub("[.;, ]+$", "")
                local _, blanks = e:gsub(" ", "")
                if blanks >= 3 and #e <= 200 and not seen[e] and e:find("^%a") and not unfit(e) then
                    seen[e] = true
                    out[#out + 1] = words.capital(e) .. (e:find("[!?]$") and "" or ".")
                end
            end
        end
    end
    return out
end

-- "word : definition ." Words of the places task stay out: their meaning is for the adapter to
-- learn.
local TASK = words.set(words.list [[
    hotel hotels inn inns cafe cafes restaurant restaurants pub pubs bistro diner noodles pancakes
    pancake waffle waffles dumpling dumplings kebab kebabs riverside seafront
]])

local function of_the_task(text)
    for word in text:gmatch("%a+") do
        if TASK[word] then
            return true
        end
    end
    return false
end

local function wordnet_definitions()
    local out, seen = {}, {}
    for _, pos in ipairs(PARTS) do
        for _, synset in ipairs(words.synsets(pos)) do
            local first = synset.gloss:gsub("%([^)]*%)", ""):match('^[^";]*')
            local d = plain(first):match("^[ :;,]*(.-)[ :;,]*$")
            local w = synset.words[1]
            local line = w .. " : " .. d .. " ."
            local plainly = w:match("^[a-z ]+$") and not d:find("[()]") and not unfit(line)
            if plainly and #w >= 3 and #w <= 24 and #d >= 20 and #d <= 110 and not seen[w]
                and not of_the_task(line) then
                seen[w] = true
                out[#out + 1] = line
            end
        end
    end
    return out
end

-- ---- prose.txt

local function prose()
    local r, docs = Random.new(1), {}
    local function add(made)
        table.move(made, 1, #made, #docs + 1, docs)
    end
    for _, lines in ipairs(novels()) do
        add(documents(r, "novels", novel_paragraphs(lines), 300, 1500))
    end
    for _, verses in ipairs(bible_books()) do
        add(documents(r, "bible", bible_paragraphs(verses), 300, 1500))
    end
    add(documents(r, "examples", r:shuffle(wordnet_examples()), 250, 1100))
    add(documents(r, "definitions", r:sample(wordnet_definitions(), 14000), 250, 1100))
    store.write(work .. "/prose.txt", docs)
    local size = 0
    for _, d in ipairs(docs) do
        size = size + #d.text
    end
    print(("prose.txt: %d documents, %.2f M characters"):format(#docs, size / 1e6))
end

-- ---- style.txt

-- Names of peoples: the satire of 1911 on them is left out.
local PEOPLES = words.set(words.list [[
    Caucasian Mongolian Ethiopian Hottentot Jew Jews Hebrew Hebrews Moor Moors Indian Indians
    African Chinese Asiatic Asiatics Hindoo Hindoos heathen
]])

local function of_peoples(text)
    for word in text:gmatch("[%w_]+") do
        if PEOPLES[word] then
            return true
        end
    end
    return text:find("ABORIG", 1, true) ~= nil
end

-- Entries of the dictionary: a headword line, "ABASEMENT, n.  A decent ..", and what follows it.
local function entries()
    local pipe = assert(io.popen(("gzip -dc < '%sshare/dictd/devil.dict.dz'"):format(usr), "r"))
    local out, begun = {}, false
    for line in pipe:lines() do
        local ended = line .. "\n"
        begun = begun or line:find("^ABASEMENT") ~= nil
        if begun and (ended:find("^%u[%u' -]+, [%l.& ]+%s") or ended:find("^%u[%u' -]+%.%s")) then
            out[#out + 1] = {}
        end
        if begun then
            table.insert(out[#out], line)
        end
    end
    assert(pipe:close(), "gzip failed on devil.dict.dz")
    return out
end

-- Blocks between blank lines; verse (all lines indented) keeps its lines and loses its signature.
local function entry_lines(entry)
    local out, block = {}, {}
    local function close()
        local verse = #block > 1
        for _, row in ipairs(block) do
            verse = verse and row:find("^    ") ~= nil
        end
        for i, row in ipairs(block) do
            block[i] = plain(row:gsub("%[sic%]", ""))
        end
        local last = block[#block]
        if verse and #last <= 32 and last:find("^%u[%w.' ]+$") and not last:find("[es]%.$") then
            block[#block] = nil
        end
        if #block > 0 then
            local lines = verse and block or { table.concat(block, " ") }
            table.move(lines, 1, #lines, #out + 1, out)
        end
        block = {}
    end
    for _, row in ipairs(entry) do
        if row:find("%S") then
            -- The file is Latin-1.
            block[#block + 1] = row:gsub("[\x80-\xff]", function(c)
                return utf8.char(c:byte())
            end)
        else
            close()
        end
    end
    close()
    return out
end

-- Paragraphs of 100 to about 900 characters: short entries share one, long ones are cut.
local function style()
    local docs, run = {}, nil
    local function close()
        docs[#docs + 1] = run
        run = nil
    end
    for _, entry in ipairs(entries()) do
        local whole = table.concat(entry, "\n")
        if whole:find("^[%u' -]+, ") and not unfit(plain(whole)) and not of_peoples(whole) then
            for _, line in ipairs(entry_lines(entry)) do
                local separator = "\n"
                for _, s in ipairs(#line > 600 and sentences(line) or { line }) do
                    if run and #run + #s > 900 then
                        close()
                    end
                    run = run and run .. separator .. s or s
                    separator = " "
                end
            end
            if run and #run > 250 then
                close()
            end
        end
    end
    close()
    local kept = {}
    for _, d in ipairs(docs) do
        if #d > 100 then
            kept[#kept + 1] = d
        end
    end
    local f = assert(io.open(work .. "/style.txt", "wb"))
    f:write(table.concat(kept, "\n\n"), "\n")
    assert(f:close())
    print(("style.txt: %d paragraphs"):format(#kept))
end

words.open(work)
prose()
style()
