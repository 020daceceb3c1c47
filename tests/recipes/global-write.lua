-- SPDX-License-Identifier: MIT
local t = require "tunebench"
total = 1
