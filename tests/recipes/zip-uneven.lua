-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return t.sweep { base = t.model "tiny", data = t.pairs "places.txt", budget = t.tokens(1e5), method = t.lora { t.zip { r = { 4, 8 }, alpha = { 1, 2, 3 } } } }
