/* SPDX-License-Identifier: MIT */
/* lineage.c - reads the lineage of a run; what makes it is the worker's business. */
#include "store/lineage.h"

static int64_t step_of(const struct tb_metrics *m, const char *key)
{
    int64_t step = tb_json_int(tb_metrics_fact(m, "lineage", key), -1);
    return step < 0 ? -1 : step;
}

int64_t tb_lineage_start(const struct tb_metrics *m)
{
    return step_of(m, "start");
}

int64_t tb_lineage_until(const struct tb_metrics *m)
{
    return step_of(m, "until");
}

const char *tb_lineage_parent(const struct tb_metrics *m)
{
    return tb_json_str(tb_metrics_fact(m, "lineage", "parent"), "");
}
