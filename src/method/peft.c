/* SPDX-License-Identifier: MIT */
/* peft.c - fields of PEFT's adapter_config.json from and to the keys of our methods (peft-formats: names and
 * defaults of peft 0.21). Files are read by format/peft_config; here are only the meanings. */
#include "method/peft.h"

void tb_peft_take(const struct tb_json *config, const char *field, struct tb_json *keys, const char *key,
                  const char *otherwise)
{
    const struct tb_json *v = tb_json_get(config, field);
    if (tb_json_type(v) == TB_JSON_NULL)
        tb_json_set(keys, key, tb_json_parse(otherwise, strlen(otherwise), field, NULL));
    else
        tb_json_set(keys, key, tb_json_copy(v));
}

static bool is_set(const struct tb_json *v)
{
    switch (tb_json_type(v)) {
    case TB_JSON_NULL: return false;
    case TB_JSON_BOOL: return tb_json_bool(v, false);
    case TB_JSON_LIST:
    case TB_JSON_MAP: return tb_json_len(v) > 0;
    default: return true;
    }
}

bool tb_peft_refuse(const struct tb_json *config, const char *const *fields, struct tb_err *err)
{
    for (; *fields; fields++)
        if (is_set(tb_json_get(config, *fields)))
            return tb_fail(err, TB_ERR_FORMAT, "adapter_config.json sets %s, which tunebench cannot follow", *fields);
    return true;
}

bool tb_targets_take_peft(const struct tb_json *config, struct tb_json *keys, const char *otherwise, struct tb_err *err)
{
    static const char *const refused[] = { "exclude_modules", NULL };
    const struct tb_json *layers = tb_json_get(config, "layers_to_transform");
    if (!tb_peft_refuse(config, refused, err))
        return false;
    const struct tb_json *t = tb_json_get(config, "target_modules");
    if (tb_json_type(t) == TB_JSON_STR) {
        struct tb_json *list = tb_json_new_list();
        tb_json_append(list, tb_json_copy(t));
        tb_json_set(keys, "targets", list);
    } else {
        tb_peft_take(config, "target_modules", keys, "targets", otherwise);
    }
    if (tb_json_type(layers) == TB_JSON_INT) {
        struct tb_json *list = tb_json_new_list();
        tb_json_append(list, tb_json_copy(layers));
        tb_json_set(keys, "layers", list);
    } else {
        tb_peft_take(config, "layers_to_transform", keys, "layers", "[]");
    }
    return true;
}

void tb_targets_put_peft(const struct tb_adapter *a, struct tb_json *config)
{
    const struct tb_json *layers = tb_adapter_json(a, "layers");
    tb_json_set(config, "target_modules", tb_targets_to_peft(tb_adapter_json(a, "targets")));
    if (tb_json_len(layers))
        tb_json_set(config, "layers_to_transform", tb_json_copy(layers));
}
