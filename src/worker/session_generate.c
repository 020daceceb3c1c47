/* SPDX-License-Identifier: MIT */
/* session_generate.c - texts that a run, adapter folders or a bare base write behind prompts: words of the command
 * line, or the prompts of rows. Several texts are made at once, but handed out one after the other in the order of
 * their prompts; the first that is not finished comes while it is made. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "dataset/prompt.h"
#include "engine/generate.h"
#include "worker/session_priv.h"
#include "worker/token.h"

enum { BATCH = 8 };

/* A prompt; its texts are lent. */
struct item {
    int row; /* of the data set, or the place among the prompts */
    const char *prompt, *reference;
    size_t n_prompt, n_reference;
    struct tb_ids ids;
};

/* A text under way behind one. */
struct text {
    const struct item *of;
    int sample; /* of those behind the same prompt */
    struct tb_text_stream stream;
    int n_made;
    double logprob;
    const char *stop; /* why it ended, NULL: it has not */
};

struct generate {
    const struct tb_generate_spec *spec;
    struct tb_subject on;
    struct tb_prompt_form form;
    struct tb_session s;
    struct tb_generator *generator;
    struct item *item;
    int n_items;
    int room, longest, row_tok, batch; /* room: most tokens of a row */
    struct text *text; /* of the batch at work */
    int n_texts, turn; /* turn: the first that is not handed out to its end */
    int64_t n_nan;     /* texts that ended where there were no numbers */
    struct tb_sampling sampling;
};

static void close_generate(struct generate *g)
{
    tb_generator_close(g->generator);
    tb_session_close(&g->s);
    tb_prompt_form_close(&g->form);
    tb_subject_close(&g->on);
    for (int i = 0; i < g->n_items; i++)
        free(g->item[i].ids.p);
    free(g->item);
    free(g->text);
}

static bool check(const struct tb_generate_spec *s, struct tb_err *err)
{
    if (s->run && (s->base || s->n_adapters))
        return tb_fail(err, TB_ERR_USAGE, "a run has its own base and adapter: give either RUN, or --base and "
                       "--adapter");
    if (!s->run && !s->base)
        return tb_fail(err, TB_ERR_USAGE, "what shall write? a RUN of the store, or --base with --adapter DIR");
    if (s->rows && s->n_prompts)
        return tb_fail(err, TB_ERR_USAGE, "either prompts or --rows");
    if (!s->rows && !s->n_prompts)
        return tb_fail(err, TB_ERR_USAGE, "behind which prompts? words, - for lines of stdin, or --rows");
    return true;
}

/* ---- prompts */

/* "eval", "all", with ":N" for the first N of them, which is *n; else the most there can be. */
static bool parse_rows(const char *rows, bool has_data, int *n, struct tb_err *err)
{
    const char *at = strchr(rows, ':');
    size_t len = at ? (size_t)(at - rows) : strlen(rows);
    bool is_eval = len == 4 && memcmp(rows, "eval", 4) == 0, is_all = len == 3 && memcmp(rows, "all", 3) == 0;
    int64_t want = INT32_MAX;
    if ((!is_eval && !is_all) || (at && (!tb_str_int(at + 1, &want) || want < 1 || want > INT32_MAX)))
        return tb_fail(err, TB_ERR_USAGE, "--rows %s: expected eval or all, with :N for the first N", rows);
    if (is_eval == has_data)
        return tb_fail(err, TB_ERR_USAGE, is_eval ? "--rows eval are a run's own held-out rows; with --data it is "
                       "--rows all" : "--rows all are those of a text; give it with --data (a run's own held-out rows "
                       "are --rows eval)");
    *n = (int)want;
    return true;
}

static bool take_row(struct generate *g, int i, struct tb_err *err)
{
    struct item *to = &g->item[i];
    struct tb_row row = tb_dataset_row(g->on.data, g->on.row[i]);
    if (row.n_prompt < 1)
        return tb_fail(err, TB_ERR_USAGE, "row %d has no prompt to write behind; give prompts as words", g->on.row[i]);
    to->row = g->on.row[i];
    to->prompt = tb_dataset_prompt(g->on.data, to->row, &to->n_prompt);
    to->reference = tb_dataset_completion(g->on.data, to->row, &to->n_reference);
    to->ids.p = tb_xcalloc((size_t)row.n_prompt, sizeof *to->ids.p);
    to->ids.n = (size_t)row.n_prompt;
    memcpy(to->ids.p, row.ids, to->ids.n * sizeof *to->ids.p);
    return true;
}

