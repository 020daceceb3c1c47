/* SPDX-License-Identifier: MIT */
/* verb_watch.c - tunebench watch: runs that live, as a table that renews itself on a terminal, else a line for each
 * change. It ends when none of them lives. Between two runs of one sweep none does for a moment, so while runs wait it
 * goes on for some seconds. Only what is drawn again is moved over: no screen is taken, nothing is left behind. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/follow.h"
#include "cli/out.h"
#include "cli/pick.h"
#include "cli/redraw.h"
#include "cli/refs.h"
#include "cli/verb.h"
#include "view/fmt.h"
#include "view/runs.h"

static const double patience_s = 5;

/* A run that was alive when it was seen. */
struct seen {
    char id[TB_RUN_ID], name[96];
    struct tb_follow f; /* plain only */
    bool is_followed;
    size_t n_events;    /* told */
    double eval_step;
    enum tb_state state;
};

struct watch {
    const struct tb_args *a;
    struct tb_out o;
    struct tb_store *store;
    struct seen *seen;
    size_t n_seen, cap;
    struct tb_run_item *all; /* of this round */
    size_t n_all;
    size_t n_living, n_waiting;
    double idle_since; /* monotonic, negative: something lives */
    struct tb_redraw screen;
    bool is_table;
};

static struct seen *find(struct watch *w, const char *id)
{
    for (size_t i = 0; i < w->n_seen; i++)
        if (strcmp(w->seen[i].id, id) == 0)
            return &w->seen[i];
    return NULL;
}

static const struct tb_run_item *item_of(const struct watch *w, const char *id)
{
    for (size_t i = 0; i < w->n_all; i++)
        if (strcmp(w->all[i].sum.id, id) == 0)
            return &w->all[i];
    return NULL;
}

static void see(struct watch *w, const struct tb_run_item *item)
{
    bool is_waiting = item->sight.state == TB_STATE_QUEUED && !item->sum.damage[0],
         is_living = tb_state_is_live(item->sight.state) && !item->sum.damage[0];
    w->n_living += is_living;
    w->n_waiting += is_waiting;
    if (!is_living || find(w, item->sum.id))
        return;
    w->seen = tb_grow(w->seen, w->n_seen, &w->cap, sizeof *w->seen);
    struct seen *s = &w->seen[w->n_seen++];
    *s = (struct seen){ .state = TB_N_STATES, .eval_step = -1 };
    tb_str_copy(s->id, sizeof s->id, item->sum.id);
    tb_str_copy(s->name, sizeof s->name, *item->sum.name ? item->sum.name : item->sum.id);
}

/* Looks at the store. Runs that were named must be there the first time. */
static bool look(struct watch *w, bool is_first, struct tb_err *err)
{
    struct tb_ref *refs = NULL;
    size_t n = 0;
    struct tb_err why = { 0 };
    free(w->all);
    w->all = NULL;
    w->n_living = w->n_waiting = 0;
    if (!tb_store_list(w->store, &w->all, &w->n_all, err))
        return false;
    bool good = tb_refs_find(w->a, w->all, w->n_all, &refs, &n, &why);
    for (size_t i = 0; good && i < n; i++)
        see(w, &w->all[refs[i].index]);
    free(refs);
    if (good || !is_first)
        return true;
    *err = why;
    return false;
}

/* ---- the table */

enum { LETTER, NAME, METHOD, STEP, DONE, LOSS, EVAL, RATE, LEFT, N_COLUMNS };

static const struct tb_table_column columns[N_COLUMNS] = {
    { "letter", "", TB_UNIT_TEXT, false },    { "name", NULL, TB_UNIT_TEXT, false },
    { "method", NULL, TB_UNIT_TEXT, false },  { "step", NULL, TB_UNIT_PLAIN, false },
    { "done", "%", TB_UNIT_PLAIN, false },    { "loss", NULL, TB_UNIT_LOSS, false },
    { "eval", NULL, TB_UNIT_LOSS, false },    { "tok/s", NULL, TB_UNIT_PLAIN, false },
    { "left", NULL, TB_UNIT_SECONDS, false },
};

static void cell(struct tb_table *t, const struct tb_run_item *item, int column)
{
    const struct tb_run_summary *s = &item->sum;
    bool is_moving = tb_state_is_live(item->sight.state) && !item->sight.stall;
    switch (column) {
    case LETTER: tb_table_text(t, tb_state_letter(item->sight.state)); break;
    case NAME: tb_table_text(t, *s->name ? s->name : s->id); break;
    case METHOD: tb_table_text(t, s->method); break;
    case STEP: tb_table_int(t, s->step); break;
    case DONE: tb_table_real(t, s->n_steps > 0 ? floor(100 * (double)s->step / (double)s->n_steps) : NAN); break;
    case LOSS: tb_table_real(t, s->loss); break;
    case EVAL: tb_table_real(t, s->last_eval); break;
    case RATE: tb_table_real(t, is_moving ? floor(s->tok_per_s) : NAN); break;
    default: tb_table_real(t, is_moving ? tb_run_left_s(s) : NAN); break;
    }
}

