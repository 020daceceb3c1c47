/* SPDX-License-Identifier: MIT */
/* family.c - the table of families, and the words for one that is not in it. */
#include <string.h>

#include "base/buf.h"
#include "model/model_priv.h"

#define TB_FAMILY(name) extern const struct tb_family tb_family_##name;
#include "model/families.def"
#undef TB_FAMILY

static const struct tb_family *const families[] = {
#define TB_FAMILY(name) &tb_family_##name,
#include "model/families.def"
#undef TB_FAMILY
    NULL
};

static const char *word(const struct tb_family *f, bool is_gguf)
{
    return is_gguf ? f->architecture : f->model_type;
}

static const struct tb_family *find(const char *name, bool is_gguf, struct tb_err *err)
{
    struct tb_buf known = { 0 };
    for (int i = 0; families[i]; i++) {
        const char *w = word(families[i], is_gguf);
        if (w && name && strcmp(w, name) == 0) {
            tb_buf_free(&known);
            return families[i];
        }
        if (w)
            tb_buf_fmt(&known, "%s%s", known.n ? ", " : "", w);
    }
    const char *key = is_gguf ? "general.architecture" : "model_type";
    if (name)
        tb_fail(err, TB_ERR_FORMAT, "%s is \"%.40s\", which is not built; known are %s", key, name, known.p);
    else
        tb_fail(err, TB_ERR_FORMAT, "%s is missing; known are %s", key, known.p);
    tb_buf_free(&known);
    return NULL;
}

const struct tb_family *tb_family_of_config(const char *model_type, struct tb_err *err)
{
    return find(model_type, false, err);
}

const struct tb_family *tb_family_of_gguf(const char *architecture, struct tb_err *err)
{
    return find(architecture, true, err);
}
