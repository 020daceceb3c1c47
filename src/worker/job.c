/* SPDX-License-Identifier: MIT */
/* job.c - from a config to numbers. What stands in the id of a run: its keys, the content of its data, its base.
 * Where the virtual rows of some arm made rows too long, the limit is part of the data's content, since other rows
 * were dropped. */
#include "worker/job.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "kernels/kernels.h"
#include "worker/general.h"
#include "worker/bound.h"
#include "worker/measuring.h"
#include "worker/writing.h"
#include "worker/probe.h"

/* Pages of the program and its libraries that a run touches. */
static const uint64_t code_bytes = 12 << 20;
static const int64_t max_steps = INT32_MAX;
static const double max_ordered = 1 << 28; /* rows, over all epochs: some seconds */

static int virtual_rows(const struct tb_stack *s)
{
    return tb_stack_kv_rows(s) + tb_stack_input_rows(s);
}

int tb_job_virtual_rows(struct tb_shelf *s, const struct tb_plan *p, struct tb_err *err)
{
    int most = 0;
    for (size_t i = 0; i < p->n_runs; i++) {
        const struct tb_base *base = tb_shelf_base(s, &p->runs[i], err);
        struct tb_stack *stack = base ? tb_stack_open(p->runs[i].map, base->model, err) : NULL;
        if (!stack) {
            tb_err_prefix(err, "%s", tb_config_name(&p->runs[i]));
            return -1;
        }
        most = virtual_rows(stack) > most ? virtual_rows(stack) : most;
        tb_stack_close(stack);
    }
    return most;
}

static bool choose_rows(struct tb_job *j, struct tb_shelf *s, int n_virtual, int max_tok, struct tb_err *err)
{
    int room = j->base->model->shape.context - n_virtual;
    j->max_tok = max_tok ? max_tok : room < TB_JOB_ROW_TOK ? room : TB_JOB_ROW_TOK;
    if (j->max_tok < 2)
        return tb_fail(err, TB_ERR_RECIPE, "%d virtual rows leave no room in the model's context of %d tokens",
                       n_virtual, j->base->model->shape.context);
    j->data = tb_shelf_data(s, &j->config, j->base, j->max_tok, err);
    return j->data != NULL;
}

static bool open_order(struct tb_job *j, struct tb_err *err)
{
    struct tb_order_spec spec = { .seed = (uint64_t)tb_config_int(&j->config, "seed"),
                                  .batch_rows = (int)tb_config_int(&j->config, "batch.rows"),
                                  .batch_tok = tb_config_int(&j->config, "batch.tokens") };
    if (spec.batch_tok)
        spec.batch_rows = 0;
    tb_dataset_order(j->data, &spec);
    if (spec.n_rows < 1)
        return tb_fail(err, TB_ERR_FORMAT, "no row is left to train on: all %d are held out; lower eval", spec.n_rows);
    j->order = tb_order_open(&spec, err);
    return j->order != NULL;
}

/* Epochs of an amount, at most: a step never holds more than its batch (or one long row), nor more than an epoch. */
static double most_epochs(const struct tb_job *j, const struct tb_budget *b)
{
    const struct tb_dataset_counts *c = tb_dataset_counts(j->data);
    double n = (double)b->n, tok = (double)tb_config_int(&j->config, "batch.tokens");
    if (b->unit == TB_BUDGET_EPOCHS)
        return n;
    if (b->unit == TB_BUDGET_TOKENS)
        return n / (double)c->train_tok;
    double step_tok = tok > 0 ? fmax(tok, c->max_tok) : (double)tb_config_int(&j->config, "batch.rows") * c->max_tok;
    return n * fmin(1, step_tok / (double)c->train_tok);
}

/* An amount as steps. The step is a 32-bit word of every random number; and where a batch is counted in tokens, each
 * epoch has to be put in order to know its steps. */