static bool take_rows(struct generate *g, struct tb_err *err)
{
    int most = 0;
    if (!parse_rows(g->spec->rows, g->spec->data != NULL, &most, err) || !tb_subject_rows(&g->on, err))
        return false;
    int n = g->on.n < most ? g->on.n : most;
    g->item = tb_xcalloc((size_t)n, sizeof *g->item);
    for (; g->n_items < n; g->n_items++)
        if (!take_row(g, g->n_items, err))
            return false;
    return true;
}

static bool take_prompts(struct generate *g, struct tb_err *err)
{
    const struct tb_generate_spec *s = g->spec;
    struct tb_prompt_form plain = { 0 };
    g->item = tb_xcalloc((size_t)s->n_prompts, sizeof *g->item);
    for (int i = 0; i < s->n_prompts; i++) {
        struct item *to = &g->item[g->n_items++];
        *to = (struct item){ .row = i, .prompt = s->prompts[i], .n_prompt = strlen(s->prompts[i]) };
        if (!tb_prompt_form_encode(s->is_raw ? &plain : &g->form, g->on.base->tokenizer, to->prompt, to->n_prompt,
                                   &to->ids, err))
            return false;
        if (to->ids.n == 0)
            return tb_fail(err, TB_ERR_USAGE, "prompt %d is empty, and texts of this model begin with no token of "
                           "their own", i);
    }
    return true;
}

static bool take_form(struct generate *g, struct tb_err *err)
{
    struct tb_json *section = g->spec->run || g->spec->data ? tb_config_section(&g->on.config, "data") : NULL;
    bool good = tb_prompt_form_open(&g->form, section, err);
    tb_json_free(section);
    return good;
}

/* How long rows are, and whether the longest prompt leaves room. */
static bool measure(struct generate *g, struct tb_err *err)
{
    int context = g->on.base->model->shape.context;
    g->room = context - g->on.n_virtual;
    for (int i = 0; i < g->n_items; i++) {
        size_t n = g->item[i].ids.n;
        if (n >= (size_t)g->room)
            return tb_fail(err, TB_ERR_LIMIT, "%s %d has %zu tokens; it may have %d: the model's context of %d%s, less "
                           "one to write", g->spec->rows ? "the prompt of row" : "prompt", g->item[i].row, n,
                           g->room - 1, context, g->on.n_virtual ? ", less the virtual rows" : "");
        g->longest = (int)n > g->longest ? (int)n : g->longest;
    }
    int64_t most = (int64_t)g->longest + g->spec->max_tok;
    g->row_tok = most < g->room ? (int)most : g->room;
    return true;
}

/* ---- the engine */

/* As many rows at once as are wanted and fit beside the engine. */
static void choose_batch(struct generate *g, const struct tb_model *m, const struct tb_stack *s)
{
    int64_t all = (int64_t)g->n_items * g->spec->n_each, want = g->spec->batch ? g->spec->batch : BATCH;
    struct tb_generator_spec spec = { (int)(all < want ? all : want), g->row_tok };
    int n_input = s ? tb_stack_input_rows(s) : 0;
    while (spec.n_rows > 1 && tb_generator_bytes(m, n_input, &spec) > tb_mem_free_bytes() / 2)
        spec.n_rows /= 2;
    g->batch = spec.n_rows;
}

static bool start(struct generate *g, struct tb_err *err)
{
    choose_batch(g, g->on.base->model, g->on.stack);
    struct tb_engine_spec spec = { .step_rows = g->batch, .row_tok = g->row_tok };
    struct tb_generator_spec rows = { g->batch, g->row_tok };
    if (!tb_subject_start(&g->on, &g->s, &spec, g->spec->threads, err))
        return false;
    g->generator = tb_generator_open(g->s.engine, &rows, err);
    g->text = tb_xcalloc((size_t)g->batch, sizeof *g->text);
    g->sampling = (struct tb_sampling){ .repeat_penalty = g->spec->repeat_penalty,
                                        .temperature = g->spec->temperature, .top_k = g->spec->top_k,
                                        .top_p = g->spec->top_p, .min_p = g->spec->min_p, .seed = g->spec->seed };
    return g->generator != NULL;
}

/* ---- texts */

