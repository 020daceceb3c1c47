/* SPDX-License-Identifier: MIT */
/* steer.h - what the verbs that change runs share: the runs, how long to wait for an answer, and telling what was
 * done to each: a line with the verb that undoes it, or an entry of a JSON list. */
#ifndef TB_CLI_STEER_H
#define TB_CLI_STEER_H

#include <stdio.h>

#include "cli/choose.h"
#include "cli/out.h"
#include "cli/request.h"

#define TB_FLAG_WAIT { "wait", "S", false, "seconds to wait for a running run to answer (60); 0: only ask" }

struct tb_steer {
    struct tb_out out;
    struct tb_choice runs;
    double wait_s;
    struct tb_json *told; /* list, for --json */
    FILE *to;             /* of the lines; stdout */
    int exit_code;        /* of the first run for which it did not work, else 0 */
};

/* As tb_choose. s must be closed also after a failure. */
bool tb_steer_open(struct tb_steer *s, const struct tb_args *a, const char *const *words, int n, const char *besides,
                   struct tb_err *err);
/* Prints the JSON if that was asked for and nothing failed before. */
void tb_steer_close(struct tb_steer *s, bool good, int *exit_code);

/* One run's outcome. */
struct tb_told {
    bool has_changed;
    int exit_code;     /* not 0: it did not work; the line goes to stderr */
    const char *words;
    char *inverse;     /* a command, or NULL; taken over */
    const struct tb_asked *asked; /* NULL: nobody was asked */
};
void tb_steer_tell(struct tb_steer *s, size_t i, const struct tb_told *t);
/* Of a failure. */
void tb_steer_fail(struct tb_steer *s, size_t i, const struct tb_err *err);
/* Of an answer: "asked 21:14:07, done at step 488 (words)"; words NULL: those of the answer. Takes over inverse. */
void tb_steer_answer(struct tb_steer *s, size_t i, const struct tb_asked *asked, const char *words, char *inverse);

/* Whether a process has the run and can be asked. */
bool tb_steer_is_held(const struct tb_steer *s, size_t i);

#endif
