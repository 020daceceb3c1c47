/* SPDX-License-Identifier: MIT */
/* verb_worker.c - tunebench worker: the process that trains what is on a store's list. `run` starts one when it is
 * needed; by hand it is for batch systems and for machines that share a store. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/attend.h"
#include "cli/make_plan.h"
#include "cli/verb.h"
#include "store/duty.h"

static const char usage[] = "worker [RECIPE]";

static const struct tb_flag flags[] = {
    { "set", "KEY=VALUE", true, "a key of all runs of the recipe" },
    { "grid", "KEY=A,B", true, "one run for each value" },
    { "threads", "N", false, "threads; as each run says if not given (the bits are the same)" },
    { "memory", "MODE", false, "auto, fast or small; as each run says if not given (the bits are the same)" },
    { "in-flight", "N", false, "runs that take turns (4)" },
    { "idle", "S", false, "leave after so many seconds without work (30)" },
    { "detached", NULL, false, "as 'run' starts it: waits for memory, says little" },
    { "status", NULL, false, "only tell who is on duty here" },
    { "json", NULL, false, "with --status: as JSON; else the comparison" },
    { "csv", NULL, false, "the comparison as CSV" },
    { "plain", NULL, false, "the comparison separated by tabs" },
    { 0 }
};

static bool print_status(const struct tb_args *a, struct tb_err *err)
{
    struct tb_duty_sight s;
    struct tb_store *store = tb_store_open(tb_args_get(a, "store"), false, err);
    if (!store)
        return false;
    tb_duty_look(tb_store_path(store), &s);
    if (tb_args_has(a, "json"))
        printf("{\"pid\": %lld, \"since\": \"%s\", \"foreground\": %s, \"leaving\": %s}\n", (long long)s.pid, s.since,
               s.is_foreground ? "true" : "false", s.is_leaving ? "true" : "false");
    else if (s.is_held)
        printf("process %lld trains the runs of %s since %s%s\n", (long long)s.pid, tb_store_path(store), s.since,
               s.is_foreground ? ", in the foreground" : "");
    else
        printf("nobody trains the runs of %s on this host; 'run' starts a worker when there is something to do\n",
               tb_store_path(store));
    tb_store_close(store);
    return true;
}

/* Serves whatever is on the list. */
static bool serve(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_worker_spec spec;
    struct tb_live live;
    const char *idle = getenv("TUNEBENCH_IDLE_S");
    bool is_detached = tb_args_has(a, "detached");
    double from_env = 30;
    if (!tb_live_open(&live, &spec, a, err) || (idle && *idle && !tb_str_real(idle, &from_env))
        || !tb_args_real(a, "idle", 0, 1e9, from_env, &spec.idle_s, err))
        return false;
    spec.is_detached = is_detached;
    if (is_detached) {
        spec.view = (struct tb_train_view){ .arg = NULL };
        spec.skipped = NULL;
        spec.put_back = NULL;
        tb_log_to(STDERR_FILENO, TB_LOG_INFO);
    }
    struct tb_worker *w = tb_worker_open(&spec, "", false, err);
    tb_live_signals(true);
    bool good = w && tb_worker_serve(w, NULL, err);
    tb_worker_close(w);
    tb_live_close(&live);
    *exit_code = tb_live_exit(&(struct tb_worker_result){ 0 });
    return good;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_out out;
    if (tb_args_has(a, "status"))
        return tb_args_count(a, 0, 0, "worker --status", err) && print_status(a, err);
    if (a->n_pos == 0)
        return serve(a, exit_code, err);
    struct tb_plan *p = tb_out_open(&out, a, err) ? tb_make_plan(a, usage, err) : NULL;
    bool good = p && tb_attend(&(struct tb_attend_spec){ .plan = p, .in_foreground = true }, a, &out, exit_code, err);
    tb_plan_free(p);
    return good;
}

const struct tb_verb tb_verb_worker = {
    .name = "worker",
    .usage = "[RECIPE] | --status",
    .help = "Trains what is on the list of a store, in this process.\n"
            "'run' starts one by itself and it leaves when there is nothing to do. By hand it is for batch systems:\n"
            "with a RECIPE it puts its runs on the list, takes those that nobody has, and ends when all are over, so\n"
            "that array tasks on several machines share a sweep. A second one on the same machine follows the first.",
    .examples = "  tunebench worker --status\n"
                "  tunebench worker recipes/lora-rank-sweep.lua --store /shared/sweep.d\n"
                "  tunebench worker --idle 600\n",
    .flags = flags,
    .run = run,
};
