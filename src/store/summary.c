/* SPDX-License-Identifier: MIT */
/* summary.c - the facts and tables of a run boiled down to one line. Keys are those of doc/frozen.md 1
 * and of struct tb_run_new; whatever is missing stays unknown, since facts come out of files. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "plan/plan.h"
#include "store/index.h"
#include "store/lineage.h"
#include "store/votes.h"

static void copy(char *dst, size_t n, const struct tb_json *j)
{
    tb_str_copy(dst, n, tb_json_str(j, ""));
}

static const struct tb_json *part_fact(const struct tb_json *config, int i, const char *name)
{
    char key[48];
    snprintf(key, sizeof key, "method.%d.%s", i, name);
    return tb_json_get(config, key);
}

static void join(char *dst, size_t n, const char *separator, const char *word)
{
    size_t have = strlen(dst);
    snprintf(dst + have, n - have, "%s%s", have ? separator : "", word);
}

/* "lora", or the parts of a stack joined by + and their learning rates by commas. */
static void method(struct tb_run_summary *s, const struct tb_json *config)
{
    const char *kind = tb_json_str(tb_json_get(config, "method.kind"), ""), *part;
    char rate[32];
    tb_str_copy(s->method, sizeof s->method, kind);
    if (strcmp(kind, "stack") != 0)
        return;
    s->method[0] = '\0';
    for (int i = 0; (part = tb_json_str(part_fact(config, i, "kind"), NULL)); i++) {
        join(s->method, sizeof s->method, "+", part);
        join(s->rates, sizeof s->rates, ",",
             tb_str_shortest(rate, sizeof rate, tb_json_real(part_fact(config, i, "lr"), NAN)));
    }
}

/* A list joined by commas, or one string. */
static void tags(struct tb_run_summary *s, const struct tb_json *v)
{
    copy(s->tags, sizeof s->tags, v);
    for (size_t i = 0; i < tb_json_len(v); i++) {
        join(s->tags, sizeof s->tags, ",", tb_json_str(tb_json_at(v, i), ""));
    }
}

/* Runs of earlier versions have no serial: theirs is the second in which they were created. */
static int64_t serial(const struct tb_run_summary *s, const struct tb_metrics *m)
{
    struct tm tm = { 0 };
    const char *end = strptime(s->created, "%Y-%m-%dT%H:%M:%S", &tm);
    bool is_time = end && strcmp(end, "Z") == 0 && tm.tm_year < 300; /* what 64 bits hold */
    return tb_json_int(tb_metrics_fact(m, "run", "serial"), is_time ? (int64_t)timegm(&tm) * 1000000000 : 0);
}

/* The run's id as it would be without a seed. */
static void arm(struct tb_run_summary *s, const struct tb_json *config)
{
    char id[17];
    struct tb_config c = { tb_json_copy(config) };
    if (tb_json_type(config) == TB_JSON_MAP) {
        tb_json_del(c.map, "seed");
        tb_config_id(&c, s->data_id, s->base_id, id);
        tb_str_copy(s->arm, sizeof s->arm, id);
    }
    tb_json_free(c.map);
}

