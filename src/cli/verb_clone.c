/* SPDX-License-Identifier: MIT */
/* verb_clone.c - tunebench clone: a new run out of one that is there, with other keys. A run that is trained just now
 * is asked for a checkpoint, whose step is the one in its answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/attend.h"
#include "cli/made.h"
#include "cli/steer.h"
#include "cli/verb.h"

enum { TRIES = 3, MAX_SEEDS = 64 };

struct clone {
    const struct tb_args *a;
    struct tb_steer s;
    struct tb_clone_spec spec;
    struct tb_override set[TB_ARGS_MAX + 1];
    struct tb_overrides sets;
    bool is_dry, was_asked; /* was_asked: the parent made a checkpoint for this */
    struct tb_json *told;
    char *id[MAX_SEEDS]; /* of the runs made */
    size_t n;
};

/* ---- what is asked for */

static bool take_mode(struct clone *c, struct tb_err *err)
{
    bool warm = tb_args_has(c->a, "warm"), weights = tb_args_has(c->a, "weights"), cold = tb_args_has(c->a, "cold");
    bool has_seeds = tb_args_has(c->a, "seeds");
    if (warm + weights + cold > 1)
        return tb_fail(err, TB_ERR_USAGE, "give one of --warm, --weights and --cold");
    if (has_seeds && (warm || weights || tb_args_has(c->a, "at")))
        return tb_fail(err, TB_ERR_USAGE, "--seeds trains from step 0, so it goes with --cold only");
    c->spec.mode = warm ? TB_CLONE_WARM : weights ? TB_CLONE_WEIGHTS : cold || has_seeds ? TB_CLONE_COLD
                                                                                       : TB_CLONE_AUTO;
    return true;
}

/* The checkpoint of --at, else of RUN:400. */
static bool take_step(struct clone *c, struct tb_err *err)
{
    const char *at = tb_args_get(c->a, "at");
    char *ref = at ? tb_xasprintf("RUN:%s", at) : tb_xstrdup(c->a->pos[0]);
    bool good = tb_run_ref_step(ref, &c->spec.at, err);
    free(ref);
    if (!good && at)
        return tb_fail(err, TB_ERR_USAGE, "--at: '%.80s' is no step; expected a number, best or last", at);
    if (good && at && strchr(c->a->pos[0], ':'))
        return tb_fail(err, TB_ERR_USAGE, "'%.80s' names a step already; leave --at out", c->a->pos[0]);
    return good;
}

static void take_sets(struct clone *c, char *const *seed)
{
    const char *text;
    c->sets = (struct tb_overrides){ .at = c->set };
    for (int i = 0; (text = tb_args_at(c->a, "set", i)); i++)
        c->set[c->sets.n++] = (struct tb_override){ .text = text };
    if (seed)
        c->set[c->sets.n++] = (struct tb_override){ .text = *seed };
    c->spec.set = &c->sets;
}

static bool open_clone(struct clone *c, struct tb_err *err)
{
    char *name = tb_xasprintf("%.*s", (int)strcspn(c->a->pos[0], ":"), c->a->pos[0]);
    const char *word = name;
    c->told = tb_json_new_list();
    c->is_dry = tb_args_has(c->a, "dry-run");
    bool good = tb_steer_open(&c->s, c->a, &word, 1, NULL, err);
    free(name);
    if (!good)
        return false;
    c->spec.store = tb_args_get(c->a, "store");
    c->spec.parent = tb_choice_item(&c->s.runs, 0)->sum.id;
    c->spec.name = tb_args_get(c->a, "name");
    if (c->spec.name && strlen(c->spec.name) > TB_PLAN_MAX_NAME)
        return tb_fail(err, TB_ERR_USAGE, "--name: a name has at most %d bytes", TB_PLAN_MAX_NAME);
    c->spec.argv = c->a->argv;
    return take_mode(c, err) && take_step(c, err);
}

static void close_clone(struct clone *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->id[i]);
    tb_json_free(c->told);
}

/* ---- a parent that is trained just now */

/* Its step becomes the one to begin from; if nobody answers, the newest checkpoint does. */
static bool ask_for_checkpoint(struct clone *c, struct tb_err *err)
{
    struct tb_asked asked;
    char *dir = tb_choice_dir(&c->s.runs, 0);
    bool good = tb_request(dir, "checkpoint", NULL, c->s.wait_s, &asked, err);
    free(dir);
    if (good && asked.state == TB_ASKED_OPEN)
        return tb_fail(err, TB_ERR_BUSY, "the parent was asked for a checkpoint and has not answered yet; --at last "
                       "takes the newest that is there");
    c->was_asked = good && asked.state == TB_ASKED_DONE;
    c->spec.at = c->was_asked ? asked.step : TB_REF_LAST;
    return good;
}

static bool needs_checkpoint(const struct clone *c)
{
    return c->spec.mode != TB_CLONE_COLD && !c->is_dry && c->spec.at == TB_REF_NONE && tb_steer_is_held(&c->s, 0);
}

static void pause_parent(struct clone *c)
{
    struct tb_asked asked;
    struct tb_err err = { 0 };
    char *dir = tb_choice_dir(&c->s.runs, 0);
    c->s.to = stderr;
    if (!tb_steer_is_held(&c->s, 0))
        tb_steer_tell(&c->s, 0, &(struct tb_told){ .words = "is not trained just now, so it is not paused" });
    else if (tb_request(dir, "pause", NULL, c->s.wait_s, &asked, &err))
        tb_steer_answer(&c->s, 0, &asked, "paused", tb_choice_command(&c->s.runs, 0, "resume", NULL));
    else
        tb_steer_fail(&c->s, 0, &err);
    free(dir);
}

