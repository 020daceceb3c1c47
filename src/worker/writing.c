/* SPDX-License-Identifier: MIT */
/* writing.c - prompts of the scored rows, a few at a time on the run's own engine, then the scorer. */
#include "worker/writing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "dataset/prompt.h"
#include "engine/generate.h"
#include "score/score.h"
#include "text/stream.h"
#include "worker/sampling.h"
#include "worker/train_priv.h"

enum {
    AT_ONCE = 4,
    LEAST_TEXTS = 4,
    MOST_TEXTS = 32,
    TEXTS_SHARE = 100
}; /* texts of one evaluation: 1 / 100 of the budget's tokens, each of which takes about as long as 5 of training */
#define NONE SIZE_MAX

/* A prompt of the scored rows. */
struct asked {
    int row; /* the first that has it */
    char *prompt, **refs;
    size_t n_refs;
    double loss; /* nats, of all its rows */
    int64_t n_tok;
    struct tb_text_stream stream;
    bool has_ended;
};

struct writing {
    struct tb_training *t;
    struct tb_scorer *scorer;
    struct tb_prompt_form form;
    struct asked *asked;
    size_t n, *of; /* of: the prompt of each scored row, NONE where a text needs one and it has none */
    bool writes;   /* some metric reads what is written */
    struct tb_generator *generator;
    int n_rows; /* scored rows whose prompts these are: the first */
    struct tb_scores scores;
    double seconds;
};

static struct tb_scorer *open_scorer(const struct tb_job *j, struct tb_err *err)
{
    return tb_scorer_of(tb_config_get(&j->config, "eval.metrics"), err);
}

/* The losses of evaluations are recorded without a scorer. */
static bool has_more_than_loss(const struct tb_scorer *s)
{
    for (size_t i = 0; i < tb_scorer_len(s); i++)
        if (tb_scorer_metric(s, i)->needs & ~(unsigned)TB_NEEDS_LOSS || strcmp(tb_scorer_name(s, i), "loss") != 0)
            return true;
    return false;
}

static struct tb_generator_spec generator_spec(const struct tb_job *j)
{
    int n = j->spec.step_rows < AT_ONCE ? j->spec.step_rows : AT_ONCE;
    return (struct tb_generator_spec){ n, j->longest };
}

uint64_t tb_writing_bytes(const struct tb_job *j)
{
    struct tb_scorer *s = open_scorer(j, NULL);
    bool writes = s && j->n_eval && (tb_scorer_needs(s) & TB_NEEDS_OUTPUT);
    struct tb_generator_spec spec = generator_spec(j);
    tb_scorer_close(s);
    return writes ? tb_generator_bytes(j->base->model, tb_stack_input_rows(j->stack), &spec) : 0;
}

bool tb_writing_check(const struct tb_job *j, struct tb_err *err)
{
    if (j->n_eval == 0 || !tb_writing_bytes(j))
        return true;
    for (int i = 0; i < j->n_eval; i++)
        if (tb_dataset_row(j->data, j->eval_row[i]).n_prompt > 0)
            return true;
    return tb_fail(err, TB_ERR_RECIPE, "eval.metrics names metrics of texts, which are written behind prompts, and no "
                   "row of %s has a prompt; ask for loss or perplexity", tb_dataset_source(j->data, 0)->path);
}

/* ---- prompts */
/* Rows of one prompt follow each other. */
static bool is_new_prompt(const struct tb_job *j, int i)
{
    return i == 0 || tb_dataset_group(j->data, j->eval_row[i]) != tb_dataset_group(j->data, j->eval_row[i - 1]);
}

/* Scored rows of the first eval.texts prompts, else of as many as the budget bears. */
static int first_rows(const struct tb_job *j)
{
    int64_t want = tb_config_int(&j->config, "eval.texts"), n_prompts = 0, tok = 0;
    int64_t budget = j->n_tokens ? j->n_tokens : tb_dataset_counts(j->data)->train_tok;
    int n = 0;
    for (; n < j->n_eval; n++) {
        struct tb_row r = tb_dataset_row(j->data, j->eval_row[n]);
        if (!is_new_prompt(j, n))
            continue;
        tok += r.n - r.n_prompt;
        n_prompts++;
        if (want ? n_prompts > want : n_prompts > MOST_TEXTS || (n_prompts > LEAST_TEXTS && tok > budget / TEXTS_SHARE))
            break;
    }
    return n;
}

