-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return t.sweep { base = t.model "tiny", data = t.pairs "f", budget = 100e3, method = t.lora {} }
