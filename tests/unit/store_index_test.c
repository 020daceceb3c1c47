/* SPDX-License-Identifier: MIT */
/* A store of 1,000 runs: listing, the cache and its damage, finding runs by what people type, lost
 * runs, heartbeats, states. */
#include "store/store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/writer.h"
#include "tests/tap.h"

enum { N_RUNS = 1000 };
static char root[256];
static struct tb_store *store;

static char *dir_of(int i)
{
    char id[20];
    snprintf(id, sizeof id, "%016x", i);
    return tb_store_run_dir(store, id);
}

static void create(int i)
{
    char id[20], name[40];
    struct tb_json *config = tb_json_new_map();
    snprintf(id, sizeof id, "%016x", i);
    snprintf(name, sizeof name, i == 0 ? "first" : i % 2 && i < 4 ? "twin" : "lora-s%d", i);
    tb_json_set(config, "seed", tb_json_new_int(i));
    tb_json_set(config, "budget.n", tb_json_new_int(100 * (i + 1)));
    tb_json_set(config, "budget.unit", tb_json_new_str("steps"));
    tb_json_set(config, "method.kind", tb_json_new_str("stack"));
    tb_json_set(config, "method.0.kind", tb_json_new_str("lora"));
    tb_json_set(config, "method.1.kind", tb_json_new_str("prompt"));
    struct tb_run_new run = { .id = id, .name = name, .config = config };
    struct tb_err err = { 0 };
    if (!tb_run_create(tb_store_runs_dir(store), &run, &err))
        ok(false, "%s", err.text);
    tb_json_free(config);
}

/* As if the folder had been left alone for a while, so that the cache may believe it. */
static void age(int i)
{
    struct utimbuf old = { 1700000000, 1700000000 };
    char *dir = dir_of(i), *h5 = tb_path_join(dir, "run.h5");
    utime(h5, &old);
    utime(dir, &old);
    free(h5);
    free(dir);
}

/* Copies of one run.h5: making a thousand takes their syncs' time. */
static void populate(void)
{
    size_t n;
    create(0);
    char *first = dir_of(0), *h5 = tb_path_join(first, "run.h5"),
         *bytes = tb_file_read(h5, 1 << 24, &n, NULL);
    for (int i = 1; i < N_RUNS; i++) {
        if (i < 4) {
            create(i);
            continue;
        }
        char *dir = dir_of(i), *path = tb_path_join(dir, "run.h5");
        tb_dir_make(dir, 0700, NULL);
        FILE *f = fopen(path, "wb");
        fwrite(bytes, 1, n, f);
        fclose(f);
        free(path);
        free(dir);
    }
    for (int i = 0; i < N_RUNS; i++)
        age(i);
    free(bytes);
    free(h5);
    free(first);
}

static double list(size_t *n, struct tb_run_item **all)
{
    struct tb_err err = { 0 };
    double begin = tb_clock_mono_s();
    ok(tb_store_list(store, all, n, &err), "listed %s", err.text);
    return tb_clock_mono_s() - begin;
}

static void listing(void)
{
    struct tb_run_item *all;
    size_t n;
    char *index = tb_path_join(root, "index");
    double cold = list(&n, &all);
    is_int(n, N_RUNS, "1,000 runs");
    is_str(all[0].sum.method, "lora+prompt", "a stack is called by its parts");
    free(all);
    double warm = list(&n, &all);
    ok(warm < cold, "from the index in %.0f ms, anew in %.0f ms", 1e3 * warm, 1e3 * cold);
    free(all);
    char *bytes = tb_file_read(index, 1 << 28, &n, NULL);
    bytes[n / 2] ^= 1;
    tb_file_replace(index, bytes, n, NULL);
    list(&n, &all);
    ok(n == N_RUNS && all[5].sum.n_steps == -1, "a damaged index is built anew");
    free(all);
    for (int i = 50; i < N_RUNS - 1; i++) { /* enough of them: what follows is about few */
        char *dir = dir_of(i);
        tb_dir_remove(dir, NULL);
        free(dir);
    }
    free(bytes);
    free(index);
}

