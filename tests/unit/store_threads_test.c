/* SPDX-License-Identifier: MIT */
/* One process with several runs: threads that write, each its own run, and threads that read all of them. Every run
 * holds what was written to it, and HDF5 is never entered by two threads: some of its functions are interposed here to
 * see that, since a library that was built for threads would hide it. Under --enable-tsan also a test for races. */
#include <dlfcn.h>
#include <hdf5.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "store/checkpoint.h"
#include "store/store.h"
#include "store/writer.h"
#include "tests/tap.h"

enum { WRITERS = 4, READERS = 2, STEPS = 60, TENSOR = 512 };

static char root[256];
static struct tb_store *store;
static _Atomic int n_inside, n_overlaps, n_calls, n_live = WRITERS;
static _Thread_local int depth; /* HDF5 calls itself too */

static void enter(void)
{
    if (depth++ > 0)
        return;
    n_calls++;
    if (atomic_fetch_add(&n_inside, 1) > 0)
        n_overlaps++;
    sched_yield();
}

static void leave(void)
{
    if (--depth == 0)
        n_inside--;
}

/* A function of HDF5 that counts who is inside and calls the one of the library. */
#define INTERPOSE(result, name, declared, given) \
    result name declared \
    { \
        static result(*_Atomic real) declared; \
        result(*f) declared = real; \
        if (!f) { \
            *(void **)&f = dlsym(RTLD_NEXT, #name); \
            real = f; \
        } \
        enter(); \
        result r = f given; \
        leave(); \
        return r; \
    }
INTERPOSE(hid_t, H5Fcreate, (const char *name, unsigned flags, hid_t fcpl, hid_t fapl), (name, flags, fcpl, fapl))
INTERPOSE(hid_t, H5Fopen, (const char *name, unsigned flags, hid_t fapl), (name, flags, fapl))
INTERPOSE(herr_t, H5Fclose, (hid_t file), (file))
INTERPOSE(herr_t, H5Fflush, (hid_t id, H5F_scope_t scope), (id, scope))
INTERPOSE(hid_t, H5Pcreate, (hid_t class), (class))
INTERPOSE(htri_t, H5Lexists, (hid_t id, const char *name, hid_t lapl), (id, name, lapl))
INTERPOSE(herr_t, H5Dwrite, (hid_t d, hid_t type, hid_t mem, hid_t file, hid_t dxpl, const void *p),
          (d, type, mem, file, dxpl, p))
INTERPOSE(herr_t, H5Dread, (hid_t d, hid_t type, hid_t mem, hid_t file, hid_t dxpl, void *p),
          (d, type, mem, file, dxpl, p))
INTERPOSE(hid_t, H5Screate, (H5S_class_t type), (type))
INTERPOSE(hid_t, H5Tcopy, (hid_t type), (type))
INTERPOSE(herr_t, H5Awrite, (hid_t a, hid_t type, const void *p), (a, type, p))
INTERPOSE(herr_t, H5Aread, (hid_t a, hid_t type, void *p), (a, type, p))

static double loss_of(int run, int step)
{
    return 1.0 / (run + 1) + 1.0 / step;
}

static bool checkpoint(struct tb_run_writer *w, int run, int step)
{
    static float values[TENSOR];
    struct tb_array t = { .name = "a.b", .type = TB_ARRAY_F32, .rank = 1, .shape = { TENSOR }, .data = values };
    struct tb_json *state = tb_json_new_map();
    tb_json_set(state, "run", tb_json_new_int(run));
    struct tb_checkpoint c = { .step = step, .state = state, .tensor = &t, .n = 1 };
    bool good = tb_run_writer_checkpoint(w, &c, NULL);
    tb_json_free(state);
    return good;
}

static bool make(int run, char id[TB_RUN_ID])
{
    struct tb_json *config = tb_json_new_map();
    tb_json_set(config, "seed", tb_json_new_int(run));
    snprintf(id, TB_RUN_ID, "0%d", run);
    struct tb_run_new n = { .id = id, .name = id, .config = config };
    bool good = tb_run_create(tb_store_runs_dir(store), &n, NULL);
    tb_json_free(config);
    return good;
}

static bool write_run(int run)
{
    char id[TB_RUN_ID];
    if (!make(run, id))
        return false;
    char *dir = tb_store_run_dir(store, id);
    struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
    bool good = w && tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL);
    for (int i = 1; good && i <= STEPS; i++) {
        struct tb_train_row row = { i, 64.0 * i, i, loss_of(run, i), 1e-3, 1, 600, 0 };
        good = tb_run_writer_train(w, &row, NULL);
        if (good && i % 5 == 0)
            good = tb_run_writer_snapshot(w, NULL);
        if (good && i % 20 == 0)
            good = checkpoint(w, run, i);
    }
    good = good && tb_run_writer_seal(w, TB_STATE_DONE, "budget", "", NULL, NULL);
    tb_run_writer_close(w);
    free(dir);
    return good;
}

static void *work(void *arg)
{
    bool good = write_run((int)(size_t)arg);
    n_live--;
    return (void *)(size_t)good;
}

/* Whatever moment it is: rows in order, with the numbers that were written. */
static bool is_right(int run, const struct tb_metrics *m)
{
    for (size_t i = 0; i < m->n_train; i++)
        if (m->train[i].step != (double)(i + 1) || m->train[i].loss != loss_of(run, (int)i + 1))
            return false;
    return true;
}

static bool read_run(const char *id)
{
    struct tb_metrics m;
    struct tb_checkpoint c;
    char *dir = tb_store_run_dir(store, id);
    bool good = tb_metrics_load(&m, dir, NULL) && is_right(atoi(id), &m);
    if (tb_checkpoint_newest(&c, dir, -1, false, NULL, 0, NULL)) {
        good = good && c.n == 1 && tb_json_int(tb_json_get(c.state, "run"), -1) == atoi(id);
        tb_checkpoint_free(&c);
    }
    tb_metrics_free(&m);
    free(dir);
    return good;
}

static void *look(void *arg)
{
    bool good = true;
    while (good && n_live > 0) {
        struct tb_run_item *all;
        size_t n;
        good = tb_store_list(store, &all, &n, NULL);
        for (size_t i = 0; good && i < n; i++)
            good = !all[i].sum.damage[0] && read_run(all[i].sum.id);
        free(all);
    }
    return (void *)(size_t)good;
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    pthread_t thread[WRITERS + READERS];
    void *result;
    struct tb_run_item *all;
    size_t n;
    snprintf(root, sizeof root, "%s/tb-threads-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root) || !(store = tb_store_open(root, true, NULL)))
        abort();
    for (size_t i = 0; i < WRITERS + READERS; i++)
        if (pthread_create(&thread[i], NULL, i < WRITERS ? work : look, (void *)i) != 0)
            abort();
    for (int i = 0; i < WRITERS + READERS; i++) {
        pthread_join(thread[i], &result);
        ok(result != NULL, "thread %d: everything it %s was right", i, i < WRITERS ? "wrote" : "read");
    }
    ok(tb_store_list(store, &all, &n, NULL) && n == WRITERS, "all runs are listed");
    for (size_t i = 0; i < n; i++)
        ok(all[i].sum.state == TB_STATE_DONE && all[i].sum.step == STEPS && read_run(all[i].sum.id),
           "run %s is whole", all[i].sum.id);
    free(all);
    ok(n_calls > 1000 && n_overlaps == 0, "%d calls of HDF5, %d while another thread was inside", n_calls, n_overlaps);
    tb_store_close(store);
    ok(tb_dir_remove(root, NULL), "cleaned up");
    return done();
}
