/* SPDX-License-Identifier: MIT */
/* show_samples.c - samples are texts; the losses of their rows stand in the results of the same evaluation. */
#include "cli/show_samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { WIDTH = 12 };

/* A sample and what its row came to. */
struct shown {
    const struct tb_sample *s;
    double loss; /* NaN if it is not known */
    int64_t n_tok;
};

static struct shown shown_of(const struct tb_metrics *m, const struct tb_sample *s)
{
    const struct tb_row_loss *r = tb_metrics_row(m, s->step, s->row_id);
    return (struct shown){ s, r ? r->loss : NAN, r ? r->n_tok : 0 };
}

/* The highest loss first, unknown ones last, equal ones by row. */
static int by_loss(const void *a, const void *b)
{
    const struct shown *x = a, *y = b;
    if (isnan(x->loss) != isnan(y->loss))
        return isnan(x->loss) ? 1 : -1;
    if (x->loss != y->loss && !isnan(x->loss))
        return x->loss > y->loss ? -1 : 1;
    return (x->s->row_id > y->s->row_id) - (x->s->row_id < y->s->row_id);
}

/* Those of the last step, malloc'ed. */
static struct shown *last_ones(const struct tb_metrics *m, bool worst, size_t *n)
{
    size_t first = m->n_samples;
    while (first > 0 && m->samples[first - 1].step == m->samples[m->n_samples - 1].step)
        first--;
    *n = m->n_samples - first;
    struct shown *list = tb_xcalloc(*n + 1, sizeof *list);
    for (size_t i = 0; i < *n; i++)
        list[i] = shown_of(m, &m->samples[first + i]);
    if (worst && *n)
        qsort(list, *n, sizeof *list, by_loss);
    return list;
}

static struct tb_json *to_json(const struct shown *x)
{
    struct tb_json *j = tb_json_new_map();
    tb_json_set(j, "step", tb_json_new_int(x->s->step));
    tb_json_set(j, "row_id", tb_json_new_int(x->s->row_id));
    tb_json_set(j, "loss", tb_json_new_real(x->loss));
    tb_json_set(j, "n_tok", tb_json_new_int(x->n_tok));
    tb_json_set(j, "prompt", tb_json_new_str(x->s->prompt));
    tb_json_set(j, "output", tb_json_new_str(x->s->output));
    return j;
}

struct tb_json *tb_samples_json(const struct tb_metrics *m)
{
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; i < m->n_samples; i++) {
        struct shown x = shown_of(m, &m->samples[i]);
        tb_json_append(list, to_json(&x));
    }
    return list;
}

static void print_text(const struct tb_out *o, const struct tb_pick *p, const struct shown *list, size_t n, bool worst)
{
    char name[32], text[96], loss[32];
    tb_out_safe(p->item.sum.name);
    printf("  evaluation after step %lld%s\n", (long long)list[0].s->step, worst ? ", the highest loss first" : "");
    for (size_t i = 0; i < n; i++) {
        const struct shown *x = &list[i];
        snprintf(name, sizeof name, "row %lld", (long long)x->s->row_id);
        snprintf(text, sizeof text, "loss %s over %lld tokens", tb_fmt_unit(loss, sizeof loss, TB_UNIT_LOSS, x->loss),
                 (long long)x->n_tok);
        putchar('\n');
        tb_out_pair(o, WIDTH, name, text);
        if (*x->s->prompt)
            tb_out_pair(o, WIDTH, "  prompt", x->s->prompt);
        tb_out_pair(o, WIDTH, "  output", x->s->output);
    }
}

static void print_json(const struct tb_out *o, const struct tb_pick *p, const struct shown *list, size_t n)
{
    struct tb_json *j = tb_json_new_map(), *samples = tb_json_new_list();
    for (size_t i = 0; i < n; i++)
        tb_json_append(samples, to_json(&list[i]));
    tb_json_set(j, "id", tb_json_new_str(p->item.sum.id));
    tb_json_set(j, "name", tb_json_new_str(p->item.sum.name));
    tb_json_set(j, "step", tb_json_new_int(list[0].s->step));
    tb_json_set(j, "samples", samples);
    tb_out_json(o, j);
}

bool tb_show_samples(const struct tb_out *o, const struct tb_pick *p, bool worst, struct tb_err *err)
{
    size_t n;
    struct shown *list = last_ones(&p->m, worst, &n);
    if (n && o->form == TB_EMIT_JSON)
        print_json(o, p, list, n);
    else if (n)
        print_text(o, p, list, n, worst);
    free(list);
    return n || tb_fail(err, TB_ERR_NOTFOUND, "%s has no samples up to there; each evaluation keeps eval.samples rows",
                        p->item.sum.name);
}
