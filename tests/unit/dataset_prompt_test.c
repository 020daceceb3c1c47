/* SPDX-License-Identifier: MIT */
/* dataset_prompt_test.c - a prompt from elsewhere has the ids that a row with this prompt begins with, for every kind
 * of data and template. */
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "dataset/dataset.h"
#include "dataset/prompt.h"
#include "tests/tap.h"

static char path[300];
static struct tb_tokenizer *tokenizer;

static struct tb_json *config_of(const char *options)
{
    char *json = tb_xasprintf("{\"path\": [\"%s\"], %s}", path, options);
    struct tb_json *j = tb_json_parse(json, strlen(json), "config", NULL);
    free(json);
    return j;
}

static bool same(const struct tb_ids *ids, const struct tb_row *row)
{
    return ids->n == (size_t)row->n_prompt && memcmp(ids->p, row->ids, ids->n * sizeof *ids->p) == 0;
}

/* The first row of a text, and its prompt by itself. */
static void check(const char *text, const char *options, const char *prompt, const char *lead)
{
    struct tb_err err = { 0 };
    struct tb_prompt_form f = { 0 };
    struct tb_ids ids = { 0 };
    tb_file_replace(path, text, strlen(text), &err);
    struct tb_json *config = config_of(options);
    struct tb_dataset *d = tb_dataset_open(config, tokenizer, 200, &err);
    struct tb_row row = { 0 };
    if (d)
        row = tb_dataset_row(d, 0);
    bool good = d && tb_prompt_form_open(&f, config, &err)
             && tb_prompt_form_encode(&f, tokenizer, prompt, strlen(prompt), &ids, &err);
    ok(good && same(&ids, &row) && strcmp(f.lead, lead) == 0, "%s: the same %zu ids %s", options, ids.n, err.text);
    free(ids.p);
    tb_prompt_form_close(&f);
    tb_dataset_close(d);
    tb_json_free(config);
}

static void check_plain(const struct tb_json *config, const char *name)
{
    struct tb_err err = { 0 };
    struct tb_prompt_form f;
    struct tb_ids ids = { 0 }, want = { 0 };
    bool good = tb_prompt_form_open(&f, config, &err)
             && tb_prompt_form_encode(&f, tokenizer, " as it is \n", 11, &ids, &err);
    if (tb_tokenizer_adds_bos(tokenizer)) {
        want.p = tb_grow(want.p, want.n, &want.cap, sizeof *want.p);
        want.p[want.n++] = tb_tokenizer_bos(tokenizer);
    }
    tb_tokenizer_encode(tokenizer, " as it is \n", 11, false, &want, &err);
    ok(good && !f.lead && ids.n == want.n && memcmp(ids.p, want.p, ids.n * sizeof *ids.p) == 0, "%s: as it is", name);
    free(ids.p);
    free(want.p);
    tb_prompt_form_close(&f);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR"), *src = getenv("srcdir");
    struct tb_err err = { 0 };
    char base[300];
    snprintf(path, sizeof path, "%s/prompt-%ld.txt", tmp ? tmp : "/tmp", (long)getpid());
    snprintf(base, sizeof base, "%s/data/tiny", src ? src : ".");
    tokenizer = tb_tokenizer_open(base, &err);
    if (!ok(tokenizer != NULL, "the shipped tokenizer %s", err.text))
        return done();
    check("name : A || It is A.\nname : B || B.\n", "\"kind\": \"pairs\"", "  name : A ", " ");
    check("name : A || It is A.\nname : B || B.\n",
          "\"kind\": \"pairs\", \"template\": [\"Q: {1}\\nA:\", \" -> {2}.\"]", "name : A", " -> ");
    check("{\"prompt\": \"one\", \"completion\": \"two\"}\n{\"prompt\": \"a\", \"completion\": \"b\"}\n",
          "\"kind\": \"jsonl\", \"template\": [\"<{1}>\", \"{2}\"]", "one", "");
    struct tb_json *text = config_of("\"kind\": \"text\"");
    check_plain(NULL, "no data");
    check_plain(text, "text without prompts");
    tb_json_free(text);
    struct tb_json *broken = config_of("\"kind\": \"pairs\", \"template\": [\"{2}\", \"{1}\"]");
    struct tb_prompt_form f;
    ok(!tb_prompt_form_open(&f, broken, &err) && err.kind == TB_ERR_RECIPE, "refused: %s", err.text);
    tb_prompt_form_close(&f);
    tb_json_free(broken);
    tb_tokenizer_close(tokenizer);
    unlink(path);
    return done();
}
