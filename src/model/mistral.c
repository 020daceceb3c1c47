/* SPDX-License-Identifier: MIT */
/* mistral.c - Mistral: Llama with a sliding window in every layer. Jiang et al. 2023, arXiv:2310.06825. A
 * config.json that does not mention the window means 4096, the library's default; null means none. Its GGUF
 * files come as llama. */
#include "base/json.h"
#include "model/model_priv.h"

enum { WINDOW = 4096 };

static bool from_config(const struct tb_json *c, struct tb_shape *s, struct tb_err *err)
{
    const struct tb_json *window = tb_json_get(c, "sliding_window");
    if (!tb_hf_shape(c, s, err))
        return false;
    return (window && tb_json_type(window) == TB_JSON_NULL)
        || tb_hf_int(c, "sliding_window", WINDOW, &s->window, err);
}

const struct tb_family tb_family_mistral = { .model_type = "mistral", .from_config = from_config };
