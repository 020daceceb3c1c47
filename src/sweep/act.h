/* SPDX-License-Identifier: MIT */
/* act.h - what was decided about a sweep, carried out on its runs: by requests to whoever trains them, by their writer
 * where they wait. And what people ask of a whole sweep; whoever holds its lock does that: the process that leads it,
 * or the verb itself if there is none. */
#ifndef TB_SWEEP_ACT_H
#define TB_SWEEP_ACT_H

#include "sweep/sweep.h"

/* Ends a trial's run, `state` pruned or stopped, with the reason in the run; is_paused: holds it where it is trained,
 * and takes it off the list where it waits. Nothing happens to one that is over or has no run. */
void tb_sweep_end_run(const struct tb_sweep *s, size_t i, enum tb_state state, bool is_paused, const char *why);

/* Ends what the decisions so far give up: pruned trials, and all others once the target was reached, a trial failed
 * that was not to, or its tokens are spent. is_asked: of each trial, those that were ended are not again. */
void tb_sweep_act(const struct tb_sweep *s, bool *is_asked);
/* Notes what ends all of it, if something does that was not noted before: a trial failed where none may, the tokens are
 * spent. */
bool tb_sweep_check(struct tb_sweep *s, struct tb_err *err);

/* One request, `verb` stop, pause, resume, budget {tokens: n} or more (its new plan is in TB_SWEEP_MORE): notes it,
 * does it, and says in words what was done. */
#define TB_SWEEP_MORE "more.json"
bool tb_sweep_obey(struct tb_sweep *s, const char *verb, const struct tb_json *args, char words[256],
                   struct tb_err *err);

#endif
