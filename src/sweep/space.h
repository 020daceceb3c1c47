/* SPDX-License-Identifier: MIT */
/* space.h - what a search draws from. An arm has templates, drafts of runs in which some values are ranges; a point of
 * it names one template and a value for each range of that. As JSON, since both travel in a plan:
 *     arm    {"name": "lora", "templates": [{key: value or range}]}
 *     range  {"draw": "uniform" | "log_uniform" | "int" | "choice", "of": [low, high] or the values}
 *     point  {"template": 0, "method.lr": 0.00123, ..} */
#ifndef TB_SWEEP_SPACE_H
#define TB_SWEEP_SPACE_H

#include "base/json.h"

#include <stdint.h>

enum tb_range_kind { TB_RANGE_UNIFORM, TB_RANGE_LOG_UNIFORM, TB_RANGE_INT, TB_RANGE_CHOICE };
struct tb_range {
    enum tb_range_kind kind;
    double low, high;            /* of numbers, both inclusive */
    const struct tb_json *items; /* of a choice; lent */
};

#define TB_POINT_TEMPLATE "template"

/* False if v is a plain value. */
bool tb_range_read(const struct tb_json *v, struct tb_range *r);
/* The template of a point, NULL if the arm has none of that number. Lent. */
const struct tb_json *tb_space_template(const struct tb_json *arm, const struct tb_json *point);
/* The i-th point: a function of (seed, arm's name, key, i) alone. Reals have 3 significant digits, so that they can be
 * read in names. A new map. */
struct tb_json *tb_space_draw(const struct tb_json *arm, uint64_t seed, uint32_t i);
/* The draft that a point means; a new map. */
struct tb_json *tb_space_draft(const struct tb_json *arm, const struct tb_json *point);

#endif