static void from_facts(struct tb_run_summary *s, const struct tb_metrics *m)
{
    const struct tb_json *config = tb_json_get(m->facts, "config"),
                         *plan = tb_json_get(m->facts, "plan"),
                         *result = tb_json_get(m->facts, "result");
    copy(s->id, sizeof s->id, tb_metrics_fact(m, "run", "run_id"));
    copy(s->name, sizeof s->name, tb_metrics_fact(m, "run", "name"));
    copy(s->created, sizeof s->created, tb_metrics_fact(m, "run", "created"));
    s->serial = serial(s, m);
    copy(s->base, sizeof s->base, tb_metrics_fact(m, "base", "name"));
    if (!s->base[0])
        copy(s->base, sizeof s->base, tb_metrics_fact(m, "base", "path"));
    copy(s->base_id, sizeof s->base_id, tb_metrics_fact(m, "base", "id"));
    copy(s->data, sizeof s->data, tb_metrics_fact(m, "data", "path"));
    copy(s->data_id, sizeof s->data_id, tb_metrics_fact(m, "data", "id"));
    copy(s->budget_unit, sizeof s->budget_unit, tb_json_get(config, "budget.unit"));
    copy(s->final_hash, sizeof s->final_hash, tb_json_get(result, "final_hash"));
    method(s, config);
    arm(s, config);
    tags(s, tb_json_get(result, "tags") ? tb_json_get(result, "tags")
                                        : tb_json_get(config, "exec.tags"));
    s->n_changes = (int32_t)tb_json_len(tb_json_get(m->facts, "changes"));
    struct tb_votes votes = tb_votes_of(m, NULL);
    s->votes_won = (int32_t)fmin((double)votes.won, INT32_MAX);
    s->votes_lost = (int32_t)fmin((double)votes.lost, INT32_MAX);
    s->votes_tied = (int32_t)fmin((double)votes.tied, INT32_MAX);
    tb_str_copy(s->parent, sizeof s->parent, tb_lineage_parent(m));
    s->is_protected = tb_json_bool(tb_json_get(result, "protected"), false);
    s->is_archived = tb_json_bool(tb_json_get(result, "archived"), false);
    s->seed = tb_json_int(tb_json_get(config, "seed"), -1);
    s->budget = (int64_t)tb_json_real(tb_json_get(config, "budget.n"), -1);
    s->lr = tb_json_real(tb_metrics_fact(m, "probe", "rate"), tb_json_real(tb_json_get(config, "optim.lr"), NAN));
    s->n_trainable = tb_json_int(tb_json_get(plan, "n_trainable"), -1);
    s->n_params = tb_json_int(tb_json_get(plan, "n_params"), -1);
    s->share = tb_json_real(tb_json_get(plan, "share"), NAN);
    s->n_steps = tb_json_int(tb_json_get(plan, "n_steps"), -1);
    s->predicted_bytes = tb_json_int(tb_json_get(plan, "predicted_bytes"), -1);
    s->peak_bytes = tb_json_int(tb_json_get(result, "peak_bytes"), -1);
    s->adapter_bytes = tb_json_int(tb_json_get(result, "adapter_bytes"), -1);
    s->forget_before = tb_json_real(tb_metrics_fact(m, "forget", "before"), NAN);
    s->forget_after = tb_json_real(tb_metrics_fact(m, "forget", "after"), NAN);
}

static void from_rows(struct tb_run_summary *s, const struct tb_metrics *m)
{
    const struct tb_eval_row *best = tb_metrics_best(m);
    s->step = m->step;
    s->tokens = 0;
    s->loss = s->tok_per_s = s->first_eval = s->last_eval = s->best_eval = s->eval_tokens = NAN;
    for (size_t i = m->n_train; i-- > 0;) {
        if (m->train[i].step > (double)m->step)
            continue;
        s->loss = m->train[i].loss;
        s->tok_per_s = m->train[i].tok_per_s;
        s->wall_s = m->train[i].wall_s;
        s->tokens = m->train[i].tokens < 0x1p62 ? (int64_t)m->train[i].tokens : 0;
        break;
    }
    if (m->n_eval) {
        s->first_eval = m->eval[0].loss;
        s->last_eval = m->eval[m->n_eval - 1].loss;
        s->eval_tokens = m->eval[m->n_eval - 1].tokens;
    }
    s->best_step = best ? (int64_t)best->step : -1;
    if (best)
        s->best_eval = best->loss;
}

void tb_summary_of(struct tb_run_summary *s, const struct tb_metrics *m)
{
    memset(s, 0, sizeof *s); /* also what lies between the members: the cache is compared by CRC */
    from_facts(s, m);
    from_rows(s, m);
    s->state = (int32_t)m->state;
    s->is_sealed = tb_state_is_over(m->state) && m->journal.last_seq == 0;
    tb_str_copy(s->ended_by, sizeof s->ended_by, m->ended_by);
    const char *note = tb_json_str(tb_metrics_fact(m, "result", "note"), ""); /* a person's */
    tb_str_copy(s->note, sizeof s->note, *note ? note : m->note);
    tb_str_copy(s->changed, sizeof s->changed, m->changed);
}