bool tb_writing_is_each(const struct tb_job *j)
{
    return strcmp(tb_config_str(&j->config, "eval.when"), "each") == 0;
}

static struct asked *prompt_of(struct writing *w, int row)
{
    const struct tb_dataset *d = w->t->job->data;
    for (size_t i = 0; i < w->n; i++)
        if (tb_dataset_group(d, w->asked[i].row) == tb_dataset_group(d, row))
            return &w->asked[i];
    size_t n;
    const char *p = tb_dataset_prompt(d, row, &n);
    struct asked *a = &w->asked[w->n++];
    *a = (struct asked){ .row = row, .prompt = tb_xstrndup(p, n) };
    a->refs = tb_xcalloc((size_t)w->t->job->n_eval, sizeof *a->refs);
    return a;
}

/* The losses of the last evaluation, which a run that was resumed behind it makes once more. */
static bool have_losses(struct tb_training *t, struct tb_err *err)
{
    for (int i = 0; i < t->job->n_eval; i++)
        if (t->eval_labels[i])
            return true;
    return tb_engine_evaluate(t->engine, t->eval_rows, t->job->n_eval, t->eval_loss, t->eval_labels, err);
}

/* Rows of one prompt are references of one text. */
static void collect(struct writing *w)
{
    const struct tb_job *j = w->t->job;
    w->asked = tb_xcalloc((size_t)j->n_eval, sizeof *w->asked);
    w->of = tb_xcalloc((size_t)j->n_eval, sizeof *w->of);
    for (int i = 0; i < w->n_rows; i++) {
        w->of[i] = NONE;
        if (w->writes && tb_dataset_row(j->data, j->eval_row[i]).n_prompt < 1)
            continue;
        struct asked *a = prompt_of(w, j->eval_row[i]);
        size_t n;
        const char *p = tb_dataset_completion(j->data, j->eval_row[i], &n);
        a->refs[a->n_refs++] = tb_xstrndup(p, n);
        a->loss += w->t->eval_loss[i];
        a->n_tok += w->t->eval_labels[i];
        w->of[i] = (size_t)(a - w->asked);
    }
}

/* ---- texts */
static void take_token(struct writing *w, struct asked *a, const struct tb_made *made)
{
    const struct tb_tokenizer *tokenizer = w->t->job->base->tokenizer;
    size_t n;
    const char *bytes = tb_tokenizer_token(tokenizer, made->id, &n);
    a->has_ended = made->id == tb_tokenizer_eos(tokenizer) || tb_text_stream_add(&a->stream, bytes, n)
                || made->is_last;
    if (a->has_ended)
        tb_text_stream_end(&a->stream);
    if (a->has_ended)
        tb_generator_end(w->generator, made->row);
}

/* Texts first .. first + n - 1. A prompt that fills a row leaves no room: its text is empty. */
static bool write_some(struct writing *w, size_t first, int n, struct tb_err *err)
{
    struct tb_generate_row rows[AT_ONCE];
    struct tb_made made[AT_ONCE];
    struct asked *of[AT_ONCE];
    int n_rows = 0;
    for (int i = 0; i < n; i++) {
        struct asked *a = &w->asked[first + (size_t)i];
        struct tb_row row = tb_dataset_row(w->t->job->data, a->row);
        a->stream.lead = w->form.lead;
        if (row.n_prompt >= w->t->job->longest)
            continue;
        of[n_rows] = a;
        rows[n_rows++] = (struct tb_generate_row){ .ids = row.ids, .n = row.n_prompt, .number = (uint32_t)a->row };
    }
    if (n_rows == 0)
        return true;
    const struct tb_sampling greedy = { .repeat_penalty = 1, .top_p = 1 };
    bool good = tb_generator_begin(w->generator, rows, n_rows, err);
    for (int m; good && (m = tb_generator_next(w->generator, &greedy, made));)
        for (int i = 0; i < m; i++)
            take_token(w, of[made[i].row], &made[i]);
    return good;
}

