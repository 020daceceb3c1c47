/* SPDX-License-Identifier: MIT */
/* verb_tokenize.c - tunebench tokenize: lines of stdin as token ids; or a tokenizer learned from text. */
#include <unistd.h>

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
    struct tb_tokenize_spec s = { .base = tb_args_get(a, "base"), .is_json = tb_args_has(a, "json"),
                                  .parses_special = tb_args_has(a, "special"),
                                  .shows_pieces = tb_args_has(a, "pieces"), .decodes = tb_args_has(a, "decode"),
                                  .is_terminal = isatty(STDOUT_FILENO), .in = stdin, .out = stdout };
    if (tb_args_has(a, "train"))
        return train(a, err);
    if (a->n_pos)
        return tb_fail(err, TB_ERR_USAGE, "%s: tokenize reads its text from stdin", a->pos[0]);
    if (!s.base)
        return tb_fail(err, TB_ERR_USAGE, "whose tokens? --base MODEL (a folder, a tokenizer.json or a .gguf file)");
    return tb_session_tokenize(&s, err);
}

static const struct tb_flag flags[] = {
    { "base", "MODEL", false, "whose tokenizer: a name, a Hugging Face folder, a tokenizer.json or a .gguf file" },
    { "json", NULL, false, "a JSON string a line in, {\"ids\": [..]} a line out" },
    { "special", NULL, false, "names of control tokens in the text mean the tokens" },
    { "pieces", NULL, false, "each id with the text of its token" },
    { "decode", NULL, false, "lines of ids into text (--json: lists or {\"ids\": [..]} into JSON strings)" },
    { "train", "N", false, "learn a tokenizer of N entries from the text files named, instead" },
    { "o", "DIR", false, "where the learned tokenizer goes (tokenizer.json, tokenizer_config.json)" },
    { 0 }
};

const struct tb_verb tb_verb_tokenize = {
    .name = "tokenize", .usage = "--base MODEL [--pieces | --decode] [--json] < TEXT | --train N -o DIR FILE..",
    .help = "Turns text into token ids and back, or learns a tokenizer.\n"
            "It reads lines of stdin. Nothing is added before or behind a line. In pieces, bytes that are no printable "
            "text of their own are written as \\xe2. --train learns a tokenizer from text.",
    .examples = "  echo 'Alimentum is in the city centre.' | tunebench tokenize --base tiny\n"
                "  echo 'Alimentum is in the city centre.' | tunebench tokenize --base tiny --pieces\n"
                "  echo 314 15 92 | tunebench tokenize --base tiny --decode\n"
                "  jq -c .text rows.jsonl | tunebench tokenize --base model.gguf --json\n"
                "  tunebench tokenize --train 2048 -o mine corpus.txt\n",
    .flags = flags, .run = run,
};
