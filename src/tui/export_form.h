/* SPDX-License-Identifier: MIT */
/* export_form.h - the dialog that writes a run out: in which form, from which checkpoint, where to, and how that is
 * loaded afterwards. */
#ifndef TB_TUI_EXPORT_FORM_H
#define TB_TUI_EXPORT_FORM_H

#include "store/store.h"
#include "tui/form.h"

struct tb_export_form {
    bool is_open;
    char name[96];
    char *ref;   /* what a command line calls the run */
    bool is_full; /* all weights are trained: a model folder */
    int64_t adapter_bytes, n_weights; /* of the base; -1: not known */
    size_t n_train, n_eval, n_rows; /* of its tables */
    struct tb_form form;
};

/* steps[0 .. n-1]: its checkpoints; ref is copied. */
void tb_export_form_open(struct tb_export_form *f, const struct tb_run_item *item, const struct tb_metrics *m,
                         const char *ref, const int64_t *steps, size_t n);
void tb_export_form_close(struct tb_export_form *f);
enum tb_export_form_result { TB_EXPORT_FORM_STAYS, TB_EXPORT_FORM_LEFT, TB_EXPORT_FORM_STARTS };
enum tb_export_form_result tb_export_form_press(struct tb_export_form *f, const struct tb_press *p);
char *tb_export_form_command(const struct tb_export_form *f); /* "export lora-r8-s0:best --as peft -o DIR"; malloc'ed */
void tb_export_form_draw(const struct tb_export_form *f, struct tb_canvas *c);

#endif
