/* SPDX-License-Identifier: MIT */
/* kept.h - why a checkpoint stays (store/keeping.h), in words. */
#ifndef TB_VIEW_KEPT_H
#define TB_VIEW_KEPT_H

#include "base/buf.h"
#include "store/keeping.h"

/* "newest, best", with the place of those behind the first: "best (2nd)", and tags: "tagged mid"; "nothing keeps
 * it". */
void tb_kept_words(const struct tb_metrics *m, const struct tb_kept *k, struct tb_buf *b);
/* ["newest", "best"]; a new list. */
struct tb_json *tb_kept_reasons(const struct tb_kept *k);

#endif