/* ---- the clones */

static void tell(struct clone *c, const struct tb_json *facts)
{
    bool has_table = !c->is_dry && !tb_args_has(c->a, "stage"); /* the comparison has stdout */
    if (c->s.out.form == TB_EMIT_JSON)
        tb_json_append(c->told, tb_made_json(c->a, facts, !c->is_dry));
    else
        tb_made_print(has_table ? stderr : stdout, c->a, facts, !c->is_dry);
}

/* A parent goes on while its checkpoint is read, and may drop it for the next one: then it is asked again. */
static struct tb_clone *work_out(struct clone *c, struct tb_err *err)
{
    bool asks = needs_checkpoint(c);
    for (int n = 1;; n++) {
        struct tb_err why = { 0 };
        if (asks && !ask_for_checkpoint(c, err))
            return NULL;
        struct tb_clone *made = tb_clone_open(&c->spec, &why);
        if (!made && c->was_asked && n < TRIES && why.kind == TB_ERR_NOTFOUND)
            continue;
        if (!made)
            *err = why;
        if (!made && c->is_dry && why.kind == TB_ERR_NOTFOUND && tb_steer_is_held(&c->s, 0))
            tb_err_prefix(err, "without --dry-run the run would be asked for one");
        return made;
    }
}

static bool clone_one(struct clone *c, struct tb_err *err)
{
    struct tb_clone *made = work_out(c, err);
    bool good = made && (c->is_dry || tb_clone_put(made, err));
    if (good) {
        const struct tb_json *facts = tb_clone_facts(made);
        c->id[c->n++] = tb_xstrdup(tb_json_str(tb_json_get(facts, "id"), ""));
        tell(c, facts);
    }
    tb_clone_close(made);
    return good;
}

static bool clone_seeds(struct clone *c, int n, struct tb_err *err)
{
    int64_t seeds[MAX_SEEDS];
    bool good = tb_clone_seeds(c->spec.store, c->spec.parent, n, seeds, err);
    for (int i = 0; good && i < n; i++) {
        char *seed = tb_xasprintf("seed=%lld", (long long)seeds[i]);
        take_sets(c, &seed);
        good = clone_one(c, err);
        free(seed);
    }
    return good;
}

static bool make(struct clone *c, struct tb_err *err)
{
    long n;
    if (!tb_args_int(c->a, "seeds", 1, MAX_SEEDS, 0, &n, err))
        return false;
    if (n && (tb_args_has(c->a, "set") || c->spec.name))
        return tb_fail(err, TB_ERR_USAGE, "--seeds changes the seed only; leave --set and --name out");
    take_sets(c, NULL);
    return n ? clone_seeds(c, (int)n, err) : clone_one(c, err);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct clone *c = tb_xcalloc(1, sizeof *c);
    c->a = a;
    bool good = tb_args_count(a, 1, 1, "clone RUN [--set KEY=VALUE..]", err) && open_clone(c, err) && make(c, err);
    bool is_json = c->s.out.form == TB_EMIT_JSON;
    if (good && tb_args_has(a, "pause-parent") && !c->is_dry)
        pause_parent(c);
    if (good && is_json) /* before training: who asks may want the id */
        tb_out_json(&c->s.out, tb_json_ref(c->told));
    fflush(stdout);
    if (good && !c->is_dry && !tb_args_has(a, "stage")) {
        struct tb_attend_spec made = { .refs = (const char *const *)c->id, .n_refs = c->n };
        good = tb_attend(&made, a, is_json ? NULL : &c->s.out, exit_code, err);
    }
    int steered = 0;
    tb_steer_close(&c->s, false, &steered);
    close_clone(c);
    free(c);
    return good;
}

static const struct tb_flag flags[] = {
    { "at", "STEP", false, "checkpoint to begin from: a step, best, or last (last)" },
    { "warm", NULL, false, "weights, optimiser and place in the data go on (so if not said)" },
    { "weights", NULL, false, "weights go on; optimiser and data begin anew" },
    { "cold", NULL, false, "the keys alone, from step 0" },
    { "set", "KEY=VALUE", true, "another value of a key; may be repeated" },
    { "name", "NAME", false, "what the clone is called; else what is changed is in its name" },
    { "seeds", "N", false, "N cold clones with the next seeds that the store has not" },
    { "dry-run", NULL, false, "only say what it would be and cost" },
    { "pause-parent", NULL, false, "the parent holds still meanwhile" },
    { "stage", NULL, false, "only put it on the list; a worker takes it when there is one" },
    TB_ATTEND_FLAGS,
    { "threads", "N", false, "threads; as the parent's if not given (the bits are the same)" },
    TB_ATTEND_FLAGS,
    TB_FLAG_WAIT, TB_FLAG_JSON, { 0 }
};

const struct tb_verb tb_verb_clone = {
    .name = "clone", .usage = "RUN [--set KEY=VALUE..]",
    .help = "Makes a new run out of one with other keys, and trains it.\n"
            "It begins from a checkpoint of a run that is trained, has ended or was lost, or from step 0. A warm\n"
            "start fixes base, data, batch, seed and the method's shapes; a larger budget stretches the schedule.\n"
            "RUN is a name, the beginning of an id, @last or @best; RUN:400 and RUN:best name a checkpoint.",
    .examples = "  tunebench clone lora-r8-s0 --set lr=1e-3\n"
                "  tunebench clone lora-r8-s0 --at best --set budget=200k --dry-run\n"
                "  tunebench clone @best --cold --set method.lora.r=16\n"
                "  tunebench clone @best --seeds 2\n",
    .flags = flags, .run = run,
};
