/* SPDX-License-Identifier: MIT */
/* absence.c - one line a run, and a sum of them. */
#include "tui/absence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "view/fmt.h"

enum news { NOTHING, NEW, WENT_ON, RESUMED, ENDED, AUTO, LOST, N_NEWS };

struct tb_json *tb_absence_note(const struct tb_desk *d)
{
    struct tb_json *map = tb_json_new_map(), *runs = tb_json_new_map();
    tb_json_set(map, "at", tb_json_new_int(d->now_ns));
    for (size_t i = 0; i < d->n; i++) {
        if (d->item[i].sum.damage[0])
            continue;
        struct tb_json *seen = tb_json_new_list();
        tb_json_append(seen, tb_json_new_str(tb_state_name(d->item[i].sight.state)));
        tb_json_append(seen, tb_json_new_int(d->item[i].sum.step));
        tb_json_set(runs, d->item[i].sum.id, seen);
    }
    tb_json_set(map, "runs", runs);
    return map;
}

/* What people and budgets end is no surprise; the rest is. */
static bool is_auto(const struct tb_run_item *run)
{
    return run->sight.state == TB_STATE_FAILED || run->sight.state == TB_STATE_PRUNED
        || (run->sight.state == TB_STATE_STOPPED && strcmp(run->sum.ended_by, "user") != 0);
}

static enum news news_of(const struct tb_run_item *run, const struct tb_json *seen)
{
    enum tb_state was;
    bool is_open = tb_state_is_open(run->sight.state);
    if (run->sum.damage[0])
        return NOTHING;
    if (!tb_state_find(tb_json_str(tb_json_at(seen, 0), ""), &was))
        return run->sight.state == TB_STATE_LOST ? LOST : NEW;
    if (run->sight.state == was)
        return is_open && run->sum.step > tb_json_int(tb_json_at(seen, 1), 0) ? WENT_ON : NOTHING;
    if (run->sight.state == TB_STATE_LOST)
        return LOST;
    if (is_open)
        return tb_state_is_open(was) ? WENT_ON : RESUMED;
    return is_auto(run) ? AUTO : ENDED;
}

static void add_line(struct tb_buf *b, const struct tb_run_item *run, enum news news, int64_t from)
{
    const struct tb_run_summary *s = &run->sum;
    const char *state = tb_state_name(run->sight.state);
    tb_buf_fmt(b, "%s%-20s ", b->n ? "\n" : "", *s->name ? s->name : s->id);
    switch (news) {
    case NEW: tb_buf_fmt(b, "is new: %s", state); break;
    case WENT_ON: tb_buf_fmt(b, "%s: step %lld, was %lld", state, (long long)s->step, (long long)from); break;
    case RESUMED: tb_buf_fmt(b, "%s again, at step %lld", state, (long long)s->step); break;
    case LOST: tb_buf_fmt(b, "lost at step %lld; r resumes it behind its last checkpoint", (long long)s->step); break;
    default:
        tb_buf_fmt(b, "%s at step %lld", state, (long long)s->step);
        if (news == AUTO)
            tb_buf_fmt(b, ": %s%s%s", s->ended_by, *s->note ? ", " : "", s->note);
    }
}

/* "1h12m away: 2 done, 1 lost (r resumes); ^r shows each run". */
static void say(struct tb_desk *d, const size_t of[N_NEWS], int64_t away_ns)
{
    static const char *const words[N_NEWS] = { [NEW] = "new", [WENT_ON] = "went on", [RESUMED] = "resumed",
                                               [ENDED] = "ended", [AUTO] = "stopped by themselves",
                                               [LOST] = "lost (r resumes)" };
    char text[256], away[24];
    size_t used = 0;
    tb_fmt_unit(away, sizeof away, TB_UNIT_SECONDS, (double)away_ns / 1e9);
    for (int i = N_NEWS - 1; i > NOTHING && used < sizeof text; i--)
        if (of[i])
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%zu %s", used ? ", " : "", of[i], words[i]);
    tb_desk_say(d, of[LOST] || of[AUTO] ? TB_STYLE_WARN : TB_STYLE_MESSAGE, "%s away: %s; ^r shows each run", away,
                text);
}

void tb_absence_tell(struct tb_desk *d, const struct tb_json *noted)
{
    struct tb_buf lines = { 0 };
    size_t of[N_NEWS] = { 0 }, n = 0;
    const struct tb_json *runs = tb_json_get(noted, "runs");
    int64_t at = tb_json_int(tb_json_get(noted, "at"), 0);
    for (size_t i = 0; runs && i < d->n; i++) {
        const struct tb_json *seen = tb_json_get(runs, d->item[i].sum.id);
        enum news news = news_of(&d->item[i], seen);
        if (news == NOTHING)
            continue;
        add_line(&lines, &d->item[i], news, tb_json_int(tb_json_at(seen, 1), 0));
        of[news]++;
        n++;
    }
    free(d->absence);
    d->absence = n ? tb_buf_take(&lines) : NULL;
    if (n)
        say(d, of, d->now_ns > at ? d->now_ns - at : 0);
}
