/* SPDX-License-Identifier: MIT */
/* chat_write.c - the sides write behind one prompt, token by token in one batch; what each wrote, what it cost, how the
 * reference would have surprised it, and where the first two part. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "score/score.h"
#include "worker/chat_priv.h"
#include "worker/token.h"

struct write {
    struct tb_chat *c;
    const struct tb_chat_client *to;
    struct tb_chat_wish wish;
    int side[TB_SIDES], n; /* of the rows of the generation */
    bool is_left;          /* nobody listens any more */
};

static struct tb_json *event(const char *what, const struct write *w, int side)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "event", tb_json_new_str(what));
    if (side >= 0)
        tb_json_set(map, "side", tb_json_new_str(tb_side_letter(&w->c->sides, side)));
    return map;
}

static void tell(struct write *w, struct tb_json *answer)
{
    if (w->is_left)
        tb_json_free(answer);
    else
        w->is_left = !w->to->tell(w->to->arg, answer);
}

/* ---- the prompt */

/* Of a row as the run saw it, of a text through the same template. */
static bool take_prompt(struct tb_chat *c, const struct tb_chat_wish *w, struct tb_err *err)
{
    struct tb_prompt_form plain = { 0 };
    c->prompt.n = 0;
    if (w->row < 0)
        return tb_prompt_form_encode(w->is_raw ? &plain : &c->form, c->sides.on.base->tokenizer, w->prompt,
                                     w->n_prompt, &c->prompt, err);
    struct tb_row row = tb_dataset_row(c->sides.on.data, w->row);
    c->prompt.p = tb_xrealloc(c->prompt.p, (size_t)row.n_prompt, sizeof *c->prompt.p);
    c->prompt.n = c->prompt.cap = (size_t)row.n_prompt;
    memcpy(c->prompt.p, row.ids, c->prompt.n * sizeof *c->prompt.p);
    return true;
}

/* Room for the texts, and for the reference and the end behind it. */
static bool make_room(struct tb_chat *c, const struct tb_chat_wish *w, struct tb_err *err)
{
    int room = tb_sides_room(&c->sides), n = (int)c->prompt.n;
    int64_t most = (int64_t)n + w->max_tok;
    if (c->prompt.n == 0)
        return tb_fail(err, TB_ERR_USAGE, "the prompt is empty, and texts of this model begin with no token of their "
                       "own");
    if (c->prompt.n >= (size_t)room)
        return tb_fail(err, TB_ERR_LIMIT, "the prompt has %zu tokens; it may have %d: the model's context of %d, less "
                       "virtual rows and one token to write. Shorten it", c->prompt.n, room - 1,
                       c->sides.model->shape.context);
    if (w->row >= 0 && tb_dataset_row(c->sides.on.data, w->row).n >= most)
        most = tb_dataset_row(c->sides.on.data, w->row).n + 1;
    return tb_sides_reserve(&c->sides, most < room ? (int)most : room, err);
}

/* ---- writing */

static void begin_text(struct write *w, int side, double now_s)
{
    struct tb_chat_text *t = &w->c->text[side];
    tb_text_stream_close(&t->stream);
    t->stream = (struct tb_text_stream){ .stops = w->wish.stops, .n_stops = w->wish.n_stops,
                                         .lead = w->wish.is_raw ? NULL : w->c->form.lead };
    t->ids.n = 0;
    t->logprob = t->seconds = 0;
    t->begin_s = now_s;
    t->stop = NULL;
    t->is_asked = w->wish.is_wanted[side];
}

static bool begin(struct write *w, struct tb_err *err)
{
    struct tb_chat *c = w->c;
    struct tb_generate_row rows[TB_SIDES];
    double now_s = tb_clock_mono_s();
    for (int i = 0; i < c->sides.n; i++) {
        begin_text(w, i, now_s);
        if (!w->wish.is_wanted[i])
            continue;
        rows[w->n] = (struct tb_generate_row){ .ids = c->prompt.p, .n = (int)c->prompt.n,
                                               .route = c->sides.side[i].route,
                                               .number = w->wish.row < 0 ? 0 : (uint32_t)w->wish.row };
        w->side[w->n++] = i;
    }
    return tb_generator_begin(c->sides.generator, rows, w->n, err);
}

