/* SPDX-License-Identifier: MIT */
/* usage.h - what another process of this machine takes. */
#ifndef TB_BASE_USAGE_H
#define TB_BASE_USAGE_H

#include <stdbool.h>
#include <stdint.h>

struct tb_usage {
    double cpu_s;  /* of all its threads, since it began */
    double age_s;  /* since it began */
    uint64_t rss_bytes;
};

/* From /proc; false if there is no such process. */
bool tb_usage_read(uint32_t pid, struct tb_usage *u);

#endif
