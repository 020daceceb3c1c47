-- SPDX-License-Identifier: MIT
-- lr-search.lua - which learning rate does each method need? Each gets the same number of trials and of tokens, so none
-- is judged by a rate that was right for another.
--
--   tunebench plan  recipes/lr-search.lua      shows the trials, and where they are weighed
--   tunebench sweep recipes/lr-search.lua      trains them; stopped or killed, it goes on when called again
--   tunebench sweep @last                      shows how it stands, and why a trial was given up
local t = require "tunebench"

-- A range in the place of a value. Rates are drawn by their logarithm: 1e-4 to 1e-3 is as likely as 1e-2 to 1e-1. The
-- bounds are wide on purpose: a best rate at the edge of a range says that the range was too narrow.
local rate = t.log_uniform(1e-4, 1e-1)

return t.sweep {
  base   = t.model "tiny",
  data   = t.pairs { "data/places.txt", eval = 0.1 },
  budget = t.tokens(60e3),

  method = t.one_of {
    t.lora   { r = t.choice { 2, 4, 8, 16 }, targets = { "q", "v" }, lr = rate },
    t.prefix { tokens = t.int(5, 30), lr = rate },
    t.prompt { tokens = t.int(5, 30), lr = rate },
  },

  -- Random search: 9 points for each method (per = "method"), the same ones every time this recipe is read. With few
  -- keys t.tpe{ trials = 20, startup = 8 } needs fewer trials, but has to wait for results.
  search = t.random { trials = 9, seed = 0 },
  per    = "method",

  -- Successive halving: at 6k and 18k tokens (54k lies within the budget too) the best third goes on and the others give
  -- their tokens back. A rung is met by the first evaluation at or behind it, so evaluations must come often enough.
  prune  = t.asha { min = t.tokens(6e3), eta = 3 },
  eval   = { every = t.tokens(6e3) },

  -- What is compared: the held-out loss. With target = 1.1 the sweep would end at the first trial that gets there.
  objective = { "eval/loss", "min" },

  -- The first seed is for the search. The best trial of each method is trained again with the others, at the end: how far
  -- apart these are tells which differences between methods are luck.
  seed      = t.grid { 0, 1, 2 },
  finalists = 1,
}
