/* SPDX-License-Identifier: MIT */
/* clone_rules.h - the ways in which a run may begin from another one, and the keys that each of them fixes: a warm
 * start goes on with moments and with a place in the order of the rows, so it fixes all that these depend on; a start
 * from weights fixes the base, and by their shapes what the tensors are. */
#ifndef TB_VIEW_CLONE_RULES_H
#define TB_VIEW_CLONE_RULES_H

/* What a clone takes over from its parent. */
enum tb_clone_mode {
    TB_CLONE_AUTO,    /* warm, if nothing that it fixes is changed */
    TB_CLONE_WARM,    /* weights, moments, place in the data */
    TB_CLONE_WEIGHTS, /* weights; moments and data anew */
    TB_CLONE_COLD,    /* the config alone */
    TB_CLONE_RERUN,   /* the config, changes and beginning of the run itself */
};
const char *tb_clone_mode_name(enum tb_clone_mode m);
/* What goes on and what is fixed by that, in a line; "" of auto and rerun. */
const char *tb_clone_mode_words(enum tb_clone_mode m);

enum tb_clone_fixed { TB_CLONE_FREE, TB_CLONE_BY_BASE, TB_CLONE_BY_PLACE, TB_CLONE_BY_SHAPE };
/* Why a dotted key is fixed. Shapes of a start from weights are not known here. */
enum tb_clone_fixed tb_clone_fixed_by(enum tb_clone_mode m, const char *key);

#endif
