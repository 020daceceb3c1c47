/* SPDX-License-Identifier: MIT */
/* forecast.c - reads what src/worker/worker.c and job_memory.c write for `plan --json`. Whatever is missing is zero. */
#include "view/forecast.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/layout.h"
#include "view/fmt.h"

static const char *text_of(const struct tb_json *map, const char *key)
{
    return tb_json_str(tb_json_get(map, key), "");
}

static int64_t count_of(const struct tb_json *map, const char *key)
{
    return tb_json_int(tb_json_get(map, key), 0);
}

static void put_rate(const struct tb_json *json, char *dst, size_t n)
{
    const struct tb_json *all = tb_json_get(json, "lrs");
    char rate[32];
    size_t used = 0;
    tb_str_copy(dst, n, tb_fmt_unit(rate, sizeof rate, TB_UNIT_RATE, tb_json_real(tb_json_get(json, "lr"), NAN)));
    for (size_t i = 0; i < tb_json_len(all) && used < n; i++)
        used += (size_t)snprintf(dst + used, n - used, "%s%s", i ? "+" : "",
                                 tb_fmt_unit(rate, sizeof rate, TB_UNIT_RATE, tb_json_real(tb_json_at(all, i), NAN)));
    if (count_of(json, "probe_tokens") > 0)
        tb_str_copy(dst, n, "probed");
}

static bool is_over(const char *state)
{
    enum tb_state s;
    return tb_state_find(state, &s) && tb_state_is_over(s);
}

static void read_run(struct tb_forecast_run *r, const struct tb_json *json)
{
    int64_t fixed = count_of(tb_json_get(json, "predicted"), "fixed");
    *r = (struct tb_forecast_run){
        .id = text_of(json, "id"),
        .name = text_of(json, "name"),
        .method = text_of(json, "method"),
        .state = text_of(json, "state"),
        .memory = text_of(json, "memory"),
        .n_trainable = count_of(json, "n_trainable"),
        .n_steps = count_of(json, "n_steps"),
        .n_tokens = count_of(json, "n_tokens"),
        .share = tb_json_real(tb_json_get(json, "share"), NAN),
        .est_s = tb_json_real(tb_json_get(json, "est_s"), NAN),
        .is_measured = tb_json_bool(tb_json_get(json, "est_is_measured"), false),
        .peak_bytes = count_of(json, "predicted_bytes"),
        .free_bytes = count_of(json, "free_bytes"),
        .disk_bytes = TB_FORECAST_KEPT_BYTES * count_of(json, "n_trainable"),
    };
    put_rate(json, r->lr, sizeof r->lr);
    r->is_new = !is_over(r->state);
    r->fits = r->peak_bytes - fixed <= r->free_bytes;
}

static struct tb_forecast_arm *arm_of(struct tb_forecast *f, size_t i)
{
    for (size_t k = 0; k < f->n_arms; k++)
        if (strcmp(f->arm[k].method, f->run[i].method) == 0)
            return &f->arm[k];
    f->arm[f->n_arms] =
        (struct tb_forecast_arm){ .method = f->run[i].method, .first = i, .least_trainable = f->run[i].n_trainable };
    return &f->arm[f->n_arms++];
}

static double plus(double sum, double v)
{
    return isfinite(v) ? sum + v : sum;
}

static void add_run(struct tb_forecast *f, size_t i)
{
    const struct tb_forecast_run *r = &f->run[i];
    struct tb_forecast_arm *a = arm_of(f, i);
    a->n++;
    a->n_new += r->is_new;
    a->est_s = r->is_new ? plus(a->est_s, r->est_s) : a->est_s;
    a->peak_bytes = r->peak_bytes > a->peak_bytes ? r->peak_bytes : a->peak_bytes;
    a->least_trainable = r->n_trainable < a->least_trainable ? r->n_trainable : a->least_trainable;
    a->most_trainable = r->n_trainable > a->most_trainable ? r->n_trainable : a->most_trainable;
    f->peak_bytes = r->peak_bytes > f->peak_bytes ? r->peak_bytes : f->peak_bytes;
    f->free_bytes = i == 0 || r->free_bytes < f->free_bytes ? r->free_bytes : f->free_bytes;
    f->is_measured = f->is_measured && (r->is_measured || !r->is_new);
    if (!r->is_new) {
        f->n_there++;
        return;
    }
    f->n_new++;
    f->est_s = plus(f->est_s, r->est_s);
    f->n_tokens += r->n_tokens;
    f->disk_bytes += r->disk_bytes;
}

