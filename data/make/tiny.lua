-- SPDX-License-Identifier: MIT
-- tiny.lua - trains the base that is shipped as data/tiny, from random weights, by method `full`.
--
--   data/make/all.sh WORK                      makes WORK/mix.txt and WORK/train.txt
--   cd WORK
--   tunebench tokenize --train 2048 -o tokenizer train.txt
--   tunebench run SOURCE/data/make/tiny.lua
--
-- About two hours on two quiet cores. mix.txt and tokenizer are looked for beside this file, then in the
-- working folder. Nobody needs this to use tunebench: the result comes with it.
local t = require "tunebench"

return t.run {
  -- A llama of 2.36 million weights. theta is large so that the slowest rotary pairs hardly turn
  -- within a context: the head that finds where a name stood before reads those. Such a model does
  -- not find copying by itself in ten million tokens; init = "copying" sets up two heads that do.
  base = t.scratch {
    tokenizer = "tokenizer", d = 192, layers = 5, heads = 6, kv_heads = 2, ff = 512, context = 256,
    rope_theta = 5e5, tied = true, init = "copying",
  },

  -- Windows run on over the ends of documents, which are tokens of their own. A hundredth of the
  -- windows is enough to see the loss; the rest is for training.
  data = t.text { "mix.txt", rows = "window:256", specials = true, eval = 0.01 },

  -- The 9.3 million tokens of mix.txt, two and a half times over.
  budget = t.tokens(24e6),
  batch  = 16,

  method = t.full { lr = 2.5e-3 },
  optim  = { beta2 = 0.95, decay = 0.05, clip = 1.0 },
  -- 0.06 of 5,861 steps are about 350.
  schedule = { name = "cosine", warmup = 0.06, floor = 0.02 },
}
