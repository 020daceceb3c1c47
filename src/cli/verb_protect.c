/* SPDX-License-Identifier: MIT */
/* verb_protect.c - tunebench protect: no automatic act touches a protected run. */
#include "cli/mark.h"
#include "cli/verb.h"

static const struct tb_mark_switch protect = {
    .verb = "protect", .mark = "protected", .off = "off", .on_words = "is protected",
    .off_words = "is not protected", .besides = "archived:no", .off_besides = "protected:yes",
};

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    return tb_mark_switch(&protect, a, exit_code, err);
}

static const struct tb_flag flags[] = {
    { "off", NULL, false, "no longer" }, TB_FLAG_WAIT, TB_FLAG_JSON, { 0 }
};

const struct tb_verb tb_verb_protect = {
    .name = "protect", .usage = "RUN..",
    .help = "Protects runs: nothing automatic ends them or removes their files.\n"
            "Neither patience (stop.patience) nor a loss that has grown ends them; one that is not a number does.\n"
            "RUN is a name, the beginning of an id, @last, @best, or a filter as ls takes it.",
    .examples = "  tunebench protect @best\n"
                "  tunebench protect 'eval<1.2' state:done\n"
                "  tunebench protect --off lora-r8-s0\n",
    .flags = flags, .run = run,
};
