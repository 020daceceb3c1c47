/* SPDX-License-Identifier: MIT */
/* requests.h - what a process that stays hears and says: JSON, a line a request, a line an answer. Lines end at 1 MiB:
 * a longer one is read to its end and refused. */
#ifndef TB_CLI_REQUESTS_H
#define TB_CLI_REQUESTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

/* Zero, but for fd and, where an asker who is silent that long is not waited for any more, idle_s. */
struct tb_requests {
    int fd;
    double idle_s; /* 0: he is waited for */
    struct tb_buf have; /* bytes that were read; lines before `at` are taken, those before `seen` were looked at */
    size_t at, seen;
    bool has_ended;
};
void tb_requests_close(struct tb_requests *r);

/* Waits for the next line that is not blank; false at the end of the input, or of patience. A new value, or NULL with
 * *why. */
bool tb_requests_next(struct tb_requests *r, struct tb_json **request, struct tb_err *why);

/* Without waiting: hands each request that came behind the one at hand to fn, once while that is at hand, until it says
 * true. They stay in their place. */
typedef bool tb_requests_fn(void *arg, const struct tb_json *request);
bool tb_requests_look(struct tb_requests *r, tb_requests_fn *fn, void *arg);

/* Prints an answer, with the id of its request if that has one; takes it over. */
bool tb_requests_answer(struct tb_json *answer, const struct tb_json *request, struct tb_err *err);
/* {"error": {kind, text, where, line}}, a new value. */
struct tb_json *tb_requests_error(const struct tb_err *err);

#endif
