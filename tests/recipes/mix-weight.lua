-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return t.sweep { base = t.model "tiny", budget = t.steps(5), method = t.lora {}, data = t.mix { { t.pairs "a", -1 }, t.jsonl "b" } }
