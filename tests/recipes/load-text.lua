-- SPDX-License-Identifier: MIT
local t = require "tunebench"
load("return 1")()
