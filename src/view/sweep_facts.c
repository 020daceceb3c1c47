/* SPDX-License-Identifier: MIT */
/* sweep_facts.c - the sweeps of a store, and single facts of one: columns of its trials, reasons. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "view/sweeps.h"

/* ---- the list */

/* What was told of ends is enough here: no run is looked at. */
static void read_item(struct tb_sweep_item *x, const struct tb_sweep *s)
{
    size_t n = tb_json_len(s->events);
    memcpy(x->id, s->id, sizeof x->id);
    x->recipe = tb_xstrdup(s->plan->recipe_path);
    x->search = tb_xstrdup(s->search->name);
    x->phase = s->phase;
    x->is_led = tb_sweep_is_led(s);
    x->n_arms = tb_sweep_arms(s);
    x->n_trials = s->n;
    x->best = NAN;
    for (size_t i = 0; i < s->n; i++)
        x->n_over += s->trial[i].is_told || s->trial[i].is_over;
    for (size_t i = 0; i < n; i++) {
        const struct tb_json *e = tb_json_at(s->events, i);
        double v = tb_json_real(tb_json_get(e, "value"), NAN);
        if (strcmp(tb_json_str(tb_json_get(e, "kind"), ""), "over") == 0 && tb_is_better(v, x->best))
            x->best = v;
    }
    tb_str_copy(x->began, sizeof x->began, tb_json_str(tb_json_get(tb_json_at(s->events, 0), "at"), ""));
    tb_str_copy(x->changed, sizeof x->changed, tb_json_str(tb_json_get(tb_json_at(s->events, n - 1), "at"), ""));
}

size_t tb_sweep_items(const char *store, struct tb_sweep_item **all)
{
    char (*ids)[TB_SWEEP_ID];
    size_t n = tb_sweep_list(store, false, &ids), n_read = 0;
    *all = tb_xcalloc(n + 1, sizeof **all);
    for (size_t i = 0; i < n; i++) {
        struct tb_sweep s;
        if (tb_sweep_load_log(&s, store, ids[i], NULL))
            read_item(&(*all)[n_read++], &s);
        tb_sweep_close(&s);
    }
    free(ids);
    return n_read;
}

void tb_sweep_items_free(struct tb_sweep_item *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(all[i].recipe);
        free(all[i].search);
    }
    free(all);
}

/* ---- columns */

/* "lr" is written for method.lr, optim.lr; "r" for method.lora.r. */
static const struct tb_json *find_key(const struct tb_json *map, const char *column)
{
    if (tb_json_get(map, column))
        return tb_json_get(map, column);
    for (void *it = tb_json_first(map); it; it = tb_json_next(map, it)) {
        const char *point = strrchr(tb_json_iter_key(it), '.');
        if (point && strcmp(point + 1, column) == 0)
            return tb_json_iter_value(it);
    }
    return NULL;
}

const struct tb_json *tb_sweep_given(const struct tb_sweep *s, size_t trial, const char *column)
{
    const struct tb_trial *t = &s->trial[trial];
    const struct tb_json *v = find_key(tb_sweep_point(s, t), column);
    return v ? v : find_key(t->config.map, column);
}

double tb_sweep_column(const struct tb_sweep *s, size_t trial, const char *column)
{
    const struct tb_trial *t = &s->trial[trial];
    if (strcmp(column, "value") == 0)
        return tb_objective_shown(&s->objective, tb_trial_value(t));
    if (strcmp(column, "tokens") == 0)
        return t->tokens;
    if (strcmp(column, "rung") == 0)
        return t->n_decided;
    if (strcmp(column, "wall_s") == 0)
        return t->wall_s;
    return tb_json_real(tb_sweep_given(s, trial, column), NAN);
}

