-- SPDX-License-Identifier: MIT
-- unfit.lua - the filter of the corpus: text with one of these words is left out of everything that
-- is made here. It errs on the side of leaving out ("cock", "cracker"): nothing hangs on any one
-- sentence. unfit(text) is true if a word of text is in the list; a word with a star stands for all
-- that begin with it. Words are runs of letters, digits and "_", compared in lower case.
local LIST = [[
    nigger* negro* niggard* coon darkie* chink* jap japs gook* kike* dago* wog* spic squaw* fag fags
    faggot* dyke* tranny whore* slut* bitch* bastard* fuck* shit* cunt* cock cocks piss* tit tits
    arse* retard retards retarded cripple* rape raped rapes rapist harlot* prostitut* porn* sex
    sexual* genital* penis* vagina* erotic* incest* semen orgasm* anus anal buttock* breast breasts
    nude naked nazi* hitler gypsy gypsies gyp savage savages slave slaves enslav* concubine* suicid*
    bomb* terroris* injun* redskin* hooker* queer* homosexual* lesbian* wetback* honky cracker paki
    chinaman chinamen mulatto* cretin* mongoloid* sodom* fornicat*
]]

local exact, prefixes, known = {}, {}, {}
for word in LIST:gmatch("%S+") do
    if word:sub(-1) == "*" then
        prefixes[#prefixes + 1] = word:sub(1, -2)
    else
        exact[word] = true
    end
end

local function judge(word)
    if exact[word] then
        return true
    end
    for _, p in ipairs(prefixes) do
        if word:sub(1, #p) == p then
            return true
        end
    end
    return false
end

local function unfit(text)
    for word in text:lower():gmatch("[%w_]+") do
        local verdict = known[word]
        if verdict == nil then
            verdict = judge(word)
            known[word] = verdict
        end
        if verdict then
            return true
        end
    end
    return text:lower():find("%f[%w]half%-breed") ~= nil
end

return unfit
