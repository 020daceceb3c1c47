-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return t.sweep { base = t.model "tiny", data = t.pairs "places.txt", budget = t.tokens(1e5), search = t.random { trials = 4 }, method = t.lora { r = t.int(1, 8) }, objective = { "eval/loss", "min", target = 0/0 } }
