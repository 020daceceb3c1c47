-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return t.lora {}
