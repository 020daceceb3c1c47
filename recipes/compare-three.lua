-- SPDX-License-Identifier: MIT
-- compare-three.lua - what do LoRA, prefix tuning and prompt tuning buy, beside training everything?
--
--   tunebench plan recipes/compare-three.lua        shows the runs, trains nothing
--   tunebench run  recipes/compare-three.lua        trains them, about a minute in all
--
-- A recipe is a Lua file that returns what to train. It trains nothing itself, reads no files and has no side effects.
local t = require "tunebench"

return t.sweep {
  base   = t.model "tiny",                             -- the model that comes with tunebench; it stays frozen
  data   = t.pairs { "data/places.txt", eval = 0.1 },  -- lines "facts || sentence"; a tenth of the prompts is held out
  budget = t.tokens(100e3),                            -- every arm sees the same 100,000 tokens in the same order

  -- The arms. The first is the reference that the others are compared with: full trains all weights, so it tells what
  -- there is to win.
  --
  -- A rate that suits a model of 2 million weights is far above what suits a large one: with the defaults (5e-4 for LoRA,
  -- say) these runs would hardly have begun after 100,000 tokens. And the fewer numbers a method trains, the larger the
  -- steps it needs. These rates were found by trying: prefix and prompt at 3e-2 instead of 1e-1 end 0.5 nats higher
  -- (prefix) or no better (prompt); LoRA would bear twice as much.
  method = t.one_of {
    t.full   { lr = 1e-3 },
    t.lora   { r = 8, targets = { "q", "v" }, lr = 1e-2 },   -- low-rank updates of two matrices per block
    t.prefix { tokens = 20, init = "text", lr = 1e-1 },      -- 20 keys and values in front of each block's own
    t.prompt { tokens = 20, init = "text", lr = 1e-1 },      -- 20 rows in front of the input
  },
}
