/* SPDX-License-Identifier: MIT */
/* ctl.h - requests to a running run: one file each in its ctl/, `000001-stop.json` (asked), then
 * `.taken`, then `.done`, by rename. Anyone may ask; only the owner of the run takes and answers,
 * at step borders. */
#ifndef TB_STORE_CTL_H
#define TB_STORE_CTL_H

#include "base/err.h"
#include "base/json.h"

#include <stdint.h>

struct tb_ctl_request {
    unsigned seq;
    char verb[32];
    char asked[24]; /* UTC */
    struct tb_json *args; /* a map */
};
void tb_ctl_free(struct tb_ctl_request *q); /* what it holds */

/* Asks; args may be NULL. *seq: number of the request. */
bool tb_ctl_post(const char *dir, const char *verb, const struct tb_json *args, unsigned *seq,
                 struct tb_err *err);

/* Whether one waits; a look at an empty folder as a rule. */
bool tb_ctl_is_asked(const char *dir);
enum tb_ctl_found { TB_CTL_NONE, TB_CTL_REQUEST, TB_CTL_GARBAGE };
/* Owner: the oldest request not taken yet, which is thereby taken. GARBAGE: a file that is no
 * request was renamed to `.bad`; words says which and why, for an event; call again. */
enum tb_ctl_found tb_ctl_take(const char *dir, struct tb_ctl_request *q, char words[256]);
/* Owner: the answer to a taken request. */
bool tb_ctl_done(const char *dir, const struct tb_ctl_request *q, int64_t step, const char *note,
                 struct tb_err *err);
/* New owner: answers requests that the one before took and did not finish. Their number. */
int tb_ctl_answer_stale(const char *dir, int64_t step, const char *note);
/* New owner: answers requests that nobody took and whose files are older than age_s, but for those of the verb `but`:
 * they were meant for an owner before. Their number. */
int tb_ctl_answer_old(const char *dir, double age_s, const char *but, int64_t step, const char *note);

enum tb_ctl_state { TB_CTL_MISSING, TB_CTL_ASKED, TB_CTL_TAKEN, TB_CTL_DONE };
struct tb_ctl_answer {
    enum tb_ctl_state state;
    int64_t step;
    char note[256];
};
/* Asker: where a request stands. */
void tb_ctl_look(const char *dir, unsigned seq, const char *verb, struct tb_ctl_answer *a);
/* Asker: takes back a request that nobody has taken; false if it is no longer there. */
bool tb_ctl_withdraw(const char *dir, unsigned seq, const char *verb);
/* Whether an answer says that it was done: if not, it begins with the first of these, or is the second. */
#define TB_CTL_NOT_DONE "not done: "
#define TB_CTL_ENDED "training had ended" /* behind it: what was asked after the last step */
#define TB_CTL_UNKNOWN "this program does not know that request"
bool tb_ctl_was_done(const char *note);
/* Steps at which requests of this verb were done, malloc'ed; their number. */
size_t tb_ctl_steps(const char *dir, const char *verb, int64_t **steps);

#endif
