-- SPDX-License-Identifier: MIT
-- lora-rank-sweep.lua - how much rank does LoRA need here, and is it the rank or the luck of the seed?
--
--   tunebench plan recipes/lora-rank-sweep.lua                    shows the eight runs
--   tunebench run  recipes/lora-rank-sweep.lua --set budget=100k  trains them for longer
local t = require "tunebench"

return t.sweep {
  base   = t.model "tiny",
  data   = t.pairs { "data/places.txt", eval = 0.1 },
  budget = t.tokens(40e3),

  -- t.grid tries each value. Two grids make every pair; what is written last changes fastest, so all ranks of seed 0 are
  -- done before seed 1 begins, and a first answer is there early. Equal seeds mean equal row order and equal start values
  -- in all arms, so differences between ranks are compared pair by pair.
  seed   = t.grid { 0, 1 },

  -- alpha is left out: it follows r (alpha = 2 r), so the scale alpha / r is the same for all ranks.
  method = t.lora { r = t.grid { 2, 4, 8, 16 }, targets = { "q", "v" }, lr = 1e-2 },
}
