/* SPDX-License-Identifier: MIT */
/* band.h - several curves as one: their mean, and between which values they lie. */
#ifndef TB_VIEW_BAND_H
#define TB_VIEW_BAND_H

#include "view/pyramid.h"

/* At the same x in all three; NaN where no curve has a value. */
struct tb_band {
    struct tb_series mean, low, high;
};

/* At the middles of `parts` equal parts of from .. to. The mean is over the curves that have a value there; low and
 * high are the extremes within the part, so that no spike is lost. Free with tb_band_free. */
void tb_band_make(struct tb_band *b, const struct tb_pyramid *const *p, size_t n, double from, double to,
                  size_t parts);
void tb_band_free(struct tb_band *b);

#endif
