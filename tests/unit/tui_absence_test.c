/* SPDX-License-Identifier: MIT */
/* What is told of runs that went on, ended, were lost or stopped themselves while nobody looked. */
#include <stdlib.h>

#include "tests/tap.h"
#include "tui/absence.h"

enum { N = 7 };

static void set(struct tb_desk *d, int i, const char *name, enum tb_state state, int64_t step)
{
    struct tb_run_item *r = &d->item[i];
    snprintf(r->sum.id, sizeof r->sum.id, "%016d", i);
    snprintf(r->sum.name, sizeof r->sum.name, "%s", name);
    r->sight.state = state;
    r->sum.step = step;
}

int main(void)
{
    static struct tb_run_item items[N];
    static struct tb_desk d;
    d.item = items;
    d.n = N - 1;
    d.now_ns = 1000000000;
    set(&d, 0, "same", TB_STATE_DONE, 20);
    set(&d, 1, "goes", TB_STATE_RUNNING, 5);
    set(&d, 2, "ends", TB_STATE_RUNNING, 5);
    set(&d, 3, "dies", TB_STATE_RUNNING, 5);
    set(&d, 4, "nan", TB_STATE_QUEUED, 0);
    set(&d, 5, "back", TB_STATE_LOST, 9);
    struct tb_json *noted = tb_absence_note(&d);

    tb_absence_tell(&d, NULL);
    ok(!d.absence && !d.message, "the first time: nothing");
    tb_absence_tell(&d, noted);
    ok(!d.absence && !d.message, "no news: nothing");

    d.n = N;
    d.now_ns += (int64_t)4320 * 1000000000;
    set(&d, 1, "goes", TB_STATE_RUNNING, 50);
    set(&d, 2, "ends", TB_STATE_DONE, 20);
    set(&d, 3, "dies", TB_STATE_LOST, 7);
    set(&d, 4, "nan", TB_STATE_FAILED, 12);
    snprintf(items[4].sum.ended_by, sizeof items[4].sum.ended_by, "divergence");
    snprintf(items[4].sum.note, sizeof items[4].sum.note, "loss is NaN");
    set(&d, 5, "back", TB_STATE_RUNNING, 10);
    set(&d, 6, "fresh", TB_STATE_QUEUED, 0);
    tb_absence_tell(&d, noted);
    is_str(d.absence,
           "goes                 running: step 50, was 5\n"
           "ends                 done at step 20\n"
           "dies                 lost at step 7; r resumes it behind its last checkpoint\n"
           "nan                  failed at step 12: divergence, loss is NaN\n"
           "back                 running again, at step 10\n"
           "fresh                is new: queued", "a line a run");
    is_str(d.message, "1h12m away: 1 lost (r resumes), 1 stopped by themselves, 1 ended, 1 resumed, 1 went on, 1 new; "
                      "^r shows each run", "all in one");
    is_int(d.message_style, TB_STYLE_WARN, "a warning");

    snprintf(items[3].sum.damage, sizeof items[3].sum.damage, "it is damaged");
    static const char text[] = "{\"at\":\"x\",\"runs\":{\"0000000000000001\":7,\"0000000000000002\":[\"what\",{}]}}";
    struct tb_json *odd = tb_json_parse(text, strlen(text), "odd", NULL);
    tb_absence_tell(&d, odd);
    ok(d.absence && !strstr(d.absence, "dies"), "what makes no sense is passed over, and damaged runs");
    tb_json_free(odd);
    tb_json_free(noted);
    free(d.absence);
    free(d.message);
    return done();
}
