/* SPDX-License-Identifier: MIT */
/* recipe_list.c - lines to choose from, over the screen: recipes (in the folder, shipped, kept by the store with the
 * runs that they made), or methods to be inserted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/schema.h"
#include "tui/recipe_priv.h"
#include "view/setup.h"

void recipe_list_close(struct recipe *r)
{
    for (size_t i = 0; i < r->n_choices; i++) {
        free(r->choice[i].word);
        free(r->choice[i].help);
    }
    free(r->choice);
    free(r->shown);
    tb_field_free(&r->needle);
    r->choice = NULL;
    r->shown = NULL;
    r->n_choices = r->cap_choices = 0;
    r->n_shown = 0;
    r->list = RECIPE_NO_LIST;
    tb_child_close(r->scan);
    r->scan = NULL;
}

enum { PATH = 40 };
static const char label[] = "search: ";

/* ---- the list as a table */

static const struct recipe_choice *choice_at(const struct recipe *r, int row)
{
    return &r->choice[r->shown[row]];
}

static void cell(const void *arg, int row, int column, struct tb_grid_cell *out)
{
    const struct recipe_choice *k = choice_at(arg, row);
    size_t cut = column == 0 ? tb_text_tail(k->word, PATH) : 0;
    snprintf(out->text, sizeof out->text, "%s%s", cut ? ".." : "", column == 0 ? k->word + cut : k->help);
    out->style = column == 0 ? TB_STYLE_PLAIN : TB_STYLE_DIM;
}

static const char *id(const void *arg, int row)
{
    return choice_at(arg, row)->word;
}

static struct tb_grid_rows rows_of(const struct recipe *r)
{
    return (struct tb_grid_rows){ .arg = r, .n = r->n_shown, .cell = cell, .id = id };
}

/* The frame: as high as all lines need, whatever is typed. */
static struct tb_rect box_of(const struct recipe *r, struct tb_rect all)
{
    return tb_rect_center(all, all.width - 4, (int)r->n_choices + 5);
}

/* Within it: what is typed, below it the table. */
static struct tb_rect table_of(const struct recipe *r, struct tb_rect all)
{
    struct tb_rect in = tb_rect_inset(box_of(r, all), 1);
    tb_rect_cut(&in, 1);
    return tb_rect_margin(in);
}

static int page_of(const struct tb_screen *s)
{
    int rows = table_of(s->state, (struct tb_rect){ 0, 0, s->width, s->height }).height;
    return rows > 1 ? rows - 1 : 1;
}

static void choose_shown(struct tb_screen *s)
{
    struct recipe *r = s->state;
    const char *needle = tb_field_text(&r->needle);
    r->shown = tb_xrealloc(r->shown, r->n_choices + 1, sizeof *r->shown);
    r->n_shown = 0;
    for (size_t i = 0; i < r->n_choices; i++)
        if (strcasestr(r->choice[i].word, needle) || strcasestr(r->choice[i].help, needle))
            r->shown[r->n_shown++] = i;
    struct tb_grid_rows rows = rows_of(r);
    tb_grid_follow(&r->grid, &rows, page_of(s));
}

/* ---- its lines */

static void add(struct recipe *r, const char *word, const char *help)
{
    r->choice = tb_grow(r->choice, r->n_choices, &r->cap_choices, sizeof *r->choice);
    r->choice[r->n_choices++] = (struct recipe_choice){ tb_xstrdup(word), tb_xstrdup(help ? help : "") };
}

static void add_methods(struct recipe *r)
{
    for (int i = 0; tb_schema_at("method", i); i++)
        add(r, tb_schema_at("method", i)->name, tb_schema_at("method", i)->help);
}

void recipe_list_open(struct tb_screen *s, enum recipe_list list)
{
    struct recipe *r = s->state;
    struct tb_err err = { 0 };
    char *kept = s->desk->store ? tb_path_join(tb_store_path(s->desk->store), "recipes") : NULL;
    const char *argv[] = { "tunebench", "scan", "--json", ".", kept && tb_dir_exists(kept) ? kept : NULL, NULL };
    recipe_list_close(r);
    r->list = list;
    r->grid = (struct tb_grid){ .column = -1 };
    if (list == RECIPE_METHODS) {
        add_methods(r);
        choose_shown(s);
    } else if (!(r->scan = tb_child_open(argv, &err))) {
        tb_desk_fail(s->desk, &err);
    } else {
        tb_child_send_end(r->scan);
    }
    free(kept);
}

bool recipe_list_pump(struct tb_screen *s)
{
    struct recipe *r = s->state;
    if (!r->scan)
        return false;
    tb_child_pump(r->scan);
    if (!tb_child_has_ended(r->scan))
        return false;
    const char *out = tb_child_out(r->scan);
    struct tb_json *found = tb_json_parse(out, strlen(out), "scan", NULL);
    const struct tb_json *list = tb_json_get(found, "recipes");
    for (size_t i = 0; i < tb_json_len(list); i++)
        add(r, tb_json_str(tb_json_get(tb_json_at(list, i), "path"), ""),
            tb_json_str(tb_json_get(tb_json_at(list, i), "title"), ""));
    tb_json_free(found);
    tb_child_close(r->scan);
    r->scan = NULL;
    choose_shown(s);
    return true;
}

