-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return t.run { base = t.model "tiny", data = t.pairs "places.txt", budget = t.tokens(1e5), eval = { forget = t.pairs { "a.txt", sep = t.grid { "||", ";" } } }, method = t.lora {} }