static bool write_all(struct writing *w, struct tb_err *err)
{
    struct tb_generator_spec spec = generator_spec(w->t->job);
    struct tb_json *section = tb_config_section(&w->t->job->config, "data");
    bool good = tb_prompt_form_open(&w->form, section, err);
    tb_json_free(section);
    w->generator = good ? tb_generator_open(w->t->engine, &spec, err) : NULL;
    good = w->generator != NULL;
    for (size_t at = 0; good && at < w->n; at += (size_t)spec.n_rows) {
        size_t n = w->n - at < (size_t)spec.n_rows ? w->n - at : (size_t)spec.n_rows;
        good = write_some(w, at, (int)n, err);
    }
    tb_generator_close(w->generator);
    w->generator = NULL;
    return good;
}

static const char *output_of(const struct asked *a)
{
    return a->stream.text.p ? a->stream.text.p : "";
}

/* The first n of them. */
static bool score(struct writing *w, size_t n, struct tb_scores *scores, struct tb_err *err)
{
    struct tb_score_row *rows = tb_xcalloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        const struct asked *a = &w->asked[i];
        rows[i] = (struct tb_score_row){ .prompt = a->prompt, .output = output_of(a),
                                         .refs = (const char *const *)a->refs, .n_refs = a->n_refs,
                                         .loss = a->n_tok ? a->loss / (double)a->n_tok : NAN, .n_tok = a->n_tok };
    }
    bool good = tb_score_rows(w->scorer, rows, n, scores, err);
    if (good)
        tb_scores_resample(scores, w->scorer, rows);
    free(rows);
    return good;
}

/* ---- what is recorded */
static struct tb_json *facts_of(const struct writing *w)
{
    struct tb_json *facts = tb_json_new_map(), *map = tb_json_new_map();
    for (size_t i = 0; i < w->scores.n_metrics; i++) {
        const char *name = tb_scorer_name(w->scorer, i);
        const struct { const char *ending; double v; } part[] = {
            { "", w->scores.value[i] }, { "_low", w->scores.low[i] }, { "_high", w->scores.high[i] },
        };
        for (int k = 0; k < 3; k++) {
            char *key = tb_xasprintf("%s%s", name, part[k].ending);
            tb_json_set(map, key, tb_json_new_real(part[k].v));
            free(key);
        }
    }
    tb_json_set(map, "n_prompts", tb_json_new_int((int64_t)w->n));
    tb_json_set(map, "seconds", tb_json_new_real(w->seconds));
    tb_json_set(facts, "scores", map);
    return facts;
}

static char *words_of(const struct writing *w)
{
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < w->scores.n_metrics; i++)
        tb_buf_fmt(&b, "%s%s %.4g", i ? ", " : "", tb_scorer_name(w->scorer, i), w->scores.value[i]);
    tb_buf_fmt(&b, "; %zu texts in %.1f s", w->n, w->seconds);
    return tb_buf_take(&b);
}

/* What metric k says, prompt by prompt. */
static struct tb_measure measure_of(const struct writing *w, const struct tb_scores *x, size_t k)
{
    struct tb_measure one = { .step = w->t->step, .value = x->value[k], .low = x->low[k], .high = x->high[k],
                              .n_rows = x->n_rows };
    tb_str_copy(one.name, sizeof one.name, tb_scorer_name(w->scorer, k));
    one.row = tb_xcalloc(x->n_rows + 1, sizeof *one.row);
    for (size_t i = 0; i < x->n_rows; i++)
        one.row[i] = (struct tb_measure_row){ w->asked[i].row, w->asked[i].row, w->asked[i].n_tok,
                                              x->row_value[i * x->n_metrics + k] };
    return one;
}

struct record_call {
    const struct writing *w;
    struct tb_measure *measure;
    size_t n_measures;     /* of these, written already, when a full disk makes it try again; so are has_ .. */
    struct tb_json *facts; /* NULL: none */
    const char *words, **output; /* output: of each scored row, NULL: no text */
    bool has_facts, has_event;
    int n_samples;
};

static bool record(struct tb_run_writer *to, void *arg, struct tb_err *err)
{
    struct record_call *c = arg;
    for (; c->n_measures < c->w->scores.n_metrics; c->n_measures++)
        if (!tb_run_writer_measure(to, &c->measure[c->n_measures], err))
            return false;
    c->has_facts = c->has_facts || !c->facts || tb_run_writer_facts(to, c->facts, err);
    c->has_event = c->has_facts
                && (c->has_event || !c->facts
                    || tb_run_writer_event(to, c->w->t->step, "scores", err, "%s", c->words));
    return c->has_event
        && tb_sampling_write(to, c->w->t->job, c->w->t->step, c->output, &c->n_samples, err);
}