static bool in_steps(const struct tb_job *j, const struct tb_budget *b, int64_t *steps, struct tb_err *err)
{
    const struct tb_dataset_counts *c = tb_dataset_counts(j->data);
    bool counts_tok = tb_config_int(&j->config, "batch.tokens") > 0;
    double epochs = most_epochs(j, b);
    if (counts_tok && epochs * c->epoch > max_ordered)
        return tb_fail(err, TB_ERR_RECIPE, "%lld %s are %.0f epochs of %d rows, too many to be counted; set batch.rows "
                       "instead of batch.tokens", (long long)b->n, tb_budget_unit_name(b->unit), epochs, c->epoch);
    if (b->unit == TB_BUDGET_STEPS)
        *steps = b->n;
    else if (epochs * c->epoch > 0x1p62) /* a step has at most 65,536 rows */
        *steps = INT64_MAX;
    else
        *steps = b->unit == TB_BUDGET_TOKENS ? tb_order_steps_of_tokens(j->order, b->n)
                                             : tb_order_steps_of_epochs(j->order, b->n);
    if (*steps > max_steps)
        return tb_fail(err, TB_ERR_RECIPE, "%lld %s are too many: the most are %lld steps", (long long)b->n,
                       tb_budget_unit_name(b->unit), (long long)max_steps);
    return true;
}

static bool count_steps(struct tb_job *j, struct tb_err *err)
{
    struct tb_budget b = tb_config_budget(&j->config);
    if (b.unit == TB_BUDGET_MINUTES)
        j->seconds = 60.0 * (double)b.n;
    else if (!in_steps(j, &b, &j->n_steps, err)) {
        tb_err_prefix(err, "budget");
        return false;
    }
    j->schedule =
        (struct tb_schedule){ .kind = tb_schedule_named(tb_config_str(&j->config, "schedule.name")),
                              .warmup = tb_config_real(&j->config, "schedule.warmup"),
                              .floor = tb_config_real(&j->config, "schedule.floor"),
                              .n_steps = j->n_steps };
    if (j->seconds > 0 && j->schedule.kind != TB_SCHEDULE_CONSTANT)
        return tb_fail(err, TB_ERR_RECIPE,
                       "a budget in minutes has no last step for the rate to fall to: set schedule = "
                       "{ name = \"constant\" } (--set schedule.name=constant), or give the budget in tokens");
    j->n_tokens = j->n_steps ? tb_order_tokens(j->order, j->n_steps) : 0;
    return true;
}

/* Steps of "100000tokens", "50steps", "1epochs"; 0 and *err if it is no such amount. */
static int64_t steps_of(const struct tb_job *j, const char *text, struct tb_err *err)
{
    struct tb_budget b;
    int64_t steps = 0;
    bool good = tb_budget_parse(text, &b, err);
    if (good && b.unit == TB_BUDGET_MINUTES)
        good = tb_fail(err, TB_ERR_RECIPE, "takes tokens, steps or epochs");
    if (!good || !in_steps(j, &b, &steps, err)) {
        tb_err_prefix(err, "eval.every");
        return 0;
    }
    return steps;
}

static void add_eval(struct tb_job *j, int64_t step)
{
    if (j->n_eval_at == 0 || step > j->eval_at[j->n_eval_at - 1])
        j->eval_at[j->n_eval_at++] = step;
}

/* At 0, 25, 50, 75 and 100 % of the budget, or as eval.every says (doc/frozen.md 2). */
static bool choose_evals(struct tb_job *j, struct tb_err *err)
{
    const char *every = tb_config_str(&j->config, "eval.every");
    j->eval_at = tb_xcalloc(TB_JOB_MAX_EVALS + 2, sizeof *j->eval_at);
    if (*every) {
        int64_t step = steps_of(j, every, err);
        if (step < 1)
            return false;
        if (j->n_steps / step > TB_JOB_MAX_EVALS)
            return tb_fail(err, TB_ERR_RECIPE, "eval.every = %s would evaluate %lld times; the most is %d", every,
                           (long long)(j->n_steps / step), TB_JOB_MAX_EVALS);
        for (int64_t at = 0; at <= j->n_steps; at += step)
            add_eval(j, at);
    } else {
        for (int i = 0; i <= 4; i++)
            add_eval(j, (int64_t)ceil((double)j->n_steps * i / 4));
    }
    add_eval(j, j->n_steps);
    int64_t tokens = j->n_tokens ? j->n_tokens : tb_dataset_counts(j->data)->train_tok;
    j->eval_row = tb_dataset_eval(j->data, tokens, (int)tb_config_int(&j->config, "eval.rows"), &j->n_eval);
    return true;
}

