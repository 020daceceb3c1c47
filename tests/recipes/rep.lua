-- SPDX-License-Identifier: MIT
local t = require "tunebench"
local x = ("x"):rep(1e9)