/* The file of the index, which is a new one after each change. */
static ino_t index_file(void)
{
    struct stat st = { 0 };
    char *path = tb_path_join(root, "index");
    stat(path, &st);
    free(path);
    return st.st_ino;
}

struct seen {
    size_t n;
    bool is_in_order;
    char last[TB_RUN_ID];
};

static void see(void *arg, const struct tb_run_summary *sum)
{
    struct seen *s = arg;
    s->is_in_order = s->is_in_order && strcmp(s->last, sum->id) < 0;
    snprintf(s->last, sizeof s->last, "%s", sum->id);
    s->n++;
}

/* Runs that come and go between others, and entries that are none. */
static void walking(void)
{
    struct tb_run_item *all;
    size_t n;
    char words[200] = "", *gone = dir_of(10), *link = dir_of(0xa1), *path = tb_path_join(root, "index");
    list(&n, &all);
    free(all);
    ino_t before = index_file();
    list(&n, &all);
    free(all);
    ok(index_file() == before, "nothing changed, nothing is written");
    tb_dir_remove(gone, NULL);
    create(0x4000);
    age(0x4000);
    list(&n, &all);
    free(all);
    ok(index_file() != before && n == 51, "one went, one came: %zu runs", n);
    ok(tb_index_check(root, words, sizeof words), "the index names what is there: %s", words);
    create(10);
    age(10);
    struct seen s = { .is_in_order = true };
    ok(tb_index_each(root, NULL, see, &s, NULL) && s.n == 52 && s.is_in_order, "one by one, in the order of their ids");
    ok(symlink(gone, link) == 0, "a link to a run");
    list(&n, &all);
    ok(n == 53 && strstr(all[0].sum.damage, "link"), "is none: %s", all[0].sum.damage);
    free(all);
    unlink(link);
    char *bytes = tb_file_read(path, 1 << 28, &n, NULL);
    memset(bytes + 12, 0, 4); /* the CRC of nothing, so that only the count is wrong */
    tb_file_replace(path, bytes, 16, NULL);
    free(bytes);
    ok(!tb_index_check(root, words, sizeof words) && strstr(words, "another version"),
       "entries that are not there: %s", words);
    list(&n, &all);
    ok(n == 52 && all[20].sum.seed >= 0, "are read anew");
    free(all);
    ok(tb_index_check(root, words, sizeof words), "and written");
    char *added = dir_of(0x4000);
    tb_dir_remove(added, NULL);
    free(added);
    free(path);
    free(link);
    free(gone);
}

static struct tb_run_item item(int i)
{
    struct tb_run_item *all, one = { 0 };
    size_t n;
    char id[20];
    snprintf(id, sizeof id, "%016x", i);
    list(&n, &all);
    for (size_t k = 0; k < n; k++)
        if (!strcmp(all[k].sum.id, id))
            one = all[k];
    free(all);
    return one;
}

/* A list that keeps what has a journal says what one says that does not. */
static void following(void)
{
    char *dir = dir_of(5);
    struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
    struct tb_store *kept = tb_store_open(root, false, NULL), *first = store;
    struct tb_train_row row = { .step = 0, .loss = 3 };
    int wrong = 0;
    tb_store_follow(kept);
    tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL);
    for (int i = 0; i < 5; i++) {
        row.step++;
        tb_run_writer_train(w, &row, NULL);
        store = kept;
        struct tb_run_item a = item(5);
        store = first;
        struct tb_run_item b = item(5);
        wrong += a.sum.step != i + 1 || memcmp(&a.sum, &b.sum, sizeof a.sum) != 0;
    }
    is_int(wrong, 0, "a list that keeps runs between two looks");
    tb_run_writer_close(w);
    tb_store_close(kept);
    free(dir);
}

