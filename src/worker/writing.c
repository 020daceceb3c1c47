/* SPDX-License-Identifier: MIT */
/* writing.c - when texts are written, behind which prompts (texts.c writes and scores them), what is recorded. */
#include "worker/writing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "worker/sampling.h"
#include "worker/texts.h"
#include "worker/train_priv.h"

enum {
    AT_ONCE = 4,
    LEAST_TEXTS = 4,
    MOST_TEXTS = 32,
    TEXTS_SHARE = 100
}; /* texts of one evaluation: 1 / 100 of the budget's tokens, each of which takes about as long as 5 of training */

struct writing {
    struct tb_training *t;
    struct tb_scorer *scorer;
    struct tb_texts *texts;
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

/* The losses of the last evaluation, which a run that was resumed behind it makes once more. */
static bool have_losses(struct tb_training *t, struct tb_err *err)
{
    for (int i = 0; i < t->job->n_eval; i++)
        if (t->eval_labels[i])
            return true;
    return tb_engine_evaluate(t->engine, t->eval_rows, t->job->n_eval, t->eval_loss, t->eval_labels, err);
}

/* Prompts of the scored rows, on the run's own engine. */
static bool write_all(struct writing *w, struct tb_err *err)
{
    const struct tb_job *j = w->t->job;
    struct tb_texts_spec spec = { .engine = w->t->engine, .base = j->base, .data = j->data, .config = &j->config,
                                  .scorer = w->scorer, .row = j->eval_row, .loss = w->t->eval_loss,
                                  .labels = w->t->eval_labels, .n_rows = w->n_rows, .longest = j->longest,
                                  .at_once = generator_spec(j).n_rows };
    w->texts = tb_texts_open(&spec, err);
    return w->texts != NULL;
}

/* ---- what is recorded */
static struct tb_json *facts_of(const struct writing *w)
{
    struct tb_json *facts = tb_json_new_map(), *map = tb_texts_facts(w->texts, &w->scores);
    tb_json_set(map, "seconds", tb_json_new_real(w->seconds));
    tb_json_set(facts, "scores", map);
    return facts;
}

static char *words_of(const struct writing *w)
{
    struct tb_buf b = { 0 };
    for (size_t i = 0; i < w->scores.n_metrics; i++)
        tb_buf_fmt(&b, "%s%s %.4g", i ? ", " : "", tb_scorer_name(w->scorer, i), w->scores.value[i]);
    tb_buf_fmt(&b, "; %zu texts in %.1f s", tb_texts_len(w->texts), w->seconds);
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
        one.row[i] = (struct tb_measure_row){ tb_texts_row(w->texts, i), tb_texts_row(w->texts, i),
                                              tb_texts_labels(w->texts, i), x->row_value[i * x->n_metrics + k] };
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

/* What was written for scored row i; NULL: nothing. */
static const char *output_of(const struct tb_texts *x, int i)
{
    size_t at = tb_texts_of(x, i);
    return tb_texts_has_outputs(x) && at != TB_NO_TEXT ? tb_texts_output(x, at) : NULL;
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
        output[i] = output_of(w->texts, i);
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
    tb_scores_free(&w->scores);
    tb_texts_close(w->texts);
    tb_scorer_close(w->scorer);
}

/* Those of the curve are fewer at the end, if there is one. */
static bool score_and_record(struct writing *w, bool is_end, struct tb_err *err)
{
    struct tb_scores few = { 0 };
    size_t n = 0; /* prompts of the first rows */
    for (int i = first_rows(w->t->job); i-- > 0;)
        if (tb_texts_of(w->texts, i) != TB_NO_TEXT && tb_texts_of(w->texts, i) >= n)
            n = tb_texts_of(w->texts, i) + 1;
    size_t all = tb_texts_len(w->texts);
    bool is_part = is_end && tb_writing_is_each(w->t->job) && n < all;
    bool good = tb_texts_score(w->texts, all, &w->scores, err)
             && (!is_part || tb_texts_score(w->texts, n, &few, err))
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
        w.n_rows = is_end ? t->job->n_eval : first_rows(t->job);
        good = have_losses(t, err) && write_all(&w, err);
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
