-- SPDX-License-Identifier: MIT
local t = require "tunebench"
local x
return x.y
