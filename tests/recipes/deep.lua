-- SPDX-License-Identifier: MIT
local t = require "tunebench"
local f = require "arms"
return t.sweep { base = t.model "tiny", data = t.pairs "places.txt", budget = t.tokens(1e5), method = t.one_of { f(4), f("x") } }
