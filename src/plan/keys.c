/* SPDX-License-Identifier: MIT */
/* keys.c - the general keys of a run (frozen: names, neutral values and classes never change).
 * A neutral value is what the run id leaves out; it stays when a default changes. Rates, and the
 * weight decay of full, depend on the method and are filled in by config.c. Where a zero or an
 * empty string stands for "as the program thinks best", the help says so. */
#include "plan/keys.h"

#include <string.h>

#include "base/str.h"
#include "plan/probe.h"

#define EXEC .klass = TB_CLASS_EXEC
#define REPORT .klass = TB_CLASS_REPORT
#define FLIGHT .in_flight = true
#define INT(n, lo, hi) .name = n, .type = TB_KEY_INT, .min = lo, .max = hi
#define REAL(n, lo, hi) .name = n, .type = TB_KEY_REAL, .min = lo, .max = hi
#define SAME(text) .def = text, .neutral = text

static const double most = 9007199254740992.0; /* 2^53: integers that a double holds */

static const struct tb_key root[] = {
    { .name = "base", .type = TB_KEY_STR, EXEC,
      .help = "the frozen model: a name, a .gguf file or a folder; the id holds its content" },
    { INT("seed", 0, most), .def = "0",
      .help = "of everything random: start values, order, dropout" },
    { REAL("max_trainable", 0, 1), SAME("0"), EXEC,
      .help = "largest share of the base's parameters that a run may train; 0: any" },
    TB_END_KEY
};

static const struct tb_key scratch[] = {
    { INT("vocab", 0, 1048576), SAME("0"),
      .help = "rows of the table; 0: as many as the tokenizer has" },
    { INT("d", 8, 65536), .def = "192", .help = "width of the residual stream" },
    { INT("layers", 1, 1024), .def = "5", .help = "transformer blocks" },
    { INT("heads", 1, 1024), .def = "6", .help = "query heads" },
    { INT("kv_heads", 1, 1024), .def = "2", .help = "key and value heads; divides heads" },
    { INT("ff", 8, 1048576), .def = "512", .help = "width of the feed-forward layer" },
    { INT("context", 8, 1048576), .def = "256", .help = "longest row in tokens" },
    { REAL("rope_theta", 1, 1e12), .def = "500000", .help = "base of the rotary frequencies" },
    { .name = "tied", .type = TB_KEY_BOOL, .def = "true",
      .help = "the head is the embedding table" },
    { .name = "init", .type = TB_KEY_CHOICE, .choices = "copying|normal", .def = "\"copying\"",
      .help = "start values: two heads set up to copy, or all normal" },
    { .name = "tokenizer", .type = TB_KEY_STR, EXEC,
      .help = "path of a tokenizer.json or its folder" },
    TB_END_KEY
};

static const struct tb_key data[] = {
    { .name = "kind", .type = TB_KEY_STR, .help = "how the file is read: pairs, jsonl, text; or mix" },
    { .name = "path", .type = TB_KEY_NAMES, EXEC, .help = "the files; the id holds their content" },
    TB_END_KEY
};

static const struct tb_key source[] = {
    { REAL("weight", 0, 1000), SAME("1"),
      .help = "how often an epoch holds each row of source i: 2 is twice, 0.5 every other row" },
    TB_END_KEY
};

static const struct tb_key budget[] = {
    { .name = "unit", .type = TB_KEY_CHOICE, .choices = "tokens|steps|epochs|minutes",
      .help = "what the budget counts" },
    { INT("n", 1, most), .help = "how many of the unit a run may use" },
    TB_END_KEY
};

static const struct tb_key batch[] = {
    { INT("rows", 1, 65536), .def = "16",
      .help = "rows of one optimiser step, accumulated over passes of exec.micro_tokens" },
    { INT("tokens", 0, 1e9), .def = "0", .help = "tokens of one optimiser step, instead of rows" },
    TB_END_KEY
};

static const struct tb_key optim[] = {
    { .name = "name", .type = TB_KEY_CHOICE, .choices = "adamw", SAME("\"adamw\""),
      .help = "optimiser" },
    { REAL("lr", 0, 100), .is_above = true, .def = "0", FLIGHT,
      .help = "peak learning rate; each method has its own default, t.probe{..} looks for one" },
    { REAL("beta1", 0, 0.999999), SAME("0.9"), .help = "decay of the mean of gradients" },
    { REAL("beta2", 0, 0.999999), SAME("0.999"), .help = "decay of the mean of their squares" },
    { REAL("eps", 0, 1), SAME("1e-8"), .help = "added to the root of that mean" },
    { REAL("decay", 0, 10), SAME("0"), FLIGHT, .help = "weight decay, decoupled; 0.01 for full" },
    { REAL("clip", 0, 1e9), SAME("1"), FLIGHT,
      .help = "largest norm of a step's gradient; 0: no clipping" },
    TB_END_KEY
};

static const struct tb_key schedule[] = {
    { .name = "name", .type = TB_KEY_CHOICE, .choices = "cosine|linear|constant", SAME("\"cosine\""),
      FLIGHT,
      .help = "how the rate goes on after the warm-up: down to the floor, or not at all" },
    { REAL("warmup", 0, 1), SAME("0.05"), .help = "share of the steps in which the rate rises" },
    { REAL("floor", 0, 1), SAME("0.1"), .help = "share of the peak rate that is left at the end" },
    TB_END_KEY
};

