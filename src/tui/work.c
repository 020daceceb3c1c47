/* SPDX-License-Identifier: MIT */
/* work.c - the workbench between two keys: answers of verbs, the store's list once a second while something lives and
 * every few seconds while nothing does, the screen's own reading in between. A list that takes long to read is read
 * less often, so that looking never costs more than a hundredth of a processor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/xdg.h"
#include "tui/completion.h"
#include "tui/tui_priv.h"

static const double live_s = 1, idle_s = 5, load_s = 0.25, cost_share = 0.01;

#define TB_SCREEN(name) extern const struct tb_screen_class tb_screen_##name;
#include "tui/screens.def"
#undef TB_SCREEN

static const struct tb_screen_class *const classes[] = {
#define TB_SCREEN(name) &tb_screen_##name,
#include "tui/screens.def"
#undef TB_SCREEN
    NULL
};
enum { N_CLASSES = sizeof classes / sizeof *classes - 1 };

const struct tb_screen_class *tb_screen_at(int i)
{
    return i >= 0 && i < N_CLASSES ? classes[i] : NULL;
}

const struct tb_screen_class *tb_screen_named(const char *name)
{
    for (int i = 0; i < N_CLASSES; i++)
        if (strcmp(classes[i]->name, name) == 0)
            return classes[i];
    return NULL;
}

/* One file for each store, by its real path. */
static char *view_file(const struct tb_desk *d)
{
    char hex[65];
    char *real = d->store ? realpath(tb_store_path(d->store), NULL) : NULL;
    if (!real)
        return NULL;
    tb_sha256_hex(real, strlen(real), hex);
    char *name = tb_xasprintf("view-%.16s.json", hex), *path = tb_xdg_state(name);
    free(name);
    free(real);
    return path;
}

static bool open_screens(struct tb_desk *d, struct tb_err *err)
{
    d->screen = tb_xcalloc(N_CLASSES, sizeof *d->screen);
    for (int i = 0; i < N_CLASSES; i++) {
        struct tb_screen *s = &d->screen[i];
        *s = (struct tb_screen){ .class = classes[i], .desk = d, .state = tb_xcalloc(1, classes[i]->state_size + 1) };
        d->n_screens++;
        if (classes[i]->open && !classes[i]->open(s, err))
            return false;
    }
    return true;
}

/* Runs once a store has some, else where runs are made. */
static void choose_first(struct tb_desk *d)
{
    for (int i = 0; i < d->n_screens; i++)
        if (strcmp(d->screen[i].class->name, d->n ? "runs" : "start") == 0)
            d->at = i;
}

bool tb_tui_open(struct tb_tui *t, const struct tb_tui_flags *f, struct tb_err *err)
{
    struct tb_desk *d = &t->desk;
    *t = (struct tb_tui){ .is_dirty = true };
    if (!tb_desk_open(d, f->store, err) || !open_screens(d, err))
        return false;
    d->is_script = f->script != NULL;
    if (!d->is_script)
        d->view_file = view_file(d);
    choose_first(d);
    if (f->resets_view && d->view_file)
        remove(d->view_file);
    tb_state_load(d);
    tb_tui_resize(t, 80, 24);
    return true;
}

void tb_tui_close(struct tb_tui *t)
{
    struct tb_desk *d = &t->desk;
    if (!d->view_file && !d->is_script) /* the store was made meanwhile */
        d->view_file = view_file(d);
    if (d->n_screens)
        tb_state_save(d);
    tb_overlay_close(d);
    for (int i = 0; i < d->n_screens; i++) {
        if (d->screen[i].class->close)
            d->screen[i].class->close(&d->screen[i]);
        free(d->screen[i].state);
    }
    free(d->screen);
    free((char *)d->view_file);
    tb_desk_close(d);
    tb_sheet_free(&t->sheet);
}

