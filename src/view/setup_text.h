/* SPDX-License-Identifier: MIT */
/* setup_text.h - drafts (plan/plan.h) of a method or of data, written as they stand behind --method and --data, and as
 * they stand in a recipe. */
#ifndef TB_VIEW_SETUP_TEXT_H
#define TB_VIEW_SETUP_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

/* The draft of a text behind --method or --data; a new map, NULL and *err if it is wrong. */
struct tb_json *tb_setup_method_draft(const char *text, struct tb_err *err);
struct tb_json *tb_setup_data_draft(const char *text, struct tb_err *err);

/* Appends "lora:r=8", "pairs:file.tsv,sep=\t". */
void tb_setup_put_method(struct tb_buf *b, const struct tb_json *draft);
void tb_setup_put_data(struct tb_buf *b, const struct tb_json *draft);
/* Appends "t.lora { r = 8 }", "t.pairs { "file.tsv", sep = "\\t" }". */
void tb_setup_put_method_lua(struct tb_buf *b, const struct tb_json *draft);
void tb_setup_put_data_lua(struct tb_buf *b, const struct tb_json *draft);
/* Appends a value as it is typed behind --method, "q+v", and as Lua, { "q", "v" }. */
void tb_setup_put_typed(struct tb_buf *b, const struct tb_json *v);
void tb_setup_put_lua(struct tb_buf *b, const struct tb_json *v);
/* "60k", "50steps" as t.tokens(60e3), t.steps(50). */
bool tb_setup_put_amount(struct tb_buf *b, const char *text, struct tb_err *err);

#endif
