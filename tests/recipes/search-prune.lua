-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return t.sweep { base = t.model "tiny", data = t.pairs "places.txt", budget = t.tokens(1e5), method = t.lora {}, prune = t.asha { min = t.tokens(2e4) } }
