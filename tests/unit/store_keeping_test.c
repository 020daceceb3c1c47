/* SPDX-License-Identifier: MIT */
/* store_keeping_test.c - which checkpoints stay: newest, best by loss, asked for, tagged, all of a protected run. Only
 * names of files matter here, so they are empty. */
#include "store/keeping.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/checkpoint.h"
#include "store/ctl.h"
#include "store/marks.h"
#include "tests/tap.h"

static char dir[200];

static void touch(int64_t step)
{
    char *path = tb_checkpoint_path(dir, step);
    ok(tb_file_replace(path, "", 0, NULL), "a file for step %lld", (long long)step);
    free(path);
}

static void asked_at(int64_t step, const char *note)
{
    struct tb_ctl_request q;
    char words[256];
    unsigned seq;
    bool good = tb_ctl_post(dir, "checkpoint", NULL, &seq, NULL) && tb_ctl_take(dir, &q, words) == TB_CTL_REQUEST;
    ok(good && tb_ctl_done(dir, &q, step, note, NULL), "asked for at step %lld: %s", (long long)step, note);
    tb_ctl_free(&q);
}

static void fact(struct tb_metrics *m, const char *section, const char *key, struct tb_json *v)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, key, v);
    tb_json_set(m->facts, section, map);
}

/* Each checkpoint with the letters of its reasons and its rank: "4:B1 8:A0 12:N2"; malloc'ed. */
static char *reasons(const struct tb_metrics *m)
{
    struct tb_kept *k;
    struct tb_buf b = { 0 };
    size_t n = tb_keep_list(m, dir, &k);
    for (size_t i = 0; i < n; i++)
        tb_buf_fmt(&b, "%s%lld:%s%s%s%s%s%d", i ? " " : "", (long long)k[i].step, k[i].why & TB_KEEP_NEWEST ? "N" : "",
                   k[i].why & TB_KEEP_BEST ? "B" : "", k[i].why & TB_KEEP_ASKED ? "A" : "",
                   k[i].why & TB_KEEP_TAGGED ? "T" : "", k[i].why & TB_KEEP_PROTECTED ? "P" : "", k[i].rank);
    free(k);
    return b.p ? tb_buf_take(&b) : tb_xstrdup("");
}

static void are(const struct tb_metrics *m, const char *want, const char *what)
{
    char *got = reasons(m);
    is_str(got, want, what);
    free(got);
}

static void policy(void)
{
    static struct tb_eval_row evals[] = { { .step = 0, .loss = 0.5 }, { .step = 4, .loss = 2 },
                                          { .step = 8, .loss = 1 },   { .step = 12, .loss = NAN },
                                          { .step = 16, .loss = 1 },  { .step = 20, .loss = 3 } };
    struct tb_metrics m;
    tb_metrics_init(&m);
    m.eval = evals;
    m.n_eval = 6;
    are(&m, "", "a run without checkpoints");
    for (int64_t step = 4; step <= 20; step += 4)
        touch(step);
    touch(6);
    are(&m, "4:3 6:0 8:B1 12:0 16:2 20:N4", "newest and best, by default; the earlier of two equal ones is better");
    fact(&m, "config", "exec.keep_best", tb_json_new_int(3));
    are(&m, "4:B3 6:0 8:B1 12:0 16:B2 20:N4", "three of them; NaN is none");
    fact(&m, "config", "exec.keep_best", tb_json_new_int(0));
    are(&m, "4:3 6:0 8:1 12:0 16:2 20:N4", "or none");
    asked_at(6, "checkpoint kept");
    asked_at(12, TB_CTL_NOT_DONE "the disk is full");
    asked_at(7, "checkpoint kept");
    are(&m, "4:3 6:A0 8:1 12:0 16:2 20:N4", "what somebody asked for, where that was done and is there");
    struct tb_json *tags = tb_json_parse("[\"mid\"]", 7, "tags", NULL), *none = tb_json_new_list();
    fact(&m, "result", "checkpoints", tb_marks_set_checkpoint(&m, 12, tags));
    are(&m, "4:3 6:A0 8:1 12:T0 16:2 20:N4", "what has a tag");
    fact(&m, "result", "checkpoints", tb_marks_set_checkpoint(&m, 4, tags));
    fact(&m, "result", "checkpoints", tb_marks_set_checkpoint(&m, 12, none));
    are(&m, "4:T3 6:A0 8:1 12:0 16:2 20:N4", "no more, when it has none; another one has");
    fact(&m, "result", "protected", tb_json_new_bool(true));
    are(&m, "4:P3 6:AP0 8:P1 12:P0 16:P2 20:NP4", "everything of a protected run");
    tb_json_free(tags);
    tb_json_free(none);
    m.eval = NULL;
    m.n_eval = 0;
    tb_metrics_free(&m);
}

int main(void)
{
    const char *temp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/tunebench-keeping-XXXXXX", temp && *temp ? temp : "/tmp");
    char *ckpt = mkdtemp(dir) ? tb_path_join(dir, TB_DIR_CKPT) : NULL, *ctl = tb_path_join(dir, TB_DIR_CTL);
    ok(ckpt && tb_dir_make(ckpt, 0700, NULL) && tb_dir_make(ctl, 0700, NULL), "a folder");
    policy();
    tb_dir_remove(dir, NULL);
    free(ckpt);
    free(ctl);
    return done();
}
