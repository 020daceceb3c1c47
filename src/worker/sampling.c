/* SPDX-License-Identifier: MIT */
/* sampling.c - prompts and completions of the first scored rows, as they stand in the data. */
#include "worker/sampling.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static char *copy(const char *text, size_t n)
{
    char *s = tb_xcalloc(n + 1, 1);
    if (n)
        memcpy(s, text, n);
    return s;
}

static bool write_one(struct tb_run_writer *w, const struct tb_job *j, int64_t step, int row, struct tb_err *err)
{
    size_t n_prompt, n_completion;
    const char *prompt = tb_dataset_prompt(j->data, row, &n_prompt),
               *completion = tb_dataset_completion(j->data, row, &n_completion);
    struct tb_sample s = { .step = step, .row_id = row, .prompt = copy(prompt, n_prompt),
                           .output = copy(completion, n_completion) };
    bool good = tb_run_writer_sample(w, &s, err);
    free(s.prompt);
    free(s.output);
    return good;
}

bool tb_sampling_write(struct tb_run_writer *w, const struct tb_job *j, int64_t step, int *n, struct tb_err *err)
{
    int want = (int)tb_config_int(&j->config, "eval.samples");
    for (; *n < want && *n < j->n_eval; ++*n)
        if (!write_one(w, j, step, j->eval_row[*n], err))
            return false;
    return true;
}
