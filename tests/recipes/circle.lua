-- SPDX-License-Identifier: MIT
local t = require "tunebench"
local x = require "circle_b"
