/* SPDX-License-Identifier: MIT */
/* worker_job_test.c - a run worked out before it begins: its steps, evaluations, rows and id, on a scratch base with a
 * small tokenizer and 360 rows of pairs; and what is refused. */
#include "worker/job.h"

#include "base/hash.h"
#include "tests/tap.h"
#include "tests/unit/worker_lab.h"

enum { PROMPTS = 120, ROWS = 3 * PROMPTS };

static struct lab lab;
static struct tb_shelf *shelf;
static struct tb_err err;

/* The usual run with changes, worked out with room for n virtual rows. Close it also after a failure. */
static bool work_out_with(struct tb_job *j, const char *changes, int n_virtual)
{
    struct tb_json *draft = lab_draft(&lab, changes);
    struct tb_config c = { .map = tb_config_complete(draft, &err) };
    *j = (struct tb_job){ 0 };
    bool good = c.map && tb_job_open(j, shelf, &c, n_virtual, 0, &err);
    tb_json_free(c.map);
    tb_json_free(draft);
    return good;
}

static bool work_out(struct tb_job *j, const char *changes)
{
    bool good = work_out_with(j, changes, 0);
    if (!good)
        printf("# %s: %s\n", changes ? changes : "the usual run", err.text);
    return good;
}

/* ---- steps */

static int64_t tokens_of_step(const struct tb_job *j, int64_t step, int *n_rows)
{
    int n_train;
    const int *train = tb_dataset_train(j->data, &n_train), *at = tb_order_step(j->order, step, n_rows);
    int64_t sum = 0;
    for (int i = 0; i < *n_rows; i++)
        sum += tb_dataset_row(j->data, train[at[i]]).n;
    return sum;
}

/* Sums the steps up; *before: without the last of them. */
static int64_t tokens_of_steps(const struct tb_job *j, int64_t *before)
{
    int64_t sum = 0;
    int n;
    *before = 0;
    for (int64_t s = 0; s < j->n_steps; s++) {
        *before = sum;
        sum += tokens_of_step(j, s, &n);
    }
    return sum;
}

static void check_tokens(const char *name, const char *changes, int64_t budget)
{
    struct tb_job j;
    int64_t before = -1, all = 0;
    if (work_out(&j, changes))
        all = tokens_of_steps(&j, &before);
    ok(before >= 0 && before < budget && all >= budget && j.n_tokens == all,
       "%s: %lld steps end with the one that reaches %lld tokens: %lld, %lld before it", name, (long long)j.n_steps,
       (long long)budget, (long long)all, (long long)before);
    tb_job_close(&j);
}

static void check_steps(const char *name, const char *changes, int64_t want)
{
    struct tb_job j;
    int64_t before;
    bool good = work_out(&j, changes);
    ok(good && j.n_steps == want && tokens_of_steps(&j, &before) == j.n_tokens, "%s: %lld steps", name,
       (long long)want);
    tb_job_close(&j);
}

static void steps(void)
{
    struct tb_job j;
    int64_t tok = 0;
    int n;
    check_tokens("tokens", "{\"budget.unit\": \"tokens\", \"budget.n\": 5000, \"batch.rows\": 5}", 5000);
    check_tokens("over epochs", "{\"budget.unit\": \"tokens\", \"budget.n\": 40000, \"batch.rows\": 7}", 40000);
    check_tokens("batches of tokens", "{\"budget.unit\": \"tokens\", \"budget.n\": 5000, \"batch.tokens\": 200}", 5000);
    check_tokens("one token", "{\"budget.unit\": \"tokens\", \"budget.n\": 1}", 1);
    check_steps("steps", "{\"budget.n\": 123}", 123);
    check_steps("epochs, the last batch short",
                "{\"budget.unit\": \"epochs\", \"budget.n\": 3, \"batch.rows\": 7, \"data.eval\": 0}",
                3 * ((ROWS + 6) / 7));
    bool good = work_out(&j, "{\"batch.tokens\": 200}");
    for (int64_t s = 0; good && s < j.n_steps; s++) {
        tok = tokens_of_step(&j, s, &n);
        good = tok <= 200 && n >= 2 && n <= j.spec.step_rows;
    }
    ok(good, "a batch of 200 tokens holds as many rows as fit");
    tb_job_close(&j);
}

