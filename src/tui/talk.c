/* SPDX-License-Identifier: MIT */
/* talk.c - answers by their event. They come from another program, so nothing in them is taken for granted. */
#include "tui/talk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

static void free_turn(struct tb_talk_turn *t)
{
    for (int i = 0; i < TB_TALK_SIDES; i++) {
        tb_buf_free(&t->text[i].text);
        free(t->text[i].missing);
    }
    free(t->prompt);
    free(t->reference);
    free(t->trouble);
}

void tb_talk_drop_rows(struct tb_talk *t)
{
    for (size_t i = 0; i < t->n_rows; i++)
        free(t->row[i].prompt);
    free(t->row);
    t->row = NULL;
    t->n_rows = 0;
}

void tb_talk_free(struct tb_talk *t)
{
    for (size_t i = 0; i < t->n; i++)
        free_turn(&t->turn[i]);
    free(t->turn);
    tb_talk_drop_rows(t);
    *t = (struct tb_talk){ 0 };
}

/* ---- sides and turns */

void tb_talk_seat(struct tb_talk *t, int i, const char *run, const char *name)
{
    struct tb_talk_side *s = &t->side[i];
    *s = (struct tb_talk_side){ .step = -1, .newer = -1 };
    if (run)
        snprintf(s->letter, sizeof s->letter, "%c", 'A' + i);
    else
        tb_str_copy(s->letter, sizeof s->letter, name);
    tb_str_copy(s->run, sizeof s->run, run ? run : "");
    tb_str_copy(s->name, sizeof s->name, name);
    t->n_sides = i + 1;
}

bool tb_talk_is_mix(const struct tb_talk_side *s)
{
    return strcmp(s->letter, "mix") == 0;
}

int tb_talk_side(const struct tb_talk *t, const char *letter)
{
    for (int i = 0; i < t->n_sides; i++)
        if (strcmp(t->side[i].letter, letter) == 0)
            return i;
    return -1;
}

/* Known for certain only once the loaded checkpoints are. */
static void name_sides(const struct tb_talk *t, struct tb_talk_turn *turn)
{
    for (int i = 0; i < t->n_sides; i++) {
        const struct tb_talk_side *s = &t->side[i];
        if (s->step >= 0)
            snprintf(turn->who[i], sizeof turn->who[i], "%s at step %lld", s->name, (long long)s->step);
        else
            tb_str_copy(turn->who[i], sizeof turn->who[i],
                        *s->run ? s->name : tb_talk_is_mix(s) ? "both together" : "the bare base");
    }
}

struct tb_talk_turn *tb_talk_add(struct tb_talk *t, const char *prompt, int64_t row, unsigned sides)
{
    if (t->n == TB_TALK_TURNS) {
        free_turn(&t->turn[0]);
        memmove(t->turn, t->turn + 1, --t->n * sizeof *t->turn);
    }
    t->turn = tb_grow(t->turn, t->n, &t->cap, sizeof *t->turn);
    struct tb_talk_turn *turn = &t->turn[t->n++];
    *turn = (struct tb_talk_turn){ .id = ++t->last_id, .row = row, .prompt = tb_xstrdup(prompt), .fork = -1 };
    for (int i = 0; i < TB_TALK_SIDES; i++)
        turn->text[i] = (struct tb_talk_text){ .is_asked = sides >> i & 1, .perplexity = NAN, .scale = 1 };
    for (int i = 0; i < 2; i++)
        tb_str_copy(turn->run[i], TB_RUN_ID, t->side[i].run);
    name_sides(t, turn);
    t->n_open++;
    return turn;
}

static struct tb_talk_turn *turn_of(struct tb_talk *t, const struct tb_json *answer)
{
    int64_t id = tb_json_int(tb_json_get(answer, "id"), -1);
    for (size_t i = t->n; i-- > 0;)
        if (t->turn[i].id == id)
            return &t->turn[i];
    return NULL;
}