static bool is_number(const struct tb_sweep *s, const struct tb_sweep_key *k)
{
    const struct tb_json *list = tb_json_get(tb_json_at(tb_json_get(s->spec, "arms"), k->arm), "templates");
    struct tb_range r;
    for (size_t i = 0; i < tb_json_len(list); i++)
        if (tb_range_read(tb_json_get(tb_json_at(list, i), k->name), &r))
            return r.kind != TB_RANGE_CHOICE || tb_json_type(tb_json_at(r.items, 0)) == TB_JSON_INT
                || tb_json_type(tb_json_at(r.items, 0)) == TB_JSON_REAL;
    return false;
}

const char *tb_sweep_main_key(const struct tb_sweep_view *v)
{
    const char *best = NULL;
    size_t most = 0;
    for (size_t i = 0; i < v->n_keys; i++) {
        size_t n = 0;
        if (v->key[i].arm == TB_ALL_ARMS || !is_number(v->s, &v->key[i]))
            continue;
        for (size_t k = 0; k < v->n_keys; k++)
            n += strcmp(v->key[k].name, v->key[i].name) == 0;
        if (tb_str_ends(v->key[i].name, ".lr"))
            return "lr";
        if (n > most) {
            most = n;
            best = v->key[i].name;
        }
    }
    return best;
}

static bool is_log(const struct tb_sweep *s, const char *column)
{
    const struct tb_json *arms = tb_json_get(s->spec, "arms");
    for (size_t arm = 0; arm < tb_json_len(arms); arm++) {
        const struct tb_json *list = tb_json_get(tb_json_at(arms, arm), "templates");
        struct tb_range r;
        for (size_t i = 0; i < tb_json_len(list); i++)
            if (tb_range_read(find_key(tb_json_at(list, i), column), &r) && r.kind == TB_RANGE_LOG_UNIFORM)
                return true;
    }
    return false;
}

void tb_sweep_points(const struct tb_sweep *s, const char *x, const char *y, struct tb_plot *p,
                     struct tb_plot_line line[TB_PLOT_LINES])
{
    size_t n_arms = tb_sweep_arms(s);
    p->n = 0;
    for (size_t arm = 0; arm < n_arms && p->n < TB_PLOT_LINES; arm++) {
        struct tb_series *to = &line[p->n].marks;
        line[p->n] = (struct tb_plot_line){ .label = tb_sweep_arm(s, arm) };
        p->n++;
        to->x = tb_xcalloc(s->n + 1, sizeof *to->x);
        to->y = tb_xcalloc(s->n + 1, sizeof *to->y);
        for (size_t i = 0; i < s->n; i++) {
            if (s->trial[i].arm != arm || s->trial[i].of >= 0)
                continue;
            to->x[to->n] = tb_sweep_column(s, i, x);
            to->y[to->n] = tb_sweep_column(s, i, y);
            to->n += !isnan(to->x[to->n]) && !isnan(to->y[to->n]);
        }
    }
    p->line = line;
    p->is_scatter = true;
    p->is_log_x = p->is_log_x || is_log(s, x);
    p->is_log = p->is_log || is_log(s, y);
    p->x_name = x;
    p->title = y;
    if (strcmp(y, "value") == 0)
        p->title = s->objective.metric;
}

void tb_sweep_points_free(struct tb_plot *p)
{
    for (size_t i = 0; i < p->n; i++)
        tb_series_free((struct tb_series *)&p->line[i].marks);
    p->n = 0;
}

char *tb_sweep_scatter(const struct tb_sweep *s, const char *x, const char *y, const struct tb_plot *look, bool is_svg)
{
    struct tb_plot p = *look;
    struct tb_plot_line line[TB_PLOT_LINES];
    tb_sweep_points(s, x, y, &p, line);
    char *text = is_svg ? tb_plot_svg(&p) : tb_plot_text(&p);
    tb_sweep_points_free(&p);
    return text;
}

/* ---- reasons */

const char *tb_sweep_why(const struct tb_sweep *s, size_t trial)
{
    const struct tb_trial *t = &s->trial[trial];
    if (t->state == TB_STATE_PRUNED && t->gives_up && t->last)
        return tb_json_str(tb_json_get(t->last, "text"), "");
    return t->state == TB_STATE_DONE || !t->is_over ? "" : t->note;
}
