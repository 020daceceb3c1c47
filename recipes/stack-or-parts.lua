-- SPDX-License-Identifier: MIT
-- stack-or-parts.lua - is a stack worth it? The stack against its parts, each with rates of its own found by search.
--
--   tunebench plan  recipes/stack-or-parts.lua
--   tunebench sweep recipes/stack-or-parts.lua --detach        it goes on without this terminal
--   tunebench sweep @last --follow
--
-- stack-lora-prompt.lua asks the same with fixed rates, which is quicker and less fair: two parts that train together need
-- not want the rates that they want alone. Here each of the three gets the same number of trials and of tokens.
local t = require "tunebench"

-- Ranges are values like others: written once, drawn anew for each method they stand in.
local function lora()   return t.lora   { r = 4, targets = { "q", "v" }, lr = t.log_uniform(1e-3, 3e-2) } end
local function prompt() return t.prompt { tokens = 10, init = "text", lr = t.log_uniform(1e-2, 3e-1) } end

return t.sweep {
  base   = t.model "tiny",
  data   = t.pairs { "data/places.txt", eval = 0.1 },
  budget = t.tokens(40e3),

  -- In a stack the rates of both parts are drawn: a space of two dimensions for the same number of trials. That is the
  -- price of a method with more knobs, and part of the answer.
  method = t.one_of { lora(), prompt(), t.stack { lora(), prompt() } },

  search    = t.random { trials = 6 },
  per       = "method",
  prune     = t.asha { min = t.tokens(8e3), eta = 3 },
  eval      = { every = t.tokens(8e3) },
  seed      = t.grid { 0, 1, 2 },     -- trials have the first, the best of each method gets the others too
  finalists = 1,
}
