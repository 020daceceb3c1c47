-- SPDX-License-Identifier: MIT
-- prompt-length.lua - how many rows does a trained prompt need, and is it better to start it from text?
--
--   tunebench run  recipes/prompt-length.lua
--   tunebench plot 'method:prompt' --x trainable -y best_eval          length against what it reached
--
-- A trained prompt is a number of rows in front of the input, nothing else. Each row costs as much time as a token of the
-- data does, in every row of the data; so twice the length is not free, and a curve that is flat says where to stop.
local t = require "tunebench"

return t.sweep {
  base   = t.model "tiny",
  data   = t.pairs { "data/places.txt", eval = 0.1 },
  budget = t.tokens(60e3),

  -- Two grids in one method: every length with every start, eight runs. "text" begins with rows of the training prompts,
  -- "vocab" with rows of words drawn at random. Short prompts depend on their start the most.
  method = t.prompt { tokens = t.grid { 2, 5, 10, 20 }, init = t.grid { "text", "vocab" }, lr = 1e-1 },
}
