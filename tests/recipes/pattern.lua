-- SPDX-License-Identifier: MIT
local t = require "tunebench"
local s = ("a"):rep(28):find(("a?"):rep(28) .. ("a"):rep(28))
