/* SPDX-License-Identifier: MIT */
/* session_priv.h - what the one-shot verbs share: an engine on a base with adapters from folders, and a run of a store
 * with the weights it ended with or had at a step. */
#ifndef TB_WORKER_SESSION_PRIV_H
#define TB_WORKER_SESSION_PRIV_H

#include "engine/engine.h"
#include "store/metrics.h"
#include "store/store.h"
#include "worker/session.h"
#include "worker/shelf.h"

/* A back end and an engine for one verb. */
struct tb_session {
    const struct tb_model *model; /* lent */
    struct tb_kernels *k;
    struct tb_stack *stack; /* owned; NULL: the bare model */
    struct tb_engine *engine;
};

/* Takes `stack` over (NULL: the bare model), also on failure. Its tensors have start values afterwards, made without a
 * text: whoever opens loads weights next. step_rows and row_tok of spec are the caller's, the rest is filled in if 0.
 * s must be closed also after a failure. */
bool tb_session_open(struct tb_session *s, const struct tb_model *m, struct tb_stack *stack,
                     const struct tb_engine_spec *spec, int threads, struct tb_err *err);
/* What every session's spec has where the caller says nothing; start values of a bound stack (NULL: fine). */
struct tb_engine_spec tb_session_spec(const struct tb_engine_spec *given);
bool tb_session_init(struct tb_stack *stack, struct tb_err *err);
void tb_session_close(struct tb_session *s);

/* A base by name or path, as tb_model_find takes it; malloc'ed. */
char *tb_session_base_path(const char *base, struct tb_err *err);

/* Adapter folders of a command line: each a PEFT folder, or the folder of a stack, which stands for its parts. */
struct tb_folders {
    char **dir;
    int n;
};
bool tb_folders_open(struct tb_folders *f, const char *const *paths, int n, struct tb_err *err);
void tb_folders_close(struct tb_folders *f);
/* Opens them as one stack in their order; a part is called by the last component of its path. */
struct tb_stack *tb_folders_stack(const struct tb_folders *f, const struct tb_model *m, struct tb_err *err);
/* Their tensors into that stack, once it is bound. */
bool tb_folders_load(const struct tb_folders *f, struct tb_stack *s, struct tb_err *err);

/* A run in a store, opened for reading. */
struct tb_session_run {
    char id[TB_RUN_ID];
    char *dir;
    int64_t step; /* TB_REF_LAST: as it ended; else a checkpoint's */
    struct tb_metrics metrics;
    struct tb_config config; /* as settled when it began; every key */
    struct tb_shelf *shelf;
    bool has_shelf; /* of its own; else it is lent */
    const struct tb_base *base;
    struct tb_model *trained; /* model/ of a run that trained all weights, unless a checkpoint was asked for, or NULL */
    int64_t loaded; /* step of the weights that were loaded last */
};
/* store NULL: the usual one. ref: "RUN", "RUN:400", "RUN:best". Fails if the base is not what it was. r must be closed
 * also after a failure. */
bool tb_session_run_open(struct tb_session_run *r, const char *store, const char *ref, struct tb_err *err);
/* The same with the base from a shelf that others use, too. */
bool tb_session_run_open_on(struct tb_session_run *r, const char *store, const char *ref, struct tb_shelf *shelf,
                            struct tb_err *err);
/* Reads what a run has recorded since; the ref is the one it was opened with. */
bool tb_session_run_look(struct tb_session_run *r, const char *ref, struct tb_err *err);
/* The step whose weights `load` would take now, -1 if there are none. */
int64_t tb_session_run_newest(const struct tb_session_run *r);
/* Weights into a stack made from its config, which is bound. */
bool tb_session_run_load(struct tb_session_run *r, struct tb_stack *s, struct tb_err *err);
/* The text that it was trained on and evaluated by, lent by its shelf; TB_ERR_FORMAT if that has changed. */
struct tb_dataset *tb_session_run_text(const struct tb_session_run *r, struct tb_err *err);
/* Virtual rows that its adapter puts before a row's tokens; -1 and *err if it cannot be made for the base. */
int tb_session_run_virtual(const struct tb_session_run *r, struct tb_err *err);
bool tb_session_run_is_full(const struct tb_session_run *r);
void tb_session_run_close(struct tb_session_run *r);
/* The run's model and stack with its weights, on an engine for evaluation. */
bool tb_session_run_start(struct tb_session_run *r, struct tb_session *s, const struct tb_engine_spec *spec,
                          int threads, struct tb_err *err);

/* What a verb works on (a run, adapter folders on a base, a bare base), and rows of text. Strings are lent. */
struct tb_subject_spec {
    const char *base;
    const char *const *adapters;
    int n_adapters;
    const char *store, *run; /* run: instead of base and adapters */
    const char *data;        /* rows of a data text; NULL: those that the run was evaluated on */
};

struct tb_subject {
    const struct tb_subject_spec *spec;
    struct tb_session_run run;  /* of a run */
    struct tb_folders folders;  /* of folders */
    struct tb_shelf *own;       /* of folders; a run has its own */
    struct tb_shelf *shelf;
    struct tb_config config;    /* the run's, its data replaced where other data were given; else base and data */
    const struct tb_base *base; /* lent by the shelf */
    struct tb_stack *stack;     /* of folders, until a session has it */
    int n_virtual;              /* virtual rows before a row's tokens */
    struct tb_job *job;         /* whose held-out rows they are */
    struct tb_dataset *data;    /* lent */
    int *row, n;                /* rows of the data set */
};
/* Finds and opens it; no data is read yet. s must be closed also after a failure. */
bool tb_subject_open(struct tb_subject *s, const struct tb_subject_spec *spec, struct tb_err *err);
/* Reads the rows: data, row and n. */
bool tb_subject_rows(struct tb_subject *s, struct tb_err *err);
/* The model and stack with its weights, on an engine for evaluation. */
bool tb_subject_start(struct tb_subject *s, struct tb_session *session, const struct tb_engine_spec *spec, int threads,
                      struct tb_err *err);
void tb_subject_close(struct tb_subject *s);

#endif
