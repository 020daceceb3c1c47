/* SPDX-License-Identifier: MIT */
/* tui.c - flags, and the loop on a terminal: one thread, one poll() over keys and children, asleep while nothing
 * changes. Leaving touches nothing but this process: training goes on in its own. */
#include "tui/tui.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/proc.h"
#include "base/str.h"
#include "tui/completion.h"
#include "tui/term.h"
#include "tui/tui_priv.h"

enum { FDS = 64 };

static const char *const with_value[] = { "--store", "--script", "--frames", "--size", "--color", "--glyphs", NULL };

bool tb_tui_is_meant(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        size_t n = strcspn(argv[i], "=");
        char name[16] = "";
        memcpy(name, argv[i], n < sizeof name ? n : 0);
        if (strcmp(argv[i], "--reset-view") == 0 || strcmp(argv[i], "--linear") == 0)
            continue;
        if (!tb_str_in(name, with_value) || (!argv[i][n] && ++i >= argc))
            return false;
    }
    return true;
}

/* The value of a flag that is given as "--name value" or "--name=value". */
static void take(struct tb_tui_flags *f, const char *name, const char *value)
{
    const char **to[] = { &f->store, &f->script, &f->frames, &f->size, &f->color, &f->glyphs };
    for (int i = 0; with_value[i]; i++)
        if (strcmp(with_value[i], name) == 0)
            *to[i] = value;
}

static void read_flags(struct tb_tui_flags *f, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char name[16] = "";
        size_t n = strcspn(argv[i], "=");
        memcpy(name, argv[i], n < sizeof name ? n : 0);
        if (strcmp(argv[i], "--reset-view") == 0)
            f->resets_view = true;
        else if (strcmp(argv[i], "--linear") == 0)
            f->is_linear = true;
        else
            take(f, name, argv[i][n] ? argv[i] + n + 1 : argv[++i]);
    }
}

/* "auto", "always" and "never" are what all verbs take; the others name a depth. */
static bool choose_looks(struct tb_desk *d, const struct tb_tui_flags *f, struct tb_err *err)
{
    bool is_auto = !f->color || strcmp(f->color, "auto") == 0 || strcmp(f->color, "always") == 0;
    d->depth = f->script || (f->color && strcmp(f->color, "never") == 0) ? TB_DEPTH_MONO : tb_term_depth();
    d->glyphs = f->script ? TB_GLYPHS_BRAILLE : tb_term_glyphs();
    if (d->kept_glyphs > (int)d->glyphs + 1 && d->kept_glyphs <= TB_GLYPHS_ASCII + 1)
        d->glyphs = (enum tb_glyphs)(d->kept_glyphs - 1);
    return (is_auto || strcmp(f->color, "never") == 0 || tb_depth_named(f->color, &d->depth, err))
        && (!f->glyphs || tb_glyphs_named(f->glyphs, &d->glyphs, err));
}

/* ---- the loop */

static void sleep_until_something(const struct tb_tui *t)
{
    struct pollfd fds[FDS] = { { .fd = tb_term_fd(), .events = POLLIN },
                               { .fd = tb_term_wake_fd(), .events = POLLIN } };
    const struct tb_screen *s = tb_route_screen(&t->desk);
    int n = 2 + tb_acts_fds(&t->desk.acts, fds + 2, FDS - 2);
    n += tb_completion_fds(t->desk.completion, fds + n, FDS - n);
    if (s->class->fds)
        n += s->class->fds(s, fds + n, FDS - n);
    poll(fds, (nfds_t)n, tb_tui_wait_ms(t));
}

static void read_keys(struct tb_tui *t)
{
    for (struct tb_press p; (p = tb_term_read()).key != TB_PRESS_NONE && !t->desk.wants_leave;) {
        int width, height;
        if (p.key == TB_PRESS_RESIZE) {
            tb_term_size(&width, &height);
            tb_tui_resize(t, width, height);
        } else {
            tb_tui_press(t, &p);
        }
    }
}

static void show(struct tb_tui *t)
{
    tb_tui_draw(t);
    tb_term_show(&t->sheet, t->desk.depth, t->desk.wants_redraw);
    t->desk.wants_redraw = false;
}

static void copy(struct tb_tui *t)
{
    struct tb_desk *d = &t->desk;
    if (!tb_term_copy(d->copied, strlen(d->copied)))
        tb_desk_say(d, TB_STYLE_MESSAGE, "this terminal has no clipboard for programs: %s", d->copied);
    free(d->copied);
    d->copied = NULL;
}

static void loop(struct tb_tui *t)
{
    int width, height;
    tb_term_size(&width, &height);
    tb_tui_resize(t, width, height);
    while (!t->desk.wants_leave && !tb_term_is_gone()) {
        if (tb_tui_work(t))
            show(t);
        sleep_until_something(t);
        read_keys(t);
        if (t->desk.copied)
            copy(t);
        if (t->desk.program) {
            tb_term_lend();
            tb_tui_run_program(t);
            tb_term_take_back();
            t->desk.wants_redraw = t->is_dirty = true;
        }
        if (tb_term_is_stopped() || t->desk.wants_suspend) {
            tb_term_suspend();
            t->desk.wants_suspend = false;
            t->desk.wants_redraw = t->is_dirty = true;
        }
    }
}

static void say_goodbye(const struct tb_desk *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++)
        n += !d->item[i].sum.damage[0] && d->item[i].sight.state == TB_STATE_RUNNING;
    if (n)
        printf("training goes on: %zu run%s; 'tunebench' looks in again, 'tunebench stop RUN' stops one\n", n,
               n > 1 ? "s" : "");
}

static int run_on_terminal(struct tb_tui *t, struct tb_err *err)
{
    if (!tb_term_open(err))
        return tb_err_exit(err->kind);
    if (t->desk.is_new && t->desk.glyphs == TB_GLYPHS_BRAILLE) /* fonts cannot be asked */
        tb_desk_say(&t->desk, TB_STYLE_MESSAGE, "curves are drawn like ⡠⠔⠊⠉⠒⠢⣀; if that is no line: "
                                                   ":set glyphs block");
    loop(t);
    tb_term_close();
    if (!tb_term_signal())
        say_goodbye(&t->desk);
    return tb_term_signal() ? 128 + tb_term_signal() : 0;
}

/* A line for each thing that happens, for logs and screen readers: that is a verb. */
static int run_linear(const struct tb_tui_flags *f)
{
    const char *argv[] = { tb_proc_self(), "watch", "--plain", f->store ? "--store" : NULL, f->store, NULL };
    execv(argv[0], (char *const *)argv);
    perror("tunebench: watch");
    return 1;
}

int tb_tui_main(int argc, char **argv)
{
    static struct tb_tui t;
    struct tb_tui_flags f = { 0 };
    struct tb_err err = { 0 };
    char text[sizeof err.where + sizeof err.text + 32];
    int code = 1;
    read_flags(&f, argc, argv);
    if (f.is_linear)
        return run_linear(&f);
    bool good = f.script || tb_term_is_there(&err);
    if (good && tb_tui_open(&t, &f, &err) && choose_looks(&t.desk, &f, &err))
        code = f.script ? tb_script_run(&t, &f, &err) : run_on_terminal(&t, &err);
    if (good)
        tb_tui_close(&t);
    if (err.kind != TB_ERR_NONE) {
        fprintf(stderr, "tunebench: %s\n", tb_err_string(&err, text, sizeof text));
        code = tb_err_exit(err.kind);
    }
    return code;
}
