-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return t.sweep { base = t.model "tiny", data = t.pairs "f", budget = t.minutes(5), method = t.lora {} }
