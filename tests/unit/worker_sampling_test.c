/* SPDX-License-Identifier: MIT */
/* worker_sampling_test.c - the same rows with each evaluation, as text that stands in the data, with a loss; none
 * twice, whatever was interrupted; none of steps that were not reached again. */
#include "worker/sampling.h"

#include "tests/tap.h"
#include "tests/unit/worker_lab.h"

static struct lab lab;
static char *file;

static const char usual[] = "{\"budget.n\": 6, \"batch.rows\": 2, \"eval.every\": \"2steps\", \"data.eval\": 0.2, "
                            "\"eval.samples\": 3, \"exec.checkpoint_s\": 1e6}";

/* Both texts stand in one line of the file, and the row has a loss at that step. */
static bool is_right(const struct tb_metrics *m, const struct tb_sample *s)
{
    char *line = tb_xasprintf("%s || %s\n", s->prompt, s->output);
    const struct tb_row_loss *r = tb_metrics_row(m, s->step, s->row_id);
    bool good = strstr(file, line) && r && r->loss > 0 && r->n_tok > 0;
    free(line);
    return good;
}

static bool same(const struct tb_metrics *a, const struct tb_metrics *b)
{
    bool eq = a->n_samples == b->n_samples;
    for (size_t i = 0; eq && i < a->n_samples; i++)
        eq = a->samples[i].step == b->samples[i].step && a->samples[i].row_id == b->samples[i].row_id
          && strcmp(a->samples[i].prompt, b->samples[i].prompt) == 0
          && strcmp(a->samples[i].output, b->samples[i].output) == 0;
    return eq;
}

static void whole(struct lab_end *e)
{
    bool good = lab_run(&lab, "whole", usual, 0, TB_WISH_NONE, e) && e->m.n_samples == 12;
    ok(good, "three samples at each of four evaluations");
    bool right = good, fixed = good;
    for (size_t i = 0; good && i < 12; i++) {
        right = right && is_right(&e->m, &e->m.samples[i]) && e->m.samples[i].step == 2 * (int64_t)(i / 3);
        fixed = fixed && e->m.samples[i].row_id == e->m.samples[i % 3].row_id;
    }
    ok(right, "as they stand in the data, with a loss");
    ok(fixed && e->m.samples[0].row_id != e->m.samples[1].row_id, "always of the same rows");
}

static void interrupted(const struct lab_end *e)
{
    struct lab_end f;
    bool good = lab_run(&lab, "parts", usual, 3, TB_WISH_YIELD, &f);
    ok(good && f.m.n_samples == 6, "interrupted at step 3");
    char *ckpt = tb_path_join(f.dir, "ckpt"); /* without a checkpoint it begins again */
    good = tb_dir_remove(ckpt, NULL) && tb_dir_make(ckpt, 0700, NULL) && good;
    free(ckpt);
    lab_forget(&f);
    good = lab_run(&lab, "parts", usual, 0, TB_WISH_NONE, &f) && good && f.n_steps == 6;
    ok(good && same(&e->m, &f.m), "begun again: none is there twice");
    lab_forget(&f);
    good = lab_run(&lab, "stopped", usual, 5, TB_WISH_YIELD, &f) && f.m.n_samples == 9;
    ckpt = tb_path_join(f.dir, "ckpt");
    good = tb_dir_remove(ckpt, NULL) && tb_dir_make(ckpt, 0700, NULL) && good;
    free(ckpt);
    lab_forget(&f);
    good = lab_run(&lab, "stopped", usual, 3, TB_WISH_STOP, &f) && good;
    ok(good && f.m.n_samples == 6, "stopped before step 4 this time: %zu are left", f.m.n_samples);
    lab_forget(&f);
}

static void none(void)
{
    struct lab_end f;
    bool good = lab_run(&lab, "none", "{\"eval.samples\": 0, \"data.eval\": 0.2}", 0, TB_WISH_NONE, &f);
    ok(good && f.m.n_samples == 0 && f.m.n_eval > 0, "none if none are wanted");
    lab_forget(&f);
    good = lab_run(&lab, "all", "{\"eval.samples\": 1000, \"data.eval\": 0.2}", 0, TB_WISH_NONE, &f);
    ok(good && f.m.n_samples > 0 && f.m.n_samples == f.m.n_rows, "all rows if more are wanted than there are");
    lab_forget(&f);
}

int main(void)
{
    struct tb_err err = { 0 };
    struct lab_end e;
    size_t n;
    setenv("TUNEBENCH_QUANTUM", "64", 1);
    bool good = lab_open(&lab, 16, &err) && (file = tb_file_read(lab.pairs, 1 << 20, &n, &err));
    ok(good, "a tokenizer and pairs %s", err.text);
    if (good) {
        whole(&e);
        interrupted(&e);
        none();
        lab_forget(&e);
    }
    free(file);
    lab_close(&lab);
    return done();
}