void tb_tui_resize(struct tb_tui *t, int width, int height)
{
    struct tb_rect area = tb_frame_area(width, height);
    tb_sheet_resize(&t->sheet, width, height);
    for (int i = 0; i < t->desk.n_screens; i++) {
        t->desk.screen[i].width = area.width;
        t->desk.screen[i].height = area.height;
    }
    t->load_at = 0;
    t->is_dirty = true;
}

static void load(struct tb_tui *t)
{
    struct tb_desk *d = &t->desk;
    struct tb_screen *s = tb_route_screen(d);
    struct tb_err err = { 0 };
    s->wants_more = false;
    if (s->class->load && !s->class->load(s, &err))
        tb_desk_fail(d, &err);
    t->load_at = tb_clock_mono_s() + load_s;
    t->is_dirty = true;
}

/* What was spent is this process's own; what others take meanwhile is no cost of looking. */
static double spent_s(void)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool refresh(struct tb_tui *t)
{
    double from = spent_s();
    bool is_news = tb_desk_refresh(&t->desk);
    double now = tb_clock_mono_s(), pause = tb_desk_is_live(&t->desk) ? live_s : idle_s,
           least = (spent_s() - from) / cost_share;
    t->refresh_at = now + (pause > least ? pause : least);
    return is_news;
}

static void obey(struct tb_tui *t, unsigned bits)
{
    if (bits & TB_DO_BACK)
        tb_route_press(&t->desk, &(struct tb_press){ .key = TB_PRESS_ESC });
    if (bits & TB_DO_REFRESH)
        refresh(t);
    if (bits & (TB_DO_REFRESH | TB_DO_LOAD | TB_DO_BACK))
        load(t);
    t->is_dirty = t->is_dirty || bits;
}

/* What a mouse key means: that of the hint or tab under it, else it goes to the screen in its own coordinates. */
static void press_mouse(struct tb_tui *t, struct tb_press p)
{
    struct tb_rect area = tb_frame_area(t->sheet.width, t->sheet.height);
    uint32_t hot = p.key == TB_PRESS_CLICK ? tb_sheet_hot_at(&t->sheet, p.x, p.y) : 0;
    if (hot)
        p = (struct tb_press){ .key = hot };
    else if (!tb_rect_has(area, p.x, p.y))
        return;
    p.x -= hot ? 0 : area.x;
    p.y -= hot ? 0 : area.y;
    obey(t, tb_route_press(&t->desk, &p));
}

void tb_tui_press(struct tb_tui *t, const struct tb_press *p)
{
    struct tb_desk *d = &t->desk;
    int before = d->at;
    d->was_said = false;
    if (tb_press_is_mouse(p->key))
        press_mouse(t, *p);
    else
        obey(t, tb_route_press(d, p));
    if (d->at == before)
        return;
    if (!d->was_said && !tb_desk_has_acts(d))
        tb_desk_say(d, TB_STYLE_MESSAGE, "%s", ""); /* of the screen before */
    load(t);
}

/* Runs that were put on the list are marked, so that their curves are shown, and among all runs the first of them has
 * the cursor: what undoes it names them. */
static void mark_made(struct tb_desk *d, const struct tb_act *a)
{
    bool may_move = strcmp(tb_route_screen(d)->class->name, "runs") == 0;
    if (!a->inverse || (!tb_str_starts(a->command, "tunebench run ") && !tb_str_starts(a->command, "tunebench sweep ")))
        return;
    for (size_t i = 0; i < d->n; i++) {
        char *word = tb_xasprintf(" %.8s", d->item[i].sum.id);
        if (strstr(a->inverse, word)) {
            tb_desk_mark(d, d->item[i].sum.id, true);
            if (may_move)
                tb_str_copy(d->run, sizeof d->run, d->item[i].sum.id);
            may_move = false;
        }
        free(word);
    }
    d->are_marks_given = d->n_marks > 0;
}

