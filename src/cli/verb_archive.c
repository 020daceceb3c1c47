/* SPDX-License-Identifier: MIT */
/* verb_archive.c - tunebench archive: runs that are put away; nothing of them is removed. */
#include "cli/mark.h"
#include "cli/verb.h"

static const struct tb_mark_switch archive = {
    .verb = "archive", .mark = "archived", .off = "undo", .on_words = "is archived",
    .off_words = "is not archived", .besides = "archived:no", .off_besides = "archived:yes",
};

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    return tb_mark_switch(&archive, a, exit_code, err);
}

static const struct tb_flag flags[] = {
    { "undo", NULL, false, "list them again" }, TB_FLAG_WAIT, TB_FLAG_JSON, { 0 }
};

const struct tb_verb tb_verb_archive = {
    .name = "archive", .usage = "RUN..",
    .help = "Puts runs away; ls and filters pass over them.\n"
            "They are found where they are named. Their files stay until 'gc --archived'.\n"
            "RUN is a name, the beginning of an id, @last, @best, or a filter as ls takes it.",
    .examples = "  tunebench archive state:failed\n"
                "  tunebench archive --undo lora-r8-s0\n"
                "  tunebench ls archived:yes\n",
    .flags = flags, .run = run,
};
