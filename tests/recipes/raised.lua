-- SPDX-License-Identifier: MIT
local t = require "tunebench"
error("not today")
