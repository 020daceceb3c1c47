-- SPDX-License-Identifier: MIT
-- prefix-from-text.lua - does a prefix learn faster if it starts as the keys and values of real text?
--
--   tunebench run recipes/prefix-from-text.lua
--
-- A prefix that starts at random first pulls attention away from the row. One that starts as the keys and values which the
-- frozen model computes for a text does nothing strange: at step 0 the model behaves as if that text stood before the row.
local t = require "tunebench"

-- A value can be made once and varied: base:with{..} is the same prefix with other keys.
local prefix = t.prefix { tokens = 20, lr = 1e-1 }

return t.sweep {
  base   = t.model "tiny",
  data   = t.pairs { "data/places.txt", eval = 0.1 },
  budget = t.tokens(60e3),
  method = t.one_of {
    prefix:with { init = "text", text = "Each line lists what is known about a place. Tell it in one sentence." },
    prefix:with { init = "text" },     -- without a text of its own it takes the first training prompts
    prefix:with { init = "random" },
  },
}
