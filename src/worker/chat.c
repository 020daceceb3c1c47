/* SPDX-License-Identifier: MIT */
/* chat.c - opening a conversation, and requests by what they ask. */
#include "worker/chat.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "worker/chat_priv.h"

static bool take_form(struct tb_chat *c, struct tb_err *err)
{
    struct tb_subject *on = &c->sides.on;
    struct tb_json *section = on->spec->run || on->spec->data ? tb_config_section(&on->config, "data") : NULL;
    bool good = tb_prompt_form_open(&c->form, section, err);
    tb_json_free(section);
    return good;
}

struct tb_chat *tb_chat_open(const struct tb_chat_spec *spec, struct tb_err *err)
{
    struct tb_chat *c = tb_xcalloc(1, sizeof *c);
    if (tb_sides_open(&c->sides, spec, err) && take_form(c, err))
        return c;
    tb_chat_close(c);
    return NULL;
}

void tb_chat_close(struct tb_chat *c)
{
    if (!c)
        return;
    for (int i = 0; i < TB_SIDES; i++) {
        tb_text_stream_close(&c->text[i].stream);
        free(c->text[i].ids.p);
    }
    free(c->prompt.p);
    tb_prompt_form_close(&c->form);
    tb_sides_close(&c->sides);
    free(c);
}

/* ---- who is there */

static struct tb_json *side_of(struct tb_chat *c, int i)
{
    const struct tb_side *side = &c->sides.side[i];
    const struct tb_session_run *r = side->run;
    struct tb_json *map = tb_json_new_map();
    char *method = side->stack ? tb_stack_name(side->stack) : NULL;
    tb_json_set(map, "side", tb_json_new_str(tb_side_letter(&c->sides, i)));
    tb_json_set(map, "run", tb_json_new_str(r ? r->id : NULL));
    tb_json_set(map, "name", tb_json_new_str(tb_side_name(&c->sides, i)));
    tb_json_set(map, "method", tb_json_new_str(method ? method : r ? "full" : NULL));
    tb_json_set(map, "step", r && side->stack ? tb_json_new_int(r->loaded)
                             : r ? tb_json_new_int(r->metrics.step) : tb_json_new_null());
    tb_json_set(map, "state", tb_json_new_str(r ? tb_state_name(r->metrics.state) : NULL));
    tb_json_set(map, "newer", tb_sides_has_newer(&c->sides, i) ? tb_json_new_int(tb_session_run_newest(r))
                                                               : tb_json_new_null());
    tb_json_set(map, "scale", tb_json_new_real(side->scale));
    free(method);
    return map;
}

static struct tb_json *sides_of(struct tb_chat *c)
{
    struct tb_json *list = tb_json_new_list();
    for (int i = 0; i < c->sides.n; i++)
        tb_json_append(list, side_of(c, i));
    return list;
}

struct tb_json *tb_chat_ready(struct tb_chat *c)
{
    struct tb_json *map = tb_json_new_map(), *base = tb_json_new_map();
    tb_json_set(base, "name", tb_json_new_str(c->sides.on.base->name));
    tb_json_set(base, "context", tb_json_new_int(c->sides.model->shape.context));
    tb_json_set(base, "max_prompt", tb_json_new_int(tb_sides_room(&c->sides) - 1));
    tb_json_set(map, "event", tb_json_new_str("ready"));
    tb_json_set(map, "sides", sides_of(c));
    tb_json_set(map, "base", base);
    return map;
}

/* ---- requests */

typedef bool ask_fn(struct tb_chat *c, const struct tb_json *request, const struct tb_chat_client *to,
                    struct tb_err *err);

/* An answer in one piece, and the end of it. */
static void done(const struct tb_chat_client *to, struct tb_json *answer)
{
    if (!to->tell(to->arg, answer))
        return;
    struct tb_json *end = tb_json_new_map();
    tb_json_set(end, "event", tb_json_new_str("done"));
    to->tell(to->arg, end);
}

static bool ask_state(struct tb_chat *c, const struct tb_json *request, const struct tb_chat_client *to,
                      struct tb_err *err)
{
    static const char *const keys[] = { "id", "ask", NULL };
    if (!tb_chat_check_keys(request, keys, err))
        return false;
    done(to, tb_chat_ready(c));
    return true;
}

/* Newer weights of the sides that have them; of one of them, or of all. */
static bool ask_reload(struct tb_chat *c, const struct tb_json *request, const struct tb_chat_client *to,
                       struct tb_err *err)
{
    static const char *const keys[] = { "id", "ask", "side", NULL };
    const char *name = tb_json_str(tb_json_get(request, "side"), NULL);
    int only = -1;
    if (!tb_chat_check_keys(request, keys, err) || (name && (only = tb_chat_side(c, name, err)) < 0))
        return false;
    for (int i = 0; i < c->sides.n; i++)
        if ((only < 0 || only == i) && !tb_sides_reload(&c->sides, i, err))
            return false;
    done(to, tb_chat_ready(c));
    return true;
}

static struct tb_json *row_of(const struct tb_dataset *d, int row)
{
    size_t n;
    const char *prompt = tb_dataset_prompt(d, row, &n);
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "row", tb_json_new_int(row));
    tb_json_set(map, "prompt", tb_json_new_strn(prompt, n));
    return map;
}

static bool ask_rows(struct tb_chat *c, const struct tb_json *request, const struct tb_chat_client *to,
                     struct tb_err *err)
{
    static const char *const keys[] = { "id", "ask", NULL };
    struct tb_subject *on = &c->sides.on;
    if (!tb_chat_check_keys(request, keys, err) || (!on->data && !tb_subject_rows(on, err)))
        return false;
    struct tb_json *map = tb_json_new_map(), *list = tb_json_new_list();
    for (int i = 0; i < on->n; i++)
        if (tb_dataset_row(on->data, on->row[i]).n_prompt > 0)
            tb_json_append(list, row_of(on->data, on->row[i]));
    tb_json_set(map, "event", tb_json_new_str("rows"));
    tb_json_set(map, "rows", list);
    done(to, map);
    return true;
}

static bool ask_look(struct tb_chat *c, const struct tb_json *request, const struct tb_chat_client *to,
                     struct tb_err *err)
{
    struct tb_json *answer = tb_chat_look(c, request, err);
    if (answer)
        done(to, answer);
    return answer != NULL;
}

bool tb_chat_ask(struct tb_chat *c, const struct tb_json *request, const struct tb_chat_client *to,
                 struct tb_err *err)
{
    static const struct { const char *what; ask_fn *fn; } asks[] = {
        { "write", tb_chat_write }, { "look", ask_look }, { "rows", ask_rows }, { "state", ask_state },
        { "reload", ask_reload },
    };
    const char *what = tb_json_str(tb_json_get(request, "ask"), "write");
    if (tb_json_type(request) != TB_JSON_MAP)
        return tb_fail(err, TB_ERR_USAGE, "a request is a map: {\"prompt\": \"..\"}, {\"row\": 3}, {\"ask\": "
                       "\"rows\"}");
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
        if (strcmp(asks[i].what, what) == 0)
            return asks[i].fn(c, request, to, err);
    return tb_fail(err, TB_ERR_USAGE, "ask: \"%.40s\" is none of write, look, rows, state, reload, cancel", what);
}
