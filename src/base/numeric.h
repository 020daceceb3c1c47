/* SPDX-License-Identifier: MIT */
/* numeric.h - the number that says which bits a plan gives (doc/frozen.md 1). */
#ifndef TB_BASE_NUMERIC_H
#define TB_BASE_NUMERIC_H

/* Raised when the same plan gives other bits than before; in /env of a run and in its checkpoints, not in its id. */
enum { TB_NUMERIC = 1 };

#ifndef TB_VERSION
#define TB_VERSION "0.1.0"
#endif

#endif
