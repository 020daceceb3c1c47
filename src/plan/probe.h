/* SPDX-License-Identifier: MIT */
/* probe.h - the keys of section `probe` as a run has them. */
#ifndef TB_PLAN_PROBE_H
#define TB_PLAN_PROBE_H

#include "base/err.h"
#include "base/json.h"

enum { TB_PROBE_MOST = 15 }; /* rates that are tried */

/* The draft's keys "probe.<key>" that count, nearest first: those of the arm (method.probe.<key>), else those of all
 * arms; a new map. */
struct tb_json *tb_probe_nearest(const struct tb_json *draft);

/* Settles the section of a completed config `out`: rates rise and none is there twice; where the arm gave itself a
 * rate (method.lr of the draft), or no probe is asked for, all keys are neutral. TB_ERR_RECIPE on what cannot be
 * probed. */
bool tb_probe_settle(const struct tb_json *draft, struct tb_json *out, struct tb_err *err);

#endif
