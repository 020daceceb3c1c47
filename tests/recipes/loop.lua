-- SPDX-License-Identifier: MIT
local t = require "tunebench"
while true do end
