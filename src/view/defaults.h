/* SPDX-License-Identifier: MIT */
/* defaults.h - which options of a run were chosen, and which are as they are by default. */
#ifndef TB_VIEW_DEFAULTS_H
#define TB_VIEW_DEFAULTS_H

#include "base/json.h"

/* The config with defaults for all that need not be given: what was changed differs from it. NULL where this
 * version does not know the run's method or data. A new map. */
struct tb_json *tb_run_defaults(const struct tb_json *config);
/* Whether this value of a key was chosen: it has no default, or another one. */
bool tb_run_chose(const struct tb_json *defaults, const char *key, const struct tb_json *value);

#endif
