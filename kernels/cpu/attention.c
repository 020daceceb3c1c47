/* SPDX-License-Identifier: MIT */
/* attention.c - the tasks of attention and who runs them.
 * Forward: (segment, up to CHUNK query rows, kv head); nothing is shared. Backward: (group, kv
 * head), where a group is a root segment with all that continue it, or the whole quantum if its
 * segments have virtual rows, whose gradients they share: every sum into dk, dv and dvirt belongs
 * to one task and runs in the order of the segments, whatever the threads and the other quanta.
 * Tasks are taken from one counter. */
#include "kernels/cpu/attention.h"

#include <stdatomic.h>
#include <string.h>

#include "kernels/cpu/attention_priv.h"
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/pool.h"

enum { CHUNK = 128 };

struct job {
    struct tb_kernels *k;
    const struct tb_attention *a;
    const struct tb_attention_back *b;
    tb_attend_fn *run;
    int max_runs, max_keys;
    atomic_int next;
};

static bool has_virtual(const struct tb_attention *a, int quantum_first)
{
    for (int s = quantum_first; s < a->n_seg && a->seg[s].quantum == a->seg[quantum_first].quantum;
         s++)
        if (a->seg[s].n_virt)
            return true;
    return false;
}

static int quantum_first(const struct tb_attention *a, int s)
{
    while (s > 0 && a->seg[s - 1].quantum == a->seg[s].quantum)
        s--;
    return s;
}

/* The first segment of the group of s. */
static int leader(const struct tb_attention *a, int s)
{
    int first = quantum_first(a, s);
    if (has_virtual(a, first))
        return first;
    while (a->seg[s].parent >= 0)
        s = a->seg[s].parent;
    return s;
}

static int n_tasks(const struct job *j, int s)
{
    if (j->b)
        return leader(j->a, s) == s ? j->a->n_kv : 0;
    return (j->a->seg[s].length + CHUNK - 1) / CHUNK * j->a->n_kv;
}

static void zero(struct tb_mat m, int64_t first, int64_t n, int64_t col, int64_t cols)
{
    for (int64_t r = first; m.p && r < first + n; r++)
        memset(m.p + r * m.ld + col, 0, (size_t)cols * sizeof *m.p);
}

static void zero_gradients(const struct tb_attend *t, const struct tb_seg *s)
{
    int64_t hd = t->a->head_dim, col = t->kv * hd;
    zero(t->b->dk, s->start, s->length, col, hd);
    zero(t->b->dv, s->start, s->length, col, hd);
    if (s->n_virt) {
        zero(t->b->dvirt_k, s->dvirt, s->n_virt, col, hd);
        zero(t->b->dvirt_v, s->dvirt, s->n_virt, col, hd);
    }
}

/* All segments of the group that s leads. */
static void run_group(const struct job *j, struct tb_attend *t, int s)
{
    const struct tb_seg *seg = j->a->seg;
    int end = s;
    for (; end < j->a->n_seg && seg[end].quantum == seg[s].quantum; end++)
        if (leader(j->a, end) == s)
            zero_gradients(t, &seg[end]);
    for (t->seg = s; t->seg < end; t->seg++) {
        if (leader(j->a, t->seg) != s)
            continue;
        t->first = 0;
        t->n = seg[t->seg].length;
        j->run(t);
    }
}

static void run_task(const struct job *j, struct tb_attend *t, int s, int i)
{
    t->kv = i % j->a->n_kv;
    if (j->b) {
        run_group(j, t, s);
        return;
    }
    int left = j->a->seg[s].length;
    t->seg = s;
    t->first = i / j->a->n_kv * CHUNK;
    t->n = left - t->first < CHUNK ? left - t->first : CHUNK;
    j->run(t);
}

static void work(void *arg, int worker, int thread)
{
    struct job *j = arg;
    struct tb_attend t = { .a = j->a, .b = j->b, .max_runs = j->max_runs, .max_keys = j->max_keys };
    t.scratch = tb_cpu_scratch(j->k, thread, tb_attend_floats(&t));
    int task = atomic_fetch_add(&j->next, 1), first = 0;
    for (int s = 0; s < j->a->n_seg; s++) {
        int end = first + n_tasks(j, s);
        for (; task < end; task = atomic_fetch_add(&j->next, 1))
            run_task(j, &t, s, task - first);
        first = end;
    }
}

static void run(struct job *j)
{
    const struct tb_attention *a = j->a;
    for (int s = 0; s < a->n_seg; s++) {
        int runs = 1, keys = a->seg[s].n_virt + TB_ATTEND_PAD;
        for (int i = s; i >= 0; i = a->seg[i].parent, runs++)
            keys += a->seg[i].length + TB_ATTEND_PAD;
        j->max_runs = runs > j->max_runs ? runs : j->max_runs;
        j->max_keys = keys > j->max_keys ? keys : j->max_keys;
    }
    struct tb_cpu *cpu = j->k->state;
    tb_pool_run(cpu->pool, cpu->n_threads, work, j);
}

static void attention(struct tb_kernels *k, const struct tb_attention *a)
{
    struct job j = { .k = k,
                     .a = a,
                     .run = ((struct tb_cpu *)k->state)->avx512 ? tb_attend_avx512
                                                                : tb_attend_avx2 };
    run(&j);
}

static void attention_back(struct tb_kernels *k, const struct tb_attention *a,
                           const struct tb_attention_back *b)
{
    struct job j = { .k = k,
                     .a = a,
                     .b = b,
                     .run = ((struct tb_cpu *)k->state)->avx512 ? tb_attend_back_avx512
                                                                : tb_attend_back_avx2 };
    run(&j);
}

size_t tb_cpu_attention_floats(int head_dim, int n_keys, int n_runs)
{
    struct tb_attention a = { .head_dim = head_dim };
    struct tb_attend t = { .a = &a, .max_runs = n_runs, .max_keys = n_keys + n_runs * TB_ATTEND_PAD };
    return tb_attend_floats(&t);
}

void tb_cpu_attention_fill(struct tb_kernels *k, bool avx512)
{
    k->attention = attention;
    k->attention_back = attention_back;
}
