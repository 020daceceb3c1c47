/* SPDX-License-Identifier: MIT */
/* words.c - the data words of the recipe language: t.pairs, t.jsonl, t.text and t.mix with their keys.
 * Neutral values are frozen (doc/frozen.md 1): a key at its neutral value is not in the id of a run. */
#include "dataset/dataset.h"

#include "plan/schema.h"

#define PATH { .name = "path", .type = TB_KEY_NAMES, .klass = TB_CLASS_EXEC, \
               .help = "the file, or a list of files read one after the other" }
#define EVAL { .name = "eval", .type = TB_KEY_REAL, .min = 0, .max = 0.9, .def = "0.1", \
               .neutral = "0", .help = "share of the prompts that is held out for evaluation" }
#define MAX_TOKENS { .name = "max_tokens", .type = TB_KEY_INT, .min = 2, .max = 4095, \
                     .def = "1024", .neutral = "1024", \
                     .help = "rows with more tokens are dropped and counted" }
#define SPECIALS { .name = "specials", .type = TB_KEY_BOOL, .def = "false", .neutral = "false", \
                   .help = "names of control tokens in the text mean the tokens" }
#define TEMPLATE { .name = "template", .type = TB_KEY_NAMES, .def = "[\"{1}\\n\", \" {2}\"]", \
                   .neutral = "[\"{1}\\n\", \" {2}\"]", \
                   .help = "prompt and completion as the model reads them; {1}, {2}: the fields" }
#define ORDER { .name = "order", .type = TB_KEY_CHOICE, .choices = "shuffled|file|by_prompt", \
                .def = "\"shuffled\"", .neutral = "\"shuffled\"", \
                .help = "row order: new in each epoch, as in the file, or by prompt" }
#define WITHOUT { .name = "without", .type = TB_KEY_STR, .def = "\"\"", .neutral = "\"\"", \
                  .help = "rows to leave out of training, by number as in show --batch: 17 204 300-310" }
#define SHARE_PROMPTS { .name = "share_prompts", .type = TB_KEY_BOOL, .def = "true", \
                        .neutral = "true", \
                        .help = "rows of a step with equal prompts are computed over one copy" }

const struct tb_key tb_dataset_keys_pairs[] = {
    PATH,
    { .name = "sep", .type = TB_KEY_STR, .def = "\"||\"", .neutral = "\"||\"",
      .help = "what stands between prompt and completion; \\t is a tab" },
    TEMPLATE, EVAL, MAX_TOKENS, ORDER, WITHOUT, SHARE_PROMPTS, SPECIALS, TB_END_KEY
};

const struct tb_key tb_dataset_keys_jsonl[] = {
    PATH,
    { .name = "fields", .type = TB_KEY_NAMES, .def = "[\"prompt\", \"completion\"]",
      .neutral = "[\"prompt\", \"completion\"]",
      .help = "names of the fields of prompt and completion; one name: text without a prompt" },
    TEMPLATE, EVAL, MAX_TOKENS, ORDER, WITHOUT, SHARE_PROMPTS, SPECIALS, TB_END_KEY
};

const struct tb_key tb_dataset_keys_text[] = {
    PATH,
    { .name = "rows", .type = TB_KEY_STR, .def = "\"paragraph\"", .neutral = "\"paragraph\"",
      .help = "what a row is: paragraph, line, or window:96 for 96 tokens at a time" },
    EVAL, MAX_TOKENS,
    { .name = "order", .type = TB_KEY_CHOICE, .choices = "shuffled|file", .def = "\"shuffled\"",
      .neutral = "\"shuffled\"", .help = "row order: anew in every epoch, or as in the file" },
    WITHOUT, SPECIALS, TB_END_KEY
};

const struct tb_key tb_dataset_keys_mix[] = { EVAL, MAX_TOKENS, ORDER, WITHOUT, SHARE_PROMPTS, SPECIALS, TB_END_KEY };

void tb_dataset_register(void)
{
    static const struct tb_schema words[] = {
        { .group = "data", .name = "pairs", .help = "lines of prompt, separator, completion",
          .keys = tb_dataset_keys_pairs },
        { .group = "data", .name = "jsonl",
          .help = "a JSON object a line, prompt and completion in named fields",
          .keys = tb_dataset_keys_jsonl },
        { .group = "data", .name = "text", .help = "plain text without prompts",
          .keys = tb_dataset_keys_text },
        { .group = "data", .name = "mix", .help = "rows of several sources, each with a weight",
          .keys = tb_dataset_keys_mix },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        tb_schema_add(&words[i]);
}