static void changes(void)
{
    char *dir = dir_of(3);
    struct tb_run_writer *w = tb_run_writer_open(dir, NULL);
    tb_run_writer_state(w, TB_STATE_RUNNING, NULL, NULL, NULL);
    struct tb_train_row row = { 1, 256, 0.1, 3, 5e-4, 1, 600, 1 << 20 };
    struct tb_eval_row eval = { 1, 256, 0.1, 2.5, 900 };
    tb_run_writer_train(w, &row, NULL);
    struct tb_run_item it = item(3);
    ok(it.sum.state == TB_STATE_RUNNING && it.sum.step == 1 && it.sight.state == TB_STATE_RUNNING,
       "a new row is seen");
    is_int(it.sight.pid, getpid(), "and who runs it");
    row.step = 2;
    tb_run_writer_train(w, &row, NULL);
    is_int(item(3).sum.step, 2, "and the next");
    tb_run_writer_eval(w, &eval, NULL);
    tb_run_writer_close(w);
    it = item(3);
    ok(it.sight.state == TB_STATE_LOST && it.sight.pid == 0, "a free lock means lost");
    char *h5 = tb_path_join(dir, "run.h5");
    tb_file_replace(h5, "junk", 4, NULL);
    it = item(3);
    ok(strstr(it.sum.damage, "run.h5") != NULL, "a damaged run is listed: %s", it.sum.damage);
    free(h5);
    free(dir);
}

static void finding(void)
{
    struct tb_err err = { 0 };
    char id[TB_RUN_ID];
    int64_t step;
    ok(tb_store_find(store, "lora-s2", id, &err) && !strcmp(id, "0000000000000002"), "by name");
    ok(tb_store_find(store, "00000000000003e7", id, &err) && !strcmp(id, "00000000000003e7"),
       "by id");
    ok(tb_store_find(store, "00000000000003e7:400", id, &err),
       "a checkpoint behind it is left alone");
    ok(!tb_store_find(store, "twin", id, &err) && err.kind == TB_ERR_NOTFOUND
           && strstr(err.text, "0000000000000001"),
       "an ambiguous name lists ids: %s", err.text);
    ok(strstr(err.text, "is 2 runs: 0000000000000001 (200 steps, 20")
           && strstr(err.text, "Z), 0000000000000003 (400 steps, 20") && strstr(err.text, "Z); give an id"),
       "with budget and time of each");
    ok(!tb_store_find(store, "00", id, &err) && strstr(err.text, "51 runs"),
       "so does a prefix: %.60s", err.text);
    ok(strstr(err.text, ", ..; give an id") != NULL, "of many the first: %s", err.text);
    ok(!tb_store_find(store, "lora-2s", id, &err) && strstr(err.text, "lora-s2"),
       "did you mean: %s", err.text);
    ok(!tb_store_find(store, "@best", id, &err), "no best without an evaluation");
    ok(tb_store_find(store, "@last", id, &err), "@last");
    ok(tb_run_ref_step("x:400", &step, &err) && step == 400, "x:400");
    ok(tb_run_ref_step("x:best", &step, &err) && step == TB_REF_BEST, "x:best");
    ok(tb_run_ref_step("x", &step, &err) && step == TB_REF_NONE, "x");
    ok(!tb_run_ref_step("x:y", &step, &err), "x:y is wrong: %s", err.text);
    tb_store_next_id(store, "0000000000000002", id);
    is_str(id, "0000000000000002-2", "an id for one more of the same");
    char sha[65];
    ok(tb_store_save_recipe(store, "return 1\n", 9, sha, &err) && strlen(sha) == 64, "recipe kept");
}

/* Three runs within a second, their ids downwards; read anew, then from the cache. */
static void order(void)
{
    struct tb_err err = { 0 };
    char id[TB_RUN_ID];
    setenv("TUNEBENCH_NOW", "2026-11-24T13:05:33Z", 1);
    for (int i = 5002; i >= 5000; i--) {
        create(i);
        age(i);
    }
    unsetenv("TUNEBENCH_NOW");
    for (int k = 0; k < 2; k++) {
        struct tb_run_item *all;
        size_t n;
        list(&n, &all);
        is_str(all[n - 3].sum.name, "lora-s5002", "the first that was created");
        is_str(all[n - 2].sum.name, "lora-s5001", "before the second");
        is_str(all[n - 1].sum.name, "lora-s5000", "before the third");
        is_str(all[n - 1].sum.created, "2026-11-24T13:05:33Z", "all in the same second");
        ok(all[n - 3].sum.serial < all[n - 2].sum.serial && all[n - 2].sum.serial < all[n - 1].sum.serial,
           "their serials rise");
        free(all);
    }
    ok(tb_store_find(store, "@last", id, &err) && !strcmp(id, "0000000000001388"), "@last is the third: %s", id);
}

