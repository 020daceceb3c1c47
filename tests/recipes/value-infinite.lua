-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return t.sweep { base = t.model "tiny", data = t.pairs "places.txt", budget = t.tokens(1e5), method = t.lora { targets = { "q", 1/0 } } }
