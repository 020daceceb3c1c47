/* SPDX-License-Identifier: MIT */
/* keys.h - single keys from a terminal, for verbs that look until somebody leaves; and signals as what they are: other
 * ways to leave. The terminal is as it was afterwards, also when the process is stopped and goes on (^Z, fg). */
#ifndef TB_CLI_KEYS_H
#define TB_CLI_KEYS_H

/* From now on; without a terminal as stdin, or in the background, there are no keys. */
void tb_keys_open(void);
void tb_keys_close(void);

/* Waits: 0 if the time is up, a key, or the negative number of SIGINT, SIGTERM or SIGHUP, now or before. */
int tb_keys_wait(double seconds);

#endif