/* ---- evaluations */

static void check_evals(const char *name, const char *changes, const int64_t *want, int n)
{
    struct tb_job j;
    bool good = work_out(&j, changes) && j.n_eval_at == n;
    for (int i = 0; good && i < n; i++)
        good = j.eval_at[i] == want[i];
    ok(good, "evaluated %s", name);
    for (int i = 0; !good && i < j.n_eval_at; i++)
        printf("# at %lld\n", (long long)j.eval_at[i]);
    tb_job_close(&j);
}

static void evaluations(void)
{
    struct tb_job j;
    check_evals("at 0, 25, 50, 75 and 100 %", "{\"budget.n\": 40}", (int64_t[]){ 0, 10, 20, 30, 40 }, 5);
    check_evals("at the step that reaches each share", "{\"budget.n\": 10}", (int64_t[]){ 0, 3, 5, 8, 10 }, 5);
    check_evals("twice in one step", "{\"budget.n\": 1}", (int64_t[]){ 0, 1 }, 2);
    check_evals("three times in two", "{\"budget.n\": 2}", (int64_t[]){ 0, 1, 2 }, 3);
    check_evals("every 4 steps and at the end", "{\"budget.n\": 10, \"eval.every\": \"4steps\"}",
                (int64_t[]){ 0, 4, 8, 10 }, 4);
    check_evals("every 5 steps, the end being one of them", "{\"budget.n\": 10, \"eval.every\": \"5steps\"}",
                (int64_t[]){ 0, 5, 10 }, 3);
    check_evals("at both ends where every is more than all", "{\"budget.n\": 10, \"eval.every\": \"50steps\"}",
                (int64_t[]){ 0, 10 }, 2);
    check_evals("every epoch",
                "{\"budget.n\": 100, \"batch.rows\": 10, \"data.eval\": 0, \"eval.every\": \"1epochs\"}",
                (int64_t[]){ 0, 36, 72, 100 }, 4);
    bool good = work_out(&j, "{\"budget.n\": 60, \"batch.rows\": 4, \"eval.every\": \"2000tokens\"}");
    int64_t first = good ? tb_order_steps_of_tokens(j.order, 2000) : 0;
    ok(good && j.n_eval_at > 3 && j.eval_at[1] == first && j.eval_at[2] == 2 * first,
       "every 2,000 tokens: every %lld steps", (long long)first);
    tb_job_close(&j);
}

struct held {
    uint64_t hash;
    int row;
};