void tb_talk_break(struct tb_talk *t, const char *why)
{
    for (size_t i = 0; i < t->n; i++) {
        struct tb_talk_turn *turn = &t->turn[i];
        if (!turn->is_done && !turn->trouble)
            turn->trouble = tb_xstrdup(why);
        turn->is_done = true;
    }
    t->n_open = 0;
}

bool tb_talk_can_vote(const struct tb_talk_turn *t)
{
    return !t->trouble && t->is_done && t->text[0].has_ended && t->text[1].has_ended;
}

bool tb_talk_is_pair(const struct tb_talk *t, const struct tb_talk_turn *turn)
{
    return strcmp(turn->run[0], t->side[0].run) == 0 && strcmp(turn->run[1], t->side[1].run) == 0;
}

bool tb_talk_is_hidden(const struct tb_talk_turn *t)
{
    return t->is_blind && t->vote == TB_VOTE_NONE && !t->trouble;
}

void tb_talk_count(struct tb_talk *t, int64_t before, int64_t now)
{
    for (size_t i = 0; i < t->n && now > before; i++)
        if (t->turn[i].vote == TB_VOTE_ASKED && tb_talk_is_pair(t, &t->turn[i])) {
            t->turn[i].vote = TB_VOTE_KEPT;
            now--;
        }
    for (size_t i = t->n; i-- > 0 && now < before;)
        if (t->turn[i].vote == TB_VOTE_KEPT && tb_talk_is_pair(t, &t->turn[i])) {
            t->turn[i].vote = TB_VOTE_NONE;
            t->turn[i].is_blind = false; /* it was shown who was who */
            now++;
        }
}

/* ---- answers */

static void add_safe(struct tb_buf *b, const char *s)
{
    for (size_t n; n = strcspn(s, "\n"), n || *s; s += n + (s[n] == '\n')) {
        tb_utf8_safe(b, s, n);
        if (s[n] == '\n')
            tb_buf_char(b, '\n');
    }
}

static char *safe_copy(const char *s)
{
    struct tb_buf b = { 0 };
    add_safe(&b, s);
    return tb_buf_take(&b);
}

static void take_side(struct tb_talk_side *s, const struct tb_json *from)
{
    tb_str_copy(s->letter, sizeof s->letter, tb_json_str(tb_json_get(from, "side"), ""));
    tb_str_copy(s->run, sizeof s->run, tb_json_str(tb_json_get(from, "run"), ""));
    tb_str_copy(s->name, sizeof s->name, tb_json_str(tb_json_get(from, "name"), ""));
    tb_str_copy(s->method, sizeof s->method, tb_json_str(tb_json_get(from, "method"), ""));
    s->step = tb_json_int(tb_json_get(from, "step"), -1);
    s->newer = tb_json_int(tb_json_get(from, "newer"), -1);
}

static unsigned take_ready(struct tb_talk *t, const struct tb_json *a)
{
    const struct tb_json *sides = tb_json_get(a, "sides");
    t->n_sides = 0;
    for (size_t i = 0; i < tb_json_len(sides) && i < TB_TALK_SIDES; i++)
        take_side(&t->side[t->n_sides++], tb_json_at(sides, i));
    tb_str_copy(t->base, sizeof t->base, tb_json_str(tb_json_get(tb_json_get(a, "base"), "name"), ""));
    for (size_t i = 0; i < t->n; i++)
        if (!t->turn[i].has_begun && !t->turn[i].is_done)
            name_sides(t, &t->turn[i]);
    return TB_TALK_READY;
}

static unsigned take_rows(struct tb_talk *t, const struct tb_json *a)
{
    const struct tb_json *rows = tb_json_get(a, "rows");
    tb_talk_drop_rows(t);
    t->row = tb_xcalloc(tb_json_len(rows) + 1, sizeof *t->row);
    for (size_t i = 0; i < tb_json_len(rows); i++) {
        const struct tb_json *row = tb_json_at(rows, i);
        t->row[t->n_rows++] = (struct tb_talk_row){ tb_json_int(tb_json_get(row, "row"), 0),
                                                    safe_copy(tb_json_str(tb_json_get(row, "prompt"), "")) };
    }
    return TB_TALK_ROWS;
}

