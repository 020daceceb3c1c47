-- SPDX-License-Identifier: MIT
-- full-vs-peft.lua - how near does training a few numbers come to training all of them, and what does it cost?
--
--   tunebench run recipes/full-vs-peft.lua
--   tunebench ls  --cols name,share,best_eval,peak,tok_s,adapter       the price beside what it bought
--
-- The claim of parameter-efficient fine-tuning is "nearly as good, with a fraction of the numbers". The table at the end
-- puts four methods beside full training: the share of the base that each trains, its held-out loss, memory, time and the
-- size of what has to be kept. Read the verdict below it before believing a difference in the third digit.
local t = require "tunebench"

return t.sweep {
  base   = t.model "tiny",
  data   = t.pairs { "data/places.txt", eval = 0.1 },
  budget = t.tokens(60e3),

  -- Two seeds for each arm: without at least two nobody can tell a better method from a luckier start.
  seed   = t.grid { 0, 1 },

  -- From most to fewest trained numbers. One rate for all would make the comparison one of rates, so each has its own, the
  -- best of six from 5e-3 to 2e-1 in short runs (of full and prefix: see compare-three.lua); IA3, which trains the fewest
  -- numbers, was still gaining at the largest. recipes/lr-search.lua shows how to find them properly. The first arm is the
  -- reference of the differences.
  method = t.one_of {
    t.full   { lr = 1e-3 },                                                     -- all weights, 100 %
    t.lora   { r = 8, targets = { "q", "k", "v", "o", "gate", "up", "down" }, lr = 1e-2 }, -- every matrix a little
    t.lora   { r = 4, targets = { "q", "v" }, lr = 1e-2 },                      -- two matrices of each block
    t.prefix { tokens = 20, init = "text", lr = 1e-1 },                         -- no matrix: keys and values in front
    t.ia3    { lr = 2e-1 },                                                     -- one factor for each channel
  },
}
