-- SPDX-License-Identifier: MIT
-- stack-lora-prompt.lua - are two methods together better than each alone?
--
--   tunebench run recipes/stack-lora-prompt.lua
local t = require "tunebench"

-- Rates for this small model; compare-three.lua says why they are so high.
local lora   = t.lora   { r = 4, targets = { "q", "v" }, lr = 1e-2 }
local prompt = t.prompt { tokens = 10, init = "text", lr = 1e-1 }

return t.sweep {
  base   = t.model "tiny",
  data   = t.pairs { "data/places.txt", eval = 0.1 },
  budget = t.tokens(60e3),
  method = t.one_of {
    lora,
    prompt,
    -- Trained together as one adapter; each part keeps its own rate (lr = .. inside the stack would set one for all). The
    -- order of the parts is part of what the run is.
    t.stack { lora, prompt },
  },
}
