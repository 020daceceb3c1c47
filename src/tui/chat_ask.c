/* SPDX-License-Identifier: MIT */
/* chat_ask.c - what a key of the screen Chat asks of the server, and a vote of the store. */
#include "tui/chat_priv.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "kernels/rng.h"

enum { PROMPT_KEPT = 400 }; /* columns of it, with a vote */

const struct tb_key tb_chatbox_keys[] = {
    TB_REAL_KEY("temperature", "0", 0, 100, "0: always the likeliest token"),
    TB_INT_KEY("max", "64", 1, 1 << 20, "most tokens of an answer"),
    TB_INT_KEY("seed", "0", 0, INT_MAX, "of what is drawn, with a temperature above 0; the same for all sides"),
    TB_INT_KEY("top_k", "0", 0, 1 << 30, "only the likeliest so many tokens are drawn from; 0: all"),
    TB_REAL_KEY("top_p", "1", 0, 1, "only the likeliest tokens that together have this probability"),
    TB_REAL_KEY("min_p", "0", 0, 1, "only tokens at least this likely, as a share of the likeliest one's"),
    TB_REAL_KEY("repeat_penalty", "1", 0.01, 100, "above 1: tokens that were there become less likely"),
    { .name = "raw", .type = TB_KEY_BOOL, .def = "false", .help = "prompts as they are, without the data's template" },
    TB_END_KEY
};

struct tb_talk_turn *tb_chatbox_chosen(const struct chat_state *st)
{
    size_t n = st->talk.n;
    return n == 0 ? NULL : &st->talk.turn[st->chosen && st->chosen <= n ? st->chosen - 1 : n - 1];
}

static void ask(struct tb_screen *s, const char *what)
{
    struct chat_state *st = s->state;
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "id", tb_json_new_str(what));
    tb_json_set(map, "ask", tb_json_new_str(what));
    st->talk.n_open++;
    tb_chatbox_send(s, map);
}

/* ---- how is written */

static const struct tb_json *setting(const struct chat_state *st, const char *name)
{
    return tb_json_get(st->settings, name);
}

static bool is_raw(const struct chat_state *st)
{
    return tb_json_bool(setting(st, "raw"), false);
}

void tb_chatbox_say_settings(const struct chat_state *st, struct tb_buf *b)
{
    static const struct { const char *name, *word; } more[] = {
        { "top_k", "top-k" }, { "top_p", "top-p" }, { "min_p", "min-p" }, { "repeat_penalty", "penalty" },
    };
    double temperature = tb_json_real(setting(st, "temperature"), 0);
    if (temperature > 0)
        tb_buf_fmt(b, "temperature %g, seed %lld", temperature, (long long)tb_json_int(setting(st, "seed"), 0));
    else
        tb_buf_str(b, "greedy");
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (setting(st, more[i].name))
            tb_buf_fmt(b, ", %s %g", more[i].word, tb_json_real(setting(st, more[i].name), 0));
    tb_buf_fmt(b, ", max %lld%s", (long long)tb_json_int(setting(st, "max"), 64), is_raw(st) ? ", raw" : "");
}

void tb_chatbox_open_settings(struct chat_state *st)
{
    tb_form_free(&st->form);
    for (const struct tb_key *k = tb_chatbox_keys; k->type != TB_KEY_NONE; k++) {
        const struct tb_json *v = setting(st, k->name);
        char *text = v ? tb_json_text(v, TB_JSON_CANONICAL) : NULL;
        tb_form_key(&st->form, k->name, k, text);
        free(text);
    }
    st->has_form = true;
}

bool tb_chatbox_take_settings(struct chat_state *st)
{
    if (!tb_form_is_valid(&st->form))
        return false;
    tb_json_free(st->settings);
    st->settings = tb_json_new_map();
    for (const struct tb_key *k = tb_chatbox_keys; k->type != TB_KEY_NONE; k++) {
        const char *text = tb_form_value(&st->form, k->name);
        struct tb_json *v = *text ? tb_key_parse(k, text, NULL) : NULL, *usual = tb_key_parse(k, k->def, NULL);
        if (v && tb_json_real(v, 0) == tb_json_real(usual, 0) && tb_json_bool(v, false) == tb_json_bool(usual, false)) {
            tb_json_free(v);
            v = NULL;
        }
        if (v)
            tb_json_set(st->settings, k->name, v);
        tb_json_free(usual);
    }
    st->has_form = false;
    return true;
}