static void tell_begin(struct write *w)
{
    struct tb_json *map = event("begin", w, -1);
    const struct tb_chat_wish *x = &w->wish;
    tb_json_set(map, "prompt", tb_json_new_strn(x->prompt, x->n_prompt));
    tb_json_set(map, "tokens", tb_json_new_int((int64_t)w->c->prompt.n));
    tb_json_set(map, "row", x->row < 0 ? tb_json_new_null() : tb_json_new_int(x->row));
    tb_json_set(map, "reference", x->reference ? tb_json_new_strn(x->reference, x->n_reference) : tb_json_new_null());
    tell(w, map);
}

/* What is certain of a side's text and was not told yet. */
static void tell_piece(struct write *w, int side)
{
    size_t n;
    struct tb_chat_text *t = &w->c->text[side];
    const char *p = tb_text_stream_take(&t->stream, &n);
    if (n == 0)
        return;
    struct tb_json *map = event("piece", w, side);
    tb_json_set(map, "text", tb_json_new_strn(p, n));
    tb_json_set(map, "tokens", tb_json_new_int((int64_t)t->ids.n));
    tell(w, map);
}

static void add_token(struct write *w, const struct tb_made *made)
{
    const int side = w->side[made->row];
    struct tb_chat_text *t = &w->c->text[side];
    t->ids.p = tb_grow(t->ids.p, t->ids.n, &t->ids.cap, sizeof *t->ids.p);
    t->ids.p[t->ids.n++] = made->id;
    t->logprob += (double)made->logprob;
    t->stop = tb_token_take(&t->stream, w->c->sides.on.base->tokenizer, made, (int)t->ids.n == w->wish.max_tok);
    tell_piece(w, side);
    if (!t->stop)
        return;
    t->seconds = tb_clock_mono_s() - t->begin_s;
    tb_generator_end(w->c->sides.generator, made->row);
}

static bool is_over(const struct write *w)
{
    return w->is_left || (w->to->is_cancelled && w->to->is_cancelled(w->to->arg));
}

static void write_all(struct write *w)
{
    struct tb_made made[TB_SIDES];
    int n = 1;
    while (n && !is_over(w) && (n = tb_generator_next(w->c->sides.generator, &w->wish.sampling, made)))
        for (int i = 0; i < n; i++)
            add_token(w, &made[i]);
    for (int i = 0; i < w->n; i++) {
        struct tb_chat_text *t = &w->c->text[w->side[i]];
        if (t->stop)
            continue;
        t->stop = "cancelled";
        t->seconds = tb_clock_mono_s() - t->begin_s;
        tb_text_stream_end(&t->stream);
        tell_piece(w, w->side[i]);
    }
}

/* ---- what became of it */

static void add_slot(void *arg, const char *p, size_t n, bool is_right)
{
    struct tb_json *map = arg;
    tb_json_set(map, "of", tb_json_new_int(tb_json_int(tb_json_get(map, "of"), 0) + 1));
    if (is_right)
        tb_json_set(map, "right", tb_json_new_int(tb_json_int(tb_json_get(map, "right"), 0) + 1));
    else
        tb_json_append((struct tb_json *)tb_json_get(map, "missing"), tb_json_new_strn(p, n));
}

/* {right, of, missing}, or null of a prompt that asks for no values. */
static struct tb_json *slots_of(const struct write *w, const struct tb_chat_text *t)
{
    char *prompt = tb_xstrndup(w->wish.prompt, w->wish.n_prompt);
    struct tb_json *map = NULL;
    if (tb_slots_has(prompt)) {
        map = tb_json_new_map();
        tb_json_set(map, "right", tb_json_new_int(0));
        tb_json_set(map, "of", tb_json_new_int(0));
        tb_json_set(map, "missing", tb_json_new_list());
        tb_slots_each(prompt, t->stream.text.p ? t->stream.text.p : "", add_slot, map);
    }
    free(prompt);
    return map ? map : tb_json_new_null();
}

