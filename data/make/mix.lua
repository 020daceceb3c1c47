-- SPDX-License-Identifier: MIT
-- mix.lua - the corpus in one file.
--
--     lua5.4 mix.lua WORK       writes WORK/mix.txt and WORK/train.txt
--
-- mix.txt: documents of prose.txt (43 % of the characters) and facts.txt (57 %), shuffled with a
-- fixed seed, each followed by "<|endoftext|>" and nothing else: read as t.text{ "mix.txt",
-- specials = true, rows = "window:256" } the mark becomes token 0 and windows run on over it. As
-- much is taken as the shorter of the two allows. train.txt: the same documents between blank
-- lines, for the tokenizer trainer, which must not see the mark.
local home = arg[0]:match("^(.*)/") or "."
package.path = home .. "/?.lua;" .. package.path

local Random = require "random"
local store = require "store"

local PROSE_SHARE = 0.43

local function size_of(docs)
    local n = 0
    for _, d in ipairs(docs) do
        n = n + #d.text
    end
    return n
end

-- Documents in random order up to a number of characters.
local function some(r, docs, limit)
    local out, n = {}, 0
    for _, d in ipairs(r:shuffle(docs)) do
        if n >= limit then
            break
        end
        out[#out + 1], n = d, n + #d.text
    end
    return out
end

local function main(work)
    local r = Random.new(11)
    local prose, facts = store.read(work .. "/prose.txt"), store.read(work .. "/facts.txt")
    local all = math.min(size_of(prose) / PROSE_SHARE, size_of(facts) / (1 - PROSE_SHARE))
    local docs = some(r, prose, all * PROSE_SHARE)
    local chosen = some(r, facts, all * (1 - PROSE_SHARE))
    table.move(chosen, 1, #chosen, #docs + 1, docs)
    r:shuffle(docs)
    local mix = assert(io.open(work .. "/mix.txt", "wb"))
    local train = assert(io.open(work .. "/train.txt", "wb"))
    for _, d in ipairs(docs) do
        mix:write(d.text, store.MARK)
        train:write(d.text, "\n\n")
    end
    assert(mix:close())
    assert(train:close())
    print(("mix.txt: %d documents, %.2f M characters"):format(#docs, size_of(docs) / 1e6))
end

main(arg[1] or error("usage: mix.lua WORK"))
