/* SPDX-License-Identifier: MIT */
/* form.h - values that a person may change, one a line: typed fields checked by their key (plan/key.h), choices, ticks
 * and buttons. An entry is found by its name. */
#ifndef TB_TUI_FORM_H
#define TB_TUI_FORM_H

#include "plan/key.h"
#include "tui/field.h"

enum tb_entry_kind { TB_ENTRY_FIELD, TB_ENTRY_CHOICE, TB_ENTRY_TICK, TB_ENTRY_BUTTON, TB_ENTRY_LABEL };

struct tb_entry {
    enum tb_entry_kind kind;
    char name[64];
    char *label;             /* before the value */
    const struct tb_key *key; /* what may be typed; NULL: anything. Lent */
    char *choices;           /* "a|b|c" */
    struct tb_field field;   /* text of a field; the chosen one of choices */
    bool is_on;              /* a tick */
    bool is_fixed;           /* shown, not to be changed */
    char *was;               /* the value before, for forms that change something; NULL */
    char *idle;              /* what holds while the field is empty, shown dim in it; NULL: nothing */
    bool is_amount;          /* as --budget takes it: a number alone is of tokens, which is shown behind it */
    struct tb_err err;       /* of the text as it is; kind TB_ERR_NONE: fine */
};

struct tb_form {
    struct tb_entry *entry;
    size_t n, cap;
    size_t at; /* that has the focus */
};

void tb_form_free(struct tb_form *f);
/* The entry may be changed further (key, was, is_fixed) and is lent until the next is added. */
struct tb_entry *tb_form_field(struct tb_form *f, const char *name, const char *label, const char *value);
struct tb_entry *tb_form_choice(struct tb_form *f, const char *name, const char *label, const char *choices,
                                const char *value);
struct tb_entry *tb_form_tick(struct tb_form *f, const char *name, const char *label, bool is_on);
struct tb_entry *tb_form_button(struct tb_form *f, const char *name, const char *label);
struct tb_entry *tb_form_label(struct tb_form *f, const char *label);
/* A key out of a table: a tick for a bool, a choice for choices, else a field with the key's check. value NULL: its
 * default, empty if it follows another key. */
struct tb_entry *tb_form_key(struct tb_form *f, const char *name, const struct tb_key *key, const char *value);

struct tb_entry *tb_form_named(struct tb_form *f, const char *name); /* NULL if there is none */
/* " tokens" behind an amount without a unit, else "". */
const char *tb_form_unit(const struct tb_entry *e, const char *text);
/* Text of a field or choice, "true" or "false" of a tick; "" if there is no such entry. */
const char *tb_form_value(const struct tb_form *f, const char *name);
bool tb_form_is_valid(const struct tb_form *f);
const char *tb_form_wrong(const struct tb_form *f); /* label of the first entry that is not valid; NULL: none */

/* Whether a key may be one of a form: the mouse and controls that no form has (redraw, suspend) go on to others. */
bool tb_form_takes(const struct tb_press *p);
enum tb_form_result { TB_FORM_NOTHING, TB_FORM_MOVED, TB_FORM_CHANGED, TB_FORM_PRESSED };
/* Up Down Tab S-Tab move; typing edits; Left Right or Space choose; Space or Enter tick and press. NOTHING: the key
 * means nothing here (Esc, Enter on a field), or the focus would leave the form at an end (Tab). */
enum tb_form_result tb_form_press(struct tb_form *f, const struct tb_press *p);
/* From the first entry on, or so far down that the one with the focus is seen, whose error stands in the last row. */
void tb_form_draw(const struct tb_form *f, struct tb_canvas *c, bool has_focus);

#endif
