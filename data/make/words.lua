-- SPDX-License-Identifier: MIT
-- words.lua - words and names: WordNet's common nouns, adjectives, made-up words, people, villages
-- and two-part titles such as "Amber Falcon" or "Lantern River".
--
-- Names are many hundreds x many hundreds of words on purpose, and may be absurd: a model that
-- meets a name only once can learn to copy names, not to remember them. NEW_* are kept for
-- places-new.txt alone: no made name uses them. WordNet is read from the work folder that fetch.sh
-- fills.
local unfit = require "unfit"

local function list(text)
    local out = {}
    for word in text:gmatch("%S+") do
        out[#out + 1] = word
    end
    return out
end

local function set(items)
    local out = {}
    for _, item in ipairs(items) do
        out[item] = true
    end
    return out
end

-- Nouns that are no good as part of a name, and those of the places task.
local UNFIT = list [[
    ass bistro body booby bra brassiere bull cafe catheter cocaine condom corpse crack diner
    douche drug entity female grenade gun heroin ho homo hostel hotel hussy inn instrumentality
    knocker male missile mosque nigra noodles object opium orphan others pad part phosgene
    pistol poison prick pub restaurant rifle screw stiff structure synagogue system tavern thing
    toilet underwear unit urinal way weapon whole
]]

local ADJ = list [[
    amber ancient autumn azure bitter black blue bold brass brave bright broad broken bronze
    brown busy calm clever cold copper coral crimson crooked curious dancing dark dawn deep
    distant double dusty eager early emerald empty endless faint far fearless fierce first
    flying foggy fresh frozen gentle giant glass golden grand grave great green grey happy hasty
    heavy hidden high hollow honest humble hungry icy idle indigo iron ivory jolly kind last
    lazy light little lively lonely long loud lucky mellow merry mighty misty modest narrow
    nimble noble northern odd old orange pale patient plain polite proud purple quick quiet
    rapid ready restless rising rosy rough round royal running rusty sandy scarlet secret shady
    sharp shining short shy silent silver simple singing sleepy slow small smoky smooth snowy
    soft solemn southern spare spotted steady steep still stony stormy strange striped strong
    sudden summer sunny swift tall tawny tender thin thirsty tidy tiny tired twin upper velvet
    violet wandering warm wary western white wide wild windy winter wise wooden yellow young
]]

local NEW_FIRST = list [[
    jade marble hazel cobalt gilded ruby cedar laughing turning painted whistling weary frosty
    leafy thatched sleeping satin pearly floating crystal
]]
local NEW_SECOND = list [[
    badger otter pigeon kettle compass saddle thimble walnut magpie beacon pepper chimney
    cricket wagon feather ladle pelican sparrow trumpet goblet
]]
local NEW_NEAR = list [[
    Gorse Copse Quarry Belfry Tollgate Observatory Cloister Aqueduct Bandstand Brewery Locks
    Viaduct Wharf Arcade
]]

local GIRLS = list [[
    Ada Agnes Alice Amy Anna Beth Bella Carla Cecily Clara Cora Daisy Dora Edith Eliza Ella Emma
    Esther Eva Fay Flora Freda Gemma Grace Greta Hanna Helen Hilda Ida Ines Iris Isla Ivy Jane
    Jenny Joan Judith Julia Kate Kitty Laura Lena Lily Lola Lucy Lydia Mabel Maria Martha Maud
    May Mina Molly Nancy Nell Nora Olive Ottilie Paula Petra Polly Rita Rosa Rose Ruth Sally
    Sara Selma Sonia Stella Susan Tess Thea Tilda Una Vera Viola Wanda Wilma Zara Zoe
]]
local BOYS = list [[
    Abel Adam Albert Alfred Amos Andrew Anton Arthur Basil Ben Bert Boris Bruno Caleb Carl
    Cedric Clive Colin Conrad Cyril Daniel David Dennis Edgar Edmund Edwin Eli Emil Eric Ernest
    Felix Frank Fred George Gilbert Giles Gordon Gregor Guy Harold Harry Hector Henry Hugh Hugo
    Ian Igor Ivan Jack Jacob James Jasper Joel John Jonas Joseph Karl Keith Leo Leon Lewis Luke
    Mark Martin Max Miles Nathan Ned Noah Oscar Otto Owen Paul Percy Peter Philip Ralph Rex
    Robert Roland Rufus Rupert Sam Saul Simon Stefan Ted Theo Thomas Tobias Tom Victor Walter
    Will
]]
local SUR_A = list [[
    Ash Back Bald Barn Beck Bell Black Blen Bram Brad Brig Brook Burn Cald Carl Chad Clay Cole
    Crom Dal Den Dun East Eld Fair Farn Fen Fox Gar Glen Grim Hal Har Hart Hay Hazel Hem Hol
    Horn Hux Kel Ken Kirk Lang Lin Lock Long Mal Mar Mil Mor Nor North Oak Old Pem Pen Pres Quin
    Rad Ram Red Rock Ros Rush Sand Sel Shel Sher Shir Stan Stock Swin Thorn Til Tor Tren Under
    Wal War Wat Wel West Wex Whit Wil Win Wood Wynd Yar York
]]
local SUR_B = list [[
    acre bank bee berry bourne bridge brook burn bury by cliffe combe cott croft dale den don er
    field ford gate ham hill hurst ing kin land ley low man mere more ness sall sby son stead
    stone sworth ter ton vale ville wall way well wick win wood worth
]]
local ONSET = list [[
    b bl br c cr d dr f fl g gl gr h j k l m n p pr qu r s sh sk st t th tr v w y z
]]
local VOWEL = list [[
    a e i o u a e i o ai ea ee oa ou
]]
local CODA = list [[
    b ck d l ll lm m n nd ng nt r rd rk rn s sk st t th v x
]]

-- Made words that hold one of these are drawn again.
local CLUMSY = list [[
    sex tit cum fuk fuc suc dic nig neg kik cok coc pis pus shi[td] cun kun rap slu ana vag pen[ie]
    poo hor jap
]]

local words = {
    ADJ = ADJ, GIRLS = GIRLS, BOYS = BOYS,
    NEW_FIRST = NEW_FIRST, NEW_SECOND = NEW_SECOND, NEW_NEAR = NEW_NEAR,
    list = list, set = set,
}
local folder -- of WordNet's data files
local nouns  -- for names, once read

-- Says where the packages were unpacked: WORK/raw.
function words.open(work)
    folder = work .. "/raw/usr/share/wordnet/"
end

-- All synsets of a part of speech: { words = {..}, file = lexicographer file, gloss = text }.
function words.synsets(pos)
    local out = {}
    for line in assert(io.open(folder .. "data." .. pos, "rb")):lines() do
        if line:sub(1, 2) ~= "  " then
            local head, gloss = line:match("^(.-) | (.*)$")
            local fields = list(head)
            local set_words = {}
            for i = 1, tonumber(fields[4], 16) do
                local word = fields[3 + 2 * i]:gsub("%([a-z]+%)$", ""):gsub("_", " ")
                set_words[i] = word
            end
            out[#out + 1] = { words = set_words, file = tonumber(fields[2]), gloss = gloss }
        end
    end
    return out
end

-- Nouns that were met at least once in WordNet's tagged texts: a rare noun teaches nothing.
local function met_nouns()
    local out = {}
    for line in assert(io.open(folder .. "cntlist.rev", "rb")):lines() do
        local word, pos, count = line:match("^(%S-)%%(%d)%S* %d+ (%d+)")
        if pos == "1" and tonumber(count) > 0 then
            out[word] = true
        end
    end
    return out
end

-- Lexicographer files 5 animals, 6 artifacts, 13 foods, 17 natural objects, 20 plants, 27
-- substances.
local NAMING = set { 5, 6, 13, 17, 20, 27 }

-- One-word animals, artifacts, objects, plants, foods and substances that are not rare, sorted.
function words.name_nouns()
    if nouns then
        return nouns
    end
    local met, seen = met_nouns(), set(UNFIT)
    for _, group in ipairs { NEW_FIRST, NEW_SECOND, NEW_NEAR } do
        for _, word in ipairs(group) do
            seen[word:lower()] = true
        end
    end
    nouns = {}
    for _, synset in ipairs(words.synsets("noun")) do
        local word = synset.words[1]
        if NAMING[synset.file] and #word <= 9 and word:match("^%l%l%l+$") and met[word]
            and not seen[word] and not unfit(word) then
            seen[word] = true
            nouns[#nouns + 1] = word
        end
    end
    table.sort(nouns)
    return nouns
end

function words.capital(word)
    return (word:gsub("^%l", string.upper))
end

-- A capital to each word.
function words.title_case(text)
    return (text:gsub("%f[%a]%l", string.upper))
end

local function clumsy(word)
    for _, pattern in ipairs(CLUMSY) do
        if word:find(pattern) then
            return true
        end
    end
    return false
end

-- An invented word of 2 or 3 syllables, with a capital.
function words.made_word(r)
    local word
    repeat
        word = ""
        for i = 1, r:choice { 2, 2, 2, 3 } do
            word = word .. r:choice(ONSET) .. r:choice(VOWEL)
            if r:real() < (i == 1 and 0.25 or 0.5) then
                word = word .. r:choice(CODA)
            end
        end
    until not clumsy(word)
    return words.capital(word)
end

function words.surname(r)
    return r:choice(SUR_A) .. r:choice(SUR_B)
end

function words.person(r)
    return r:choice(r:real() < 0.5 and GIRLS or BOYS) .. " " .. words.surname(r)
end

local BEFORE = list "Upper Lower Great Little East West North South Saint Castle Market"

function words.village(r)
    local k = r:real()
    if k < 0.55 then
        return words.surname(r)
    elseif k < 0.75 then
        return r:choice(BEFORE) .. " " .. words.surname(r)
    end
    return words.made_word(r)
end

-- A two-part name.
function words.title(r)
    local pool, k = words.name_nouns(), r:real()
    if k < 0.45 then
        return words.title_case(r:choice(ADJ) .. " " .. r:choice(pool))
    elseif k < 0.75 then
        return words.title_case(r:choice(pool) .. " " .. r:choice(pool))
    elseif k < 0.85 then
        return words.made_word(r) .. " " .. words.capital(r:choice(pool))
    elseif k < 0.95 then
        return words.capital(r:choice(ADJ)) .. " " .. words.made_word(r)
    end
    return words.made_word(r) .. " " .. words.made_word(r)
end

return words
