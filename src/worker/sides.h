/* SPDX-License-Identifier: MIT */
/* sides.h - several runs on one loaded base, each a route of one engine, for those who compare what they write. Weights
 * stay loaded while the engine is opened again for longer texts. */
#ifndef TB_WORKER_SIDES_H
#define TB_WORKER_SIDES_H

#include "engine/generate.h"
#include "worker/chat.h"
#include "worker/session_priv.h"

enum { TB_SIDES = 8 };

struct tb_side {
    struct tb_session_run *run; /* NULL: no run, but folders, the mix or the bare base */
    struct tb_session_run own;
    struct tb_stack *stack;     /* NULL: nothing on the base; owned */
    int route, n_virtual;
    double scale;
    bool is_mix;
};

struct tb_sides {
    const struct tb_chat_spec *spec;
    struct tb_subject_spec subject;
    struct tb_subject on; /* the first side, its rows and its shelf, which the others use, too */
    struct tb_side side[TB_SIDES];
    int n;
    const struct tb_model *model;
    struct tb_kernels *k;
    struct tb_stack mixed[TB_SIDES]; /* of each run its parts in the mix, lent from that */
    struct tb_stack *routes[TB_SIDES];
    int n_routes;
    struct tb_engine *engine;
    struct tb_generator *generator;
    int row_tok; /* most tokens of a row for which it is open */
};

/* Opens all of them and their weights. spec is lent. s must be closed also after a failure. TB_ERR_LIMIT with need and
 * free where it would not fit, before anything is loaded. */
bool tb_sides_open(struct tb_sides *s, const struct tb_chat_spec *spec, struct tb_err *err);
void tb_sides_close(struct tb_sides *s);

/* Makes room for rows of so many tokens; whatever was under way is dropped if that is more than before. */
bool tb_sides_reserve(struct tb_sides *s, int row_tok, struct tb_err *err);
void tb_sides_set_scale(struct tb_sides *s, int side, double scale);
/* Whether a run has weights newer than the loaded ones; takes them. */
bool tb_sides_has_newer(struct tb_sides *s, int side);
bool tb_sides_reload(struct tb_sides *s, int side, struct tb_err *err);

/* Most tokens of a row of any side: the model's context less the most virtual rows. */
int tb_sides_room(const struct tb_sides *s);
/* "lora-r8-s0"; "mix", "base". Lent. */
const char *tb_side_name(const struct tb_sides *s, int side);
/* "A", "B", ..; "mix"; "base" for the bare one. */
const char *tb_side_letter(const struct tb_sides *s, int side);

#endif