/* ---- prompts */

/* Both sides of a hidden turn in an order that nobody knows: by the clock. */
static void hide(const struct chat_state *st, struct tb_talk_turn *turn, int64_t now_ns)
{
    uint32_t drawn[4];
    const uint32_t counter[4] = { tb_rng_hash("chat", "sides"), (uint32_t)turn->id, 0, 0 };
    tb_philox(drawn, counter, (uint64_t)now_ns);
    turn->is_blind = st->is_blind && st->talk.n_sides > 1;
    turn->is_swapped = turn->is_blind && drawn[0] & 1;
}

static struct tb_json *request_of(const struct chat_state *st, const struct tb_talk_turn *turn,
                                  const struct chat_columns *k)
{
    struct tb_json *map = tb_json_new_map(), *sides = tb_json_new_list(), *scales = tb_json_new_map();
    tb_json_set(map, "id", tb_json_new_int(turn->id));
    if (turn->row >= 0)
        tb_json_set(map, "row", tb_json_new_int(turn->row));
    else
        tb_json_set(map, "prompt", tb_json_new_str(turn->prompt));
    tb_json_set(map, "max", tb_json_new_int(64));
    for (void *it = tb_json_first(st->settings); it; it = tb_json_next(st->settings, it))
        if (turn->row < 0 || strcmp(tb_json_iter_key(it), "raw") != 0)
            tb_json_set(map, tb_json_iter_key(it), tb_json_copy(tb_json_iter_value(it)));
    for (int i = 0; i < k->n; i++) {
        const struct tb_talk_side *side = &st->talk.side[k->side[i]];
        tb_json_append(sides, tb_json_new_str(side->letter));
        if (*side->run)
            tb_json_set(scales, side->letter, tb_json_new_real(st->scale[k->side[i]]));
    }
    tb_json_set(map, "sides", sides);
    tb_json_set(map, "scales", scales);
    return map;
}

void tb_chatbox_write(struct tb_screen *s, const char *prompt, int64_t row)
{
    struct chat_state *st = s->state;
    unsigned bits = 0;
    if (!st->child)
        tb_chatbox_start(s);
    if (!st->child)
        return;
    struct chat_columns k = tb_chatbox_columns(st, s->width);
    for (int i = 0; i < k.n; i++)
        bits |= 1u << k.side[i];
    bool is_full = st->talk.n == TB_TALK_TURNS;
    st->top.turn -= is_full && st->top.turn;
    struct tb_talk_turn *turn = tb_talk_add(&st->talk, prompt, row, bits);
    hide(st, turn, s->desk->now_ns);
    st->chosen = 0;
    st->is_up = false;
    tb_desk_say(s->desk, TB_STYLE_MESSAGE, "%s", "");
    tb_chatbox_send(s, request_of(st, turn, &k));
}

/* A server that has to be started anew forgets the rows. */
static void write_row(struct tb_screen *s, int step)
{
    struct chat_state *st = s->state;
    size_t n_votes;
    st->row_at = tb_talk_next_row(&st->talk, st->row_at, step, &n_votes);
    int64_t id = st->talk.row[st->row_at].id;
    char *prompt = tb_xstrdup(st->talk.row[st->row_at].prompt);
    tb_chatbox_write(s, prompt, id);
    free(prompt);
    if (n_votes)
        tb_desk_say(s->desk, TB_STYLE_WARN, "you have voted on every prompt that is held out%s: they come again",
                    n_votes > 1 ? ", more than once" : "");
}

void tb_chatbox_step_row(struct tb_screen *s, int step)
{
    struct chat_state *st = s->state;
    int64_t n = (int64_t)st->talk.n_rows;
    if (n == 0 && st->row_step) {
        st->row_step = 0;
        tb_desk_say(s->desk, TB_STYLE_WARN, "the data of the first run has no rows with prompts held out");
    } else if (n == 0) {
        if (!st->child)
            tb_chatbox_start(s);
        st->row_step = st->child ? step : 0;
        if (st->child)
            ask(s, "rows");
    } else {
        st->row_step = 0;
        write_row(s, step);
    }
}

void tb_chatbox_cancel(struct tb_screen *s)
{
    ask(s, "cancel");
}

/* ---- where two texts part */

