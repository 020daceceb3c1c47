/* SPDX-License-Identifier: MIT */
/* prompt.h - how the prompts of a data config look to the model, for texts that are in none of its rows. */
#ifndef TB_DATASET_PROMPT_H
#define TB_DATASET_PROMPT_H

#include "base/json.h"
#include "text/tokenizer.h"

struct tb_prompt_form {
    char *head, *tail; /* around the text; NULL: it stands as it is */
    char *lead;        /* what every completion begins with, or NULL */
    bool parses_special;
};

/* From a config as tb_dataset_open takes it; of a mix its first source counts. NULL, and texts without prompts: as it
 * is. Close it also after a failure. */
bool tb_prompt_form_open(struct tb_prompt_form *f, const struct tb_json *data, struct tb_err *err);
void tb_prompt_form_close(struct tb_prompt_form *f);
/* Appends the ids of a prompt: the same ones that a row with this text begins with. */
bool tb_prompt_form_encode(const struct tb_prompt_form *f, struct tb_tokenizer *t, const char *text, size_t n,
                           struct tb_ids *out, struct tb_err *err);

#endif
