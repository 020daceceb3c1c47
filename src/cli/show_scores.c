/* SPDX-License-Identifier: MIT */
/* show_scores.c - the facts "scores" hold name, name_low and name_high of each metric, in the order of eval.metrics. */
#include "cli/show_scores.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/show_measures.h"

enum { WIDTH = 26, MOST = 16 };

/* Names of metrics, lent; their number. */
static int names_of(const struct tb_json *scores, const char *name[MOST])
{
    int n = 0;
    for (void *it = tb_json_first(scores); it && n < MOST; it = tb_json_next(scores, it)) {
        const char *key = tb_json_iter_key(it);
        char low[96];
        snprintf(low, sizeof low, "%.80s_low", key);
        if (tb_json_get(scores, low))
            name[n++] = key;
    }
    return n;
}

static double part(const struct tb_json *scores, const char *name, const char *ending)
{
    char key[96];
    snprintf(key, sizeof key, "%.80s%s", name, ending);
    return tb_json_real(tb_json_get(scores, key), NAN);
}

/* "31.2 [28.0, 34.1]" */
static void say(const struct tb_json *scores, const char *name, char text[80])
{
    double low = part(scores, name, "_low"), high = part(scores, name, "_high");
    int n = snprintf(text, 80, "%.4g", part(scores, name, ""));
    if (!isnan(low))
        snprintf(text + n, 80 - (size_t)n, " [%.4g, %.4g]", low, high);
}

void tb_show_scores(const struct tb_out *o, const struct tb_metrics *m)
{
    const struct tb_json *scores = tb_json_get(m->facts, "scores");
    const char *name[MOST];
    char text[80];
    int n = names_of(scores, name);
    if (n)
        tb_out_head(o, "TEXTS WRITTEN BEHIND THE HELD-OUT PROMPTS");
    for (int i = 0; i < n; i++) {
        say(scores, name[i], text);
        tb_out_pair(o, WIDTH, name[i], text);
    }
    snprintf(text, sizeof text, "%lld in %.1f s, greedy", (long long)tb_json_int(tb_json_get(scores, "n_prompts"), 0),
             tb_json_real(tb_json_get(scores, "seconds"), NAN));
    if (n)
        tb_out_pair(o, WIDTH, "texts", text);
}

static void put_line(struct tb_table *t, const struct tb_metrics *m, const char *const *name, int n, bool forgets)
{
    const struct tb_json *scores = tb_json_get(m->facts, "scores");
    char text[80];
    tb_table_text(t, tb_json_str(tb_metrics_fact(m, "run", "name"), ""));
    for (int i = 0; i < n; i++) {
        say(scores, name[i], text);
        tb_table_text(t, text);
    }
    if (forgets)
        tb_table_text(t, tb_forgot_text(m, text, sizeof text));
}

/* The first run that has any names the columns. */
static void print_all(const struct tb_out *o, const struct tb_metrics *m, size_t n)
{
    struct tb_table_column head[MOST + 2] = { { "run", NULL, TB_UNIT_TEXT, false } };
    struct tb_table t;
    const char *name[MOST];
    int n_names = 0;
    bool forgets = false;
    for (size_t i = 0; i < n; i++) {
        n_names = n_names ? n_names : names_of(tb_json_get(m[i].facts, "scores"), name);
        forgets = forgets || tb_metrics_fact(&m[i], "forget", "change");
    }
    if (n_names == 0 && !forgets)
        return;
    for (int k = 0; k < n_names; k++)
        head[k + 1] = (struct tb_table_column){ name[k], NULL, TB_UNIT_TEXT, false };
    head[n_names + 1] = (struct tb_table_column){ "forgot", NULL, TB_UNIT_TEXT, false };
    tb_table_init(&t, head, (size_t)n_names + 1 + forgets);
    for (size_t i = 0; i < n; i++)
        if (tb_json_get(m[i].facts, "scores") || tb_metrics_fact(&m[i], "forget", "change"))
            put_line(&t, &m[i], name, n_names, forgets);
    printf("\n%s, with 95 %% intervals of resampled prompts:\n",
           n_names == 0 ? "Loss of the general text, after less before"
           : forgets ? "Texts behind the held-out prompts, greedy, and the general text's loss, after less before"
                     : "Texts behind the held-out prompts, greedy");
    tb_out_table(o, &t);
    tb_table_free(&t);
}

void tb_scores_print(const struct tb_out *o, const struct tb_store *s, const char *const *ids, size_t n)
{
    struct tb_metrics *m = tb_xcalloc(n + 1, sizeof *m);
    for (size_t i = 0; i < n; i++) {
        char *dir = tb_store_run_dir(s, ids[i]);
        tb_metrics_load(&m[i], dir, NULL);
        free(dir);
    }
    print_all(o, m, n);
    for (size_t i = 0; i < n; i++)
        tb_metrics_free(&m[i]);
    free(m);
}