static int by_hash(const void *a, const void *b)
{
    const struct held *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* The rows whose prompt's hash falls under the share, sorted by it: doc/frozen.md 2 over again. */
static int held_out(const struct tb_job *j, double share, struct held out[ROWS])
{
    int n = 0;
    for (int i = 0; i < tb_dataset_counts(j->data)->rows; i++) {
        struct tb_sha256 h;
        uint8_t digest[32];
        uint64_t v = 0;
        size_t len;
        const char *prompt = tb_dataset_prompt(j->data, i, &len);
        tb_sha256_begin(&h);
        tb_sha256_add(&h, prompt, len);
        tb_sha256_end(&h, digest);
        for (int b = 0; b < 8; b++)
            v = v << 8 | digest[b];
        if ((double)v / 18446744073709551616.0 < share)
            out[n++] = (struct held){ v, i };
    }
    qsort(out, (size_t)n, sizeof *out, by_hash);
    return n;
}

static bool is_held(const struct held *h, int n, int row)
{
    for (int i = 0; i < n; i++)
        if (h[i].row == row)
            return true;
    return false;
}

/* want: rows that are to be scored, the first of the held-out ones; 0: all. */
static void check_eval_rows(const char *name, const char *changes, double share, int want)
{
    struct held h[ROWS];
    struct tb_job j;
    int n_train = 0, n = 0;
    bool good = work_out(&j, changes);
    if (good) {
        n = held_out(&j, share, h);
        const int *train = tb_dataset_train(j.data, &n_train);
        good = j.n_eval == (want ? want : n) && n_train + n == ROWS && n > 60 && n_train > 60;
        for (int i = 0; good && i < j.n_eval; i++)
            good = j.eval_row[i] == h[i].row;
        for (int i = 0; good && i < n_train; i++)
            good = !is_held(h, n, train[i]);
    }
    ok(good, "%s: %d of %d held-out rows, by the hash of their prompts", name, j.n_eval, n);
    tb_job_close(&j);
}

static void eval_rows(void)
{
    check_eval_rows("a large budget scores all", "{\"data.eval\": 0.3, \"budget.n\": 2000}", 0.3, 0);
    check_eval_rows("a small one 64, up to the end of a prompt", "{\"data.eval\": 0.3, \"budget.n\": 10}", 0.3, 66);
    check_eval_rows("eval.rows says how many", "{\"data.eval\": 0.3, \"eval.rows\": 10}", 0.3, 10);
    check_eval_rows("whatever seed and order",
                    "{\"data.eval\": 0.3, \"eval.rows\": 10, \"seed\": 9, \"data.order\": \"file\"}", 0.3, 10);
    struct tb_job j;
    ok(work_out(&j, "{\"data.eval\": 0}") && j.n_eval == 0, "nothing is held out where nothing is to be");
    tb_job_close(&j);
}

/* ---- ids and hashes */

static void id_of(const char *changes, char id[TB_RUN_ID])
{
    struct tb_job j;
    id[0] = '\0';
    if (work_out(&j, changes))
        memcpy(id, j.id, TB_RUN_ID);
    tb_job_close(&j);
}

/* The same pairs in another file, with one byte changed or none. */
static char *copy_of_pairs(const char *name, bool changed)
{
    size_t n;
    char *path = tb_path_join(lab.dir, name), *text = tb_file_read(lab.pairs, 1 << 20, &n, &err);
    if (changed)
        text[n - 3] = text[n - 3] == 'x' ? 'y' : 'x';
    tb_file_replace(path, text, n, &err);
    free(text);
    char *json = tb_xasprintf("{\"data.path\": [\"%s\"]}", path);
    free(path);
    return json;
}

static void ids(void)
{
    static const char *const same[] = {
        "{\"exec.threads\": 3, \"exec.micro_tokens\": 64, \"exec.checkpoint_s\": 5, \"exec.memory\": \"small\"}",
        "{\"exec.name\": \"mine\", \"exec.tags\": [\"a\"]}", "{\"schedule.floor\": 0.1, \"optim.beta1\": 0.9}",
    };
    static const char *const other[] = {
        "{\"seed\": 1}", "{\"optim.lr\": 0.1}", "{\"method.lora.r\": 4}", "{\"budget.n\": 11}", "{\"batch.rows\": 8}",
        "{\"eval.rows\": 7}", "{\"data.eval\": 0.2}", "{\"scratch.ff\": 32}", "{\"method.kind\": \"dora\"}",
        "{\"data.share_prompts\": false}", "{\"scratch.layers\": 3}",
    };
    char usual[TB_RUN_ID], id[TB_RUN_ID], *copy = copy_of_pairs("copy.txt", false);
    char *changed = copy_of_pairs("changed.txt", true);
    id_of(NULL, usual);
    is_int(strlen(usual), 16, "an id of 16 digits");
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        id_of(same[i], id);
        is_str(id, usual, same[i]);
    }
    id_of(copy, id);
    is_str(id, usual, "the same bytes in another file: the same id");
    id_of(changed, id);
    ok(*id && strcmp(id, usual) != 0, "one other byte in the data: another id");
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        id_of(other[i], id);
        ok(*id && strcmp(id, usual) != 0, "another id: %s", other[i]);
    }
    free(copy);
    free(changed);
}

