/* SPDX-License-Identifier: MIT */
/* planning.c - one question at a time. A child that dies over one is started anew once; after that the question is
 * answered by how it died, and the next question starts another child. */
#include "tui/planning.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MOST_DEATHS = 2 };

static void set(char **text, char *to)
{
    free(*text);
    *text = to;
}

static void send_next(struct tb_planning *p)
{
    const char *argv[] = { "tunebench", "plan", "--serve", NULL };
    if (p->sent || !p->wanted)
        return;
    if (!p->child && !(p->child = tb_child_open(argv, &p->err))) {
        p->is_good = false;
        set(&p->answered, p->wanted);
        p->wanted = NULL;
        return;
    }
    p->sent = p->wanted;
    p->wanted = NULL;
    tb_child_send(p->child, p->sent);
}

void tb_planning_ask(struct tb_planning *p, const struct tb_json *words, const char *store)
{
    struct tb_json *list = tb_json_copy(words);
    if (store) {
        tb_json_append(list, tb_json_new_str("--store"));
        tb_json_append(list, tb_json_new_str(store));
    }
    char *text = tb_json_text(list, TB_JSON_LINE);
    const char *last = p->sent ? p->sent : p->answered;
    bool is_same = last && strcmp(last, text) == 0;
    tb_json_free(list);
    set(&p->wanted, is_same ? NULL : text);
    if (is_same)
        free(text);
    send_next(p);
}

void tb_planning_again(struct tb_planning *p)
{
    if (!p->wanted && (p->sent || p->answered))
        p->wanted = tb_xstrdup(p->sent ? p->sent : p->answered);
    send_next(p);
}

static void take_answer(struct tb_planning *p, const char *line)
{
    struct tb_forecast f;
    p->err = (struct tb_err){ 0 };
    struct tb_json *json = tb_json_parse(line, strlen(line), "plan --serve", &p->err);
    p->is_good = json && tb_forecast_read(&f, json, &p->err);
    if (p->is_good) {
        tb_forecast_free(&p->forecast);
        p->forecast = f;
        p->is_there = true;
    }
    set(&p->answered, p->sent);
    p->sent = NULL;
    p->n_deaths = 0;
}

/* The child has ended: its question is asked again, or given up. */
static bool take_end(struct tb_planning *p)
{
    int code = tb_child_exit(p->child);
    tb_child_close(p->child);
    p->child = NULL;
    if (!p->sent)
        return false;
    if (++p->n_deaths < MOST_DEATHS) {
        if (p->wanted)
            set(&p->sent, NULL);
        else
            p->wanted = p->sent;
        p->sent = NULL;
        return false;
    }
    p->err = (struct tb_err){ 0 };
    tb_fail(&p->err, TB_ERR_IO, "the process that plans ended with %s %d; change something to ask again",
            code > 128 ? "signal" : "code", code > 128 ? code - 128 : code);
    p->is_good = false;
    p->n_deaths = 0;
    set(&p->answered, p->sent);
    p->sent = NULL;
    return true;
}

bool tb_planning_pump(struct tb_planning *p)
{
    bool is_new = false;
    const char *line;
    if (!p->child)
        return false;
    tb_child_pump(p->child);
    while (p->sent && (line = tb_child_line(p->child))) {
        take_answer(p, line);
        is_new = true;
        send_next(p);
    }
    if (tb_child_has_ended(p->child)) {
        is_new = take_end(p) || is_new;
        send_next(p);
    }
    return is_new;
}

void tb_planning_rest(struct tb_planning *p)
{
    if (tb_planning_is_busy(p))
        return;
    tb_child_close(p->child);
    p->child = NULL;
}

bool tb_planning_is_busy(const struct tb_planning *p)
{
    return p->sent || p->wanted;
}

int tb_planning_fds(const struct tb_planning *p, struct pollfd *fds, int room)
{
    return tb_child_fds(p->child, fds, room);
}

void tb_planning_close(struct tb_planning *p)
{
    tb_child_close(p->child);
    free(p->wanted);
    free(p->sent);
    free(p->answered);
    tb_forecast_free(&p->forecast);
    *p = (struct tb_planning){ 0 };
}
