/* SPDX-License-Identifier: MIT */
/* words.h - methods and data words for tests of plan and recipe, so that they need neither method/
 * nor dataset/. Keys and defaults are those of doc/frozen.md's examples; the real tables may know more. */
#ifndef TB_TESTS_WORDS_H
#define TB_TESTS_WORDS_H

#include "plan/schema.h"

static const struct tb_key words_lora[] = {
    TB_INT_KEY("r", "8", 1, 4096, "rank of the update"),
    { .name = "alpha", .type = TB_KEY_REAL, .min = 0, .max = 1e6, .follows = "r", .times = 2,
      .help = "scale" },
    { .name = "dropout", .type = TB_KEY_REAL, .min = 0, .max = 0.95, .def = "0", .neutral = "0",
      .help = "share" },
    { .name = "rslora", .type = TB_KEY_BOOL, .def = "false", .neutral = "false",
      .help = "alpha / sqrt(r)" },
    { .name = "targets", .type = TB_KEY_NAMES, .def = "[\"q\", \"v\"]", .help = "linears" },
    { .name = "layers", .type = TB_KEY_INTS, .min = 0, .max = 4095, .def = "[]", .neutral = "[]",
      .help = "blocks" },
    { .name = "rank_pattern", .type = TB_KEY_MAP, .min = 1, .max = 4096, .def = "{}",
      .neutral = "{}", .help = "ranks" },
    { .name = "alpha_pattern", .type = TB_KEY_MAP, .min = 0, .max = 1e6, .def = "{}",
      .neutral = "{}", .help = "scales" },
    TB_END_KEY
};

static const struct tb_key words_prefix[] = {
    TB_INT_KEY("tokens", "20", 1, 2048, "rows"),
    { .name = "init", .type = TB_KEY_CHOICE, .choices = "text|zero|random", .def = "\"text\"",
      .help = "start" },
    { .name = "text", .type = TB_KEY_STR, .def = "\"\"", .neutral = "\"\"",
      .help = "text to start from" },
    TB_END_KEY
};

static const struct tb_key words_prompt[] = {
    TB_INT_KEY("tokens", "20", 1, 2048, "rows"),
    { .name = "init", .type = TB_KEY_CHOICE, .choices = "vocab|text|random", .def = "\"vocab\"",
      .help = "start" },
    { .name = "text", .type = TB_KEY_STR, .def = "\"\"", .neutral = "\"\"",
      .help = "text to start from" },
    TB_END_KEY
};

static const struct tb_key words_ia3[] = {
    { .name = "targets", .type = TB_KEY_NAMES, .def = "[\"k\", \"v\", \"down\"]",
      .help = "linears" },
    TB_END_KEY
};

static const struct tb_key words_full[] = { TB_END_KEY };

static const struct tb_key words_pairs[] = {
    { .name = "path", .type = TB_KEY_NAMES, .klass = TB_CLASS_EXEC, .help = "files" },
    { .name = "eval", .type = TB_KEY_REAL, .min = 0, .max = 0.9, .def = "0.1",
      .help = "share held out" },
    { .name = "sep", .type = TB_KEY_STR, .def = "\"||\"", .neutral = "\"||\"",
      .help = "between prompt and completion" },
    { .name = "order", .type = TB_KEY_CHOICE, .choices = "shuffled|by_prompt",
      .def = "\"shuffled\"",
      .neutral = "\"shuffled\"", .help = "of rows" },
    TB_END_KEY
};

static const struct tb_key words_jsonl[] = {
    { .name = "eval", .type = TB_KEY_REAL, .min = 0, .max = 0.9, .def = "0.1",
      .help = "share held out" },
    { .name = "prompt", .type = TB_KEY_STR, .def = "\"prompt\"", .neutral = "\"prompt\"",
      .help = "field" },
    TB_END_KEY
};

static const struct tb_key words_mix[] = {
    { .name = "eval", .type = TB_KEY_REAL, .min = 0, .max = 0.9, .def = "0.1", .help = "share held out" },
    { .name = "order", .type = TB_KEY_CHOICE, .choices = "shuffled|by_prompt", .def = "\"shuffled\"",
      .neutral = "\"shuffled\"", .help = "of rows" },
    TB_END_KEY
};

static const struct tb_schema words_all[] = {
    { "method", "lora", "low rank", words_lora, 5e-4, true },
    { "method", "prefix", "keys and values", words_prefix, 5e-3, true },
    { "method", "prompt", "input rows", words_prompt, 1e-2, true },
    { "method", "ia3", "scales", words_ia3, 5e-3, true },
    { "method", "full", "everything", words_full, 5e-5, false },
    { "data", "pairs", "prompt || completion", words_pairs, 0, false },
    { "data", "jsonl", "a field each", words_jsonl, 0, false },
    { "data", "mix", "several", words_mix, 0, false },
};

static inline void words_add(void)
{
    for (size_t i = 0; i < sizeof words_all / sizeof *words_all; i++)
        tb_schema_add(&words_all[i]);
}

#endif
