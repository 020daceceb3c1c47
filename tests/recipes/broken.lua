-- SPDX-License-Identifier: MIT
local x = 1
return x.y.z