/* A sweep that was begun is the one that is shown, whichever was before: what undoes it names it. */
static void show_begun(struct tb_desk *d, const struct tb_act *a)
{
    static const char verb[] = "tunebench sweep ";
    if (!a->inverse || !tb_str_starts(a->command, verb) || !tb_str_starts(a->inverse, verb)
        || !strstr(a->command, " --detach"))
        return;
    const char *from = a->inverse + strlen(verb);
    char *id = tb_xstrndup(from, strcspn(from, " "));
    for (int i = 0; i < d->n_screens; i++)
        if (strcmp(d->screen[i].class->name, "sweep") == 0)
            d->screen[i].class->set(&d->screen[i], "sweep", id, NULL);
    free(id);
}

/* An act has answered. */
static void tell(struct tb_tui *t, struct tb_act *a)
{
    struct tb_desk *d = &t->desk;
    const char *undo = a->inverse ? "   U undoes" : "";
    if (a->output && strchr(a->output, '\n') != strrchr(a->output, '\n')) {
        tb_text_tell(tb_desk_show(d, a->command), TB_STYLE_PLAIN, a->output);
        d->overlay->bind = a->then;
        tb_desk_say(d, TB_STYLE_MESSAGE, "%s", "");
    } else {
        tb_desk_say(d, a->has_failed ? TB_STYLE_BAD : TB_STYLE_GOOD, "%s%s", a->answer, undo);
    }
    refresh(t);
    mark_made(d, a);
    show_begun(d, a);
    load(t);
}

bool tb_tui_work(struct tb_tui *t)
{
    struct tb_desk *d = &t->desk;
    struct tb_screen *s = tb_route_screen(d);
    double now = tb_clock_mono_s();
    d->now_ns = tb_clock_wall_ns();
    for (struct tb_act *a; (a = tb_acts_pump(&d->acts));)
        tell(t, a);
    if (tb_completion_pump(d->completion) && d->overlay && d->overlay->kind == TB_OVERLAY_PALETTE) {
        tb_palette_renew(d);
        t->is_dirty = true;
    }
    if (d->leaves_after_acts && tb_acts_open(&d->acts) == 0)
        d->wants_leave = true;
    if (s->class->tick)
        obey(t, s->class->tick(s));
    bool is_news = now >= t->refresh_at && refresh(t);
    bool is_first = t->load_at == 0; /* or it has another size */
    if (is_news || is_first || s->wants_more || (now >= t->load_at && tb_desk_is_live(d)))
        load(t);
    return t->is_dirty;
}

void tb_tui_settle(struct tb_tui *t)
{
    struct tb_screen *s = tb_route_screen(&t->desk);
    tb_tui_work(t);
    refresh(t);
    do
        load(t);
    while (s->wants_more);
}

void tb_tui_draw(struct tb_tui *t)
{
    tb_frame_draw(&t->desk, &t->sheet);
    t->is_dirty = false;
}

int tb_tui_wait_ms(const struct tb_tui *t)
{
    const struct tb_desk *d = &t->desk;
    const struct tb_screen *s = tb_route_screen(d);
    double now = tb_clock_mono_s(), until = t->refresh_at;
    if (s->wants_more)
        return 0;
    if (tb_desk_is_live(d) || tb_tui_is_busy(t))
        until = now + 0.1 < until ? now + 0.1 : until;
    return until <= now ? 0 : (int)((until - now) * 1000) + 1;
}

bool tb_tui_is_busy(const struct tb_tui *t)
{
    const struct tb_screen *s = tb_route_screen(&t->desk);
    return tb_acts_open(&t->desk.acts) > 0 || (s->class->is_busy && s->class->is_busy(s));
}

void tb_tui_run_program(struct tb_tui *t)
{
    struct tb_desk *d = &t->desk;
    struct tb_err err = { 0 };
    char *command = d->program;
    d->program = NULL;
    if (!tb_proc_terminal(command, &err))
        tb_desk_fail(d, &err);
    free(command);
    load(t);
}