/* Rows of the largest step there can be. */
static int most_rows(const struct tb_job *j)
{
    int64_t tok = tb_config_int(&j->config, "batch.tokens"), least = TB_JOB_ROW_TOK;
    int n_train, rows;
    const int *train = tb_dataset_train(j->data, &n_train);
    if (!tok)
        rows = (int)tb_config_int(&j->config, "batch.rows");
    else {
        for (int i = 0; i < n_train; i++) {
            int n = tb_dataset_row(j->data, train[i]).n;
            least = n < least ? n : least;
        }
        rows = (int)(tok / least < 1 ? 1 : tok / least);
    }
    return rows < n_train ? rows : n_train;
}

static int longest_row(const struct tb_job *j)
{
    int longest = tb_dataset_counts(j->data)->longest, limit = tb_dataset_counts(j->data)->max_tok;
    return longest < limit ? longest : limit;
}

int tb_job_quantum(void)
{
    const char *text = getenv("TUNEBENCH_QUANTUM");
    int64_t n;
    return text && tb_str_int(text, &n) && n >= 1 && n <= 4095 ? (int)n : 512;
}

static void hash_int(struct tb_sha256 *h, int64_t v)
{
    uint8_t byte[8];
    for (int i = 0; i < 8; i++)
        byte[i] = (uint8_t)((uint64_t)v >> 8 * i);
    tb_sha256_add(h, byte, sizeof byte);
}

static void end_hash(struct tb_sha256 *h, char hex[65])
{
    uint8_t digest[32];
    tb_sha256_end(h, digest);
    tb_hex(digest, sizeof digest, hex);
}

/* Proof that arms saw the same rows in the same order: the numbers that the order gave in the first steps, at most a
 * million of them; of a mix, or where rows are left out, those of the rows, since that changes what a place of an
 * epoch is. On the way: the tokens of the largest step. */
static void walk_order(struct tb_job *j)
{
    struct tb_sha256 h;
    bool is_moved = strcmp(tb_config_str(&j->config, "data.kind"), "mix") == 0 || tb_dataset_counts(j->data)->left_out;
    int64_t n_seen = 0;
    int n_train;
    const int *train = tb_dataset_train(j->data, &n_train);
    tb_sha256_begin(&h);
    for (int64_t s = 0; s < j->n_steps && n_seen < 1000000; s++) {
        int n;
        const int *rows = tb_order_step(j->order, s, &n);
        int64_t tok = 0;
        hash_int(&h, n);
        for (int i = 0; i < n; i++) {
            hash_int(&h, is_moved ? train[rows[i]] : rows[i]);
            tok += tb_dataset_row(j->data, train[rows[i]]).n;
        }
        j->step_tok = tok > j->step_tok ? tok : j->step_tok;
        n_seen += n;
    }
    end_hash(&h, j->order_hash);
}

/* And that they were scored on the same rows. */
static void hash_eval(struct tb_job *j)
{
    struct tb_sha256 h;
    tb_sha256_begin(&h);
    for (int i = 0; i < j->n_eval; i++) {
        struct tb_row r = tb_dataset_row(j->data, j->eval_row[i]);
        hash_int(&h, r.n_prompt);
        for (int t = 0; t < r.n; t++)
            hash_int(&h, r.ids[t]);
        hash_int(&h, -1);
    }
    end_hash(&h, j->eval_hash);
}

uint64_t tb_job_fixed_bytes(void)
{
    return tb_mem_anon_bytes() + code_bytes;
}

/* A pass need not be wider than the largest step: smaller memory, and the cut changes no bit. */
static int pass_tokens(const struct tb_job *j)
{
    int64_t most = tb_config_int(&j->config, "exec.micro_tokens");
    return (int)(j->step_tok > 0 && j->step_tok < most ? j->step_tok : most);
}

static void size(struct tb_job *j)
{
    j->spec = (struct tb_engine_spec){ .micro_tok = pass_tokens(j),
                                       .quantum_tok = tb_job_quantum(),
                                       .share_prompts = tb_dataset_shares_prompts(j->data), .is_training = true,
                                       .step_rows = most_rows(j), .row_tok = longest_row(j) };
    j->longest = j->spec.row_tok;
    if (tb_general_longest(j) > j->longest)
        j->spec.row_tok = tb_general_longest(j);
    for (int i = 0; i < j->stack->n; i++) /* a dropout mask belongs to one row, so prompts cannot be shared */
        if (tb_adapter_real(j->stack->part[i], "dropout") > 0)
            j->spec.share_prompts = false;
    j->fixed_bytes = tb_job_fixed_bytes();
    uint64_t texts = tb_writing_bytes(j), general = tb_general_bytes(j);
    j->writing_bytes = texts > general ? texts : general; /* one after the other */
    tb_job_choose_memory(j, tb_mem_free_bytes());
}

