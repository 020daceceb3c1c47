/* SPDX-License-Identifier: MIT */
/* worker_change_test.c - keys changed under way: which may be, what they become, and the list of them, in which the
 * last word counts and what was taken back at the same step leaves nothing. */
#include "worker/change.h"

#include <stdlib.h>

#include "base/mem.h"
#include "dataset/dataset.h"
#include "method/method.h"
#include "tests/tap.h"

static const char single[] =
    "{\"base\": \"tiny\", \"data.kind\": \"pairs\", \"data.path\": [\"a.txt\"], \"budget.unit\": \"tokens\", "
    "\"budget.n\": 100000, \"method.kind\": \"lora\"}";
static const char stacked[] =
    "{\"base\": \"tiny\", \"data.kind\": \"pairs\", \"data.path\": [\"a.txt\"], \"budget.unit\": \"tokens\", "
    "\"budget.n\": 100000, \"batch.tokens\": 512, \"method.kind\": \"stack\", \"method.0.kind\": \"lora\", "
    "\"method.1.kind\": \"prompt\"}";
static const char timed[] =
    "{\"base\": \"tiny\", \"data.kind\": \"pairs\", \"data.path\": [\"a.txt\"], \"budget.unit\": \"minutes\", "
    "\"budget.n\": 1, \"schedule.name\": \"constant\", \"method.kind\": \"full\"}";

static struct tb_json *parse(const char *text)
{
    return tb_json_parse(text, strlen(text), "test", NULL);
}

static struct tb_json *config(const char *text)
{
    struct tb_json *draft = parse(text), *whole = tb_config_complete(draft, NULL);
    tb_json_free(draft);
    return whole;
}

/* What is asked of a config, settled, as text; the error's where it is refused. */
static char *settled(const char *of, const char *asked, int64_t n_steps)
{
    struct tb_err err = { 0 };
    struct tb_json *now = config(of), *a = parse(asked), *s = tb_change_settle(now, a, n_steps, n_steps * 100, &err);
    char *text = s ? tb_json_text(s, TB_JSON_CANONICAL) : tb_xstrdup(err.text);
    tb_json_free(s);
    tb_json_free(a);
    tb_json_free(now);
    return text;
}

static void settles(const char *of, const char *asked, const char *want)
{
    char *text = settled(of, asked, 100);
    is_str(text, want, asked);
    free(text);
}

static void refuses(const char *of, const char *asked, const char *word, const char *other)
{
    char *text = settled(of, asked, 100);
    ok(strstr(text, word) && strstr(text, other), "%s: %s", asked, text);
    free(text);
}

static void which(void)
{
    settles(single, "{\"optim.lr\": 1}", "{\"optim.lr\":1}");
    settles(stacked, "{\"optim.lr\": 0.5}", "{\"method.0.lr\":0.5,\"method.1.lr\":0.5}");
    settles(stacked, "{\"method.1.lr\": 0.5}", "{\"method.1.lr\":0.5}");
    settles(single, "{\"eval.every\": \"2k\", \"optim.clip\": 0}", "{\"eval.every\":\"2000tokens\",\"optim.clip\":0}");
    settles(timed, "{\"optim.decay\": 0.1}", "{\"optim.decay\":0.1}");
    refuses(single, "{\"seed\": 1}", "'seed' cannot be changed", "clone RUN --set seed=");
    refuses(single, "{\"seed\": 1}", "optim.lr, optim.decay, optim.clip", "exec.checkpoint_s");
    refuses(single, "{\"method.lora.r\": 1}", "cannot be changed", "clone");
    refuses(single, "{\"method.0.lr\": 1}", "no key 'method.0.lr'", "optim.lr");
    refuses(stacked, "{\"seed\": 1}", "method.0.lr and so on", "clone");
    refuses(single, "{\"optim.lr\": \"x\"}", "lr", "above 0");
    refuses(single, "{\"optim.lr\": -1}", "lr", "above 0");
    refuses(single, "{\"optim.clip\": [1]}", "clip", "a number");
    refuses(single, "{\"eval.every\": \"soon\"}", "soon", "");
    refuses(single, "{\"eval.every\": \"5minutes\"}", "eval.every", "tokens, steps or epochs");
    refuses(timed, "{\"schedule.name\": \"cosine\"}", "minutes", "constant");
    refuses(single, "{}", "no key", "");
    refuses(single, "{\"eval.every\": \"101steps\"}", "more than the whole run of 100", "");
    char *often = settled(single, "{\"eval.every\": \"1steps\"}", 5000);
    ok(strstr(often, "would evaluate 5000 times"), "too many evaluations are refused: %s", often);
    free(often);
}

