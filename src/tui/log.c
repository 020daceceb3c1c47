/* SPDX-License-Identifier: MIT */
/* log.c - `@`: every verb of this session as the command that a shell would take, with what it answered. */
#include "tui/overlay_priv.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"

enum { HANG = 8 + 2 }; /* columns of a time, and the gap behind it */

static void local_time(char dst[16], int64_t ns)
{
    time_t t = (time_t)(ns / 1000000000);
    struct tm tm;
    if (!localtime_r(&t, &tm) || !strftime(dst, 16, "%H:%M:%S", &tm))
        dst[0] = '\0';
}

void tb_log_open(struct tb_desk *d)
{
    struct tb_overlay *o = tb_overlay_open(d, TB_OVERLAY_LOG, "verbs of this session; w saves them as a script");
    for (size_t i = 0; i < d->acts.n; i++) {
        const struct tb_act *a = &d->acts.act[i];
        char time[16];
        local_time(time, a->asked_ns);
        tb_text_wrap(&o->text, TB_STYLE_STRONG, HANG, "%s  %s", time, a->command);
        tb_text_wrap(&o->text, a->has_failed ? TB_STYLE_BAD : TB_STYLE_DIM, HANG, "%*s%s%s", HANG, "",
                     a->answer ? a->answer : "not answered yet", a->was_undone ? " (undone)" : "");
    }
    if (d->acts.n == 0)
        tb_text_add(&o->text, TB_STYLE_DIM, "nothing was asked for yet");
    o->text.follow = true;
}

void tb_log_save(struct tb_desk *d, const char *path)
{
    struct tb_err err = { 0 };
    char *text = tb_acts_script(&d->acts), *where = tb_xstrdup(path);
    bool good = tb_file_replace(where, text, strlen(text), &err);
    tb_overlay_close(d);
    if (good)
        tb_desk_say(d, TB_STYLE_GOOD, "saved %zu verbs as %s", d->acts.n, where);
    else
        tb_desk_fail(d, &err);
    free(where);
    free(text);
}