char *tb_job_rows_id(const struct tb_job *j, const struct tb_dataset *d)
{
    const struct tb_dataset_counts *n = tb_dataset_counts(d);
    int context = j->base->model->shape.context, usual = context < TB_JOB_ROW_TOK ? context : TB_JOB_ROW_TOK;
    return n->longest > j->max_tok && j->max_tok < usual ? tb_xasprintf("%s:%d", tb_dataset_hash(d), j->max_tok)
                                                         : tb_xstrdup(tb_dataset_hash(d));
}

char *tb_job_content(const struct tb_job *j)
{
    char *own = tb_job_rows_id(j, j->data);
    char *both = tb_xasprintf("%s%s%s", own, j->general ? " forget " : "", j->general_id);
    free(own);
    return both;
}

static void set_id(struct tb_job *j)
{
    char id[17], *content = tb_job_content(j);
    tb_config_id(&j->config, content, j->base->id, id);
    tb_str_copy(j->id, sizeof j->id, id);
    free(content);
}

static bool check_value(const struct tb_config *c, const char *dotted, const struct tb_json *v, struct tb_err *err)
{
    const struct tb_key *key = tb_config_key(c->map, dotted);
    struct tb_key table[] = { key ? *key : (struct tb_key)TB_END_KEY, TB_END_KEY };
    struct tb_json *one = tb_json_new_map();
    struct tb_err why;
    tb_json_set(one, key ? key->name : dotted, tb_json_copy(v));
    struct tb_json *checked = tb_key_check(table, one, "the run's config", &why);
    bool good = checked || tb_fail(err, TB_ERR_FORMAT, "%s", why.text); /* of a file, not of a recipe */
    tb_json_free(checked);
    tb_json_free(one);
    return good;
}

bool tb_job_stored_config(struct tb_config *c, const struct tb_json *stored, struct tb_err *err)
{
    static const char *const needed[] = { "base", "seed", "data.kind", "data.path", "budget.unit", "budget.n",
                                          "method.kind" };
    c->map = NULL;
    if (tb_json_type(stored) != TB_JSON_MAP)
        return tb_fail(err, TB_ERR_FORMAT, "the run's config is no map");
    c->map = tb_json_copy(stored);
    bool is_mix = strcmp(tb_config_str(c, "data.kind"), "mix") == 0; /* its sources have paths */
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!tb_config_get(c, needed[i]) && !(is_mix && tb_config_is_path(needed[i])))
            return tb_fail(err, TB_ERR_FORMAT, "the run's config lacks %s", needed[i]);
    for (void *it = tb_json_first(c->map); it; it = tb_json_next(c->map, it))
        if (!check_value(c, tb_json_iter_key(it), tb_json_iter_value(it), err))
            return false;
    tb_config_fill(c);
    return true;
}

bool tb_job_open(struct tb_job *j, struct tb_shelf *s, const struct tb_config *c, int n_virtual, int max_tok,
                 struct tb_err *err)
{
    *j = (struct tb_job){ .config.map = tb_json_copy(c->map) };
    if (!tb_shelf_settle(s, &j->config, err) || !(j->base = tb_shelf_base(s, &j->config, err))
        || !(j->stack = tb_stack_open(j->config.map, j->base->model, err))
        || !tb_bound_check(&j->config, j->stack, j->base->model->n_params, err)
        || !choose_rows(j, s, n_virtual, max_tok, err) || !open_order(j, err) || !count_steps(j, err)
        || !choose_evals(j, err) || !tb_general_open(j, s, err)) {
        tb_err_prefix(err, "%s", tb_config_name(c));
        return false;
    }
    walk_order(j);
    hash_eval(j);
    set_id(j);
    size(j);
    return tb_writing_check(j, err);
}