/* The table without the n columns that are missed least. */
static void emit(const struct watch *w, int n_dropped, struct tb_buf *b)
{
    static const int missed_least[] = { METHOD, RATE, LOSS, STEP, LEFT };
    struct tb_table_column head[N_COLUMNS];
    int kept[N_COLUMNS], n = 0;
    struct tb_table t;
    for (int c = 0; c < N_COLUMNS; c++) {
        bool is_kept = true;
        for (int i = 0; i < n_dropped; i++)
            is_kept = is_kept && missed_least[i] != c;
        head[n] = columns[c];
        kept[n] = c;
        n += is_kept;
    }
    tb_table_init(&t, head, (size_t)n);
    for (size_t i = 0; i < w->n_seen; i++) {
        const struct tb_run_item *item = item_of(w, w->seen[i].id);
        for (int c = 0; item && c < n; c++)
            cell(&t, item, kept[c]);
    }
    tb_buf_clear(b);
    tb_table_emit(&t, TB_EMIT_TEXT, b);
    tb_table_free(&t);
}

static enum tb_paint paint_of(const struct tb_run_item *item)
{
    return tb_redraw_paint(item ? item->sight.state : TB_STATE_DONE);
}

/* Lines of the table belong to the runs seen that are still there, in order. */
static void put_table(struct watch *w, const struct tb_buf *b)
{
    int room = tb_redraw_rows() - 3;
    size_t run = 0, hidden = 0;
    for (size_t at = 0, len, line = 0; at < b->n; at += len + 1, line++) {
        len = strcspn(b->p + at, "\n");
        while (line && !item_of(w, w->seen[run].id))
            run++;
        const struct tb_run_item *item = line ? item_of(w, w->seen[run++].id) : NULL;
        if ((int)line < room)
            tb_redraw_line(&w->screen, line ? paint_of(item) : TB_PAINT_HEAD, b->p + at, len);
        else
            hidden++;
    }
    if (hidden) {
        char words[64];
        snprintf(words, sizeof words, "%zu more have no room", hidden);
        tb_redraw_line(&w->screen, TB_PAINT_DIM, words, strlen(words));
    }
}

static void draw(struct watch *w)
{
    struct tb_buf b = { 0 };
    char words[120];
    tb_redraw_begin(&w->screen);
    bool fits = false;
    for (int n_dropped = 0; !fits && n_dropped <= 5; n_dropped++) {
        emit(w, n_dropped, &b);
        fits = w->screen.o.columns <= 0 || tb_out_width(&b) < w->screen.o.columns;
    }
    put_table(w, &b);
    snprintf(words, sizeof words, "%zu live, %zu wait; interrupting ends the looking, not the runs", w->n_living,
             w->n_waiting);
    tb_redraw_line(&w->screen, TB_PAINT_DIM, words, strlen(words));
    tb_redraw_end(&w->screen);
    tb_buf_free(&b);
}

/* ---- plain lines */

static void say(const struct seen *s, const char *at, const char *words)
{
    struct tb_buf safe = { 0 };
    char *line = tb_xasprintf("%s %s: %s", at, s->name, words);
    tb_utf8_safe(&safe, line, strlen(line));
    printf("%s\n", safe.p);
    tb_buf_free(&safe);
    free(line);
}

static void say_state(struct seen *s, const char *now)
{
    const struct tb_metrics *m = &s->f.m;
    int64_t n_steps = tb_json_int(tb_metrics_fact(m, "plan", "n_steps"), -1);
    struct tb_buf b = { 0 };
    tb_buf_fmt(&b, "%s at step %lld", tb_state_name(s->f.sight.state), (long long)m->step);
    if (n_steps > 0)
        tb_buf_fmt(&b, " of %lld", (long long)n_steps);
    if (m->n_eval)
        tb_buf_fmt(&b, ", eval %.4f", m->eval[m->n_eval - 1].loss);
    if (*m->ended_by)
        tb_buf_fmt(&b, ", by %s", m->ended_by);
    if (*m->note)
        tb_buf_fmt(&b, ": %s", m->note);
    if (s->f.sight.stall)
        tb_buf_fmt(&b, ": %s", tb_stall_advice(s->f.sight.stall));
    say(s, now, b.p);
    tb_buf_free(&b);
    s->state = s->f.sight.state;
}

static void say_eval(const struct seen *s, const struct tb_eval_row *row, const char *now)
{
    char words[200], done[32] = "";
    int64_t n_steps = tb_json_int(tb_metrics_fact(&s->f.m, "plan", "n_steps"), -1);
    if (n_steps > 0)
        snprintf(done, sizeof done, " (%.0f %%)", floor(100 * row->step / (double)n_steps));
    snprintf(words, sizeof words, "eval %.4f at step %.0f%s%s", row->loss, row->step, done,
             row == tb_metrics_best(&s->f.m) ? ", the best" : "");
    say(s, now, words);
}

