/* SPDX-License-Identifier: MIT */
/* verb_tokenize.c - tunebench tokenize: lines of stdin as token ids; or a tokenizer learned from text. */
#include "cli/verb.h"
#include "worker/session.h"

static bool train(const struct tb_args *a, struct tb_err *err)
{
    const char *dir = tb_args_get(a, "o");
    long n;
    int made;
    if (!tb_args_int(a, "train", 257, 1048576, 0, &n, err))
        return false;
    if (!dir || !a->n_pos)
        return tb_fail(err, TB_ERR_USAGE, "usage: tunebench tokenize --train N -o DIR FILE..");
    if (!tb_session_train_tokenizer(a->pos, a->n_pos, (int)n, dir, &made, err))
        return false;
    printf("%s: %d entries\n", dir, made);
    return true;
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    const char *base = tb_args_get(a, "base");
    if (tb_args_has(a, "train"))
        return train(a, err);
    if (a->n_pos)
        return tb_fail(err, TB_ERR_USAGE, "%s: tokenize reads its text from stdin", a->pos[0]);
    if (!base)
        return tb_fail(err, TB_ERR_USAGE, "whose tokens? --base MODEL (a folder, a tokenizer.json or a .gguf file)");
    return tb_session_tokenize(base, tb_args_has(a, "json"), tb_args_has(a, "special"), stdin, stdout, err);
}

static const struct tb_flag flags[] = {
    { "base", "MODEL", false, "whose tokenizer: a name, a Hugging Face folder, a tokenizer.json or a .gguf file" },
    { "json", NULL, false, "a JSON string a line in, {\"ids\": [..]} a line out" },
    { "special", NULL, false, "names of control tokens in the text mean the tokens" },
    { "train", "N", false, "learn a tokenizer of N entries from the text files named, instead" },
    { "o", "DIR", false, "where the learned tokenizer goes (tokenizer.json, tokenizer_config.json)" },
    { 0 }
};

const struct tb_verb tb_verb_tokenize = {
    .name = "tokenize", .usage = "--base MODEL [--json] [--special] < TEXT | --train N -o DIR FILE..",
    .help = "Turns lines of stdin into token ids, or learns a tokenizer.\n"
            "Nothing is added before or behind a line. --train learns a tokenizer from text.",
    .examples = "  echo 'Alimentum is in the city centre.' | tunebench tokenize --base tiny\n"
                "  jq -c .text rows.jsonl | tunebench tokenize --base model.gguf --json\n"
                "  tunebench tokenize --train 2048 -o mine corpus.txt\n",
    .flags = flags, .run = run,
};
