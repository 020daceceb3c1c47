-- SPDX-License-Identifier: MIT
local t = require "tunebench"
return t.sweep { base = t.model "tiny" seed = 1 }
