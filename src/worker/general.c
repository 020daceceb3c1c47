/* SPDX-License-Identifier: MIT */
/* general.c - the general text out of a job's config. Its identity is a hash over how it is read and its content: the
 * path may change, as that of the training text may. */
#include "worker/general.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "worker/other_data.h"

enum { PASS_TOK = 512 };

/* The keys that differ from their neutral values, and the content. */
static void set_id(struct tb_job *j, const struct tb_config *c)
{
    struct tb_config only = { tb_json_new_map() };
    for (void *it = tb_json_first(c->map); it; it = tb_json_next(c->map, it))
        if (tb_str_starts(tb_json_iter_key(it), "data."))
            tb_json_set(only.map, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    char *rows = tb_job_rows_id(j, j->general), *text = tb_config_text(&only, rows, "");
    tb_sha256_hex(text, strlen(text), j->general_id);
    free(text);
    free(rows);
    tb_json_free(only.map);
}

static bool open_rows(struct tb_job *j, struct tb_shelf *s, const char *text, struct tb_err *err)
{
    struct tb_config c = tb_other_data(&j->config, text, err);
    int64_t tokens = j->n_tokens ? j->n_tokens : tb_dataset_counts(j->data)->train_tok;
    if (!c.map)
        return false;
    tb_json_set(c.map, "data.eval", tb_json_new_real(0)); /* all its rows may be chosen */
    j->general = tb_shelf_data(s, &c, j->base, j->max_tok, err);
    if (j->general) {
        j->general_row = tb_dataset_choose(j->general, tokens, 0, &j->n_general);
        set_id(j, &c);
    }
    tb_json_free(c.map);
    return j->general != NULL;
}

bool tb_general_open(struct tb_job *j, struct tb_shelf *s, struct tb_err *err)
{
    const char *given = tb_config_str(&j->config, "eval.forget");
    if (!*given)
        return true;
    char *text = tb_other_data_settle(s, &j->config, given, err);
    bool good = text && open_rows(j, s, text, err);
    if (good)
        tb_json_set(j->config.map, "eval.forget", tb_json_new_str(text));
    else
        tb_err_prefix(err, "eval.forget");
    free(text);
    return good;
}

int tb_general_longest(const struct tb_job *j)
{
    int longest = 0;
    for (int i = 0; i < j->n_general; i++) {
        int n = tb_dataset_row(j->general, j->general_row[i]).n;
        longest = n > longest ? n : longest;
    }
    return longest;
}

int64_t tb_general_tokens(const struct tb_job *j)
{
    int64_t tok = 0;
    for (int i = 0; i < j->n_general; i++)
        tok += tb_dataset_row(j->general, j->general_row[i]).n;
    return tok;
}

/* Quanta as those of the run, so that an adapter that changes nothing changes no bit of a loss. */
struct tb_engine_spec tb_general_spec(const struct tb_job *j)
{
    int most = j->n_general < j->spec.step_rows ? j->n_general : j->spec.step_rows;
    return (struct tb_engine_spec){ .micro_tok = j->spec.micro_tok < PASS_TOK ? j->spec.micro_tok : PASS_TOK,
                                    .quantum_tok = j->spec.quantum_tok, .share_prompts = j->spec.share_prompts,
                                    .step_rows = most, .row_tok = tb_general_longest(j) };
}

uint64_t tb_general_bytes(const struct tb_job *j)
{
    struct tb_engine_spec spec = tb_general_spec(j);
    struct tb_footprint f;
    if (j->n_general == 0)
        return 0;
    tb_engine_footprint(j->base->model, NULL, &spec, &f);
    return f.activations + f.logits + f.scratch;
}