static int64_t serial_of(const char *facts)
{
    struct tb_metrics m;
    struct tb_run_summary s;
    tb_metrics_init(&m);
    tb_json_free(m.facts);
    m.facts = tb_json_parse(facts, strlen(facts), "test", NULL);
    tb_summary_of(&s, &m);
    tb_metrics_free(&m);
    return s.serial;
}

static void serials(void)
{
    is_int(serial_of("{\"run\":{\"created\":\"1970-01-01T00:01:00Z\",\"serial\":7}}"), 7, "a serial as written");
    is_int(serial_of("{\"run\":{\"created\":\"1970-01-01T00:01:00Z\"}}"), 60000000000, "else the time in words");
    is_int(serial_of("{\"run\":{\"created\":\"9999-01-01T00:00:00Z\"}}"), 0, "not one beyond 64 bits");
    is_int(serial_of("{\"run\":{\"created\":\"yesterday\"}}"), 0, "and nothing else");
}

static void states(void)
{
    ok(tb_state_may(TB_STATE_QUEUED, TB_STATE_RUNNING)
           && tb_state_may(TB_STATE_RUNNING, TB_STATE_PAUSED)
           && tb_state_may(TB_STATE_STOPPED, TB_STATE_RUNNING)
           && tb_state_may(TB_STATE_RUNNING, TB_STATE_QUEUED),
       "what may follow");
    ok(!tb_state_may(TB_STATE_DONE, TB_STATE_RUNNING)
           && !tb_state_may(TB_STATE_RUNNING, TB_STATE_LOST)
           && !tb_state_may(TB_STATE_FAILED, TB_STATE_DONE)
           && !tb_state_may(TB_STATE_QUEUED, TB_STATE_DONE),
       "and what may not");
    enum tb_state s;
    ok(tb_state_find("pruned", &s) && s == TB_STATE_PRUNED && *tb_state_letter(s) == 'X'
           && !tb_state_find("x", &s),
       "names and letters");
}

/* raw: a beat of another host. */
static void silent_beats(const char *dir, const char *path, char *raw, size_t n)
{
    struct timespec old[2] = { { .tv_sec = time(NULL) - 60 }, { .tv_sec = time(NULL) - 60 } },
                    future[2] = { { .tv_sec = time(NULL) + 86400 }, { .tv_sec = time(NULL) + 86400 } };
    struct tb_run_sight sight;
    tb_run_look(dir, TB_STATE_QUEUED, &sight);
    ok(sight.pid != 0, "elsewhere and young: may be taken at this moment");
    utimensat(AT_FDCWD, path, old, 0);
    tb_run_look(dir, TB_STATE_QUEUED, &sight);
    ok(sight.pid == 0, "elsewhere, queued and silent for 30 s: nobody has it");
    tb_run_look(dir, TB_STATE_RUNNING, &sight);
    ok(sight.pid != 0 && sight.state == TB_STATE_RUNNING, "elsewhere, running and silent: still believed");
    utimensat(AT_FDCWD, path, future, 0);
    tb_run_look(dir, TB_STATE_RUNNING, &sight);
    ok(sight.beat_s == 0, "a beat from before the clock was set back has an age");
    tb_run_beat_write(dir, 8, TB_STALL_NONE, NULL);
    char *mine = tb_file_read(path, 100, &n, NULL);
    mine[20] ^= 1; /* this machine, before its last start */
    tb_file_replace(path, mine, n, NULL);
    tb_run_look(dir, TB_STATE_RUNNING, &sight);
    ok(sight.state == TB_STATE_RUNNING, "another boot and young: a namesake perhaps");
    utimensat(AT_FDCWD, path, old, 0);
    tb_run_look(dir, TB_STATE_RUNNING, &sight);
    ok(!sight.is_here && sight.pid == 0 && sight.state == TB_STATE_LOST, "another boot and silent for 30 s: lost");
    tb_file_replace(path, raw, n, NULL);
    free(mine);
}

