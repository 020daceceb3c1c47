/* SPDX-License-Identifier: MIT */
/* put.h - a run worked out becomes a folder of the store. */
#ifndef TB_WORKER_PUT_H
#define TB_WORKER_PUT_H

#include "store/checkpoint.h"
#include "store/store.h"
#include "worker/job.h"

/* What a job does not know of its run; members may be NULL. */
struct tb_put {
    char *const *argv;
    const char *recipe; /* "" or NULL: none */
    const struct tb_json *overrides, *lineage, *changes;
    const struct tb_json *env; /* of whoever asked for it; NULL: of this process */
    const struct tb_checkpoint *start; /* goes into the folder with it */
};

/* Makes the run's folder under this id, queued. TB_ERR_USAGE if it exists. */
bool tb_put_run(const struct tb_store *s, const struct tb_job *j, const struct tb_put *how, const char *id,
                struct tb_err *err);

#endif
