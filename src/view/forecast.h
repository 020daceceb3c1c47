/* SPDX-License-Identifier: MIT */
/* forecast.h - an answer of `plan --json` as numbers: what its runs will take, one by one and all together. */
#ifndef TB_VIEW_FORECAST_H
#define TB_VIEW_FORECAST_H

#include "base/err.h"
#include "base/json.h"

#include <stddef.h>
#include <stdint.h>

struct tb_forecast_run {
    const char *id, *name, *method, *state; /* "new", or as in the store; lent */
    const char *memory;                     /* "fast", "small" */
    char lr[64];                            /* "0.01", those of a stack "0.01+0.1", "probed" */
    int64_t n_trainable, n_steps, n_tokens; /* 0 steps: a budget in minutes */
    double share;                           /* of the base's parameters */
    double est_s;
    bool is_measured;                       /* est_s: by steps of that base and method */
    bool is_new, fits;
    int64_t peak_bytes, free_bytes;         /* predicted; free now */
    int64_t disk_bytes;                     /* checkpoints that stay, about */
};

/* One line for all runs of a method: arms of different size of a method are one. */
struct tb_forecast_arm {
    const char *method;  /* lent */
    size_t n, n_new, first; /* runs; new ones; index of the first */
    double est_s;        /* of the new ones */
    int64_t peak_bytes;  /* of the largest */
    int64_t least_trainable, most_trainable;
};

struct tb_forecast {
    struct tb_json *json; /* owned */
    struct tb_forecast_run *run;
    size_t n;
    struct tb_forecast_arm *arm;
    size_t n_arms;
    size_t n_new, n_there, n_same; /* not trained yet; in the store and over; written twice */
    double est_s;                  /* of the new ones, one after the other: what taking turns takes too */
    int64_t n_tokens;              /* of the new ones */
    int64_t peak_bytes;            /* of the largest run */
    int64_t together_bytes;        /* of as many as take turns, the base counted once */
    int64_t free_bytes, disk_bytes;
    bool is_measured;              /* all of it */
    const struct tb_json *data;    /* facts of the first run's data; lent, may be NULL */
    const struct tb_json *sweep;   /* of a search; lent, NULL: none */
};

enum { TB_FORECAST_IN_FLIGHT = 4 };
/* Of each trained number that stay on disk: in the best checkpoint and the last its value and both moments, and its
 * value once more in run.h5. */
enum { TB_FORECAST_KEPT_BYTES = (2 * 3 + 1) * (int)sizeof(float) };

/* Takes json over. False if it is an error that was answered, {"error": ..}, which goes into *err, or no plan. */
bool tb_forecast_read(struct tb_forecast *f, struct tb_json *json, struct tb_err *err);
void tb_forecast_free(struct tb_forecast *f); /* zeroes */

/* Components of a run's memory, "activations", largest first, at most `most` of them; their number. */
struct tb_forecast_part {
    const char *name; /* lent */
    int64_t bytes;
};
size_t tb_forecast_parts(const struct tb_forecast *f, size_t run, struct tb_forecast_part *part, size_t most);

#endif
