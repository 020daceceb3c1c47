/* SPDX-License-Identifier: MIT */
/* texts.c - prompts of rows, a few at a time on an engine, then the scorer. */
#include "worker/texts.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "dataset/prompt.h"
#include "worker/token.h"

/* A prompt. */
struct asked {
    int row; /* the first that has it */
    char *prompt, **refs;
    size_t n_refs;
    double loss; /* nats, of all its rows */
    int64_t n_tok;
    struct tb_text_stream stream;
};

struct tb_texts {
    struct tb_texts_spec spec;
    struct tb_prompt_form form;
    struct asked *asked;
    size_t n, *of;
    bool writes; /* some metric reads what is written */
    struct tb_generator *generator;
};

/* ---- prompts */

static struct asked *prompt_of(struct tb_texts *x, int row)
{
    const struct tb_dataset *d = x->spec.data;
    if (x->n && tb_dataset_group(d, x->asked[x->n - 1].row) == tb_dataset_group(d, row))
        return &x->asked[x->n - 1];
    size_t n;
    const char *p = tb_dataset_prompt(d, row, &n);
    struct asked *a = &x->asked[x->n++];
    *a = (struct asked){ .row = row, .prompt = tb_xstrndup(p, n) };
    return a;
}

/* Rows of one prompt are references of one text. */
static void collect(struct tb_texts *x)
{
    const struct tb_texts_spec *s = &x->spec;
    x->asked = tb_xcalloc((size_t)s->n_rows + 1, sizeof *x->asked);
    x->of = tb_xcalloc((size_t)s->n_rows + 1, sizeof *x->of);
    for (int i = 0; i < s->n_rows; i++) {
        x->of[i] = TB_NO_TEXT;
        if (x->writes && tb_dataset_row(s->data, s->row[i]).n_prompt < 1)
            continue;
        struct asked *a = prompt_of(x, s->row[i]);
        size_t n, cap = a->n_refs;
        const char *p = tb_dataset_completion(s->data, s->row[i], &n);
        a->refs = tb_grow(a->refs, a->n_refs, &cap, sizeof *a->refs);
        a->refs[a->n_refs++] = tb_xstrndup(p, n);
        a->loss += s->loss[i];
        a->n_tok += s->labels[i];
        x->of[i] = (size_t)(a - x->asked);
    }
}

/* ---- texts */

static void take_token(struct tb_texts *x, struct asked *a, const struct tb_made *made)
{
    if (tb_token_take(&a->stream, x->spec.base->tokenizer, made, false))
        tb_generator_end(x->generator, made->row);
}

/* Texts first .. first + n - 1. A prompt that fills a row leaves no room: its text is empty. */
static bool write_some(struct tb_texts *x, size_t first, size_t n, struct tb_err *err)
{
    struct tb_generate_row *rows = tb_xcalloc(n, sizeof *rows);
    struct tb_made *made = tb_xcalloc(n, sizeof *made);
    struct asked **of = tb_xcalloc(n, sizeof *of);
    const struct tb_sampling greedy = { .repeat_penalty = 1, .top_p = 1 };
    int n_rows = 0;
    for (size_t i = 0; i < n; i++) {
        struct asked *a = &x->asked[first + i];
        struct tb_row row = tb_dataset_row(x->spec.data, a->row);
        a->stream.lead = x->form.lead;
        if (row.n_prompt >= x->spec.longest)
            continue;
        of[n_rows] = a;
        rows[n_rows++] = (struct tb_generate_row){ .ids = row.ids, .n = row.n_prompt, .number = (uint32_t)a->row };
    }
    bool good = n_rows == 0 || tb_generator_begin(x->generator, rows, n_rows, err);
    for (int m; good && n_rows && (m = tb_generator_next(x->generator, &greedy, made));)
        for (int i = 0; i < m; i++)
            take_token(x, of[made[i].row], &made[i]);
    free(of);
    free(made);
    free(rows);
    return good;
}