static struct tb_json *result(const struct generate *g, const struct text *t)
{
    struct tb_json *j = tb_json_new_map();
    const struct item *of = t->of;
    tb_json_set(j, "row", tb_json_new_int(of->row));
    if (g->spec->n_each > 1)
        tb_json_set(j, "sample", tb_json_new_int(t->sample));
    tb_json_set(j, "prompt", tb_json_new_strn(of->prompt, of->n_prompt));
    tb_json_set(j, "output", tb_json_new_strn(t->stream.text.p, t->stream.text.n));
    tb_json_set(j, "reference", of->reference ? tb_json_new_strn(of->reference, of->n_reference) : tb_json_new_null());
    tb_json_set(j, "tokens", tb_json_new_int(t->n_made));
    tb_json_set(j, "stop", tb_json_new_str(t->stop));
    tb_json_set(j, "logprob", tb_json_new_real(t->logprob));
    return j;
}

/* Whatever may be shown of the text whose turn it is, and of those behind it once it has ended. */
static void hand_out(struct generate *g)
{
    for (; g->turn < g->n_texts; g->turn++) {
        struct text *t = &g->text[g->turn];
        size_t n;
        const char *p = tb_text_stream_take(&t->stream, &n);
        if (n && g->spec->text)
            g->spec->text(g->spec->arg, p, n);
        if (!t->stop)
            return;
        struct tb_json *j = result(g, t);
        g->spec->done(g->spec->arg, j);
        tb_json_free(j);
    }
}

static void add_token(struct generate *g, const struct tb_made *made)
{
    struct text *t = &g->text[made->row];
    t->n_made++;
    t->logprob += (double)made->logprob;
    g->n_nan += isnan(made->logprob) != 0;
    t->stop = tb_token_take(&t->stream, g->on.base->tokenizer, made, t->n_made == g->spec->max_tok);
    if (t->stop)
        tb_generator_end(g->generator, made->row);
}

/* Texts first .. first + n - 1 of all. */
static bool run_batch(struct generate *g, int64_t first, int n, struct tb_err *err)
{
    struct tb_generate_row *rows = tb_xcalloc((size_t)n, sizeof *rows);
    struct tb_made *made = tb_xcalloc((size_t)n, sizeof *made);
    const struct tb_generate_spec *s = g->spec;
    for (int i = 0; i < n; i++) {
        const struct item *of = &g->item[(first + i) / s->n_each];
        int sample = (int)((first + i) % s->n_each);
        g->text[i] = (struct text){ .of = of, .sample = sample };
        g->text[i].stream = (struct tb_text_stream){ .stops = s->stops, .n_stops = s->n_stops,
                                                     .lead = s->is_raw ? NULL : g->form.lead };
        rows[i] = (struct tb_generate_row){ .ids = of->ids.p, .n = (int)of->ids.n,
                                            .number = (uint32_t)of->row * (uint32_t)s->n_each + (uint32_t)sample };
    }
    g->n_texts = n;
    g->turn = 0;
    bool good = tb_generator_begin(g->generator, rows, n, err);
    for (int m; good && (m = tb_generator_next(g->generator, &g->sampling, made)); hand_out(g))
        for (int i = 0; i < m; i++)
            add_token(g, &made[i]);
    for (int i = 0; i < n; i++)
        tb_text_stream_close(&g->text[i].stream);
    free(rows);
    free(made);
    return good;
}

static bool run_all(struct generate *g, struct tb_err *err)
{
    int64_t all = (int64_t)g->n_items * g->spec->n_each;
    bool good = true;
    for (int64_t at = 0; good && at < all; at += g->batch)
        good = run_batch(g, at, (int)(all - at < g->batch ? all - at : g->batch), err);
    if (good && g->n_nan)
        return tb_fail(err, TB_ERR_DIVERGED, "behind %lld of %lld prompts stand no numbers (NaN): the weights of the "
                       "model or of an adapter are damaged, or the run diverged", (long long)g->n_nan, (long long)all);
    return good;
}

bool tb_session_generate(const struct tb_generate_spec *s, struct tb_err *err)
{
    struct generate g = { .spec = s };
    struct tb_subject_spec on = { .base = s->base, .adapters = s->adapters, .n_adapters = s->n_adapters,
                                  .store = s->store, .run = s->run, .data = s->data };
    bool good = check(s, err) && tb_subject_open(&g.on, &on, err) && take_form(&g, err)
             && (s->rows ? take_rows(&g, err) : take_prompts(&g, err)) && measure(&g, err) && start(&g, err)
             && run_all(&g, err);
    close_generate(&g);
    return good;
}
