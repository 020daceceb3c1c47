-- SPDX-License-Identifier: MIT
local t = require "tunebench"
while true do
  pcall(function() while true do end end)
end