static bool write_all(struct tb_texts *x, struct tb_err *err)
{
    struct tb_generator_spec spec = { x->spec.at_once, x->spec.longest };
    struct tb_json *section = tb_config_section(x->spec.config, "data");
    bool good = tb_prompt_form_open(&x->form, section, err);
    tb_json_free(section);
    x->generator = good ? tb_generator_open(x->spec.engine, &spec, err) : NULL;
    good = x->generator != NULL;
    for (size_t at = 0; good && at < x->n; at += (size_t)spec.n_rows) {
        size_t n = x->n - at < (size_t)spec.n_rows ? x->n - at : (size_t)spec.n_rows;
        good = write_some(x, at, n, err);
    }
    tb_generator_close(x->generator);
    x->generator = NULL;
    return good;
}

struct tb_texts *tb_texts_open(const struct tb_texts_spec *spec, struct tb_err *err)
{
    struct tb_texts *x = tb_xcalloc(1, sizeof *x);
    x->spec = *spec;
    x->writes = tb_scorer_needs(spec->scorer) & TB_NEEDS_OUTPUT;
    collect(x);
    if (!x->writes || write_all(x, err))
        return x;
    tb_texts_close(x);
    return NULL;
}

void tb_texts_close(struct tb_texts *x)
{
    for (size_t i = 0; x && i < x->n; i++) {
        for (size_t k = 0; k < x->asked[i].n_refs; k++)
            free(x->asked[i].refs[k]);
        free(x->asked[i].refs);
        free(x->asked[i].prompt);
        tb_text_stream_close(&x->asked[i].stream);
    }
    if (!x)
        return;
    tb_prompt_form_close(&x->form);
    free(x->asked);
    free(x->of);
    free(x);
}

/* ---- what became of them */

size_t tb_texts_len(const struct tb_texts *x)
{
    return x->n;
}

int tb_texts_row(const struct tb_texts *x, size_t i)
{
    return x->asked[i].row;
}

int64_t tb_texts_labels(const struct tb_texts *x, size_t i)
{
    return x->asked[i].n_tok;
}

const char *tb_texts_output(const struct tb_texts *x, size_t i)
{
    return x->asked[i].stream.text.p ? x->asked[i].stream.text.p : "";
}

size_t tb_texts_of(const struct tb_texts *x, int i)
{
    return x->of[i];
}

bool tb_texts_has_outputs(const struct tb_texts *x)
{
    return x->writes;
}

bool tb_texts_score(const struct tb_texts *x, size_t n, struct tb_scores *scores, struct tb_err *err)
{
    struct tb_score_row *rows = tb_xcalloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        const struct asked *a = &x->asked[i];
        rows[i] = (struct tb_score_row){ .prompt = a->prompt, .output = tb_texts_output(x, i),
                                         .refs = (const char *const *)a->refs, .n_refs = a->n_refs,
                                         .loss = a->n_tok ? a->loss / (double)a->n_tok : NAN, .n_tok = a->n_tok };
    }
    bool good = tb_score_rows(x->spec.scorer, rows, n, scores, err);
    if (good)
        tb_scores_resample(scores, x->spec.scorer, rows);
    free(rows);
    return good;
}

struct tb_json *tb_texts_facts(const struct tb_texts *x, const struct tb_scores *scores)
{
    struct tb_json *map = tb_json_new_map();
    for (size_t i = 0; i < scores->n_metrics; i++) {
        const char *name = tb_scorer_name(x->spec.scorer, i);
        const struct { const char *ending; double v; } part[] = {
            { "", scores->value[i] }, { "_low", scores->low[i] }, { "_high", scores->high[i] },
        };
        for (int k = 0; k < 3; k++) {
            char *key = tb_xasprintf("%s%s", name, part[k].ending);
            tb_json_set(map, key, tb_json_new_real(part[k].v));
            free(key);
        }
    }
    tb_json_set(map, "n_prompts", tb_json_new_int((int64_t)scores->n_rows));
    return map;
}