static void hashes(void)
{
    struct tb_job first, j;
    bool good = work_out(&first, NULL), same = good;
    int n = 0;
    for (int i = 0; good && tb_method_at(i); i++, n++) {
        char *changes = tb_xasprintf("{\"method.kind\": \"%s\"%s}", tb_method_at(i)->name,
                                     strcmp(tb_method_at(i)->name, "oft") == 0 ? ", \"method.oft.block\": 8" : "");
        same = work_out(&j, changes) && strcmp(j.order_hash, first.order_hash) == 0
            && strcmp(j.eval_hash, first.eval_hash) == 0 && j.n_tokens == first.n_tokens && same;
        tb_job_close(&j);
        free(changes);
    }
    same = work_out(&j, "{\"method.kind\": \"stack\", \"method.0.kind\": \"lora\", \"method.1.kind\": \"prompt\"}")
        && strcmp(j.order_hash, first.order_hash) == 0 && same;
    tb_job_close(&j);
    ok(same && n > 6, "all %d methods and a stack see the same rows in the same order", n);
    ok(work_out(&j, "{\"seed\": 1}") && strcmp(j.order_hash, first.order_hash) != 0
           && strcmp(j.eval_hash, first.eval_hash) == 0,
       "another seed: another order, the same rows to be scored on");
    tb_job_close(&j);
    tb_job_close(&first);
}

/* ---- virtual rows */

static void virtual_rows(void)
{
    static const char *const arms[] = {
        NULL, "{\"method.kind\": \"prefix\", \"method.prefix.tokens\": 60}",
        "{\"method.kind\": \"stack\", \"method.0.kind\": \"prefix\", \"method.0.prefix.tokens\": 20, "
        "\"method.1.kind\": \"prompt\", \"method.1.prompt.tokens\": 45}",
    };
    struct tb_plan *p = lab_plan(&lab, arms, 3, &err);
    struct tb_job alone, arm[3] = { { .n_steps = 0 } };
    int n = p ? tb_job_virtual_rows(shelf, p, &err) : -1;
    is_int(n, 65, "the most virtual rows of a plan are those of a prefix and a prompt together");
    bool good = work_out(&alone, NULL);
    for (int i = 0; i < 3; i++)
        good = work_out_with(&arm[i], arms[i], n) && good;
    ok(good && arm[0].max_tok == 96 - 65 && arm[1].max_tok == 31 && arm[2].max_tok == 31 && alone.max_tok == 96,
       "rows of all arms have the room that these leave");
    const struct tb_dataset_counts *c = good ? tb_dataset_counts(arm[0].data) : NULL;
    ok(good && c->too_long > 0 && c->rows == ROWS - c->too_long && arm[1].data == arm[0].data
           && strcmp(arm[0].order_hash, arm[1].order_hash) == 0 && strcmp(arm[0].order_hash, arm[2].order_hash) == 0,
       "so all drop the same %d rows", c ? c->too_long : -1);
    ok(good && strcmp(alone.id, arm[0].id) != 0, "an arm that lost rows to others has another id than alone");
    for (int i = 0; i < 3; i++)
        tb_job_close(&arm[i]);
    tb_job_close(&alone);
    good = work_out(&alone, NULL) && work_out_with(&arm[0], NULL, 10);
    ok(good && strcmp(alone.id, arm[0].id) == 0, "one that lost none has the same");
    tb_job_close(&alone);
    tb_job_close(&arm[0]);
    tb_plan_free(p);
}

/* ---- memory */

/* The components that the plan tells, added up. */
static uint64_t components(const struct tb_job *j)
{
    struct tb_json *facts = tb_job_plan_facts(j);
    const struct tb_json *parts = tb_json_get(facts, "predicted");
    int64_t sum = 0;
    for (void *it = tb_json_first(parts); it; it = tb_json_next(parts, it))
        sum += tb_json_int(tb_json_iter_value(it), -1);
    tb_json_free(facts);
    return (uint64_t)sum;
}

static void memory(void)
{
    uint64_t last = 0, need;
    bool grows = true;
    for (int rows = 1; rows <= 64; rows *= 2) {
        char *changes = tb_xasprintf("{\"batch.rows\": %d}", rows);
        struct tb_job j;
        grows = work_out(&j, changes) && grows;
        need = tb_job_bytes(&j) - j.fixed_bytes;
        grows = grows && need > last && components(&j) == tb_job_bytes(&j);
        last = need;
        tb_job_close(&j);
        free(changes);
    }
    ok(grows, "memory grows with the batch, up to %llu bytes", (unsigned long long)last);
    struct tb_job small, large;
    bool good = work_out(&small, "{\"batch.rows\": 64, \"exec.micro_tokens\": 512}")
             && work_out(&large, "{\"batch.rows\": 64}");
    ok(good && small.need.activations < large.need.activations && small.need.adapter == large.need.adapter,
       "and with the micro-batch");
    tb_job_close(&small);
    tb_job_close(&large);
}

