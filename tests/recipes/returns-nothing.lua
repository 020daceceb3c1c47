-- SPDX-License-Identifier: MIT
local t = require "tunebench"
local s = t.sweep { base = t.model "tiny", data = t.pairs "places.txt", budget = t.tokens(1e5), method = t.lora {} }
local unused = 1
