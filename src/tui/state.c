/* SPDX-License-Identifier: MIT */
/* state.c - what was chosen on the screens, kept for the next time: one JSON file for each store and user in
 * $XDG_STATE_HOME/tunebench. It may be deleted, and what in it makes no sense is passed over. */
#include <string.h>

#include "base/str.h"
#include "base/xdg.h"
#include "tui/absence.h"
#include "tui/overlay_priv.h"

enum { MOST = 1 << 20 };

static const char *text(const struct tb_json *map, const char *key)
{
    return tb_json_str(tb_json_get(map, key), "");
}

static void load_marks(struct tb_desk *d, const struct tb_json *list)
{
    for (size_t i = 0; i < tb_json_len(list); i++) {
        const char *id = tb_json_str(tb_json_at(list, i), "");
        if (tb_desk_item(d, id))
            tb_desk_mark(d, id, true);
    }
}

static void load_id(const struct tb_desk *d, char to[TB_RUN_ID], const char *id)
{
    if (tb_desk_item(d, id))
        tb_str_copy(to, TB_RUN_ID, id);
}

static void load_map(struct tb_json **to, const struct tb_json *from)
{
    if (tb_json_type(from) != TB_JSON_MAP)
        return;
    tb_json_free(*to);
    *to = tb_json_copy(from);
}

void tb_state_load(struct tb_desk *d)
{
    struct tb_json *map = d->view_file ? tb_json_load(d->view_file, MOST, NULL) : NULL;
    if (!map) {
        d->is_new = d->view_file != NULL;
        return;
    }
    if (!tb_desk_choose(d, text(map, "filter"), text(map, "sort"), text(map, "group"), NULL))
        tb_desk_choose(d, "", "", "", NULL);
    load_marks(d, tb_json_get(map, "marks"));
    load_id(d, d->run, text(map, "run"));
    load_id(d, d->reference, text(map, "reference"));
    load_map(&d->used, tb_json_get(map, "used"));
    load_map(&d->history, tb_json_get(map, "history"));
    d->kept_glyphs = (int)tb_json_int(tb_json_get(map, "glyphs"), 0);
    tb_absence_tell(d, tb_json_get(map, "seen"));
    for (int i = 0; i < d->n_screens; i++) {
        const struct tb_screen_class *c = d->screen[i].class;
        const struct tb_json *own = tb_json_get(map, c->name);
        if (c->restore && tb_json_type(own) == TB_JSON_MAP)
            c->restore(&d->screen[i], own);
        if (strcmp(text(map, "screen"), c->name) == 0)
            d->at = i;
    }
    tb_json_free(map);
}

static struct tb_json *marks_of(const struct tb_desk *d)
{
    struct tb_json *list = tb_json_new_list();
    for (size_t i = 0; i < d->n_marks; i++)
        tb_json_append(list, tb_json_new_str(d->mark[i]));
    return list;
}

void tb_state_save(const struct tb_desk *d)
{
    if (!d->view_file)
        return;
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "filter", tb_json_new_str(d->filter));
    tb_json_set(map, "sort", tb_json_new_str(d->sort));
    tb_json_set(map, "group", tb_json_new_str(d->group_by));
    tb_json_set(map, "run", tb_json_new_str(d->run));
    tb_json_set(map, "reference", tb_json_new_str(d->reference));
    tb_json_set(map, "screen", tb_json_new_str(tb_route_screen(d)->class->name));
    tb_json_set(map, "marks", marks_of(d));
    tb_json_set(map, "used", tb_json_ref(d->used));
    tb_json_set(map, "history", tb_json_ref(d->history));
    if (d->kept_glyphs)
        tb_json_set(map, "glyphs", tb_json_new_int(d->kept_glyphs));
    tb_json_set(map, "seen", tb_absence_note(d));
    for (int i = 0; i < d->n_screens; i++) {
        const struct tb_screen_class *c = d->screen[i].class;
        struct tb_json *own = tb_json_new_map();
        if (c->save)
            c->save(&d->screen[i], own);
        tb_json_set(map, c->name, own);
    }
    tb_xdg_keep(d->view_file, map);
    tb_json_free(map);
}
