-- SPDX-License-Identifier: MIT
local t = require "tunebench"
error({ 1 })
