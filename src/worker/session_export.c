/* SPDX-License-Identifier: MIT */
/* session_export.c - the adapter of a run as a PEFT folder (a stack: one for each part), or as a model: of a run that
 * trained all weights, or its base with the adapter folded in; then what was written is opened again, and its logits
 * are compared with those of the run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "exchange/exchange.h"
#include "kernels/rng.h"
#include "worker/session_priv.h"

enum { ROWS = 4, ROW_TOK = 24 };

/* Largest difference of a logit, over the largest logit; sums of a merged model are rounded in another order, and bf16
 * keeps 8 bits of each weight. */
static const double allowed = 1e-5, allowed_merged = 1e-3, allowed_bf16 = 0.1;

struct probe {
    int32_t ids[ROWS][ROW_TOK];
    struct tb_row row[ROWS];
    int n_tok, n_labels;
    int64_t vocab;
};

struct export {
    struct tb_session_run run;
    struct tb_session s;
    struct probe probe;
    float *before, *after; /* [labels, vocab] of the run, and of what was read back */
    double difference, largest;
    bool as_bf16; /* of a model */
    bool is_merged;
};

/* Rows that need no text: tokens drawn for this purpose alone. */
static void draw_rows(struct probe *p, int vocab, int room)
{
    uint32_t hash = tb_rng_hash("sample", "export");
    p->n_tok = room < ROW_TOK ? room : ROW_TOK;
    p->n_labels = ROWS * (p->n_tok - 1);
    p->vocab = vocab;
    for (int r = 0; r < ROWS; r++) {
        for (int i = 0; i < p->n_tok; i++) {
            uint32_t counter[4] = { hash, 0, (uint32_t)r, (uint32_t)i }, word[4];
            tb_philox(word, counter, 0);
            p->ids[r][i] = (int32_t)(word[0] % (uint32_t)vocab);
        }
        p->row[r] = (struct tb_row){ p->ids[r], p->n_tok, 1 };
    }
}

struct keep {
    float *at;
    int64_t vocab;
};

static void keep_logits(void *arg, int first, int n, const float *logits)
{
    struct keep *k = arg;
    memcpy(k->at + first * k->vocab, logits, (size_t)(n * k->vocab) * sizeof *logits);
}

static bool take_logits(const struct probe *p, struct tb_session *s, float **logits, struct tb_err *err)
{
    double loss[ROWS];
    int labels[ROWS];
    *logits = tb_xcalloc((size_t)(p->n_labels * p->vocab), sizeof **logits);
    struct keep k = { *logits, p->vocab };
    tb_engine_tap_logits(s->engine, keep_logits, &k);
    return tb_engine_evaluate(s->engine, p->row, ROWS, loss, labels, err);
}

static struct tb_engine_spec spec_of(const struct probe *p)
{
    return (struct tb_engine_spec){ .step_rows = ROWS, .row_tok = p->n_tok };
}

/* ---- the run */

static bool open_run(struct export *e, const char *store, const char *ref, int threads, struct tb_err *err)
{
    if (!tb_session_run_open(&e->run, store, ref, err))
        return false;
    const struct tb_model *m = e->run.base->model;
    struct tb_stack *shape = tb_stack_open(e->run.config.map, m, err);
    if (!shape)
        return false;
    draw_rows(&e->probe, m->shape.vocab, m->shape.context - tb_stack_kv_rows(shape) - tb_stack_input_rows(shape));
    tb_stack_close(shape);
    struct tb_engine_spec spec = spec_of(&e->probe);
    return tb_session_run_start(&e->run, &e->s, &spec, threads, err) && take_logits(&e->probe, &e->s, &e->before, err);
}

static bool is_model(const struct export *e)
{
    return e->is_merged || !e->s.stack || !e->s.stack->part[0]->method->peft_type;
}

static bool write_folder(const struct export *e, const char *dir, struct tb_err *err)
{
    const struct tb_base *base = e->run.base;
    const struct tb_adapter *full = e->s.stack ? e->s.stack->part[0] : NULL;
    if (full && full->method->peft_type && e->is_merged)
        return tb_hf_write_merged(e->s.model, e->s.stack, base->tokenizer_path, e->as_bf16, dir, err);
    if (is_model(e))
        return tb_hf_write(e->s.model, full, base->tokenizer_path, e->as_bf16, dir, err);
    return tb_stack_write(e->s.stack, dir, base->path, err);
}

/* ---- reading back */

static bool read_model(struct export *e, const char *dir, struct tb_session *s, struct tb_model **m, int threads,
                       struct tb_err *err)
{
    struct tb_engine_spec spec = spec_of(&e->probe);
    *m = tb_model_open(dir, err);
    return *m && tb_session_open(s, *m, NULL, &spec, threads, err);
}

static bool read_adapters(struct export *e, const char *dir, struct tb_session *s, int threads, struct tb_err *err)
{
    struct tb_engine_spec spec = spec_of(&e->probe);
    struct tb_folders f = { 0 };
    struct tb_stack *stack = tb_folders_open(&f, &dir, 1, err) ? tb_folders_stack(&f, e->s.model, err) : NULL;
    bool good = stack && tb_session_open(s, e->s.model, stack, &spec, threads, err)
             && tb_folders_load(&f, s->stack, err);
    tb_folders_close(&f);
    return good;
}

