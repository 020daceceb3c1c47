/* SPDX-License-Identifier: MIT */
/* pace.c - steps on the rows of a run's own first step, twice as many rows each time, until the step is whole or
 * the time is up. A share is kept for a base, not for each method: what methods do differently is counted (work.h), and
 * shares that were measured on different days would make arms of one comparison differ that do the same work. The
 * last few are kept, and their median holds. */
#include "worker/pace.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/xdg.h"
#include "worker/session_priv.h"
#include "worker/work.h"

enum { MAX_KEPT = 256, MAX_BYTES = 1 << 20, MAX_SHARES = 9, PROBES = 3, ENOUGH_STEPS = 5 };
static const double probe_s = 0.1, measure_s = 1.5, enough_s = 0.3;
static const double usual_share = 0.8, usual_of_small = 0.4; /* of the probe that steps reach */
static const int64_t small_params = 30000000;

struct tb_pace {
    enum tb_pace_when when;
    struct tb_json *fresh; /* base and method that were measured by this process */
    int n_threads;         /* of the probe, 0: none yet */
    double gflops;         /* of the probe, all threads, were they alone */
    double free;           /* part of their time that they got */
    char isa[24];
    char *path;           /* of what is kept, NULL: nowhere */
    struct tb_json *kept; /* {key: {shares: [..]}}, the newest last */
    double share;         /* of the last answer */
    int n_measured;
    uint64_t left_bytes;
};

struct tb_pace *tb_pace_open(enum tb_pace_when when)
{
    struct tb_pace *p = tb_xcalloc(1, sizeof *p);
    p->when = when;
    p->fresh = tb_json_new_map();
    p->path = tb_xdg_cache("pace.json");
    bool is_file = p->path && tb_file_size(p->path) >= 0;
    p->kept = is_file ? tb_json_load(p->path, MAX_BYTES, NULL) : NULL;
    if (tb_json_type(p->kept) != TB_JSON_MAP || tb_json_len(p->kept) > MAX_KEPT) {
        tb_json_free(p->kept);
        p->kept = tb_json_new_map();
    }
    return p;
}

void tb_pace_close(struct tb_pace *p)
{
    if (!p)
        return;
    tb_json_free(p->fresh);
    tb_json_free(p->kept);
    free(p->path);
    free(p);
}

/* ---- measuring */

/* Rate of the probe in processor time; *free: part of its threads' time that it got. */
static double probe_rate(struct tb_kernels *k, int n_threads, double *free)
{
    double wall = 0, cpu = 0, work = 0;
    for (int i = 0; i < PROBES; i++) {
        double from = tb_clock_mono_s(), cpu_from = tb_clock_cpu_s(), rate = tb_kernels_probe(k, probe_s);
        double took = tb_clock_mono_s() - from;
        cpu += tb_clock_cpu_s() - cpu_from;
        wall += took;
        work += rate * took;
    }
    *free = fmin(1, cpu / (n_threads * wall));
    return cpu > 0 ? work * n_threads / cpu : 0;
}

/* Processor time of one step, NaN if it failed. */
static double step(struct tb_engine *e, const struct tb_row *rows, int n)
{
    struct tb_update u = { .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .clip = 1 };
    struct tb_step_out out;
    double from = tb_clock_cpu_s();
    for (int i = 0; i < TB_STACK_PARTS; i++)
        u.lr[i] = 1e-6;
    if (!tb_engine_gradient(e, rows, n, 0, 0, &out, NULL))
        return NAN;
    tb_engine_update(e, &u, &out);
    return tb_clock_cpu_s() - from;
}

/* Of the best of some steps on the first *n_reached of these rows, as many as the time allows. The first step reads the
 * weights, and each larger one takes fresh memory. */
static double best_step(struct tb_engine *e, const struct tb_row *rows, int n_rows, int *n_reached)
{
    double took = step(e, rows, 1), begin = tb_clock_mono_s(), best, sum = 0, last = 0;
    int n = 1, n_steps = 0;
    for (; n < n_rows && !isnan(took); n = 2 * n < n_rows ? 2 * n : n_rows) {
        double from = tb_clock_mono_s();
        took = step(e, rows, n);
        last = tb_clock_mono_s() - from;
        if (from + 6 * last > begin + measure_s) /* what is measured is twice as large, and done twice */
            break;
    }
    for (best = step(e, rows, n); n_steps < 1 || sum < enough_s || n_steps < ENOUGH_STEPS; n_steps++) {
        if (isnan(best) || (n_steps && tb_clock_mono_s() + last > begin + measure_s))
            break;
        double from = tb_clock_mono_s();
        took = step(e, rows, n);
        last = tb_clock_mono_s() - from;
        best = fmin(best, took);
        sum += took;
    }
    *n_reached = n;
    return best;
}

/* The share of the probe; NaN if nothing can be measured (no memory, say). */
static double measure(const struct tb_pace *p, const struct tb_job *j)
{
    struct tb_session s = { 0 };
    struct tb_counters done = { 0 };
    struct tb_stack *stack = tb_stack_open(j->config.map, j->base->model, NULL);
    int n, n_reached;
    double share = NAN, free_part;
    struct tb_row *rows = tb_work_first_rows(j, &n);
    if (stack && n > 0 && tb_session_open(&s, j->base->model, stack, &j->spec, p->n_threads, NULL)) {
        double before = probe_rate(s.k, p->n_threads, &free_part);
        double took = best_step(s.engine, rows, n, &n_reached) / p->n_threads;
        double rate = fmax(before, probe_rate(s.k, p->n_threads, &free_part)) * 1e9;
        if (tb_work_step(&done, j, rows, n_reached, NULL))
            share = tb_work_flop(&done, j) / took / rate;
    }
    tb_session_close(&s);
    free(rows);
    return share;
}

