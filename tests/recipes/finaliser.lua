-- SPDX-License-Identifier: MIT
local t = require "tunebench"
setmetatable({}, { __gc = function() while true do end end })