static uint64_t fact(const struct tb_job *j, const char *name)
{
    struct tb_json *facts = tb_job_plan_facts(j);
    int64_t n = tb_json_int(tb_json_get(facts, name), -1);
    tb_json_free(facts);
    return (uint64_t)n;
}

static bool is_mode(const struct tb_job *j, const char *want)
{
    struct tb_json *facts = tb_job_plan_facts(j);
    bool same = strcmp(tb_json_str(tb_json_get(facts, "memory"), ""), want) == 0
             && components(j) == tb_job_bytes(j) && j->spec.recompute == (strcmp(want, "small") == 0);
    tb_json_free(facts);
    return same && fact(j, "predicted_bytes") == tb_job_bytes(j)
        && fact(j, j->spec.recompute ? "small_bytes" : "fast_bytes") == tb_job_bytes(j);
}

/* auto keeps activations where they fit into what is free, to the byte. */
static void automatic(void)
{
    struct tb_job j;
    bool good = work_out(&j, NULL);
    uint64_t fast = fact(&j, "fast_bytes") - j.fixed_bytes, small = fact(&j, "small_bytes") - j.fixed_bytes;
    err = (struct tb_err){ 0 };
    ok(good && is_mode(&j, "fast") && small < fast, "with room for all, activations are kept");
    ok(good && tb_job_admit(&j, fast, &err) && is_mode(&j, "fast"), "so they are where they just fit");
    ok(good && tb_job_admit(&j, fast - 1, &err) && is_mode(&j, "small"), "a byte less: computed again");
    is_int(fact(&j, "free_bytes"), fast - 1, "what was free is told");
    ok(good && tb_job_admit(&j, small, &err) && is_mode(&j, "small"), "down to what that takes");
    ok(good && !tb_job_admit(&j, small - 1, &err) && err.kind == TB_ERR_BUSY && strstr(err.text, "are free now")
           && !strstr(err.text, "exec.memory"),
       "below it: %s", err.text);
    struct tb_err never = { 0 };
    ok(good && tb_job_may_ever_fit(&j, small, &never) && !tb_job_may_ever_fit(&j, small - 1, &never)
           && never.kind == TB_ERR_LIMIT, "and never where there is not that much at all (%s)", never.text);
    ok(good && tb_job_admit(&j, fast, &err) && is_mode(&j, "fast"), "kept again when there is room again");
    is_int(tb_job_outstanding(&j, 1000), fast - j.need.weights - 1000, "what it will still take, beside the base");
    is_int(tb_job_outstanding(&j, 2 * fast), 0, "nothing where it holds more than was predicted");
    tb_job_close(&j);
}

static void forced(void)
{
    struct tb_job j, k;
    bool good = work_out(&j, "{\"exec.memory\": \"fast\"}") && work_out(&k, "{\"exec.memory\": \"small\"}");
    uint64_t fast = tb_job_bytes(&j) - j.fixed_bytes, small = tb_job_bytes(&k) - k.fixed_bytes;
    err = (struct tb_err){ 0 };
    ok(good && is_mode(&j, "fast") && is_mode(&k, "small") && strcmp(j.id, k.id) == 0, "either mode is taken as asked");
    ok(good && !tb_job_admit(&j, fast - 1, &err) && strstr(err.text, "resume --memory small"),
       "fast is refused where it does not fit, and the other is named: %s", err.text);
    ok(good && !tb_job_admit(&j, small - 1, &err) && !strstr(err.text, "--memory small"),
       "but not where that would not fit either");
    ok(good && tb_job_admit(&k, UINT64_MAX, &err) && is_mode(&k, "small"), "small stays small with all the room");
    tb_job_close(&j);
    tb_job_close(&k);
}

/* ---- what is refused */

