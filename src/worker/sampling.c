/* SPDX-License-Identifier: MIT */
/* sampling.c - prompts of the first scored rows, with their completions or what a run wrote. */
#include "worker/sampling.h"

#include <stdlib.h>

#include "base/mem.h"

/* output NULL: the row's completion. */
static bool write_one(struct tb_run_writer *w, const struct tb_job *j, int64_t step, int row, const char *output,
                      struct tb_err *err)
{
    size_t n_prompt, n_completion;
    const char *prompt = tb_dataset_prompt(j->data, row, &n_prompt),
               *completion = tb_dataset_completion(j->data, row, &n_completion);
    struct tb_sample s = { .step = step, .row_id = row, .prompt = tb_xstrndup(prompt, n_prompt),
                           .output = output ? tb_xstrdup(output) : tb_xstrndup(completion, n_completion) };
    bool good = tb_run_writer_sample(w, &s, err);
    free(s.prompt);
    free(s.output);
    return good;
}

bool tb_sampling_write(struct tb_run_writer *w, const struct tb_job *j, int64_t step, const char *const *output, int *n,
                       struct tb_err *err)
{
    int want = (int)tb_config_int(&j->config, "eval.samples");
    for (; *n < want && *n < j->n_eval; ++*n)
        if (!write_one(w, j, step, j->eval_row[*n], output ? output[*n] : NULL, err))
            return false;
    return true;
}
