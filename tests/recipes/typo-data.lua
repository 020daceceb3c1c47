-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return t.sweep { base = t.model "tiny", data = t.pairs { "f", evl = 0.1 }, budget = t.steps(5),
  method = t.lora {} }
