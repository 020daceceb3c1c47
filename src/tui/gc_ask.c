/* SPDX-License-Identifier: MIT */
/* gc_ask.c - `gc` has no terminal here to ask on, so the screen asks, with counts: y/N where only what nobody needs
 * goes, the number typed where runs go with the checkpoints that somebody kept. */
#include "tui/gc_ask.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "store/garbage.h"
#include "tui/overlay_priv.h"
#include "view/fmt.h"

static const struct tb_bind yes = { .name = "gc", .verb = "gc --yes" }, typed = { .name = "gc", .act = TB_ACT_GC };

struct found {
    size_t n_runs, n_files; /* files beside those of the runs */
    char size[32];
};

static bool look(struct tb_desk *d, bool archived, struct found *f)
{
    struct tb_garbage_list g = { 0 };
    struct tb_err err = { 0 };
    int64_t bytes = 0;
    *f = (struct found){ .n_runs = 0 };
    bool good = d->store ? tb_garbage_find(&g, d->store, archived, &err) : tb_fail(&err, TB_ERR_NOTFOUND, "no store");
    for (size_t i = 0; i < g.n; i++) {
        f->n_runs += g.at[i].kind == TB_GARBAGE_RUN;
        f->n_files += g.at[i].kind != TB_GARBAGE_RUN;
        bytes += g.at[i].bytes;
    }
    tb_fmt_unit(f->size, sizeof f->size, TB_UNIT_BYTES, (double)bytes);
    tb_garbage_free(&g);
    if (!good)
        tb_desk_fail(d, &err);
    return good;
}

bool tb_gc_ask(struct tb_desk *d, const char *const *word, int n)
{
    bool archived = n == 2 && strcmp(word[1], "--archived") == 0;
    struct found f;
    char text[160];
    if (n > 2 || (n == 2 && !archived))
        return false;
    if (!look(d, archived, &f))
        return true;
    const char *s = f.n_files == 1 ? "" : "s";
    if (f.n_runs) {
        snprintf(text, sizeof text, "%zu archived run%s, %zu other file%s (%s): type %zu to remove them: ", f.n_runs,
                 f.n_runs == 1 ? "" : "s", f.n_files, s, f.size, f.n_runs);
        tb_overlay_ask(d, text, NULL, &typed, 0);
    } else if (f.n_files) {
        snprintf(text, sizeof text, "remove %zu file%s that nobody needs (%s), for good?", f.n_files, s, f.size);
        tb_overlay_confirm(d, text, &yes);
    } else {
        tb_desk_say(d, TB_STYLE_MESSAGE, "nothing to remove");
    }
    return true;
}

void tb_gc_typed(struct tb_desk *d)
{
    struct found f;
    int64_t n;
    if (!look(d, true, &f))
        return;
    if (tb_str_int(d->text, &n) && n > 0 && n == (int64_t)f.n_runs)
        tb_desk_do(d, "gc --archived --yes", false);
    else
        tb_desk_say(d, TB_STYLE_MESSAGE, "nothing was removed: that is not the number of runs, %zu", f.n_runs);
}