static bool compare(struct export *e, struct tb_err *err)
{
    int64_t n = e->probe.n_labels * e->probe.vocab;
    bool is_finite = true;
    for (int64_t i = 0; i < n; i++) {
        is_finite = is_finite && isfinite(e->before[i]) && isfinite(e->after[i]);
        e->difference = fmax(e->difference, fabs((double)e->before[i] - (double)e->after[i]));
        e->largest = fmax(e->largest, fabs((double)e->before[i]));
    }
    if (!is_finite)
        return tb_fail(err, TB_ERR_DIVERGED, "the run's logits are not finite; what was written is not fit for use");
    double most = e->as_bf16 ? allowed_bf16 : e->is_merged ? allowed_merged : allowed;
    if (e->difference <= most * e->largest)
        return true;
    return tb_fail(err, TB_ERR_FORMAT, "what was written computes something else: logits differ by %g, the "
                   "largest is %g", e->difference, e->largest);
}

static bool check(struct export *e, const char *dir, int threads, struct tb_err *err)
{
    struct tb_session s = { 0 };
    struct tb_model *m = NULL;
    bool good = is_model(e) ? read_model(e, dir, &s, &m, threads, err) : read_adapters(e, dir, &s, threads, err);
    good = good && take_logits(&e->probe, &s, &e->after, err) && compare(e, err);
    if (!good)
        tb_err_prefix(err, "%s", dir);
    tb_session_close(&s);
    tb_model_close(m);
    return good;
}

/* ---- the answer */

/* A string as Python has it, which for paths is as JSON has it. */
static void put_text(struct tb_buf *b, const char *s)
{
    tb_json_quote(b, s);
}

static void put_base(struct tb_buf *b, const char *path)
{
    const char *name = tb_path_base(path);
    tb_buf_str(b, "AutoModelForCausalLM.from_pretrained(");
    if (tb_str_ends(path, ".gguf")) {
        char *folder = name == path ? tb_xstrdup(".") : tb_xasprintf("%.*s", (int)(name - path - 1), path);
        put_text(b, folder);
        tb_buf_str(b, ", gguf_file=");
        put_text(b, name);
        free(folder);
    } else {
        put_text(b, path);
    }
    tb_buf_char(b, ')');
}

/* The line of Python that loads what was written; the parts of a stack are loaded one by one. */
static char *load_line(const struct export *e, const char *dir)
{
    struct tb_buf b = { 0 };
    const struct tb_stack *s = e->s.stack;
    if (is_model(e)) {
        put_base(&b, dir);
        return tb_buf_take(&b);
    }
    for (int i = 0; i < s->n; i++) {
        char *part = s->n > 1 ? tb_path_join(dir, s->part[i]->part) : tb_xstrdup(dir);
        tb_buf_str(&b, i ? "; " : "");
        tb_buf_str(&b, "PeftModel.from_pretrained(");
        put_base(&b, e->run.base->path);
        tb_buf_str(&b, ", ");
        put_text(&b, part);
        tb_buf_char(&b, ')');
        free(part);
    }
    return tb_buf_take(&b);
}

static struct tb_json *result(const struct export *e, const char *dir)
{
    struct tb_json *j = tb_json_new_map(), *parts = tb_json_new_list();
    const struct tb_stack *s = e->s.stack;
    char *line = load_line(e, dir);
    for (int i = 0; s && i < s->n; i++)
        tb_json_append(parts, tb_json_new_str(s->part[i]->part));
    tb_json_set(j, "run", tb_json_new_str(e->run.id));
    tb_json_set(j, "dir", tb_json_new_str(dir));
    tb_json_set(j, "parts", parts);
    tb_json_set(j, "max_logit_difference", tb_json_new_real(e->difference));
    tb_json_set(j, "largest_logit", tb_json_new_real(e->largest));
    tb_json_set(j, "load", tb_json_new_str(line));
    free(line);
    return j;
}

static struct tb_json *export(struct export *e, const char *store, const char *run, const char *dir, int threads,
                              struct tb_err *err)
{
    struct tb_json *j = NULL;
    bool good = open_run(e, store, run, threads, err);
    if (good && e->as_bf16 && !is_model(e))
        good = tb_fail(err, TB_ERR_USAGE, "adapters are written in fp32; bf16 is for models, merged or of full");
    if (good && write_folder(e, dir, err) && check(e, dir, threads, err))
        j = result(e, dir);
    tb_session_close(&e->s);
    tb_session_run_close(&e->run);
    free(e->before);
    free(e->after);
    return j;
}

struct tb_json *tb_session_export(const char *store, const char *run, const char *dir, bool as_bf16, int threads,
                                  struct tb_err *err)
{
    struct export e = { .as_bf16 = as_bf16 };
    return export(&e, store, run, dir, threads, err);
}

struct tb_json *tb_session_export_merged(const char *store, const char *run, const char *dir, bool as_bf16, int threads,
                                         struct tb_err *err)
{
    struct export e = { .as_bf16 = as_bf16, .is_merged = true };
    return export(&e, store, run, dir, threads, err);
}
