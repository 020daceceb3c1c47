/* SPDX-License-Identifier: MIT */
/* inspect_run.c - one run as it is read: its family by the list of runs, its checkpoints by its folder. How a run began
 * never changes, so it is read once. */
#include "tui/inspect_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/keeping.h"
#include "view/fmt.h"
#include "view/kept.h"
#include "view/kin.h"

enum { KIN_READ = 24 }; /* runs that are looked into at a time */

/* ---- family */

static const struct inspect_kin *known(const struct inspect_state *st, const char *id)
{
    for (int i = 0; i < st->n_kin; i++)
        if (strcmp(st->kin[i].id, id) == 0)
            return &st->kin[i];
    return NULL;
}

static void take_name(struct inspect_kin *to, const struct tb_kin *k)
{
    char branch[TB_KIN_DEPTH * 3 + 1];
    tb_kin_branch(k, branch, sizeof branch);
    snprintf(to->name, sizeof to->name, "%.60s%s", branch, k->item && *k->item->sum.name ? k->item->sum.name : k->id);
    tb_str_copy(to->state, sizeof to->state, k->item ? tb_state_name(k->item->sight.state) : "is gone");
}

/* How it began, as far as that was read; true if it is still to be read. */
static bool take_how(struct tb_desk *d, const struct inspect_kin *before, struct inspect_kin *to, int *left)
{
    if (to->is_gone || (before && before->has_how)) {
        tb_str_copy(to->how, sizeof to->how, before ? before->how : "");
        to->has_how = true;
        return false;
    }
    if (*left == 0)
        return true;
    --*left;
    const struct tb_metrics *m = tb_desk_run(d, to->id, NULL, NULL);
    if (m)
        tb_kin_relation(m, to->how);
    to->has_how = true;
    return false;
}

static bool read_kin(struct tb_screen *s)
{
    struct inspect_state *st = s->state;
    struct tb_kin *list;
    int left = KIN_READ;
    bool has_more = false;
    size_t n = tb_kin_make(s->desk->item, s->desk->n, st->id, &list);
    struct inspect_kin *kin = tb_xcalloc(n + 1, sizeof *kin);
    for (size_t i = 0; i < n; i++) {
        tb_str_copy(kin[i].id, TB_RUN_ID, list[i].id);
        kin[i].is_gone = !list[i].item;
        take_name(&kin[i], &list[i]);
        has_more = take_how(s->desk, known(st, kin[i].id), &kin[i], &left) || has_more;
    }
    free(list);
    free(st->kin);
    st->kin = kin;
    st->n_kin = (int)n;
    struct tb_grid_rows rows = tb_inspect_kin_rows(st);
    tb_grid_follow(&st->kin_grid, &rows, s->height);
    return has_more;
}

static const char *kin_id(const void *arg, int row)
{
    return ((const struct inspect_state *)arg)->kin[row].id;
}

static void kin_cell(const void *arg, int row, int column, struct tb_grid_cell *cell)
{
    const struct inspect_state *st = arg;
    const struct inspect_kin *k = &st->kin[row];
    const char *text[] = { k->name, k->state, k->how };
    bool is_shown = strcmp(k->id, st->id) == 0;
    snprintf(cell->text, sizeof cell->text, "%s%s", column == 0 ? is_shown ? "> " : "  " : "", text[column]);
    cell->style = is_shown && column == 0 ? TB_STYLE_STRONG : column == 0 ? TB_STYLE_PLAIN : TB_STYLE_DIM;
    if (column == 1 && strcmp(k->state, "running") == 0)
        cell->style = TB_STYLE_LIVE;
}

struct tb_grid_rows tb_inspect_kin_rows(const struct inspect_state *st)
{
    return (struct tb_grid_rows){ .arg = st, .n = st->n_kin, .cell = kin_cell, .id = kin_id };
}

/* ---- checkpoints */

static void drop_checkpoints(struct inspect_state *st)
{
    for (int i = 0; i < st->n_checkpoints; i++)
        free(st->checkpoint[i].why);
    free(st->checkpoint);
    st->checkpoint = NULL;
    st->n_checkpoints = 0;
}

static double tokens_at(const struct tb_metrics *m, int64_t step)
{
    for (size_t i = m->n_train; i-- > 0;)
        if (m->train[i].step == (double)step)
            return m->train[i].tokens;
    return NAN;
}

static struct inspect_checkpoint checkpoint_of(const struct tb_metrics *m, const char *dir, const struct tb_kept *k)
{
    struct inspect_checkpoint c = { .step = k->step };
    struct tb_buf why = { 0 };
    char *path = tb_checkpoint_path(dir, k->step);
    snprintf(c.id, sizeof c.id, "%lld", (long long)k->step);
    tb_fmt_unit(c.tokens, sizeof c.tokens, TB_UNIT_SHORT, tokens_at(m, k->step));
    tb_fmt_unit(c.eval, sizeof c.eval, TB_UNIT_LOSS, k->eval);
    tb_fmt_unit(c.size, sizeof c.size, TB_UNIT_BYTES, (double)tb_file_size(path));
    tb_kept_words(m, k, &why);
    c.why = tb_buf_take(&why);
    free(path);
    return c;
}

