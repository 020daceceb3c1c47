/* SPDX-License-Identifier: MIT */
/* chat_flags.h - flags of the verbs that write texts with several runs side by side, as a conversation takes them. */
#ifndef TB_CLI_CHAT_FLAGS_H
#define TB_CLI_CHAT_FLAGS_H

#include "base/json.h"
#include "cli/args.h"
#include "worker/chat.h"

enum { TB_CHAT_RUNS = 8, TB_CHAT_ADAPTERS = 64, TB_CHAT_REF = 256 };

#define TB_FLAGS_SAMPLING \
    { "max", "N", false, "most tokens of a text (128)" }, \
    { "temperature", "T", false, "0: always the most likely token; 1: as the model has it (0)" }, \
    { "top-k", "K", false, "draw from the K most likely only (0: all)" }, \
    { "top-p", "P", false, "draw from the fewest that hold this probability (1)" }, \
    { "min-p", "P", false, "draw from those with this share of the most likely one's probability (0)" }, \
    { "repeat-penalty", "X", false, "weakens tokens that stand in prompt or text already (1: none)" }, \
    { "seed", "N", false, "of the draws (0)" }, \
    { "stop", "TEXT", true, "ends a text before these words" }

#define TB_FLAG_SCALE \
    { "scale", "X", true, "how much adapters count: X for all, B=X for the second run; 0 is the base" }

/* Who writes: the words that are runs, or --base and --adapter. */
struct tb_chat_flags {
    struct tb_chat_spec spec;
    char ref[TB_CHAT_RUNS][TB_CHAT_REF];
    const char *run[TB_CHAT_RUNS], *adapter[TB_CHAT_ADAPTERS];
};
bool tb_chat_flags_read(struct tb_chat_flags *f, const struct tb_args *a, struct tb_err *err);

/* What TB_FLAGS_SAMPLING, --raw and --scale say, as keys of a request to write; a new map. n_sides: how many have
 * letters. */
struct tb_json *tb_chat_settings(const struct tb_args *a, int n_sides, struct tb_err *err);

#endif
