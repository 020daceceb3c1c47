/* SPDX-License-Identifier: MIT */
/* duty.h - which process trains the runs of a store on this host. Its folder worker/ holds, for each host and device,
 *     <host>-cpu.lock   held (flock) by the one on duty; its text says {pid, mode, since, leaving, version, trouble}
 *     <host>-cpu.log    what a detached one had to say
 *     bell              grows by a byte whenever somebody put a run on the list
 * Whoever wants to leave says so first, looks for new runs once more, and only then gives up the lock; whoever put a
 * run on the list reads the text afterwards. So either the one on duty sees the run, or the other sees it leave. */
#ifndef TB_STORE_DUTY_H
#define TB_STORE_DUTY_H

#include "base/err.h"

#include <stdint.h>

struct tb_duty;

/* Takes duty of the store at `root`. `mode`: "detached" or "foreground". NULL and TB_ERR_BUSY, which names the process,
 * if another has it. */
struct tb_duty *tb_duty_take(const char *root, const char *mode, struct tb_err *err);
void tb_duty_leave(struct tb_duty *d); /* gives it up; NULL is fine */
/* Says whether it is about to leave. One thread at a time says something. */
void tb_duty_say_leaving(struct tb_duty *d, bool is_leaving);
/* Says that something cannot be written, NULL: it can be again. The text needs no room on a full disk. */
void tb_duty_say_trouble(struct tb_duty *d, const char *words);
/* Whether the bell rang since the last call, or somebody removed the store: look for runs. */
bool tb_duty_was_rung(struct tb_duty *d);

struct tb_duty_sight {
    bool is_held, is_leaving, is_foreground;
    int64_t pid;      /* 0 if nobody is on duty */
    int64_t last_pid; /* who is, or was before; 0 if unknown */
    char since[24];  /* UTC */
    char version[24]; /* of its program, "" of one that did not say */
    char trouble[256]; /* what it cannot write and why, "" */
};
/* As seen on this host. */
void tb_duty_look(const char *root, struct tb_duty_sight *s);
/* Tells whoever is on duty, on any host, that there is something to do. */
bool tb_duty_ring(const char *root, struct tb_err *err);
/* Path of the log of this host; its folder is made. malloc'ed; NULL and *err if that fails. */
char *tb_duty_log(const char *root, struct tb_err *err);

#endif