/* ---- what is chosen */

/* t.lora { lr = 0.01 }, behind the line with the cursor. */
static void insert(struct tb_screen *s, const char *kind)
{
    struct recipe *r = s->state;
    struct tb_err err = { 0 };
    char *lua = tb_setup_lua(kind, &err), *line = lua ? tb_xasprintf("%s,", lua) : NULL;
    char *text = line ? tb_source_insert(&r->source, r->line, line) : NULL;
    char *before = tb_xstrdup(r->source.text ? r->source.text : "");
    if (text && recipe_write(r, text, &err)) {
        free(r->before);
        r->before = before;
        before = NULL;
        recipe_read(s);
        r->line = r->line + 1 < r->source.n_lines ? r->line + 1 : r->line;
        tb_desk_say(s->desk, TB_STYLE_GOOD, "%s stands in line %d of %s; u takes it back", lua, r->line + 1, r->path);
    } else {
        tb_desk_fail(s->desk, &err);
    }
    free(before);
    free(text);
    free(line);
    free(lua);
}

static void take(struct tb_screen *s)
{
    struct recipe *r = s->state;
    enum recipe_list list = r->list;
    char *word = tb_xstrdup(choice_at(r, r->grid.cursor)->word);
    recipe_list_close(r);
    if (list == RECIPE_FILES) {
        recipe_open(s, word);
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, "%s", ""); /* what was said of the one before */
    } else {
        insert(s, word);
    }
    free(word);
}

/* Letters narrow the list, as in the list of keys; a `/` in front of them is only a habit. */
static bool press_needle(struct tb_screen *s, const struct tb_press *p)
{
    struct recipe *r = s->state;
    bool is_habit = p->key == '/' && r->needle.text.n == 0;
    bool is_edit = tb_press_is_text(p->key) || p->key == TB_PRESS_BACKSPACE || p->key == TB_PRESS_PASTE;
    if (is_edit && !is_habit && tb_field_press(&r->needle, p))
        choose_shown(s);
    return is_edit;
}

unsigned recipe_list_press(struct tb_screen *s, const struct tb_press *p)
{
    struct recipe *r = s->state;
    struct tb_grid_rows rows = rows_of(r);
    struct tb_rect at = table_of(r, (struct tb_rect){ 0, 0, s->width, s->height });
    struct tb_press in = *p;
    in.x -= at.x;
    in.y -= at.y;
    if (p->key == TB_PRESS_ESC)
        recipe_list_close(r);
    else if ((p->key == '\n' && r->grid.cursor < rows.n) || tb_grid_opens(&r->grid, &rows, page_of(s), &in))
        take(s);
    else if (!press_needle(s, p))
        tb_grid_press(&r->grid, &rows, page_of(s), &in);
    return TB_DO_HANDLED | TB_DO_DRAW;
}

void recipe_list_draw(const struct recipe *r, struct tb_canvas *c)
{
    static const struct tb_grid_column files[] = { { .title = "recipe", .least = PATH, .most = PATH },
                                                   { .title = "what it asks", .least = 10, .most = 120, .drop = 1 } };
    static const struct tb_grid_column methods[] = {
        { .title = "method", .least = 8 }, { .title = "what it trains", .least = 10, .most = 120, .drop = 1 }
    };
    struct tb_rect box = box_of(r, tb_canvas_rect(c)), at = table_of(r, tb_canvas_rect(c));
    struct tb_grid_rows rows = rows_of(r);
    struct tb_canvas part = tb_canvas_part(c, at),
                     above = tb_canvas_part(c, (struct tb_rect){ at.x, at.y - 1, at.width, 1 });
    tb_canvas_fill(c, box, TB_STYLE_PLAIN);
    tb_canvas_box(c, box, r->list == RECIPE_FILES ? "open a recipe: type to search, enter, esc leaves"
                                                  : "insert behind the cursor's line: type to search, enter, esc");
    int x = tb_canvas_text(&above, 0, 0, TB_STYLE_DIM, label);
    tb_field_draw(&r->needle, &above, x, 0, at.width - x, TB_STYLE_PLAIN, true);
    if (r->scan && rows.n == 0)
        tb_canvas_text(&part, 0, 0, TB_STYLE_DIM, "looking ..");
    else if (rows.n == 0)
        tb_canvas_fmt(&part, 0, 0, TB_STYLE_DIM, "nothing has '%.40s' in its name or title", tb_field_text(&r->needle));
    else
        tb_grid_draw(&r->grid, &part, r->list == RECIPE_FILES ? files : methods, 2, &rows, true);
}