/* {perplexity, loss, tokens} of the row's completion. */
static struct tb_json *reference_of(const struct write *w, int side)
{
    struct tb_err err = { 0 };
    double loss;
    int labels;
    if (w->wish.row < 0)
        return tb_json_new_null();
    struct tb_row row = tb_dataset_row(w->c->sides.on.data, w->wish.row);
    struct tb_generate_row whole = { .ids = row.ids, .n = row.n, .route = w->c->sides.side[side].route };
    if (!tb_generator_loss(w->c->sides.generator, &whole, row.n_prompt, &loss, &labels, &err) || labels == 0)
        return tb_json_new_null();
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "perplexity", tb_json_new_real(exp(loss / labels)));
    tb_json_set(map, "loss", tb_json_new_real(loss / labels));
    tb_json_set(map, "tokens", tb_json_new_int(labels));
    return map;
}

static void tell_end(struct write *w, int side)
{
    const struct tb_chat_text *t = &w->c->text[side];
    struct tb_json *map = event("end", w, side);
    const double n = (double)t->ids.n;
    tb_json_set(map, "name", tb_json_new_str(tb_side_name(&w->c->sides, side)));
    tb_json_set(map, "output", tb_json_new_strn(t->stream.text.p, t->stream.text.n));
    tb_json_set(map, "tokens", tb_json_new_int((int64_t)t->ids.n));
    tb_json_set(map, "stop", tb_json_new_str(t->stop));
    tb_json_set(map, "seconds", tb_json_new_real(t->seconds));
    tb_json_set(map, "tok_per_s", tb_json_new_real(t->seconds > 0 ? n / t->seconds : NAN));
    tb_json_set(map, "logprob", tb_json_new_real(t->logprob));
    tb_json_set(map, "scale", tb_json_new_real(w->c->sides.side[side].scale));
    tb_json_set(map, "on_reference", reference_of(w, side));
    tb_json_set(map, "slots", slots_of(w, t));
    tell(w, map);
}

static void tell_newer(struct write *w)
{
    struct tb_json *map = event("done", w, -1), *newer = tb_json_new_map();
    for (int i = 0; i < w->c->sides.n; i++)
        if (tb_sides_has_newer(&w->c->sides, i))
            tb_json_set(newer, tb_side_letter(&w->c->sides, i),
                        tb_json_new_int(tb_session_run_newest(w->c->sides.side[i].run)));
    tb_json_set(map, "newer", newer);
    tell(w, map);
}

/* Stop strings are the request's, which is gone soon. */
static void let_go(struct write *w)
{
    for (int i = 0; i < w->c->sides.n; i++)
        w->c->text[i].stream.n_stops = 0;
}

bool tb_chat_write(struct tb_chat *c, const struct tb_json *request, const struct tb_chat_client *to,
                   struct tb_err *err)
{
    struct write w = { .c = c, .to = to };
    if (!tb_chat_wish_read(c, request, &w.wish, err))
        return false;
    bool good = take_prompt(c, &w.wish, err) && make_room(c, &w.wish, err) && begin(&w, err);
    if (!good) {
        c->prompt.n = 0;
        return false;
    }
    tell_begin(&w);
    write_all(&w);
    for (int i = 0; i < w.n && !w.is_left; i++)
        tell_end(&w, w.side[i]);
    if (w.n > 1 && !w.is_left) {
        struct tb_json *compared = tb_chat_compared(c, w.side[0], w.side[1], err);
        good = compared != NULL;
        if (good)
            tell(&w, compared);
    }
    if (good)
        tell_newer(&w);
    let_go(&w);
    return good;
}
