/* SPDX-License-Identifier: MIT */
/* request.h - asking the process that trains a run, and waiting for what it answers. */
#ifndef TB_CLI_REQUEST_H
#define TB_CLI_REQUEST_H

#include "base/err.h"
#include "base/json.h"

#include <stdint.h>

enum tb_asked_state {
    TB_ASKED_OPEN,    /* no answer yet; the request stays */
    TB_ASKED_DONE,
    TB_ASKED_REFUSED, /* `note` says why */
    TB_ASKED_NOBODY,  /* the process that had the run is gone, the request withdrawn */
};

struct tb_asked {
    enum tb_asked_state state;
    int64_t asked_ns; /* wall clock */
    int64_t step;     /* at which it was done */
    char note[256];   /* of the answer */
};

/* Asks the owner of the run in `dir` and waits for at most wait_s. False only if nothing could be asked. */
bool tb_request(const char *dir, const char *verb, const struct tb_json *args, double wait_s, struct tb_asked *a,
                struct tb_err *err);

/* Waits until the run's owner has given it back, for at most wait_s; false if it still has it. */
bool tb_request_wait_end(const char *dir, double wait_s);

#endif
