/* SPDX-License-Identifier: MIT */
/* Checkpoints: round trip of tensors and state, damage falls back to the one before, names, full
 * disk. */
#include "store/checkpoint.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/file.h"
#include "tests/tap.h"

static char dir[256];

static bool save(int64_t step, float first, struct tb_err *err)
{
    static const char text[] = "{\"cursor\":{\"epoch\":3,\"row\":17},\"lr\":0.0005,\"best\":null}";
    float a[6] = { first, 2, 3, NAN, -0.0f, 6 };
    int64_t ids[2] = { INT64_MAX, -1 };
    double one = 1.0 / 3;
    uint8_t mask[3] = { 0, 255, 7 };
    struct tb_array t[] = {
        { "adapter/base_model.model.layers.0.q_proj.lora_A.weight", TB_ARRAY_F32, 2, { 2, 3 }, a },
        { "cursor/ids", TB_ARRAY_I64, 1, { 2 }, ids },
        { "scale", TB_ARRAY_F64, 0, { 0 }, &one },
        { "mask", TB_ARRAY_U8, 3, { 1, 3, 1 }, mask },
        { "empty", TB_ARRAY_I32, 2, { 0, 4 }, NULL },
    };
    struct tb_json *state = tb_json_parse(text, strlen(text), "test", NULL);
    struct tb_checkpoint c = {
        .step = step, .journal_seq = 41, .state = state, .tensor = t, .n = 5
    };
    bool good = tb_checkpoint_write(dir, &c, err);
    tb_json_free(state);
    return good;
}

static void round_trip(void)
{
    struct tb_checkpoint c;
    struct tb_err err = { 0 };
    float a[6] = { 1, 2, 3, NAN, -0.0f, 6 };
    ok(save(400, 1, &err), "written %s", err.text);
    ok(tb_checkpoint_read(&c, dir, 400, &err), "read %s", err.text);
    ok(c.step == 400 && c.journal_seq == 41 && c.n == 5, "step, sequence, tensors");
    is_int(tb_json_int(tb_json_get(tb_json_get(c.state, "cursor"), "row"), 0), 17, "state");
    const struct tb_array *t =
        tb_checkpoint_find(&c, "adapter/base_model.model.layers.0.q_proj.lora_A.weight");
    ok(t && t->rank == 2 && t->shape[1] == 3 && memcmp(t->data, a, sizeof a) == 0,
       "floats, bit for bit");
    t = tb_checkpoint_find(&c, "cursor/ids");
    ok(t && t->type == TB_ARRAY_I64 && ((int64_t *)t->data)[0] == INT64_MAX, "integers");
    t = tb_checkpoint_find(&c, "scale");
    ok(t && t->rank == 0 && *(double *)t->data == 1.0 / 3, "one value");
    t = tb_checkpoint_find(&c, "mask");
    ok(t && t->rank == 3 && ((uint8_t *)t->data)[1] == 255, "bytes");
    t = tb_checkpoint_find(&c, "empty");
    ok(t && t->shape[0] == 0 && t->shape[1] == 4, "no values");
    ok(!tb_checkpoint_find(&c, "x"), "no such tensor");
    tb_checkpoint_free(&c);
}

static void flip(int64_t step, long at)
{
    char *path = tb_checkpoint_path(dir, step);
    FILE *f = fopen(path, "r+b");
    if (!f || fseek(f, at, at < 0 ? SEEK_END : SEEK_SET))
        abort();
    fputc('x', f);
    fclose(f);
    free(path);
}

static void newest(void)
{
    struct tb_checkpoint c;
    struct tb_err err = { 0 };
    char words[400];
    int64_t *steps;
    ok(save(500, 5, NULL) && save(1000000, 6, NULL), "two more");
    size_t n = tb_checkpoint_list(dir, &steps);
    ok(n == 3 && steps[0] == 400 && steps[2] == 1000000, "listed in order");
    free(steps);
    ok(tb_checkpoint_newest(&c, dir, -1, true, words, sizeof words, &err) && c.step == 1000000
           && !words[0],
       "the newest");
    tb_checkpoint_free(&c);
    flip(1000000, -100);
    ok(tb_checkpoint_newest(&c, dir, -1, true, words, sizeof words, &err) && c.step == 500,
       "else the one before");
    ok(strstr(words, "1000000") && strstr(words, "damaged"), "in words: %s", words);
    tb_checkpoint_free(&c);
    n = tb_checkpoint_list(dir, &steps);
    is_int(n, 2, "the damaged one is out of the way");
    free(steps);
    ok(tb_checkpoint_newest(&c, dir, 450, false, NULL, 0, &err) && c.step == 400, "at most 450");
    tb_checkpoint_free(&c);
    flip(400, 5);
    flip(500, 600);
    ok(!tb_checkpoint_newest(&c, dir, -1, false, words, sizeof words, &err)
           && err.kind == TB_ERR_NOTFOUND,
       "none left: %s", err.text);
    ok(tb_checkpoint_remove(dir, 400, &err) && tb_checkpoint_remove(dir, 400, &err),
       "removed, twice");
}

static void full_disk(void)
{
    struct rlimit old, small;
    struct tb_err err = { 0 };
    struct tb_checkpoint c;
    ok(save(600, 1, NULL), "a good one");
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 2000;
    setrlimit(RLIMIT_FSIZE, &small);
    bool good = save(600, 9, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    ok(!good && err.kind == TB_ERR_IO, "disk full: %s", err.text);
    ok(tb_checkpoint_read(&c, dir, 600, &err) && *(float *)c.tensor[0].data == 1,
       "the old file is untouched");
    tb_checkpoint_free(&c);
    ok(save(600, 9, &err) && tb_checkpoint_read(&c, dir, 600, &err)
           && *(float *)c.tensor[0].data == 9,
       "replaced when there is room");
    tb_checkpoint_free(&c);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    char *ckpt;
    snprintf(dir, sizeof dir, "%s/tb-ckpt-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        abort();
    ckpt = tb_path_join(dir, "ckpt");
    tb_dir_make(ckpt, 0700, NULL);
    free(ckpt);
    round_trip();
    newest();
    full_disk();
    ok(tb_dir_remove(dir, NULL), "cleaned up");
    return done();
}
