-- SPDX-License-Identifier: MIT
local t = require "tunebench"
local f = io.open("/etc/passwd")
