-- SPDX-License-Identifier: MIT
-- seeds.lua - how much is luck? One method, nothing changed but the seed.
--
--   tunebench run recipes/seeds.lua
--   tunebench ls  --group '!seed'                              one line: mean and spread of all five
--
-- The seed draws the start values and the order of the rows. What it changes is the noise floor of every comparison on
-- this task: a difference between two methods that is smaller than the spread here needs more seeds, or is none.
local t = require "tunebench"

return t.sweep {
  base   = t.model "tiny",
  data   = t.pairs { "data/places.txt", eval = 0.1 },
  budget = t.tokens(40e3),
  seed   = t.grid { 0, 1, 2, 3, 4 },
  method = t.lora { r = 8, targets = { "q", "v" }, lr = 1e-2 },
}