static void take_token(struct tb_talk_token *to, const struct tb_json *from)
{
    char *text = safe_copy(tb_json_str(tb_json_get(from, "text"), ""));
    bool is_end = tb_json_bool(tb_json_get(from, "is_end"), false);
    tb_str_copy(to->text, sizeof to->text, is_end ? "<end>" : text);
    to->p = tb_json_real(tb_json_get(from, "p"), NAN);
    to->p_other = tb_json_real(tb_json_get(from, "p_other"), NAN);
    free(text);
}

static void take_slots(struct tb_talk_text *x, const struct tb_json *slots)
{
    struct tb_buf b = { 0 };
    const struct tb_json *missing = tb_json_get(slots, "missing");
    x->n_right = tb_json_int(tb_json_get(slots, "right"), 0);
    x->n_slots = tb_json_int(tb_json_get(slots, "of"), 0);
    for (size_t i = 0; i < tb_json_len(missing); i++) {
        tb_buf_str(&b, i ? ", " : "");
        add_safe(&b, tb_json_str(tb_json_at(missing, i), ""));
    }
    free(x->missing);
    x->missing = b.n ? tb_buf_take(&b) : NULL;
}

static void take_end(struct tb_talk_text *x, const struct tb_json *a)
{
    tb_buf_clear(&x->text);
    add_safe(&x->text, tb_json_str(tb_json_get(a, "output"), ""));
    x->tokens = tb_json_int(tb_json_get(a, "tokens"), 0);
    tb_str_copy(x->stop, sizeof x->stop, tb_json_str(tb_json_get(a, "stop"), ""));
    x->seconds = tb_json_real(tb_json_get(a, "seconds"), NAN);
    x->tok_per_s = tb_json_real(tb_json_get(a, "tok_per_s"), NAN);
    x->logprob = tb_json_real(tb_json_get(a, "logprob"), NAN);
    x->scale = tb_json_real(tb_json_get(a, "scale"), 1);
    x->perplexity = tb_json_real(tb_json_get(tb_json_get(a, "on_reference"), "perplexity"), NAN);
    take_slots(x, tb_json_get(a, "slots"));
    x->has_ended = true;
}

static void take_compared(struct tb_talk_turn *t, const struct tb_json *a)
{
    const struct tb_json *fork = tb_json_get(a, "fork"), *tokens = tb_json_get(fork, "tokens");
    t->is_compared = true;
    t->is_identical = tb_json_bool(tb_json_get(a, "identical"), false);
    t->common = tb_json_int(tb_json_get(a, "common"), 0);
    t->fork = tb_json_int(tb_json_get(fork, "at"), -1);
    for (size_t i = 0; i < 2; i++)
        take_token(&t->token[i], tb_json_at(tokens, i));
    take_token(&t->base, tb_json_get(fork, "base"));
    t->kl = tb_json_real(tb_json_get(fork, "kl"), NAN);
}

static void take_look(const struct tb_talk *t, struct tb_talk_turn *turn, const struct tb_json *a)
{
    for (int i = 0; i < t->n_sides; i++) {
        const struct tb_json *top = tb_json_get(tb_json_get(a, "top"), t->side[i].letter);
        struct tb_talk_text *x = &turn->text[i];
        for (x->n_top = 0; x->n_top < TB_TALK_TOP && (size_t)x->n_top < tb_json_len(top); x->n_top++)
            take_token(&x->top[x->n_top], tb_json_at(top, (size_t)x->n_top));
    }
}

