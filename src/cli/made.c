/* SPDX-License-Identifier: MIT */
/* made.c - a new run is undone by ending it and putting it away: nothing is ever removed by an undo. */
#include "cli/made.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cli/choose.h"
#include "view/fmt.h"

static const char *text_of(const struct tb_json *facts, const char *key)
{
    return tb_json_str(tb_json_get(facts, key), "");
}

static bool is_fact(const struct tb_json *facts, const char *key)
{
    return tb_json_bool(tb_json_get(facts, key), false);
}

/* "tunebench stop ID && tunebench archive ID" */
static char *inverse(const struct tb_args *a, const struct tb_json *facts)
{
    static const char *const verbs[] = { "stop", "archive" };
    struct tb_buf b = { 0 };
    for (int i = 0; i < 2; i++) {
        tb_buf_fmt(&b, "%stunebench %s %s", i ? " && " : "", verbs[i], text_of(facts, "id"));
        tb_args_tell_store(&b, a);
    }
    return tb_buf_take(&b);
}

/* "warm clone of lora-r8-s0 at step 400" */
static char *words(const struct tb_json *facts, bool is_done)
{
    struct tb_buf b = { 0 };
    bool is_rerun = strcmp(text_of(facts, "mode"), "rerun") == 0;
    int64_t step = tb_json_int(tb_json_get(facts, "parent_step"), -1);
    if (is_rerun)
        tb_buf_fmt(&b, "rerun of %s", text_of(facts, "parent_name"));
    else
        tb_buf_fmt(&b, "%s clone of %s", text_of(facts, "mode"), text_of(facts, "parent_name"));
    if (step >= 0 && !is_rerun)
        tb_buf_fmt(&b, " at step %lld", (long long)step);
    if (is_fact(facts, "is_there"))
        tb_buf_str(&b, "; is in the store already");
    else if (!is_done)
        tb_buf_str(&b, "; not made");
    return tb_buf_take(&b);
}

static void line(FILE *to, const char *text)
{
    struct tb_buf safe = { 0 };
    tb_utf8_safe(&safe, text, strlen(text));
    fprintf(to, "%s\n", safe.p ? safe.p : "");
    tb_buf_free(&safe);
}

static void print_keys(FILE *to, const struct tb_json *keys)
{
    for (void *it = tb_json_first(keys); it; it = tb_json_next(keys, it)) {
        char *was = tb_json_text(tb_json_at(tb_json_iter_value(it), 0), TB_JSON_CANONICAL),
             *is = tb_json_text(tb_json_at(tb_json_iter_value(it), 1), TB_JSON_CANONICAL);
        char *text = tb_xasprintf("  %s %s -> %s", tb_json_iter_key(it), was, is);
        line(to, text);
        free(text);
        free(was);
        free(is);
    }
}

static void print_mode(FILE *to, const char *mode)
{
    for (enum tb_clone_mode m = TB_CLONE_WARM; m < TB_CLONE_COLD; m++)
        if (strcmp(mode, tb_clone_mode_name(m)) == 0) {
            char *text = tb_xasprintf("  %s", tb_clone_mode_words(m));
            line(to, text);
            free(text);
        }
}

static void print_cost(FILE *to, const struct tb_json *facts)
{
    char tokens[32], time[32], bytes[32], text[200];
    tb_fmt_unit(tokens, sizeof tokens, TB_UNIT_COUNT, tb_json_real(tb_json_get(facts, "tokens"), NAN));
    tb_fmt_unit(time, sizeof time, TB_UNIT_SECONDS, tb_json_real(tb_json_get(facts, "est_s"), NAN));
    tb_fmt_unit(bytes, sizeof bytes, TB_UNIT_BYTES, tb_json_real(tb_json_get(facts, "bytes"), NAN));
    snprintf(text, sizeof text, "  costs %s tokens, about %s, %s of checkpoints", tokens, time, bytes);
    line(to, text);
}

void tb_made_print(FILE *to, const struct tb_args *a, const struct tb_json *facts, bool is_done)
{
    bool is_new = is_done && !is_fact(facts, "is_there");
    char *undo = is_new ? inverse(a, facts) : NULL, *what = words(facts, is_done);
    char *first = tb_xasprintf("%s: %s%s%s", text_of(facts, "name"), what, undo ? "; undo: " : "", undo ? undo : "");
    fflush(stdout);
    line(to, first);
    print_keys(to, tb_json_get(facts, "changed"));
    print_mode(to, text_of(facts, "mode"));
    if (!is_fact(facts, "is_there"))
        print_cost(to, facts);
    fflush(to);
    free(first);
    free(what);
    free(undo);
}

struct tb_json *tb_made_json(const struct tb_args *a, const struct tb_json *facts, bool is_done)
{
    bool is_new = is_done && !is_fact(facts, "is_there");
    char *undo = is_new ? inverse(a, facts) : NULL, *what = words(facts, is_done);
    struct tb_json *map = tb_json_copy(facts);
    tb_json_set(map, "keys", tb_json_copy(tb_json_get(facts, "changed")));
    tb_json_set(map, "changed", tb_json_new_bool(is_new));
    tb_json_set(map, "text", tb_json_new_str(what));
    tb_json_set(map, "inverse", tb_json_new_str(undo));
    free(what);
    free(undo);
    return map;
}
