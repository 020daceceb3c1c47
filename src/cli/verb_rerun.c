/* SPDX-License-Identifier: MIT */
/* verb_rerun.c - tunebench rerun: trains a run once more under a new id, changes under way included; --check says
 * whether the bits are the same. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cli/attend.h"
#include "cli/made.h"
#include "cli/pick.h"
#include "cli/verb.h"
#include "view/repeat.h"

struct rerun {
    const struct tb_args *a;
    struct tb_out out;
    struct tb_store *store;
    struct tb_pick first;
    struct tb_clone *clone;
    char *id;
};

static bool open_rerun(struct rerun *r, struct tb_err *err)
{
    if (!tb_args_count(r->a, 1, 1, "rerun RUN [--check]", err) || !tb_out_open(&r->out, r->a, err))
        return false;
    r->store = tb_pick_store(r->a, err);
    if (!r->store || !tb_pick_run(&r->first, r->store, r->a->pos[0], err))
        return false;
    if (r->first.item.sight.pid && !tb_state_is_over(r->first.item.sight.state))
        return tb_fail(err, TB_ERR_BUSY, "run %s is being trained; rerun it when it has ended", r->first.item.sum.id);
    if (r->first.m.n_train == 0 && tb_args_has(r->a, "check"))
        return tb_fail(err, TB_ERR_USAGE, "run %s has no step yet, so there is nothing to check",
                       r->first.item.sum.id);
    return true;
}

static void close_rerun(struct rerun *r)
{
    tb_clone_close(r->clone);
    tb_pick_free(&r->first);
    tb_store_close(r->store);
    free(r->id);
}

/* What may make the bits differ is said first. */
static void print_warnings(const struct tb_json *list)
{
    for (size_t i = 0; i < tb_json_len(list); i++)
        fprintf(stderr, "%s\n", tb_json_str(tb_json_at(list, i), ""));
}

static bool put(struct rerun *r, struct tb_err *err)
{
    struct tb_clone_spec spec = { .store = tb_args_get(r->a, "store"), .parent = r->first.item.sum.id,
                                  .mode = TB_CLONE_RERUN, .argv = r->a->argv };
    r->clone = tb_clone_open(&spec, err);
    if (!r->clone || !tb_clone_put(r->clone, err))
        return false;
    const struct tb_json *facts = tb_clone_facts(r->clone);
    r->id = tb_xstrdup(tb_json_str(tb_json_get(facts, "id"), ""));
    print_warnings(tb_json_get(facts, "warnings"));
    if (r->out.form != TB_EMIT_JSON)
        tb_made_print(stderr, r->a, facts, true);
    return true;
}

static bool compare(struct rerun *r, struct tb_repeat *repeat, struct tb_err *err)
{
    struct tb_metrics second;
    char *dir = tb_store_run_dir(r->store, r->id);
    bool good = tb_metrics_load(&second, dir, err);
    if (good)
        tb_repeat_compare(repeat, &r->first.m, &second);
    tb_metrics_free(&second);
    free(dir);
    return good;
}

static struct tb_json *repeat_json(const struct tb_repeat *p)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "bit_exact", tb_json_new_bool(p->is_exact));
    tb_json_set(map, "steps", tb_json_new_int((int64_t)p->n_steps));
    tb_json_set(map, "evaluations", tb_json_new_int((int64_t)p->n_evals));
    tb_json_set(map, "final_hash", tb_json_new_str(p->hash));
    tb_json_set(map, "parts_at", p->parts_at < 0 ? tb_json_new_null() : tb_json_new_int(p->parts_at));
    tb_json_set(map, "what", tb_json_new_str(p->parts_at < 0 ? NULL : p->what));
    tb_json_set(map, "was", *p->what ? tb_json_new_real(p->was) : tb_json_new_null());
    tb_json_set(map, "is", *p->what ? tb_json_new_real(p->is) : tb_json_new_null());
    return map;
}

/* The verdict; `check` NULL if it was not asked for. */
static void tell(struct rerun *r, const struct tb_repeat *check)
{
    char words[200];
    if (check)
        tb_repeat_words(check, words, sizeof words);
    if (r->out.form == TB_EMIT_JSON) {
        struct tb_json *map = tb_made_json(r->a, tb_clone_facts(r->clone), true);
        tb_json_set(map, "check", check ? repeat_json(check) : tb_json_new_null());
        tb_json_set(map, "verdict", tb_json_new_str(check ? words : NULL));
        tb_out_json(&r->out, map);
    } else if (check) {
        printf("%s\n", words);
    }
}

static bool repeat(struct rerun *r, int *exit_code, struct tb_err *err)
{
    struct tb_repeat check;
    const char *ids[] = { r->id };
    bool checks = tb_args_has(r->a, "check"), is_json = r->out.form == TB_EMIT_JSON;
    int trained = 0;
    struct tb_attend_spec made = { .refs = ids, .n_refs = 1 };
    if (!tb_attend(&made, r->a, checks || is_json ? NULL : &r->out, &trained, err)
        || (checks && !compare(r, &check, err)))
        return false;
    tell(r, checks ? &check : NULL);
    /* One that ended where the first did is as it should be, whatever that was. */
    bool is_same_end = checks && check.is_exact;
    *exit_code = is_same_end ? 0 : checks && trained != 130 && trained != 75 ? 1 : trained;
    return true;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct rerun r = { .a = a };
    bool good = open_rerun(&r, err) && put(&r, err) && repeat(&r, exit_code, err);
    close_rerun(&r);
    return good;
}

static const struct tb_flag flags[] = {
    { "check", NULL, false, "compare all losses, gradient norms and evaluations; exit code 1 if they part" },
    { "threads", "N", false, "threads; as the run was begun if not given (the bits are the same)" },
    TB_ATTEND_FLAGS, TB_FLAG_JSON, { 0 }
};

const struct tb_verb tb_verb_rerun = {
    .name = "rerun", .usage = "RUN [--check]",
    .help = "Trains a run once more under a new id.\n"
            "What was changed under way is changed again at the same steps; a clone begins from its own start; one\n"
            "that was stopped ends where it was. On one instruction set the bits are the same: --check proves it.",
    .examples = "  tunebench rerun lora-r8-s0 --check\n"
                "  tunebench rerun @last --check --json | jq .check\n",
    .flags = flags, .run = run,
};