/* The server knows what it wrote last, nothing before. */
static bool can_look(const struct chat_state *st, const struct tb_talk_turn *turn)
{
    const struct tb_talk_turn *last = NULL;
    for (size_t i = 0; i < st->talk.n; i++)
        last = st->talk.turn[i].has_begun ? &st->talk.turn[i] : last;
    return st->is_ready && turn == last;
}

void tb_chatbox_look(struct tb_screen *s)
{
    struct chat_state *st = s->state;
    const struct tb_talk_turn *turn = tb_chatbox_chosen(st);
    const char *no = !turn || !turn->is_compared ? "f shows where two texts part, once both are written"
                   : tb_talk_is_hidden(turn)     ? "the sides are hidden until you vote: 1, 2 or ="
                   : turn->is_identical          ? "both wrote the same"
                   : turn->fork < 0              ? "one text is the beginning of the other; they do not part"
                   : !can_look(st, turn)         ? "only into the last answer can be looked; a writes this one again"
                                                 : NULL;
    if (no) {
        if (turn)
            tb_chatbox_go_to(s, (size_t)(turn - st->talk.turn));
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, "%s", no);
        return;
    }
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "id", tb_json_new_int(turn->id));
    tb_json_set(map, "ask", tb_json_new_str("look"));
    tb_json_set(map, "side", tb_json_new_str(st->talk.side[0].letter));
    tb_json_set(map, "at", tb_json_new_int(turn->fork));
    tb_json_set(map, "n", tb_json_new_int(TB_TALK_TOP));
    st->talk.n_open++;
    st->is_up = false; /* the answer comes below all that is there */
    tb_chatbox_send(s, map);
}

/* ---- votes */

static void quote_run(const struct tb_desk *d, struct tb_buf *b, const char *run)
{
    const struct tb_run_item *item = tb_desk_item(d, run);
    tb_buf_char(b, ' ');
    tb_shell_quote(b, item ? tb_desk_ref(d, item) : *run ? run : "base");
}

void tb_chatbox_vote(struct tb_screen *s, char winner)
{
    struct chat_state *st = s->state;
    struct tb_talk_turn *turn = tb_chatbox_chosen(st);
    const char *no = !turn                           ? "there is nothing to vote on yet"
                   : !turn->text[1].is_asked         ? "a vote is between two sides; m shows the base"
                   : !tb_talk_can_vote(turn)         ? "a vote is on two texts that were written to their end"
                   : !tb_talk_is_pair(&st->talk, turn) ? "other runs talk now than those who wrote this"
                   : turn->vote == TB_VOTE_KEPT      ? "you voted on this one; U takes the last vote back"
                   : turn->vote && tb_desk_has_acts(s->desk) ? "asked; the store has not answered yet"
                                                             : NULL;
    if (no) {
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, "%s", no);
        return;
    }
    struct tb_buf b = { 0 };
    char *prompt = tb_xstrndup(turn->prompt, tb_text_fit(turn->prompt, strlen(turn->prompt), PROMPT_KEPT));
    bool is_a = (winner == 'l') != turn->is_swapped;
    turn->winner = winner == 't' ? 't' : is_a ? 'a' : 'b';
    turn->vote = TB_VOTE_ASKED;
    tb_buf_str(&b, "vote");
    quote_run(s->desk, &b, turn->run[0]);
    quote_run(s->desk, &b, turn->run[1]);
    tb_buf_fmt(&b, " --winner %s%s --prompt ", turn->winner == 't' ? "tie" : turn->winner == 'a' ? "a" : "b",
               turn->is_blind ? " --blind" : "");
    tb_shell_quote(&b, prompt);
    tb_desk_do(s->desk, b.p, false);
    free(prompt);
    tb_buf_free(&b);
}

/* ---- newer weights, other runs, a new server */

void tb_chatbox_renew(struct tb_screen *s)
{
    struct chat_state *st = s->state;
    bool has_newer = false;
    for (int i = 0; i < st->talk.n_sides; i++)
        has_newer |= st->talk.side[i].newer >= 0;
    if (!st->child || tb_chatbox_differs(st)) {
        tb_chatbox_start(s);
    } else {
        ask(s, has_newer ? "reload" : "state");
        tb_desk_say(s->desk, TB_STYLE_MESSAGE, has_newer ? "asked: to take the newer checkpoints"
                                                         : "asked: whether there is a newer checkpoint");
    }
}
