-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return t.sweep { base = t.model "tiny", budget = t.steps(5), method = t.lora {}, data = t.mix { { t.pairs "a", t.range(1, 200) }, { t.jsonl "b", t.range(1, 200) } } }
