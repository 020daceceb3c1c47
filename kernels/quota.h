/* SPDX-License-Identifier: MIT */
/* quota.h - how much processor time the system lets this process have. */
#ifndef TB_KERNELS_QUOTA_H
#define TB_KERNELS_QUOTA_H

/* Processors worth of time that the control groups of this process and all above it allow, rounded up; 0: no limit
 * known. Files are looked for under `root`, "" but for tests. */
int tb_quota_cpus(const char *root);

#endif
