/* SPDX-License-Identifier: MIT */
/* peft_fields.h - the fields of PEFT's adapter_config.json, by peft_type, with the library's defaults. */
#ifndef TB_EXCHANGE_PEFT_FIELDS_H
#define TB_EXCHANGE_PEFT_FIELDS_H

#include "base/err.h"
#include "base/json.h"

#define TB_PEFT_VERSION "0.21.2" /* whose fields and defaults these are */

/* What a reader does with a field. */
enum tb_peft_use {
    TB_PEFT_READ,  /* its meaning is a key of the method */
    TB_PEFT_FREE,  /* any value: about start values, training or bookkeeping, not about what the adapter computes */
    TB_PEFT_FIXED, /* the default, or unset; anything else would compute something else */
};

struct tb_peft_field {
    const char *name;
    const char *value; /* the library's default as JSON text */
    enum tb_peft_use use;
};

/* The fields that only this type has, ended by a NULL name; NULL for a type that is not in the table. */
const struct tb_peft_field *tb_peft_fields(const char *peft_type);
/* The fields of all types. */
const struct tb_peft_field *tb_peft_fields_common(void);
const struct tb_peft_field *tb_peft_field_find(const char *peft_type, const char *name);

/* All fields of the type at their defaults, as the library writes them: a new map. */
struct tb_json *tb_peft_defaults(const char *peft_type);
/* Fails on the first field of a configuration that asks for something we do not do, and names it. */
bool tb_peft_check(const struct tb_json *config, const char *peft_type, struct tb_err *err);

#endif
