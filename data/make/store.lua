-- SPDX-License-Identifier: MIT
-- store.lua - files of documents between the steps of making the corpus: each document, then a line
-- "<|endoftext|> KIND". A document may hold any text but that mark.
local MARK = "<|endoftext|>"
local store = { MARK = MARK }

-- docs: array of { kind = "..", text = ".." }.
function store.write(path, docs)
    local f = assert(io.open(path, "wb"))
    for _, d in ipairs(docs) do
        assert(not d.text:find(MARK, 1, true), "a document holds the end mark")
        f:write(d.text, "\n", MARK, " ", d.kind, "\n")
    end
    assert(f:close())
end

function store.text(path)
    local f = assert(io.open(path, "rb"))
    local text = f:read("a")
    f:close()
    return text
end

function store.read(path)
    local docs = {}
    for text, kind in store.text(path):gmatch("(.-)\n<|endoftext|> ([%w_]+)\n") do
        docs[#docs + 1] = { kind = kind, text = text }
    end
    return docs
end

return store