bool tb_job_renew(struct tb_job *j, struct tb_err *err)
{
    free(j->eval_row);
    free(j->eval_at);
    j->eval_row = NULL;
    j->eval_at = NULL;
    j->n_eval_at = 0;
    return count_steps(j, err) && choose_evals(j, err);
}

void tb_job_close(struct tb_job *j)
{
    tb_stack_close(j->stack);
    tb_order_close(j->order);
    free(j->eval_row);
    free(j->eval_at);
    free(j->general_row);
    tb_json_free(j->config.map);
    *j = (struct tb_job){ 0 };
}

static void put_int(struct tb_json *map, const char *key, int64_t v)
{
    tb_json_set(map, key, tb_json_new_int(v));
}

static void put_str(struct tb_json *map, const char *key, const char *s)
{
    tb_json_set(map, key, tb_json_new_str(s));
}

struct tb_json *tb_job_plan_facts(const struct tb_job *j)
{
    struct tb_json *map = tb_json_new_map();
    int64_t n = tb_stack_trainable(j->stack);
    put_int(map, "n_trainable", n);
    put_int(map, "n_params", j->base->model->n_params);
    tb_json_set(map, "share", tb_json_new_real((double)n / (double)j->base->model->n_params));
    char *excess = tb_bound_excess(j->stack);
    if (excess)
        put_str(map, "excess", excess);
    free(excess);
    put_int(map, "n_steps", j->n_steps);
    put_int(map, "n_tokens", j->n_tokens);
    if (tb_probe_tokens(j))
        put_int(map, "probe_tokens", tb_probe_tokens(j));
    if (tb_measuring_reads(j))
        put_int(map, "general_tokens", tb_measuring_reads(j));
    if (tb_measuring_writes(j))
        put_int(map, "text_tokens", tb_measuring_writes(j));
    tb_job_put_memory(j, map);
    return map;
}

struct tb_json *tb_job_base_facts(const struct tb_job *j)
{
    struct tb_json *map = tb_json_new_map();
    put_str(map, "id", j->base->id);
    put_str(map, "name", j->base->name);
    put_str(map, "path", j->base->path);
    put_str(map, "arch", j->base->model->shape.family);
    put_str(map, "type", j->base->model->type_name);
    put_int(map, "n_params", j->base->model->n_params);
    return map;
}

/* The first file of each source: "a.txt+b.txt". */
static void put_path(struct tb_json *map, const struct tb_dataset *d)
{
    struct tb_buf b = { 0 };
    for (int i = 0; i < tb_dataset_sources(d); i++)
        tb_buf_fmt(&b, "%s%s", i ? "+" : "", tb_dataset_source(d, i)->path);
    put_str(map, "path", b.p);
    tb_buf_free(&b);
}

struct tb_json *tb_job_data_facts(const struct tb_job *j)
{
    const struct tb_dataset_counts *n = tb_dataset_counts(j->data);
    const char *sep = tb_config_str(&j->config, "data.sep");
    struct tb_json *map = tb_json_new_map();
    put_str(map, "id", tb_dataset_hash(j->data));
    put_path(map, j->data);
    put_str(map, "kind", tb_config_str(&j->config, "data.kind"));
    if (*sep)
        put_str(map, "sep", sep);
    put_int(map, "n_rows", n->rows);
    put_int(map, "n_train", n->train);
    put_int(map, "n_held", n->held);
    if (n->left_out)
        put_int(map, "n_left_out", n->left_out);
    put_int(map, "n_eval", j->n_eval);
    put_int(map, "n_prompts", n->prompts);
    put_int(map, "n_dropped", n->too_long + n->no_label);
    put_int(map, "prompt_tok", n->prompt_tok);
    put_int(map, "completion_tok", n->completion_tok);
    put_int(map, "max_tok", j->max_tok);
    if (tb_dataset_sources(j->data) > 1)
        tb_json_set(map, "sources", tb_job_sources(j));
    put_str(map, "order_hash", j->order_hash);
    put_str(map, "eval_hash", j->eval_hash);
    return map;
}

double tb_job_lr(const struct tb_job *j, int part)
{
    return tb_config_part_lr(&j->config, part);
}

int tb_job_threads(const struct tb_job *j)
{
    int n = (int)tb_config_int(&j->config, "exec.threads");
    return n > 0 ? n : tb_kernels_default_threads();
}
