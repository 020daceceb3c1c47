-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return function(r)
  return t.lora { r = r }
end