static void take_begin(struct tb_talk_turn *t, const struct tb_json *a)
{
    const char *reference = tb_json_str(tb_json_get(a, "reference"), NULL);
    t->has_begun = true;
    free(t->reference);
    t->reference = reference ? safe_copy(reference) : NULL;
    if (t->row >= 0) {
        free(t->prompt);
        t->prompt = safe_copy(tb_json_str(tb_json_get(a, "prompt"), ""));
    }
}

/* Of one side, or of the turn as a whole. */
static void take_of_turn(const struct tb_talk *t, struct tb_talk_turn *turn, const char *event, const struct tb_json *a)
{
    int side = tb_talk_side(t, tb_json_str(tb_json_get(a, "side"), ""));
    if (strcmp(event, "begin") == 0)
        take_begin(turn, a);
    else if (strcmp(event, "compared") == 0)
        take_compared(turn, a);
    else if (strcmp(event, "look") == 0)
        take_look(t, turn, a);
    else if (side >= 0 && strcmp(event, "end") == 0)
        take_end(&turn->text[side], a);
    else if (side >= 0 && strcmp(event, "piece") == 0) {
        add_safe(&turn->text[side].text, tb_json_str(tb_json_get(a, "text"), ""));
        turn->text[side].tokens = tb_json_int(tb_json_get(a, "tokens"), 0);
    }
}

/* The end of what was asked; of texts with what is newer by now. */
static unsigned take_done(struct tb_talk *t, struct tb_talk_turn *turn, const struct tb_json *a)
{
    const struct tb_json *newer = tb_json_get(a, "newer");
    t->n_open -= t->n_open > 0;
    if (turn)
        turn->is_done = true;
    for (int i = 0; newer && i < t->n_sides; i++)
        t->side[i].newer = tb_json_int(tb_json_get(newer, t->side[i].letter), -1);
    return TB_TALK_DONE;
}

static unsigned take_error(struct tb_talk *t, struct tb_talk_turn *turn, const struct tb_json *e, struct tb_err *err)
{
    const char *text = tb_json_str(tb_json_get(e, "text"), "no reason was given");
    t->n_open -= t->n_open > 0;
    if (!turn || turn->is_done) {
        tb_fail(err, TB_ERR_USAGE, "%s", text);
        return TB_TALK_TROUBLE;
    }
    turn->is_done = true;
    turn->trouble = safe_copy(text);
    return TB_TALK_DONE;
}

unsigned tb_talk_take(struct tb_talk *t, const struct tb_json *answer, struct tb_err *err)
{
    const char *event = tb_json_str(tb_json_get(answer, "event"), "");
    const struct tb_json *e = tb_json_get(answer, "error");
    struct tb_talk_turn *turn = turn_of(t, answer);
    if (e)
        return take_error(t, turn, e, err);
    if (strcmp(event, "ready") == 0)
        return take_ready(t, answer);
    if (strcmp(event, "rows") == 0)
        return take_rows(t, answer);
    if (strcmp(event, "done") == 0)
        return take_done(t, turn, answer);
    if (turn)
        take_of_turn(t, turn, event, answer);
    return TB_TALK_SAID;
}

/* ---- where texts part */

static bool begins(const char *s, const char *token)
{
    return strcmp(token, "<end>") == 0 ? *s == '\0' : strncmp(s, token, strlen(token)) == 0;
}

/* Texts are bytes, the fork is a token: it begins before the first byte that differs where both tokens begin alike. */
size_t tb_talk_fork_byte(const struct tb_talk_turn *t, int side)
{
    const char *a = t->text[0].text.n ? t->text[0].text.p : "", *b = t->text[1].text.n ? t->text[1].text.p : "";
    size_t common = 0;
    if (t->fork < 0 || side < 0 || side > 1)
        return SIZE_MAX;
    while (a[common] && a[common] == b[common])
        common++;
    for (size_t at = common; at + sizeof t->token[0].text > common; at--) {
        if (begins(a + at, t->token[0].text) && begins(b + at, t->token[1].text))
            return at;
        if (at == 0)
            break;
    }
    return common;
}
