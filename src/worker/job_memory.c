/* SPDX-License-Identifier: MIT */
/* job_memory.c - what a run needs, and which way it takes: "fast" keeps every block's activations from forward to
 * backward, "small" keeps the blocks' inputs and computes the rest again, in about 1.3 times the time. Both give the
 * same bits, so the choice is made anew whenever a run begins or goes on. */
#include <stdio.h>
#include <string.h>

#include "worker/job.h"

static const char *const modes[] = { "fast", "small" };

/* A checkpoint stands in memory while it is written: values and both moments once as arrays, and as the image of the
 * file, which grows by eighths. Measured: 2.25 times their bytes. */
static uint64_t checkpoint_bytes(const struct tb_job *j)
{
    return (uint64_t)tb_stack_trainable(j->stack) * 3 * sizeof(float) / 4 * 9;
}

static uint64_t bytes_of(const struct tb_job *j, const struct tb_footprint *f)
{
    return f->weights + f->adapter + f->activations + f->logits + f->scratch + checkpoint_bytes(j) + j->writing_bytes
         + j->fixed_bytes;
}

uint64_t tb_job_bytes(const struct tb_job *j)
{
    return bytes_of(j, &j->need);
}

/* The process is there already. */
static bool fits(const struct tb_job *j, const struct tb_footprint *f)
{
    return bytes_of(j, f) - j->fixed_bytes <= j->free_bytes;
}

static struct tb_footprint footprint(const struct tb_job *j, bool recompute)
{
    struct tb_engine_spec spec = j->spec;
    struct tb_footprint f;
    spec.recompute = recompute;
    tb_engine_footprint(j->base->model, j->stack, &spec, &f);
    if (strcmp(j->base->path, "scratch") == 0)
        f.weights = 0; /* they are in memory already */
    return f;
}

void tb_job_choose_memory(struct tb_job *j, uint64_t room)
{
    const char *wish = tb_config_str(&j->config, "exec.memory");
    struct tb_footprint fast = footprint(j, false), small = footprint(j, true);
    j->free_bytes = room;
    j->spec.recompute = strcmp(wish, "small") == 0 || (strcmp(wish, "auto") == 0 && !fits(j, &fast));
    j->need = j->spec.recompute ? small : fast;
    j->other = j->spec.recompute ? fast : small;
}

bool tb_job_admit(struct tb_job *j, uint64_t room, struct tb_err *err)
{
    char hint[120] = "";
    tb_job_choose_memory(j, room);
    if (fits(j, &j->need))
        return true;
    if (!j->spec.recompute && fits(j, &j->other))
        snprintf(hint, sizeof hint, "use exec.memory = \"small\" (resume --memory small), which needs %llu MB; or ",
                 (unsigned long long)((bytes_of(j, &j->other) - j->fixed_bytes) >> 20));
    return tb_fail(err, TB_ERR_BUSY, "%s needs %llu MB and %llu MB are free now; %suse a smaller batch, shorter rows "
                   "or exec.micro_tokens, or wait for other programs", tb_config_name(&j->config),
                   (unsigned long long)((tb_job_bytes(j) - j->fixed_bytes) >> 20), (unsigned long long)(room >> 20),
                   hint);
}

bool tb_job_may_ever_fit(const struct tb_job *j, uint64_t total, struct tb_err *err)
{
    uint64_t need = tb_job_bytes(j) - j->fixed_bytes;
    return need <= total
        || tb_fail(err, TB_ERR_LIMIT, "%s needs %llu MB, and all that this process may ever have are %llu MB; use a "
                   "smaller batch, shorter rows or exec.micro_tokens", tb_config_name(&j->config),
                   (unsigned long long)(need >> 20), (unsigned long long)(total >> 20));
}

uint64_t tb_job_outstanding(const struct tb_job *j, uint64_t held)
{
    uint64_t own = tb_job_bytes(j) - j->fixed_bytes - j->need.weights;
    return own > held ? own - held : 0;
}

static void put(struct tb_json *map, const char *key, uint64_t bytes)
{
    tb_json_set(map, key, tb_json_new_int((int64_t)bytes));
}

void tb_job_put_memory(const struct tb_job *j, struct tb_json *map)
{
    const struct tb_footprint *f = &j->need;
    struct tb_json *parts = tb_json_new_map();
    tb_json_set(map, "memory", tb_json_new_str(modes[j->spec.recompute]));
    put(map, "predicted_bytes", tb_job_bytes(j));
    put(parts, "weights", f->weights);
    put(parts, "adapter", f->adapter);
    put(parts, "activations", f->activations);
    put(parts, "logits", f->logits);
    put(parts, "scratch", f->scratch);
    put(parts, "checkpoint", checkpoint_bytes(j));
    if (j->writing_bytes)
        put(parts, "writing", j->writing_bytes);
    put(parts, "fixed", j->fixed_bytes);
    tb_json_set(map, "predicted", parts);
    put(map, "fast_bytes", bytes_of(j, j->spec.recompute ? &j->other : f));
    put(map, "small_bytes", bytes_of(j, j->spec.recompute ? f : &j->other));
    put(map, "free_bytes", j->free_bytes);
}

/* Of all blocks, so a little too much where the lowest are not trained; attention, as in the estimate of a step, is
 * left out, and so is down, which is done only where adapters sit there. */
double tb_job_again_flop(const struct tb_job *j)
{
    const struct tb_shape *s = &j->base->model->shape;
    double q = (double)s->n_heads * s->head_dim, kv = (double)s->n_kv * s->head_dim;
    return j->spec.recompute ? 2 * (s->n_layers - 1) * (s->d * (2 * q + 2 * kv) + 2.0 * s->d * s->ff) : 0;
}