static void refused(const char *name, const char *changes, int n_virtual, enum tb_err_kind kind, const char *word)
{
    struct tb_job j;
    err = (struct tb_err){ 0 };
    bool good = work_out_with(&j, changes, n_virtual);
    char text[600];
    tb_err_string(&err, text, sizeof text);
    ok(!good && err.kind == kind && strstr(text, word), "%s: %s", name, text);
    tb_job_close(&j);
}

/* A file with one prompt, which is held out at eval = 0.9. */
static char *one_prompt(void)
{
    char *path = tb_path_join(lab.dir, "one.txt");
    lab_write(path, "name[Ada] || Ada cooks.\nname[Ada] || Ada bakes.\n", &err);
    char *json = tb_xasprintf("{\"data.path\": [\"%s\"], \"data.eval\": 0.9}", path);
    free(path);
    return json;
}

static void minutes(void)
{
    struct tb_job j;
    refused("minutes with a rate that falls", "{\"budget.unit\": \"minutes\", \"budget.n\": 2}", 0, TB_ERR_RECIPE,
            "constant");
    bool good = work_out(&j, "{\"budget.unit\": \"minutes\", \"budget.n\": 2, \"schedule.name\": \"constant\"}");
    ok(good && j.seconds == 120 && j.n_steps == 0, "minutes with a constant rate: no number of steps");
    tb_job_close(&j);
    /* A config that was not completed here, as an older store may hold one. */
    struct tb_json *draft = lab_draft(&lab, NULL);
    struct tb_config c = { .map = tb_config_complete(draft, &err) };
    tb_json_set(c.map, "budget.unit", tb_json_new_str("minutes"));
    ok(!tb_job_open(&j, shelf, &c, 0, 0, &err) && err.kind == TB_ERR_RECIPE && strstr(err.text, "minutes"),
       "the same in a stored config: %s", err.text);
    ok(strstr(err.text, "--set schedule.name=constant"), "it says what to write");
    tb_job_close(&j);
    tb_json_free(c.map);
    tb_json_free(draft);
}

static void errors(void)
{
    char *one = one_prompt();
    refused("no such base", "{\"base\": \"nowhere-to-be-found\"}", 0, TB_ERR_NOTFOUND, "nowhere-to-be-found");
    refused("no such tokenizer", "{\"scratch.tokenizer\": \"no/tokenizer\"}", 0, TB_ERR_NOTFOUND, "no/tokenizer");
    refused("no such file", "{\"data.path\": [\"no-such-file.txt\"]}", 0, TB_ERR_NOTFOUND, "no-such-file.txt");
    refused("all rows too long", "{\"data.max_tokens\": 5}", 0, TB_ERR_FORMAT, "longer than 5 tokens");
    refused("all rows held out", one, 0, TB_ERR_FORMAT, "held out");
    refused("more virtual rows than context", NULL, 96, TB_ERR_RECIPE, "virtual rows");
    refused("too many evaluations", "{\"budget.n\": 100000, \"eval.every\": \"1steps\"}", 0, TB_ERR_RECIPE, "4096");
    refused("a vocabulary that is too small", "{\"scratch.vocab\": 100}", 0, TB_ERR_RECIPE, "vocab");
    refused("no layer of that number", "{\"method.lora.layers\": [7]}", 0, TB_ERR_RECIPE, "layers");
    refused("a target with a slip", "{\"method.lora.targets\": [\"q\", \"x\"]}", 0, TB_ERR_RECIPE, "'x'");
    refused("one layer too many", "{\"method.lora.layers\": [0, 7]}", 0, TB_ERR_RECIPE, "layer 7");
    refused("prefix with a network and a text",
            "{\"method.kind\": \"prefix\", \"method.prefix.projection\": true}", 0, TB_ERR_RECIPE, "init=random");
    minutes();
    free(one);
}

int main(void)
{
    bool good = lab_open(&lab, PROMPTS, &err);
    ok(good, "a tokenizer and %d rows %s", ROWS, err.text);
    shelf = tb_shelf_open("", NULL);
    if (good) {
        steps();
        evaluations();
        eval_rows();
        ids();
        hashes();
        virtual_rows();
        memory();
    automatic();
    forced();
        errors();
    }
    tb_shelf_close(shelf);
    lab_close(&lab);
    return done();
}
