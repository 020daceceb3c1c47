/* SPDX-License-Identifier: MIT */
/* fmt.h - numbers as people read them. Each writes into dst (n >= 32) and returns it; what is
 * unknown (NaN, or -1 where a count is expected) is "-". Exact numbers for files come from
 * tb_fmt_raw. */
#ifndef TB_VIEW_FMT_H
#define TB_VIEW_FMT_H

#include <stddef.h>
#include <stdint.h>

enum tb_unit {
    TB_UNIT_TEXT,
    TB_UNIT_COUNT,   /* 460,800 */
    TB_UNIT_SHORT,   /* 461k 1.8M */
    TB_UNIT_BYTES,   /* 1.31 GiB */
    TB_UNIT_SECONDS, /* 1h21m 12m05s 4.2s */
    TB_UNIT_SHARE,   /* a fraction as 0.342 % */
    TB_UNIT_LOSS,    /* 1.142 */
    TB_UNIT_RATE,    /* a learning rate: 3e-4 */
    TB_UNIT_PLAIN,   /* an integer without separators: step, seed, pid */
};

/* The value in its unit. */
char *tb_fmt_unit(char *dst, size_t n, enum tb_unit unit, double v);
/* An integer with separators in groups of three, exact in all 64 bits. */
char *tb_fmt_count(char *dst, size_t n, int64_t v);
/* Exact, to be read back: %.17g, or %.9g for values that are floats; "nan", "inf", "-inf". */
char *tb_fmt_raw(char *dst, size_t n, double v, int is_f32);

#endif