/* ---- what is known */

static bool probe(struct tb_pace *p, int n_threads, struct tb_err *err)
{
    char why[200];
    if (p->n_threads == n_threads)
        return true;
    struct tb_kernels *k = tb_kernels_open(NULL, n_threads, why, sizeof why);
    if (!k)
        return tb_fail(err, TB_ERR_USAGE, "%s", why);
    p->gflops = probe_rate(k, n_threads, &p->free);
    p->n_threads = n_threads;
    tb_str_copy(p->isa, sizeof p->isa, k->name);
    k->close(k);
    return true;
}

static char *key_of(const struct tb_pace *p, const struct tb_job *j)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    return tb_xasprintf("%s %s %d %.16s", host, p->isa, p->n_threads, j->base->id);
}

static bool is_share(double v)
{
    return v > 1e-4 && v < 10;
}

/* A cache that cannot be written is none. */
static void keep(struct tb_pace *p, const char *key, double share)
{
    const struct tb_json *old = tb_json_get(tb_json_get(p->kept, key), "shares");
    struct tb_json *map = tb_json_new_map(), *list = tb_json_new_list();
    size_t n = tb_json_len(old);
    for (size_t i = n < MAX_SHARES ? 0 : n + 1 - MAX_SHARES; i < n; i++)
        tb_json_append(list, tb_json_copy(tb_json_at(old, i)));
    tb_json_append(list, tb_json_new_real(share));
    tb_json_set(map, "shares", list);
    if (!old && tb_json_len(p->kept) >= MAX_KEPT)
        tb_json_del(p->kept, tb_json_iter_key(tb_json_first(p->kept)));
    tb_json_set(p->kept, key, map);
    tb_xdg_keep(p->path, p->kept);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of what was measured, as p->share; the usual one where nothing was. */
static void choose_share(struct tb_pace *p, const struct tb_job *j)
{
    char *key = key_of(p, j);
    const struct tb_json *list = tb_json_get(tb_json_get(p->kept, key), "shares");
    double v[MAX_SHARES];
    int n = 0;
    free(key);
    for (size_t i = 0; i < tb_json_len(list) && n < MAX_SHARES; i++) {
        v[n] = tb_json_real(tb_json_at(list, i), NAN);
        n += is_share(v[n]);
    }
    qsort(v, (size_t)n, sizeof *v, by_size);
    p->n_measured = n;
    double usual = j->base->model->n_params < small_params ? usual_of_small : usual_share;
    p->share = n ? (v[(n - 1) / 2] + v[n / 2]) / 2 : usual;
}

/* Whether base and method are to be measured now; once in a process. */
static bool is_wanted(struct tb_pace *p, const char *key, const struct tb_job *j)
{
    char *method = tb_stack_name(j->stack), *both = tb_xasprintf("%s %s", key, method);
    bool is_wanted = p->when == TB_PACE_ANEW ? !tb_json_get(p->fresh, both)
                                             : p->when == TB_PACE_MISSING && !tb_json_get(p->fresh, key)
                                                   && !tb_json_get(tb_json_get(p->kept, key), "shares");
    tb_json_set(p->fresh, key, tb_json_new_bool(true));
    tb_json_set(p->fresh, both, tb_json_new_bool(true));
    free(method);
    free(both);
    return is_wanted;
}

bool tb_pace_is_curious(const struct tb_pace *p)
{
    return p->when != TB_PACE_NEVER;
}

bool tb_pace_learn(struct tb_pace *p, const struct tb_job *j, struct tb_err *err)
{
    if (!probe(p, tb_job_threads(j), err))
        return false;
    char *key = key_of(p, j);
    uint64_t before = tb_mem_anon_bytes();
    double share = is_wanted(p, key, j) ? measure(p, j) : NAN;
    uint64_t after = tb_mem_anon_bytes();
    p->left_bytes += after > before ? after - before : 0;
    if (is_share(share))
        keep(p, key, share);
    free(key);
    return true;
}

uint64_t tb_pace_left_bytes(const struct tb_pace *p)
{
    return p->left_bytes;
}

struct tb_json *tb_pace_facts(const struct tb_pace *p)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "threads", tb_json_new_int(p->n_threads));
    tb_json_set(map, "probe_gflops", tb_json_new_real(p->gflops));
    tb_json_set(map, "share", tb_json_new_real(p->share));
    tb_json_set(map, "n_measured", tb_json_new_int(p->n_measured));
    tb_json_set(map, "free", tb_json_new_real(p->free));
    return map;
}

double tb_pace_seconds(struct tb_pace *p, const struct tb_job *j, bool *is_measured, struct tb_err *err)
{
    struct tb_work w;
    if (!probe(p, tb_job_threads(j), err) || !tb_work_of(&w, j, err))
        return NAN;
    choose_share(p, j);
    *is_measured = p->n_measured > 0;
    double rate = p->gflops * 1e9 * p->share, other = (w.scoring + w.measuring) / rate;
    return other + (j->seconds > 0 ? j->seconds : w.training / rate);
}
