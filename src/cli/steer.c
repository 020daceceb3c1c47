/* SPDX-License-Identifier: MIT */
/* steer.c - outcomes in words. Times are local on screens, UTC for programs. Words and names may come out of a store,
 * so every line is made safe as a whole. */
#include "cli/steer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

bool tb_steer_open(struct tb_steer *s, const struct tb_args *a, const char *const *words, int n, const char *besides,
                   struct tb_err *err)
{
    *s = (struct tb_steer){ .told = tb_json_new_list(), .to = stdout };
    return tb_out_open(&s->out, a, err) && tb_args_real(a, "wait", 0, 1e6, 60, &s->wait_s, err)
        && tb_choose(&s->runs, a, words, n, besides, err);
}

void tb_steer_close(struct tb_steer *s, bool good, int *exit_code)
{
    if (good && s->out.form == TB_EMIT_JSON && s->to == stdout)
        tb_out_json(&s->out, tb_json_ref(s->told));
    if (good)
        *exit_code = s->exit_code;
    tb_json_free(s->told);
    tb_choice_free(&s->runs);
}

bool tb_steer_is_held(const struct tb_steer *s, size_t i)
{
    const struct tb_run_item *item = tb_choice_item(&s->runs, i);
    return item->sight.pid != 0 && !item->sum.damage[0];
}

static void to_json(struct tb_steer *s, const struct tb_run_summary *sum, const struct tb_told *t)
{
    char asked[24];
    bool is_done = t->asked && t->asked->state == TB_ASKED_DONE;
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "id", tb_json_new_str(sum->id));
    tb_json_set(map, "name", tb_json_new_str(sum->name));
    tb_json_set(map, "changed", tb_json_new_bool(t->has_changed));
    tb_json_set(map, t->exit_code ? "error" : "text", tb_json_new_str(t->words));
    tb_json_set(map, "inverse", tb_json_new_str(t->inverse));
    tb_json_set(map, "asked",
                tb_json_new_str(t->asked ? tb_clock_iso(asked, sizeof asked, t->asked->asked_ns) : NULL));
    tb_json_set(map, "step", is_done ? tb_json_new_int(t->asked->step) : tb_json_new_null());
    tb_json_append(s->told, map);
}

static void to_line(struct tb_steer *s, const struct tb_run_summary *sum, const struct tb_told *t)
{
    struct tb_buf safe = { 0 };
    char *line = tb_xasprintf("%s%s: %s%s%s", t->exit_code ? "tunebench: " : "", *sum->name ? sum->name : sum->id,
                              t->words, t->inverse ? "; undo: " : "", t->inverse ? t->inverse : "");
    tb_utf8_safe(&safe, line, strlen(line));
    fflush(stdout);
    fprintf(t->exit_code ? stderr : s->to, "%s\n", safe.p ? safe.p : "");
    fflush(s->to);
    tb_buf_free(&safe);
    free(line);
}

void tb_steer_tell(struct tb_steer *s, size_t i, const struct tb_told *t)
{
    const struct tb_run_summary *sum = &tb_choice_item(&s->runs, i)->sum;
    s->exit_code = s->exit_code ? s->exit_code : t->exit_code;
    if (s->out.form == TB_EMIT_JSON && s->to == stdout)
        to_json(s, sum, t);
    else
        to_line(s, sum, t);
    free(t->inverse);
}

void tb_steer_fail(struct tb_steer *s, size_t i, const struct tb_err *err)
{
    char text[sizeof err->where + sizeof err->text + 32];
    tb_err_string(err, text, sizeof text);
    tb_steer_tell(s, i, &(struct tb_told){ .exit_code = tb_err_exit(err->kind), .words = text });
}

static void local_time(char dst[16], int64_t wall_ns)
{
    time_t t = (time_t)(wall_ns / 1000000000);
    struct tm tm;
    if (!localtime_r(&t, &tm) || !strftime(dst, 16, "%H:%M:%S", &tm))
        dst[0] = '\0';
}

void tb_steer_answer(struct tb_steer *s, size_t i, const struct tb_asked *asked, const char *words, char *inverse)
{
    char time[16], text[sizeof asked->note + 128];
    struct tb_told t = { .words = text, .asked = asked, .inverse = inverse };
    local_time(time, asked->asked_ns);
    words = words ? words : asked->note;
    if (asked->state == TB_ASKED_REFUSED || asked->state == TB_ASKED_NOBODY) { /* there is nothing to undo */
        free(t.inverse);
        t.inverse = NULL;
    }
    switch (asked->state) {
    case TB_ASKED_DONE:
        t.has_changed = true;
        snprintf(text, sizeof text, "asked %s, done at step %lld%s%.250s%s", time, (long long)asked->step,
                 *words ? " (" : "", words, *words ? ")" : "");
        break;
    case TB_ASKED_OPEN:
        t.exit_code = s->wait_s > 0 ? tb_err_exit(TB_ERR_BUSY) : 0;
        snprintf(text, sizeof text, "asked %s, not answered yet; it is done at the end of a step", time);
        break;
    case TB_ASKED_REFUSED:
        t.exit_code = tb_err_exit(TB_ERR_IO);
        snprintf(text, sizeof text, "asked %s, %s", time, asked->note);
        break;
    case TB_ASKED_NOBODY:
        t.exit_code = tb_err_exit(TB_ERR_BUSY);
        snprintf(text, sizeof text, "asked %s, nobody answers: its worker is gone", time);
        break;
    }
    tb_steer_tell(s, i, &t);
}