static int by_bytes(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*y > *x) - (*y < *x);
}

/* The largest runs that may take turns: each its own memory, the weights and the process once. */
static int64_t together(const struct tb_forecast *f, const struct tb_json *runs)
{
    int64_t *own = tb_xcalloc(f->n + 1, sizeof *own), shared = 0, sum = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct tb_json *parts = tb_json_get(tb_json_at(runs, i), "predicted");
        int64_t once = count_of(parts, "weights") + count_of(parts, "fixed");
        own[i] = f->run[i].is_new ? f->run[i].peak_bytes - once : 0;
        shared = once > shared ? once : shared;
    }
    qsort(own, f->n, sizeof *own, by_bytes);
    for (size_t i = 0; i < f->n && i < TB_FORECAST_IN_FLIGHT; i++)
        sum += own[i];
    free(own);
    return f->n_new ? shared + sum : 0;
}

static bool answered_error(const struct tb_json *e, struct tb_err *err)
{
    enum tb_err_kind kind = TB_ERR_IO;
    for (enum tb_err_kind k = TB_ERR_USAGE; k <= TB_ERR_DIVERGED; k++)
        if (strcmp(tb_err_kind_name(k), text_of(e, "kind")) == 0)
            kind = k;
    return tb_fail_at(err, kind, text_of(e, "where"), (int)count_of(e, "line"), "%s", text_of(e, "text"));
}

bool tb_forecast_read(struct tb_forecast *f, struct tb_json *json, struct tb_err *err)
{
    const struct tb_json *runs = tb_json_get(json, "runs"), *e = tb_json_get(json, "error");
    *f = (struct tb_forecast){ .json = json, .n = tb_json_len(runs), .is_measured = true };
    if (e || tb_json_type(runs) != TB_JSON_LIST) {
        bool good = e ? answered_error(e, err) : tb_fail(err, TB_ERR_FORMAT, "the answer is no plan");
        tb_forecast_free(f);
        return good;
    }
    f->run = tb_xcalloc(f->n + 1, sizeof *f->run);
    f->arm = tb_xcalloc(f->n + 1, sizeof *f->arm);
    for (size_t i = 0; i < f->n; i++) {
        read_run(&f->run[i], tb_json_at(runs, i));
        add_run(f, i);
    }
    f->n_same = (size_t)count_of(json, "n_same");
    f->together_bytes = together(f, runs);
    f->data = tb_json_get(tb_json_at(runs, 0), "data");
    f->sweep = tb_json_get(json, "sweep");
    return true;
}

void tb_forecast_free(struct tb_forecast *f)
{
    tb_json_free(f->json);
    free(f->run);
    free(f->arm);
    *f = (struct tb_forecast){ 0 };
}

static int by_size(const void *a, const void *b)
{
    const struct tb_forecast_part *x = a, *y = b;
    return (y->bytes > x->bytes) - (y->bytes < x->bytes);
}

size_t tb_forecast_parts(const struct tb_forecast *f, size_t run, struct tb_forecast_part *part, size_t most)
{
    const struct tb_json *parts = tb_json_get(tb_json_at(tb_json_get(f->json, "runs"), run), "predicted");
    size_t n = 0;
    for (void *it = tb_json_first(parts); it && n < most; it = tb_json_next(parts, it))
        part[n++] = (struct tb_forecast_part){ tb_json_iter_key(it), tb_json_int(tb_json_iter_value(it), 0) };
    if (n)
        qsort(part, n, sizeof *part, by_size);
    return n;
}
