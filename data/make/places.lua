-- SPDX-License-Identifier: MIT
-- places.lua - the task: attributes of a place in, one to three sentences that mention them all
-- out.
--
--     lua5.4 places.lua WORK       writes WORK/places.txt and WORK/places-new.txt
--
-- A row is "name : X | kind : hotel | .. || text", shaped like E2E NLG but with a vocabulary of its
-- own; the three references of one input stand on consecutive rows. No input is in both files, and
-- names and places nearby of places-new.txt are of words that no row of places.txt has: what it
-- measures is reading, not knowing names. Keys stand in one order; two to seven of them are there
-- beside the name.
local home = arg[0]:match("^(.*)/") or "."
package.path = home .. "/?.lua;" .. package.path

local Random = require "random"
local words = require "words"

-- Items between commas or semicolons, on one line or several.
local function items(text, separator)
    local out = {}
    for part in text:gsub("%s+", " "):gmatch("[^" .. (separator or ",") .. "]+") do
        local item = part:match("^ *(.-) *$")
        if item ~= "" then
            out[#out + 1] = item
        end
    end
    return out
end

local KEYS = words.list "name kind food price rating area near family open view"
local RANK = {}
for i, key in ipairs(KEYS) do
    RANK[key] = i
end

local FIRST = words.list [[
    Golden Silver Copper Scarlet Green Blue White Black Red Amber Ivory Crimson Olive Royal Happy
    Jolly Merry Lucky Quiet Hungry Sleepy Dancing Singing Running Flying Hidden Secret Old Little
    Grand Tall Crooked Twin Velvet Iron Brass Glass Wooden Stone Sunny Misty Windy Snowy Summer
    Winter Autumn Northern Western Lonely Gentle Brave Clever Proud Wild Young Honest Humble Noble
    Cosy Rusty
]]
local SECOND = words.list [[
    Candle Lantern Anchor Barrel Kitchen Spoon Fork Plate Table Oven Apple Lemon Cherry Plum Pear
    Rose Lily Tulip Thistle Oak Willow Maple Swan Goose Heron Falcon Raven Robin Owl Fox Badge Hare
    Stag Lion Tiger Bear Wolf Horse Pony Dolphin Whale Crown Bell Clock Key Mirror Ribbon Button
    Feast Basket Bottle Ladder Wheel Arrow Shield Crane Star Moon Comet Penny
]]
local NEAR = items [[
    Old Mill, Stone Bridge, North Gate, Clock Tower, Castle Hill, Opera House, Fish Market,
    Royal Museum, Bus Station, King's Theatre, City Library, Rose Park, South Pier, Town Hall,
    White Church, Grand Hall, Flower Market, Long Bridge, Post Office, Music School, Wool Exchange,
    Water Tower, Old Prison, Zoo, Law Court, Skating Rink, Tram Depot, Sugar Works, Mint,
    Chess Club, East Gate, Iron Fountain
]]
local NO_ARTICLE = words.set(items "Castle Hill, Rose Park, North Gate, East Gate, King's Theatre")
local KIND = items [[
    hotel, inn, cafe, pub, restaurant, guest house, tea room, wine bar, diner, bistro
]]
local FOOD = items [[
    noodles, pancakes, seafood, curry, pasta, pizza, steaks, soup, salads, dumplings, sandwiches,
    cakes, grilled fish, roast duck, waffles, kebabs
]]
local VIEW = items "lake, garden, mountains, canal, vineyard, lighthouse, orchard, golf course"
local SCORES = items "1 out of 5, 2 out of 5, 3 out of 5, 4 out of 5, 5 out of 5"
local COSTS = items "under $15, $15 to $25, $25 to $40, over $40"
local PRICES, RATINGS = { "low", "moderate", "high" }, { "low", "average", "high" }

local AREAS = items [[
    riverside, city centre, old town, harbour, market square, hillside, station quarter, seafront
]]
local AREA = {
    ["riverside"] = "by the riverside; in the riverside area; on the riverside",
    ["city centre"] = "in the city centre; in the heart of the city centre",
    ["old town"] = "in the old town; within the old town",
    ["harbour"] = "in the harbour area; by the harbour; at the harbour",
    ["market square"] = "on the market square; at the market square",
    ["hillside"] = "on the hillside; up on the hillside",
    ["station quarter"] = "in the station quarter; within the station quarter",
    ["seafront"] = "on the seafront; along the seafront",
}
local OPENINGS = items "late, all day, evenings, weekends, mornings, summer"
local OPEN = {
    ["late"] = "open until late; open late",
    ["all day"] = "open all day; open all day long",
    ["evenings"] = "open in the evenings; open only in the evenings",
    ["weekends"] = "open at weekends; open only at weekends",
    ["mornings"] = "open in the mornings; open only in the mornings",
    ["summer"] = "open in summer; open only in summer",
}

-- Of a value: 1 adjectives, 2 verb phrases, 3 clauses, 4 phrases after a noun; @ is the value.
local FIXED = {
    price = {
        low = { "cheap; inexpensive; low-priced",
            "is cheap; has low prices; is inexpensive; is in the low price range",
            "the prices are low; its prices are low", "with low prices; in the low price range" },
        moderate = { "moderately priced; mid-priced",
            "is moderately priced; has moderate prices; is in the moderate price range",
            "the prices are moderate; its prices are moderate",
            "with moderate prices; in the moderate price range" },
        high = { "expensive; high-priced; costly",
            "is expensive; has high prices; is in the high price range",
            "the prices are high; its prices are high",
            "with high prices; in the high price range" },
    },
    rating = {
        low = { "poorly rated; low-rated",
            "has a low rating; is poorly rated; got a low rating from its guests",
            "guests give it a low rating; its rating is low", "with a low rating" },
        average = { "average-rated",
            "has an average rating; is rated as average; got an average rating from its guests",
            "guests give it an average rating; its rating is average", "with an average rating" },
        high = { "highly rated; well-rated",
            "has a high rating; is highly rated; got a high rating from its guests",
            "guests give it a high rating; its rating is high", "with a high rating" },
    },
    family = {
        yes = { "family-friendly; child-friendly",
            "is family-friendly; welcomes families; is good for families; is child-friendly",
            "families are welcome; children are welcome",
            "suitable for families; that welcomes families" },
        no = { "", "is not family-friendly; does not welcome families; is not for families; "
            .. "is not child-friendly", "families are not welcome; children are not welcome",
            "that is not family-friendly; not suitable for families" },
    },
}

-- The same for keys whose values only fill in.
local FILLED = {
    food = { "", "serves @; offers @; has @ on the menu; is known for its @; sells @",
        "you can eat @ there; guests come for the @; its cooks make @",
        "serving @; that serves @; offering @; with @ on the menu; that sells @" },
    price = { "", "costs @ a head; has meals for @; charges @", "a meal costs @; prices are @",
        "with meals for @; that charges @" },
    rating = { "", "is rated @; has a rating of @; scores @", "guests rate it @; its rating is @",
        "rated @; with a rating of @" },
    view = { "", "has a view of the @; looks out over the @; offers a view of the @",
        "guests can see the @; from its windows you see the @",
        "with a view of the @; looking out over the @; overlooking the @" },
}

local function each(list, before)
    local out = {}
    for i, item in ipairs(list) do
        out[i] = before .. item
    end
    return table.concat(out, "; ")
end

local BUILT = {
    area = function(v)
        local where = items(AREA[v], ";")
        return { "", each(where, "is ") .. "; lies " .. where[1] .. "; can be found " .. where[1],
            "you will find it " .. where[1], AREA[v] .. "; located " .. where[1] }
    end,
    near = function(v)
        local articles = NO_ARTICLE[v] and { "" } or v:find(" ") and { "", "the " } or { "the " }
        local where = {}
        for _, word in ipairs { "near", "close to", "not far from", "beside", "next to" } do
            for _, the in ipairs(articles) do
                where[#where + 1] = word .. " " .. the .. "@"
            end
        end
        local first, last = articles[1], articles[#articles]
        return { "",
            each(where, "is ") .. "; stands near " .. first .. "@; lies near " .. last .. "@",
            last .. "@ is nearby; " .. last .. "@ is close by", table.concat(where, "; ") }
    end,
    open = function(v)
        local when = items(OPEN[v], ";")
        return { "", each(when, "is "), each(when, "it is "), OPEN[v] }
    end,
}

local ADJECTIVE, VERB, CLAUSE, PHRASE = 1, 2, 3, 4

local function forms(key, v)
    local four = FIXED[key] and FIXED[key][v] or FILLED[key] or BUILT[key](v)
    local out = {}
    for i, form in ipairs(four) do
        out[i] = items(form:gsub("@", (v:gsub("%%", "%%%%"))), ";")
    end
    return out
end

-- Phrases after a noun: at most one of each group, in this order; the rest ("open late") come
-- first.
local GROUP = { serving = "ing", offering = "ing", overlooking = "ing", looking = "ing",
    located = "ing", with = "with", that = "that", suitable = "suitable" }
local GROUP_RANK = { ing = 2, with = 3, that = 4 }

local function group(phrase)
    return GROUP[phrase:match("^%S+")]
end

local function an(word)
    return (word:find("^[aeiou]") and "an " or "a ") .. word
end

local function joined(list)
    if #list == 1 then
        return list[1]
    end
    return table.concat(list, ", ", 1, #list - 1) .. " and " .. list[#list]
end

-- Takes n keys out of list at random; in KEYS order.
local function take(r, list, n)
    local picked = r:sample(list, n)
    local gone = words.set(picked)
    for i = #list, 1, -1 do
        if gone[list[i]] then
            table.remove(list, i)
        end
    end
    table.sort(picked, function(a, b)
        return RANK[a] < RANK[b]
    end)
    return picked
end

-- Keys of list whose forms have an entry of this sort.
local function having(list, f, sort)
    local out = {}
    for _, key in ipairs(list) do
        if #f[key][sort] > 0 then
            out[#out + 1] = key
        end
    end
    return out
end

local function without(list, gone)
    local out, set = {}, words.set(gone)
    for _, key in ipairs(list) do
        if not set[key] then
            out[#out + 1] = key
        end
    end
    return out
end

local function is_where(key)
    return key == "area" or key == "near"
end

-- Up to n phrases behind the noun, { where, text }, in an order that reads well; takes their keys.
local function behind(r, state, n)
    local posts, used = {}, {}
    for _, key in ipairs(take(r, having(state.left, state.forms, PHRASE), n)) do
        local fit = {}
        for _, phrase in ipairs(state.forms[key][PHRASE]) do
            if not used[group(phrase) or phrase] then
                fit[#fit + 1] = phrase
            end
        end
        if #fit > 0 then
            local phrase = r:choice(fit)
            used[group(phrase) or phrase] = true
            state.left = without(state.left, { key })
            posts[#posts + 1] = { where = is_where(key), text = phrase, at = #posts }
        end
    end
    local where_rank = r:choice { 1.5, 3.5 }
    local function rank(p)
        return p.where and where_rank or GROUP_RANK[group(p.text)] or 1
    end
    table.sort(posts, function(a, b)
        local x, y = rank(a), rank(b)
        return x < y or x == y and a.at < b.at
    end)
    return posts
end

-- A verb phrase for each of the first n keys left, which it takes.
local function verbs(r, state, n)
    local out = {}
    for i = 1, math.min(n, #state.left) do
        out[i] = r:choice(state.forms[table.remove(state.left, 1)][VERB])
    end
    return out
end

local function all_where(posts)
    for _, p in ipairs(posts) do
        if not p.where then
            return false
        end
    end
    return #posts > 0
end

-- First sentences: "X is a cheap inn near the Zoo", "There is ..", "Near the Zoo, ..", "X, an inn
-- .., serves ..".
local OPENERS = {
    A = function(_, s)
        return { s.name .. " is " .. s.np .. s.post }
    end,
    B = function(r, s)
        local plainly = "There is " .. s.np .. " called " .. s.name .. s.post
        local other = plainly
        if all_where(s.posts) then
            other = words.capital(s.np) .. " called " .. s.name .. " can be found" .. s.post
        elseif #s.posts < 2 then
            other = "There is " .. s.np .. s.post .. ", called " .. s.name
        end
        return { r:choice { plainly, other } }
    end,
    C = function(r, s)
        return { s.front .. r:choice { "there is " .. s.np .. " called " .. s.name .. s.post,
            s.name .. " is " .. s.np .. s.post,
            "you will find " .. s.name .. ", " .. s.np .. s.post } }
    end,
    D = function(r, s)
        local said = joined(verbs(r, s, r:choice { 1, 1, 2 }))
        if s.np == "a place" and s.post == "" then
            return { s.name .. " " .. said }
        end
        return { s.name .. ", " .. s.np .. s.post .. ", " .. said }
    end,
    E = function(r, s)
        local said = verbs(r, s, r:choice { 1, 2 })
        if s.np ~= "a place" or #said == 0 then
            table.insert(said, 1, "is " .. s.np .. s.post)
            return { s.name .. " " .. joined(said) }
        elseif #s.posts > 0 then
            return { s.name .. " is a place" .. s.post, "it " .. joined(said) }
        end
        return { s.name .. " " .. joined(said) }
    end,
}
local PLANS = { "A", "A", "A", "A", "B", "B", "C", "D", "D", "E" }

-- The noun with up to two adjectives; takes their keys.
local function noun_phrase(r, state, noun)
    local keys = take(r, having(state.left, state.forms, ADJECTIVE), r:choice { 0, 1, 1, 2 })
    state.left = without(state.left, keys)
    local adjectives = {}
    for i, key in ipairs(keys) do
        adjectives[i] = r:choice(state.forms[key][ADJECTIVE])
    end
    return an(#keys > 0 and table.concat(adjectives, ", ") .. " " .. noun or noun)
end

-- The values that the first sentence left, in one or two more.
local function remaining(r, state, noun, out)
    while #state.left > 0 do
        local n = #state.left
        local last = #out >= 2 or n < 3
        local part = table.move(state.left, 1, last and n or r:choice { 1, 2, n }, 1, {})
        state.left = without(state.left, part)
        local sub = r:choice { "it", "it", "the " .. noun }
        local clauses = state.forms[part[#part]][CLAUSE]
        local close = #clauses > 0 and r:real() < (#part == 1 and 0.4 or 0.45)
        local said = {}
        for i = 1, #part - (close and 1 or 0) do
            said[i] = r:choice(state.forms[part[i]][VERB])
        end
        local clause = close and r:choice(clauses)
        if #said == 0 then
            out[#out + 1] = clause
        else
            out[#out + 1] = sub .. " " .. joined(said) .. (close and ", and " .. clause or "")
        end
    end
end

-- One to three sentences that mention every value of place.
local function reference(r, place)
    local noun = place.kind or "place"
    local s = { name = place.name, forms = {}, left = {} }
    for _, key in ipairs(KEYS) do
        if place[key] and key ~= "name" and key ~= "kind" then
            s.forms[key] = forms(key, place[key])
            s.left[#s.left + 1] = key
        end
    end
    local plan = r:choice(PLANS)
    s.np = noun_phrase(r, s, noun)
    local where = {}
    for _, key in ipairs(s.left) do
        where[#where + 1] = is_where(key) and key or nil
    end
    plan = plan == "C" and #where == 0 and "A" or plan
    if plan == "C" then
        local key = r:choice(where)
        s.left = without(s.left, { key })
        s.front = words.capital(r:choice(s.forms[key][PHRASE])) .. ", "
    end
    local brief = plan == "D" or plan == "E"
    s.posts = behind(r, s, r:choice(brief and { 0, 1 } or { 1, 2, 2, 3 }))
    s.post = ""
    for _, p in ipairs(s.posts) do
        s.post = s.post .. " " .. p.text
    end
    if #s.left > 1 and r:real() < 0.4 then
        r:shuffle(s.left)
    end
    plan = plan == "D" and #s.left == 0 and "E" or plan
    local out = OPENERS[plan](r, s)
    remaining(r, s, noun, out)
    if #out == 2 and #out[1] + #out[2] < 110 and r:real() < 0.15 then
        return out[1] .. ", and " .. out[2] .. "."
    end
    for i, sentence in ipairs(out) do
        out[i] = words.capital(sentence) .. "."
    end
    return table.concat(out, " ")
end

-- A name, often a kind, and two to six other keys.
local function attributes(r, new)
    local name = words.title_case(r:choice(new and words.NEW_FIRST or FIRST) .. " "
        .. r:choice(new and words.NEW_SECOND or SECOND))
    local near = new and table.concat(r:sample(words.NEW_NEAR, 2), " ") or r:choice(NEAR)
    local all = {
        name = name, near = near,
        kind = r:choice(KIND), food = r:choice(FOOD), area = r:choice(AREAS),
        price = r:real() < 0.6 and r:choice(PRICES) or r:choice(COSTS),
        rating = r:real() < 0.55 and r:choice(RATINGS) or r:choice(SCORES),
        family = r:choice { "yes", "no" }, open = r:choice(OPENINGS), view = r:choice(VIEW),
    }
    local keep = words.set(r:sample(table.move(KEYS, 3, #KEYS, 1, {}), r:int(2, 6)))
    keep.name, keep.kind = true, r:real() < 0.85
    for _, key in ipairs(KEYS) do
        all[key] = keep[key] and all[key] or nil
    end
    return all
end

local function written(place)
    local parts = {}
    for _, key in ipairs(KEYS) do
        if place[key] then
            parts[#parts + 1] = key .. " : " .. place[key]
        end
    end
    return table.concat(parts, " | ")
end

local function rows(r, inputs, seen, new)
    local out = {}
    while #out < 3 * inputs do
        local place = attributes(r, new)
        local input = written(place)
        if not seen[input] then
            seen[input] = true
            local told = {}
            while #told < 3 do
                local text = reference(r, place)
                if text ~= told[1] and text ~= told[2] then
                    told[#told + 1] = text
                    out[#out + 1] = input .. " || " .. text .. "\n"
                end
            end
        end
    end
    return out
end

local places = { KIND = KIND, FOOD = FOOD, VIEW = VIEW, SCORES = SCORES, COSTS = COSTS, NEAR = NEAR,
    PRICES = PRICES, RATINGS = RATINGS, AREAS = AREAS, OPENINGS = OPENINGS }

local function main(work)
    local seen = {}
    for i, file in ipairs { { "places.txt", 1750 }, { "places-new.txt", 100, true } } do
        local made = rows(Random.new(20 + i), file[2], seen, file[3])
        local f = assert(io.open(work .. "/" .. file[1], "wb"))
        f:write(table.concat(made))
        assert(f:close())
        print(("%s: %d rows, %d inputs"):format(file[1], #made, file[2]))
    end
end

if arg[0]:match("[^/]*$") == "places.lua" then
    main(arg[1] or error("usage: places.lua WORK"))
end
return places