/* A byte of the host says it, which programs before that compare up to its zero. */
static void stalled_beat(const char *dir, const char *path, const char *before, size_t n)
{
    struct tb_run_sight sight;
    struct tb_run_beat beat;
    double age;
    int lock = tb_run_lock(dir, NULL);
    ok(lock >= 0 && tb_run_beat_write(dir, 7, TB_STALL_ROOM, NULL), "a beat of an owner that waits");
    char *raw = tb_file_read(path, 100, &n, NULL);
    ok(n == 64 && memcmp(raw, before, 63) == 0 && raw[63] == 1, "as frozen, in the same 64 bytes");
    tb_run_look(dir, TB_STATE_RUNNING, &sight);
    ok(sight.state == TB_STATE_STALLED && sight.stall == TB_STALL_ROOM && sight.is_here && sight.pid,
       "running is stalled then");
    tb_run_look(dir, TB_STATE_PAUSED, &sight);
    ok(sight.state == TB_STATE_PAUSED && !sight.stall, "paused is not");
    tb_run_unlock(lock);
    tb_run_look(dir, TB_STATE_RUNNING, &sight);
    ok(sight.state == TB_STATE_LOST && !sight.stall, "without its owner it is lost");
    memset(raw + 32, 'h', 32); /* a host with so long a name says nothing */
    tb_file_replace(path, raw, n, NULL);
    ok(tb_run_beat_read(dir, &beat, &age) && !beat.stall && strlen(beat.host) == 32, "a long name is no reason");
    tb_run_beat_write(dir, 7, TB_STALL_NONE, NULL);
    free(raw);
}

static void beats(void)
{
    char *dir = dir_of(2), *path = tb_path_join(dir, "beat"), *raw;
    size_t n;
    struct tb_run_beat beat;
    struct tb_run_sight sight;
    double seconds;
    ok(tb_run_beat_write(dir, 7, TB_STALL_NONE, NULL) && tb_run_beat_read(dir, &beat, &seconds), "a beat");
    ok(beat.counter == 7 && beat.pid == (uint32_t)getpid() && seconds >= 0 && seconds < 5,
       "counter, pid, age");
    is_int(tb_file_size(path), 64, "64 bytes");
    raw = tb_file_read(path, 100, &n, NULL);
    ok(memcmp(raw, "TBB1", 4) == 0 && raw[8] == 7 && raw[9] == 0, "as frozen");
    stalled_beat(dir, path, raw, n);
    raw[40] = 'x'; /* another host */
    raw[32] = 'y';
    tb_file_replace(path, raw, n, NULL);
    tb_run_look(dir, TB_STATE_RUNNING, &sight);
    ok(!sight.is_here && sight.state == TB_STATE_RUNNING && sight.beat_s >= 0,
       "elsewhere: believed, with its age");
    silent_beats(dir, path, raw, n);
    tb_file_replace(path, "TBB", 3, NULL);
    tb_run_look(dir, TB_STATE_RUNNING, &sight);
    ok(sight.state == TB_STATE_LOST && sight.beat_s < 0, "no beat and no lock: lost");
    tb_run_look(dir, TB_STATE_QUEUED, &sight);
    ok(sight.state == TB_STATE_QUEUED, "queued needs no lock");
    free(raw);
    free(path);
    free(dir);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    struct tb_err err = { 0 };
    struct stat st;
    snprintf(root, sizeof root, "%s/tb-index-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        abort();
    strcat(root, "/store");
    ok(!tb_store_open(root, false, &err) && err.kind == TB_ERR_NOTFOUND, "no store yet: %s",
       err.text);
    store = tb_store_open(root, true, &err);
    ok(store && stat(root, &st) == 0 && (st.st_mode & 0777) == 0700, "made, mode 0700");
    populate();
    listing();
    walking();
    finding();
    order();
    serials();
    following();
    changes();
    states();
    beats();
    tb_store_close(store);
    *strrchr(root, '/') = '\0';
    ok(tb_dir_remove(root, NULL), "cleaned up");
    return done();
}
