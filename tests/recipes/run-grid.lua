-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return t.run { base = t.model "tiny", data = t.pairs "places.txt", budget = t.tokens(1e5), method = t.lora { r = t.grid { 4, 8 } } }
