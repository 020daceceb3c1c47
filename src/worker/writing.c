/* SPDX-License-Identifier: MIT */
/* writing.c - prompts of the scored rows, a few at a time on the run's own engine, then the scorer. */
#include "worker/writing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "dataset/prompt.h"
#include "engine/generate.h"
#include "score/score.h"
#include "text/stream.h"
#include "worker/sampling.h"
#include "worker/train_priv.h"

enum { AT_ONCE = 4 };

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
    size_t n, *of; /* of: the prompt of each scored row */
    struct tb_generator *generator;
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
    return (struct tb_generator_spec){ n, j->spec.row_tok };
}

uint64_t tb_writing_bytes(const struct tb_job *j)
{
    struct tb_scorer *s = open_scorer(j, NULL);
    bool writes = s && j->n_eval && (tb_scorer_needs(s) & TB_NEEDS_OUTPUT);
    struct tb_generator_spec spec = generator_spec(j);
    tb_scorer_close(s);
    return writes ? tb_generator_bytes(j->base->model, j->stack, &spec) : 0;
}

/* ---- prompts */
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
    for (int i = 0; i < j->n_eval; i++) {
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
        if (row.n_prompt < 1 || row.n_prompt >= w->t->job->spec.row_tok)
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

static bool score(struct writing *w, struct tb_err *err)
{
    struct tb_score_row *rows = tb_xcalloc(w->n + 1, sizeof *rows);
    for (size_t i = 0; i < w->n; i++) {
        const struct asked *a = &w->asked[i];
        rows[i] = (struct tb_score_row){ .prompt = a->prompt, .output = output_of(a),
                                         .refs = (const char *const *)a->refs, .n_refs = a->n_refs,
                                         .loss = a->n_tok ? a->loss / (double)a->n_tok : NAN, .n_tok = a->n_tok };
    }
    bool good = tb_score_rows(w->scorer, rows, w->n, &w->scores, err);
    if (good)
        tb_scores_resample(&w->scores, w->scorer, rows);
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

struct record_call {
    const struct writing *w;
    struct tb_json *facts;
    const char *words, **output; /* output: of each scored row */
    bool has_facts, has_event; /* written already, when a full disk makes it try again */
    int n_samples;
};

static bool record(struct tb_run_writer *to, void *arg, struct tb_err *err)
{
    struct record_call *c = arg;
    c->has_facts = c->has_facts || tb_run_writer_facts(to, c->facts, err);
    c->has_event = c->has_facts
                && (c->has_event || tb_run_writer_event(to, c->w->t->step, "scores", err, "%s", c->words));
    return c->has_event
        && tb_sampling_write(to, c->w->t->job, c->w->t->step, c->output, &c->n_samples, err);
}

static bool write_down(struct writing *w, struct tb_err *err)
{
    char *words = words_of(w);
    const char **output = tb_xcalloc((size_t)w->t->job->n_eval, sizeof *output);
    for (int i = 0; i < w->t->job->n_eval; i++)
        output[i] = output_of(&w->asked[w->of[i]]);
    struct record_call c = { .w = w, .facts = facts_of(w), .words = words, .output = output };
    bool good = tb_recorder_do(w->t->recorder, record, &c, err);
    if (good && w->t->view->note)
        w->t->view->note(w->t->view->arg, w->t->job, w->t->step, "scores", words);
    tb_json_free(c.facts);
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

bool tb_training_write(struct tb_training *t, struct tb_err *err)
{
    struct writing w = { .t = t, .scorer = open_scorer(t->job, err) };
    double begin_s = tb_clock_mono_s();
    bool good = w.scorer != NULL;
    if (good && t->job->n_eval && has_more_than_loss(w.scorer)) {
        good = have_losses(t, err);
        if (good)
            collect(&w);
        good = good && (!(tb_scorer_needs(w.scorer) & TB_NEEDS_OUTPUT) || write_all(&w, err));
        w.seconds = tb_clock_mono_s() - begin_s;
        good = good && score(&w, err) && write_down(&w, err);
    }
    close_writing(&w);
    return good;
}
