-- SPDX-License-Identifier: MIT
local t = require "tunebench"
os.execute("true")
