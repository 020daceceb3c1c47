/* SPDX-License-Identifier: MIT */
/* interval.c - how sure a value is: whole prompts resampled, each draw's sums added and made a value. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/resample.h"
#include "score/score.h"

struct place {
    const char *prompt; /* NULL: a row that stands for itself */
    size_t row;
};

static int by_prompt(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int order = x->prompt && y->prompt ? strcmp(x->prompt, y->prompt) : (x->prompt != NULL) - (y->prompt != NULL);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

static bool is_same_prompt(const struct place *a, const struct place *b)
{
    return a->prompt && b->prompt && strcmp(a->prompt, b->prompt) == 0;
}

/* Sums of rows that share a prompt, prompts in the order of their first rows; *n of them. */
static double *merged(const struct tb_scores *x, const struct tb_score_row *rows, size_t *n)
{
    struct place *at = tb_xcalloc(x->n_rows + 1, sizeof *at);
    size_t *first = tb_xcalloc(x->n_rows + 1, sizeof *first), *slot = tb_xcalloc(x->n_rows + 1, sizeof *slot);
    double *sums = tb_xcalloc(x->n_rows * x->width + 1, sizeof *sums);
    for (size_t i = 0; i < x->n_rows; i++)
        at[i] = (struct place){ rows[i].prompt, i };
    qsort(at, x->n_rows, sizeof *at, by_prompt);
    for (size_t i = 0, head = 0; i < x->n_rows; i++) {
        head = i && is_same_prompt(&at[i - 1], &at[i]) ? head : at[i].row;
        first[at[i].row] = head;
    }
    *n = 0;
    for (size_t i = 0; i < x->n_rows; i++) {
        if (first[i] == i)
            slot[i] = (*n)++;
        for (size_t j = 0; j < x->width; j++)
            sums[slot[first[i]] * x->width + j] += x->sums[i * x->width + j];
    }
    free(at);
    free(first);
    free(slot);
    return sums;
}

/* A draw of rows that do not count has no value, and the interval then none either. */
static void put_interval(double *draws, double *low, double *high)
{
    for (size_t k = 0; k < TB_RESAMPLE_DRAWS; k++)
        if (isnan(draws[k]))
            return;
    tb_resample_interval(draws, low, high);
}

/* draws: [n_metrics, TB_RESAMPLE_DRAWS] */
static void draw(const struct tb_scorer *s, const struct tb_scores *x, const double *sums, uint32_t k, double *draws)
{
    size_t *pick = tb_xcalloc(x->n_prompts, sizeof *pick), first = 0;
    double *total = tb_xcalloc(x->width, sizeof *total);
    tb_resample_pick(pick, x->n_prompts, x->n_prompts, k, 0);
    for (size_t i = 0; i < x->n_prompts; i++)
        for (size_t j = 0; j < x->width; j++)
            total[j] += sums[pick[i] * x->width + j];
    for (size_t m = 0; m < x->n_metrics; m++) {
        draws[m * TB_RESAMPLE_DRAWS + k] = tb_scorer_metric(s, m)->value(total + first);
        first += tb_scorer_metric(s, m)->n_sums;
    }
    free(total);
    free(pick);
}

void tb_scores_resample(struct tb_scores *x, const struct tb_scorer *s, const struct tb_score_row *rows)
{
    double *sums = merged(x, rows, &x->n_prompts);
    if (x->n_prompts > 1 && x->width) {
        double *draws = tb_xcalloc(x->n_metrics * TB_RESAMPLE_DRAWS, sizeof *draws);
        for (uint32_t k = 0; k < TB_RESAMPLE_DRAWS; k++)
            draw(s, x, sums, k, draws);
        for (size_t m = 0; m < x->n_metrics; m++)
            put_interval(draws + m * TB_RESAMPLE_DRAWS, &x->low[m], &x->high[m]);
        free(draws);
    }
    free(sums);
}
