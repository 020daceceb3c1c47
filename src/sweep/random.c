/* SPDX-License-Identifier: MIT */
/* random.c - random search (Bergstra and Bengio 2012): the points in the order in which they were drawn. It asks for no
 * result, so all trials may wait in line from the start. */
#include "sweep/search.h"

static const struct tb_key keys[] = { TB_SEARCH_TRIALS, TB_SEARCH_SEED, TB_END_KEY };

static int64_t trials(const struct tb_json *given)
{
    return tb_json_int(tb_json_get(given, "trials"), 1);
}

const struct tb_search tb_search_random = {
    .name = "random", .help = "points drawn independently of each other", .paper = "JMLR 13:281", .keys = keys,
    .pool = trials, .startup = trials, .next = tb_search_first_free,
};
