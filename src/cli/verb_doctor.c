/* SPDX-License-Identifier: MIT */
/* verb_doctor.c - tunebench doctor: can this machine and this store carry runs? Exit code 1 if not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/out.h"
#include "cli/verb.h"
#include "worker/session.h"

static const char *text(const struct tb_json *map, const char *key)
{
    return tb_json_str(tb_json_get(map, key), "");
}

static void print(const struct tb_out *o, const struct tb_json *list)
{
    for (size_t i = 0; i < tb_json_len(list); i++) {
        const struct tb_json *c = tb_json_at(list, i);
        const char *status = text(c, "status");
        enum tb_paint paint = strcmp(status, "fail") == 0 ? TB_PAINT_BAD
                            : strcmp(status, "warn") == 0 ? TB_PAINT_WARN : TB_PAINT_GOOD;
        tb_out_paint(o, paint, status);
        printf("%*s", 4 - (int)strlen(status), "");
        tb_out_pair(o, 12, text(c, "check"), text(c, "text"));
        if (*text(c, "advice")) {
            printf("%20s", "");
            tb_out_safe(text(c, "advice"));
            fputc('\n', stdout);
        }
    }
}

static void print_table(const struct tb_out *o, const struct tb_json *list)
{
    static const struct tb_table_column columns[] = {
        { "check", NULL, TB_UNIT_TEXT, false }, { "status", NULL, TB_UNIT_TEXT, false },
        { "text", NULL, TB_UNIT_TEXT, false },  { "advice", NULL, TB_UNIT_TEXT, false },
    };
    tb_out_maps(o, list, columns, sizeof columns / sizeof *columns);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct tb_out o;
    if (!tb_args_count(a, 0, 0, "doctor", err) || !tb_out_open(&o, a, err))
        return false;
    struct tb_json *list = tb_session_doctor(tb_args_get(a, "store"), err);
    if (!list)
        return false;
    for (size_t i = 0; i < tb_json_len(list); i++)
        if (!tb_json_bool(tb_json_get(tb_json_at(list, i), "ok"), false))
            *exit_code = 1;
    if (o.form == TB_EMIT_JSON) {
        tb_out_json(&o, list);
        return true;
    }
    if (o.form == TB_EMIT_TEXT)
        print(&o, list);
    else
        print_table(&o, list);
    tb_json_free(list);
    return true;
}

static const struct tb_flag flags[] = { TB_FLAG_JSON, TB_FLAG_CSV, TB_FLAG_PLAIN, TB_FLAG_OUTPUT, { 0 } };

const struct tb_verb tb_verb_doctor = {
    .name = "doctor", .usage = "",
    .help = "Checks what this machine and the store can do.\n"
            "The exit code is 1 if runs would not work.",
    .examples = "  tunebench doctor\n"
                "  tunebench doctor --store /scratch/runs.d\n"
                "  tunebench doctor --json | jq -r '.[] | select(.ok | not) | .check'\n",
    .flags = flags, .run = run,
};