/* The newest first. */
static void read_checkpoints(struct tb_screen *s, const struct tb_metrics *m)
{
    struct inspect_state *st = s->state;
    struct tb_kept *list;
    char *dir = tb_store_run_dir(s->desk->store, st->id);
    size_t n = tb_keep_list(m, dir, &list);
    drop_checkpoints(st);
    st->checkpoint = tb_xcalloc(n + 1, sizeof *st->checkpoint);
    for (size_t i = n; i-- > 0;)
        st->checkpoint[st->n_checkpoints++] = checkpoint_of(m, dir, &list[i]);
    free(list);
    free(dir);
    struct tb_grid_rows rows = tb_inspect_checkpoint_rows(st);
    tb_grid_follow(&st->checkpoint_grid, &rows, s->height);
}

static const char *checkpoint_id(const void *arg, int row)
{
    return ((const struct inspect_state *)arg)->checkpoint[row].id;
}

static void checkpoint_cell(const void *arg, int row, int column, struct tb_grid_cell *cell)
{
    const struct inspect_checkpoint *c = &((const struct inspect_state *)arg)->checkpoint[row];
    const char *text[] = { c->id, c->tokens, c->eval, c->size, c->why };
    tb_str_copy(cell->text, sizeof cell->text, text[column]);
    cell->style = column == 4 ? TB_STYLE_DIM : TB_STYLE_PLAIN;
}

struct tb_grid_rows tb_inspect_checkpoint_rows(const struct inspect_state *st)
{
    return (struct tb_grid_rows){ .arg = st, .n = st->n_checkpoints, .cell = checkpoint_cell, .id = checkpoint_id };
}

/* ---- all of it */

static void forget_run(struct inspect_state *st)
{
    drop_checkpoints(st);
    free(st->trouble);
    st->trouble = NULL;
    st->serial = 0;
    st->checkpoint_grid = (struct tb_grid){ .column = -1 };
    tb_pairs_clear(&st->facts);
    for (int i = 0; i < INSPECT_PAGES; i++) {
        tb_pairs_clear(&st->page[i]);
        tb_text_clear(&st->lines[i]);
        st->page[i].first = st->lines[i].first = 0;
        st->page_serial[i] = 0;
        st->history_step[i] = 0;
    }
}

void tb_inspect_forget(struct inspect_state *st)
{
    forget_run(st);
    free(st->kin);
    st->kin = NULL;
    st->n_kin = 0;
    st->id[0] = '\0';
}

static void make_again(struct tb_screen *s, const struct tb_run_item *item, const struct tb_metrics *m)
{
    struct inspect_state *st = s->state;
    const char *isa = tb_json_str(tb_metrics_fact(m, "env", "isa"), "");
    snprintf(st->again[0], sizeof st->again[0], "tunebench rerun %s --check", tb_desk_ref(s->desk, item));
    snprintf(st->again[1], sizeof st->again[1], "  the same bits%s%s, with any threads", *isa ? " on " : "", isa);
}

static void choose(struct tb_screen *s, const struct tb_run_item *item)
{
    struct inspect_state *st = s->state;
    if (strcmp(st->id, item->sum.id) == 0)
        return;
    forget_run(st);
    tb_str_copy(st->id, TB_RUN_ID, item->sum.id);
    tb_str_copy(st->name, sizeof st->name, *item->sum.name ? item->sum.name : item->sum.id);
    tb_str_copy(st->kin_grid.id, sizeof st->kin_grid.id, st->id);
    st->kin_grid.column = -1;
}

/* The run under the cursor; where there is none yet, the newest of those that are shown. */
static const struct tb_run_item *item_of(struct tb_desk *d)
{
    if (!tb_desk_current(d) && d->n_shown)
        tb_str_copy(d->run, TB_RUN_ID, d->item[d->order[d->n_shown - 1]].sum.id);
    return tb_desk_current(d);
}

const struct tb_metrics *tb_inspect_read(struct tb_screen *s)
{
    struct inspect_state *st = s->state;
    const struct tb_run_item *item = item_of(s->desk);
    struct tb_err err = { 0 };
    char text[sizeof err.where + sizeof err.text + 32];
    uint64_t serial = 0;
    if (!item || !s->desk->store) {
        tb_inspect_forget(st);
        return NULL;
    }
    choose(s, item);
    s->wants_more = read_kin(s);
    const struct tb_metrics *m = tb_desk_run(s->desk, st->id, &serial, &err);
    free(st->trouble);
    st->trouble = m ? NULL : tb_xstrdup(tb_err_string(&err, text, sizeof text));
    if (!m)
        return NULL;
    if (serial != st->serial) {
        st->serial = serial;
        read_checkpoints(s, m);
    }
    struct tb_run_item now = tb_desk_now(item, m);
    make_again(s, item, m);
    tb_inspect_fill_facts(s, &now, m);
    return m;
}