static const struct tb_key probe[] = {
    { INT("n", 0, TB_PROBE_MOST), SAME("0"),
      .help = "rates tried around the run's own, each three times the one before; 0: none" },
    { .name = "rates", .type = TB_KEY_REALS, .max = 100, .is_above = true, SAME("[]"),
      .help = "the rates to try, instead" },
    { INT("steps", 0, 1e6), SAME("0"),
      .help = "steps with each rate; 0: 2 % of the run's, at least 5" },
    TB_END_KEY
};

static const struct tb_key eval[] = {
    { INT("rows", 0, 1e6), SAME("0"), REPORT,
      .help = "held-out rows scored; 0: what the budget bears" },
    { .name = "every", .type = TB_KEY_STR, SAME("\"\""), REPORT, FLIGHT,
      .help = "as 100000tokens or 50steps, in a recipe t.steps(50); empty: at 0, 25, 50, 75 and "
              "100 % of the budget" },
    { INT("samples", 0, 1000), SAME("4"), REPORT,
      .help = "scored rows whose text is kept with each evaluation, for show --samples" },
    { .name = "metrics", .type = TB_KEY_NAMES, SAME("[\"loss\"]"), REPORT,
      .help = "what is measured: loss, bleu, rougeL ..; score --list names all" },
    { .name = "when", .type = TB_KEY_CHOICE, .choices = "end|each", SAME("\"end\""), REPORT,
      .help = "when texts are written for metrics, and forgetting is measured: once, or at each evaluation" },
    { INT("texts", 0, 1e6), SAME("0"), REPORT,
      .help = "prompts that texts are written for at each evaluation, at the end all of them; 0: what the "
              "budget bears" },
    { .name = "forget", .type = TB_KEY_STR, SAME("\"\""), REPORT,
      .help = "a general text, whose loss is measured before and after: FILE or text:FILE,rows=line, or "
              "t.text{..}; the id holds its content" },
    TB_END_KEY
};

static const struct tb_key stop[] = {
    { INT("patience", 0, 1e6), SAME("0"),
      .help = "a run ends after so many evaluations without an improvement; 0: never" },
    { REAL("min_delta", 0, 100), SAME("0"),
      .help = "nats by which the loss must fall below the best to be an improvement" },
    TB_END_KEY
};

static const struct tb_key exec[] = {
    { INT("threads", 0, 4096), SAME("0"), EXEC, .help = "threads; 0: one for each processor" },
    { .name = "memory", .type = TB_KEY_CHOICE, .choices = "auto|fast|small", SAME("\"auto\""), EXEC,
      .help = "keep activations (fast), compute them again (small), or what fits (auto)" },
    { INT("micro_tokens", 16, 1048576), SAME("2048"), EXEC,
      .help = "tokens of one pass; a larger step takes several and adds up their gradients" },
    { REAL("checkpoint_s", 0, 1e6), SAME("60"), EXEC, FLIGHT,
      .help = "seconds of training between checkpoints" },
    { INT("keep_best", 0, 1e6), SAME("1"), EXEC,
      .help = "checkpoints with the lowest eval loss that stay, besides the last" },
    { .name = "name", .type = TB_KEY_STR, SAME("\"\""), EXEC, .help = "what the run is called" },
    { .name = "tags", .type = TB_KEY_NAMES, SAME("[]"), EXEC, .help = "words to find the run by" },
    TB_END_KEY
};

static const struct tb_keys_section sections[] = {
    { "", "what is trained on what", root },
    { "scratch", "a base with random weights: t.scratch{..}", scratch },
    { "data", "the training text", data },
    { "data.<i>", "a source of t.mix, from 0 on, which has the keys of its kind too", source },
    { "budget", "how long a run lasts", budget },
    { "batch", "rows of one step", batch },
    { "optim", "the optimiser", optim },
    { "schedule", "the learning rate over time", schedule },
    { "probe", "short trials that choose the rate before the run begins: lr = t.probe{..}", probe },
    { "eval", "what is scored, and when", eval },
    { "stop", "when a run ends before its budget is spent", stop },
    { "exec", "how a run is carried out; changes no numbers", exec },
};

const struct tb_keys_section *tb_keys_at(int i)
{
    return i >= 0 && i < (int)(sizeof sections / sizeof *sections) ? &sections[i] : NULL;
}

const struct tb_key *tb_keys_section(const char *name)
{
    for (int i = 0; tb_keys_at(i); i++)
        if (strcmp(sections[i].name, name) == 0)
            return sections[i].keys;
    return NULL;
}

bool tb_keys_unknown(const char *who, const char *name, const char *const *valid,
                     struct tb_err *err)
{
    struct tb_buf names = { 0 };
    const char *near = tb_str_nearest(name, valid);
    if (near)
        return tb_fail(err, TB_ERR_RECIPE, "%s has no '%.60s'; did you mean '%s'?", who, name,
                       near);
    for (int i = 0; valid[i]; i++)
        tb_buf_fmt(&names, "%s%s", i ? ", " : "", valid[i]);
    if (names.p)
        tb_fail(err, TB_ERR_RECIPE, "%s has no '%.60s'; it has %s", who, name, names.p);
    else
        tb_fail(err, TB_ERR_RECIPE, "%s has no '%.60s'; it takes no keys", who, name);
    tb_buf_free(&names);
    return false;
}