static void words(void)
{
    const char *const given[] = { "lr=1e-3", "eval.every=50steps", "exec.checkpoint_s=5" };
    const char *const bad[] = { "optim.lr=fast" };
    struct tb_err err = { 0 };
    struct tb_json *now = config(single), *asked = tb_change_parse(now, given, 3, &err);
    char *text = tb_json_text(asked, TB_JSON_CANONICAL);
    is_str(text, "{\"eval.every\":\"50steps\",\"exec.checkpoint_s\":5,\"optim.lr\":0.001}", "words of a command line");
    free(text);
    text = tb_change_words(now, asked);
    is_str(text, "optim.lr 0.0005 -> 0.001, eval.every \"\" -> 50steps, exec.checkpoint_s 60 -> 5", "in words");
    char *lr = tb_change_was(text, "optim.lr"), *every = tb_change_was(text, "eval.every"),
         *none = tb_change_was(text, "optim.clip"), *part = tb_change_was("xoptim.lr 1 -> 2", "optim.lr");
    ok(lr && strcmp(lr, "0.0005") == 0 && every && !*every && !none && !part, "and what the keys were, out of them");
    free(lr);
    free(every);
    free(none);
    free(part);
    free(text);
    tb_json_free(asked);
    ok(!tb_change_parse(now, bad, 1, &err) && strstr(err.text, "optim.lr=fast"), "no number: %s", err.text);
    tb_json_free(now);
}

/* ---- the list */

static struct tb_json *first, *list; /* the config as it began; the changes */

static void set(const char *asked, int64_t step)
{
    struct tb_json *now = tb_changes_config(first, list, step, NULL), *a = parse(asked),
                   *s = tb_change_settle(now, a, 100, 1000, NULL), *next = tb_changes_with(list, now, s, step);
    tb_json_free(list);
    list = next;
    tb_json_free(s);
    tb_json_free(a);
    tb_json_free(now);
}

static double at(int64_t step, const char *key)
{
    struct tb_json *now = tb_changes_config(first, list, step, NULL);
    double v = tb_json_real(tb_json_get(now, key), NAN);
    tb_json_free(now);
    return v;
}

static void follow(void)
{
    first = config(single);
    list = NULL;
    set("{\"optim.lr\": 0.1}", 10);
    set("{\"optim.lr\": 0.2, \"optim.clip\": 5}", 20);
    ok(at(9, "optim.lr") == 5e-4 && at(10, "optim.lr") == 0.1 && at(19, "optim.lr") == 0.1, "from its step on");
    ok(at(20, "optim.lr") == 0.2 && at(19, "optim.clip") == 1 && at(1000, "optim.clip") == 5, "the next one");
    is_int(tb_json_len(list), 3, "three changes");
    set("{\"optim.lr\": 0.3}", 20);
    is_int(tb_json_len(list), 3, "another value at that step takes the place");
    set("{\"optim.lr\": 0.1}", 20);
    is_int(tb_json_len(list), 2, "back to what was before leaves nothing");
    ok(at(20, "optim.lr") == 0.1 && at(20, "optim.clip") == 5, "and the other key as it was");
    set("{\"optim.clip\": 7}", 15);
    ok(at(15, "optim.clip") == 7 && at(20, "optim.clip") == 7,
       "a run that went on from before: the last word counts, also behind");
    set("{\"optim.lr\": 0.0005}", 10);
    set("{\"optim.clip\": 1}", 15);
    is_int(tb_json_len(list), 0, "all taken back");
    tb_json_free(list);
    tb_json_free(first);
}

/* Lists come out of files. */
static void hostile(void)
{
    static const char *const bad[] = {
        "[{\"step\": 5, \"key\": \"seed\", \"value\": 3}]",
        "[{\"step\": 5, \"key\": \"optim.lr\"}]",
        "[{\"step\": 5, \"key\": \"optim.lr\", \"value\": \"x\"}]",
        "[{\"step\": 5, \"key\": \"optim.lr\", \"value\": 0}]",
        "[{\"step\": -5, \"key\": \"optim.lr\", \"value\": 1}]",
        "[{\"step\": 5, \"key\": \"optim.lr\", \"value\": 1}, {\"step\": 4, \"key\": \"optim.clip\", \"value\": 1}]",
        "[5]",
        "[{\"step\": 5, \"key\": 7, \"value\": 1}]",
        "[{\"step\": 5, \"key\": \"schedule.name\", \"value\": \"steep\"}]",
    };
    struct tb_json *c = config(single);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tb_err err = { 0 };
        struct tb_json *l = parse(bad[i]), *now = tb_changes_config(c, l, 100, &err);
        ok(l && !now && err.kind == TB_ERR_FORMAT, "refused: %s", bad[i]);
        tb_json_free(now);
        tb_json_free(l);
    }
    tb_json_free(c);
}

int main(void)
{
    tb_method_register();
    tb_dataset_register();
    which();
    words();
    follow();
    hostile();
    return done();
}