/* curve: of the prompts that are measured at each evaluation. */
static bool write_down(struct writing *w, const struct tb_scores *curve, bool is_end, struct tb_err *err)
{
    char *words = words_of(w);
    struct tb_measure *measure = tb_xcalloc(curve->n_metrics + 1, sizeof *measure);
    const char **output = tb_xcalloc((size_t)w->t->job->n_eval, sizeof *output);
    for (size_t k = 0; k < curve->n_metrics; k++)
        measure[k] = measure_of(w, curve, k);
    for (int i = 0; i < w->n_rows; i++)
        output[i] = w->writes && w->of[i] != NONE ? output_of(&w->asked[w->of[i]]) : NULL;
    struct record_call c = { .w = w, .measure = measure, .facts = is_end ? facts_of(w) : NULL, .words = words,
                             .output = output };
    bool good = tb_recorder_do(w->t->recorder, record, &c, err);
    if (good && is_end && w->t->view->note)
        w->t->view->note(w->t->view->arg, w->t->job, w->t->step, "scores", words);
    for (size_t k = 0; k < curve->n_metrics; k++)
        free(measure[k].row);
    tb_json_free(c.facts);
    free(measure);
    free(output);
    free(words);
    return good;
}

static void close_writing(struct writing *w)
{
    for (size_t i = 0; i < w->n; i++) {
        for (size_t k = 0; k < w->asked[i].n_refs; k++)
            free(w->asked[i].refs[k]);
        free(w->asked[i].refs);
        free(w->asked[i].prompt);
        tb_text_stream_close(&w->asked[i].stream);
    }
    tb_scores_free(&w->scores);
    tb_scorer_close(w->scorer);
    tb_prompt_form_close(&w->form);
    free(w->asked);
    free(w->of);
}

/* Those of the curve are fewer at the end, if there is one. */
static bool score_and_record(struct writing *w, bool is_end, struct tb_err *err)
{
    struct tb_scores few = { 0 };
    size_t n = 0; /* prompts of the first rows */
    for (int i = first_rows(w->t->job); i-- > 0;)
        n = w->of[i] != NONE && w->of[i] >= n ? w->of[i] + 1 : n;
    bool is_part = is_end && tb_writing_is_each(w->t->job) && n < w->n;
    bool good = score(w, w->n, &w->scores, err) && (!is_part || score(w, n, &few, err))
             && write_down(w, is_part ? &few : &w->scores, is_end, err);
    tb_scores_free(&few);
    return good;
}

bool tb_training_write(struct tb_training *t, bool is_end, struct tb_err *err)
{
    struct writing w = { .t = t, .scorer = open_scorer(t->job, err) };
    double begin_s = tb_clock_mono_s();
    bool good = w.scorer != NULL;
    if (good && t->job->n_eval && has_more_than_loss(w.scorer)) {
        w.writes = tb_scorer_needs(w.scorer) & TB_NEEDS_OUTPUT;
        w.n_rows = is_end ? t->job->n_eval : first_rows(t->job);
        good = have_losses(t, err);
        if (good)
            collect(&w);
        good = good && (!w.writes || write_all(&w, err));
        w.seconds = tb_clock_mono_s() - begin_s;
        good = good && score_and_record(&w, is_end, err);
    }
    close_writing(&w);
    return good;
}

/* Completions of the first row of each prompt among the first n. */
static int64_t tokens_of(const struct tb_job *j, int n)
{
    int64_t tok = 0;
    for (int i = 0; i < n; i++) {
        struct tb_row r = tb_dataset_row(j->data, j->eval_row[i]);
        if (is_new_prompt(j, i))
            tok += r.n - r.n_prompt;
    }
    return tok;
}

int64_t tb_writing_tokens(const struct tb_job *j)
{
    if (!tb_writing_bytes(j))
        return 0;
    return tokens_of(j, j->n_eval) + (tb_writing_is_each(j) ? (j->n_eval_at - 1) * tokens_of(j, first_rows(j)) : 0);
}