/* What changed since the last time. */
static void say_changes(struct seen *s, const char *now)
{
    const struct tb_metrics *m = &s->f.m;
    for (; s->n_events < m->n_events; s->n_events++) {
        const struct tb_event *e = &m->events[s->n_events];
        char *words = tb_xasprintf("%s at step %lld: %s", e->kind, (long long)e->step, e->text);
        say(s, e->at, words);
        free(words);
    }
    for (size_t i = 0; i < m->n_eval; i++) {
        if (m->eval[i].step <= s->eval_step || m->eval[i].step > (double)m->step)
            continue;
        say_eval(s, &m->eval[i], now);
        s->eval_step = m->eval[i].step;
    }
    if (s->f.sight.state != s->state)
        say_state(s, now);
}

static bool begin(struct watch *w, struct seen *s, const char *now, struct tb_err *err)
{
    char *dir = tb_store_run_dir(w->store, s->id);
    bool good = tb_follow_open(&s->f, dir, err);
    s->is_followed = true;
    s->n_events = s->f.m.n_events;
    s->eval_step = s->f.m.n_eval ? s->f.m.eval[s->f.m.n_eval - 1].step : -1;
    if (good)
        say_state(s, now);
    free(dir);
    return good;
}

/* A run that cannot be read any more (its folder was removed) is one line, and no failure of the rest. */
static void tell(struct watch *w)
{
    char now[24];
    tb_clock_iso(now, sizeof now, tb_clock_wall_ns());
    for (size_t i = 0; i < w->n_seen; i++) {
        struct seen *s = &w->seen[i];
        struct tb_err why = { 0 };
        char text[700];
        bool is_known = s->is_followed;
        const struct tb_run_item *item = item_of(w, s->id);
        if (is_known && !tb_follow_goes_on(&s->f) && !(item && tb_state_is_live(item->sight.state)))
            continue; /* it was told */
        bool good = is_known ? tb_follow_poll(&s->f, &why) : begin(w, s, now, &why);
        if (good && is_known)
            say_changes(s, now);
        else if (!good && s->state != TB_STATE_LOST)
            say(s, now, tb_err_string(&why, text, sizeof text));
        if (!good)
            s->state = s->f.sight.state = TB_STATE_LOST;
    }
}

/* ---- both */

static bool has_ended(struct watch *w)
{
    double now = tb_clock_mono_s();
    if (w->n_living) {
        w->idle_since = -1;
        return false;
    }
    if (w->idle_since < 0)
        w->idle_since = now;
    return !w->n_waiting || now - w->idle_since >= patience_s;
}

static bool watch(struct watch *w, double interval_s, int *exit_code, struct tb_err *err)
{
    tb_follow_catch();
    for (bool is_first = true;; is_first = false) {
        if (!look(w, is_first, err))
            return false;
        if (w->is_table && w->n_seen)
            draw(w);
        else if (!w->is_table)
            tell(w);
        fflush(stdout);
        if (ferror(stdout) || has_ended(w))
            break;
        if (!tb_follow_wait(interval_s)) {
            *exit_code = 130;
            break;
        }
    }
    if (!w->n_seen && !*exit_code)
        printf("No run lives; 'tunebench ls' lists the %zu there are.\n", w->n_all);
    return true;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct watch w = { .a = a, .idle_since = -1, .screen.a = a };
    double interval_s;
    if (!tb_out_open(&w.o, a, err) || !tb_args_real(a, "interval", 0.1, 3600, 1, &interval_s, err))
        return false;
    w.is_table = tb_redraw_is_possible(&w.o);
    w.store = tb_pick_store(a, err);
    if (w.store)
        tb_store_follow(w.store);
    bool good = w.store && watch(&w, interval_s, exit_code, err);
    for (size_t i = 0; i < w.n_seen; i++)
        if (w.seen[i].is_followed)
            tb_follow_close(&w.seen[i].f);
    free(w.seen);
    free(w.all);
    tb_store_close(w.store);
    return good;
}

static const struct tb_flag flags[] = {
    { "plain", NULL, false, "a line for each change: state, evaluation, event (also where stdout is no terminal)" },
    { "interval", "S", false, "seconds between two looks, 0.1 to 3600 (1)" },
    { 0 }
};

const struct tb_verb tb_verb_watch = {
    .name = "watch", .usage = "[RUN.. | FILTER]", .help = "Shows the runs that live, until none does.\n"
            "On a terminal a table that renews itself. Interrupting ends the looking (exit code 130), never a run.",
    .examples = "  tunebench watch\n"
                "  tunebench watch method:lora --interval 5\n"
                "  tunebench watch lora-r8-s0 --plain >>watch.log\n",
    .flags = flags, .run = run,
};
