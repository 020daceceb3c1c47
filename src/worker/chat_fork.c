/* SPDX-License-Identifier: MIT */
/* chat_fork.c - two texts token by token: alike, or the first token where they part, with what both sides and the bare
 * base thought of both tokens there. All are asked once more behind what the texts have in common. */
#include <stdlib.h>
#include <string.h>

#include <math.h>

#include "base/mem.h"
#include "worker/chat_priv.h"

enum { MOST_TOP = 100 };

/* Routes asked at one place: sides, then the bare base if it is none of them. */
struct place {
    int side[TB_SIDES + 1]; /* -1: the base */
    int of[TB_SIDES + 1];   /* by side or, for the base, last: index in the generator's last next */
    int n;
};

static const char *letter(const struct tb_chat *c, int side)
{
    return side < 0 ? "base" : tb_side_letter(&c->sides, side);
}

static struct tb_json *token_of(const struct tb_chat *c, int32_t id, double p)
{
    const struct tb_tokenizer *t = c->sides.on.base->tokenizer;
    struct tb_json *map = tb_json_new_map();
    size_t n;
    const char *bytes = tb_tokenizer_token(t, id, &n);
    tb_json_set(map, "id", tb_json_new_int(id));
    tb_json_set(map, "text", tb_json_new_strn(bytes, n));
    tb_json_set(map, "is_end", tb_json_new_bool(id == tb_tokenizer_eos(t)));
    tb_json_set(map, "p", tb_json_new_real(p));
    return map;
}

/* What the routes of p say behind the prompt and the first `at` tokens of a side's text. */
static bool ask(struct tb_chat *c, struct place *p, int side, int at, struct tb_err *err)
{
    static const struct tb_sampling greedy = { .repeat_penalty = 1, .top_p = 1 };
    struct tb_generate_row rows[TB_SIDES + 1];
    struct tb_made made[TB_SIDES + 1];
    size_t n = c->prompt.n + (size_t)at;
    int32_t *ids = tb_xcalloc(n, sizeof *ids);
    memcpy(ids, c->prompt.p, c->prompt.n * sizeof *ids);
    if (at)
        memcpy(ids + c->prompt.n, c->text[side].ids.p, (size_t)at * sizeof *ids);
    for (int i = 0; i < p->n; i++)
        rows[i] = (struct tb_generate_row){ .ids = ids, .n = (int)n,
                                            .route = p->side[i] < 0 ? 0 : c->sides.side[p->side[i]].route };
    bool good = tb_sides_reserve(&c->sides, (int)n + 1, err)
             && tb_generator_begin(c->sides.generator, rows, p->n, err);
    int n_made = good ? tb_generator_next(c->sides.generator, &greedy, made) : 0;
    for (int i = 0; i < n_made; i++)
        p->of[made[i].row] = i;
    free(ids);
    return good;
}

static double chance(const struct tb_chat *c, const struct place *p, int i, int32_t id)
{
    return exp(tb_generator_logprob(c->sides.generator, p->of[i], id));
}

/* A side's token at the fork, and what the other one gave it. */
static struct tb_json *choice(const struct tb_chat *c, const struct place *p, int mine, int32_t id)
{
    struct tb_json *map = token_of(c, id, chance(c, p, mine, id));
    tb_json_set(map, "side", tb_json_new_str(letter(c, p->side[mine])));
    tb_json_set(map, "p_other", tb_json_new_real(chance(c, p, 1 - mine, id)));
    tb_json_set(map, "p_base", p->n > 2 ? tb_json_new_real(chance(c, p, 2, id)) : tb_json_new_null());
    return map;
}

static struct tb_json *base_choice(struct tb_chat *c, const struct place *p)
{
    struct tb_candidate top;
    if (p->n < 3 || tb_generator_top(c->sides.generator, p->of[2], 1, &top) < 1)
        return tb_json_new_null();
    return token_of(c, top.id, exp((double)top.logit));
}

static struct tb_json *fork_at(struct tb_chat *c, int a, int b, int at, struct tb_err *err)
{
    struct place p = { .side = { a, b, -1 }, .n = 3 };
    if (c->sides.side[a].route == 0 || c->sides.side[b].route == 0)
        p.n = 2; /* the base is one of them */
    if (!ask(c, &p, a, at, err))
        return NULL;
    struct tb_json *map = tb_json_new_map(), *tokens = tb_json_new_list();
    tb_json_append(tokens, choice(c, &p, 0, c->text[a].ids.p[at]));
    tb_json_append(tokens, choice(c, &p, 1, c->text[b].ids.p[at]));
    tb_json_set(map, "at", tb_json_new_int(at));
    tb_json_set(map, "tokens", tokens);
    tb_json_set(map, "base", base_choice(c, &p));
    tb_json_set(map, "kl", tb_json_new_real(tb_generator_divergence(c->sides.generator, p.of[1], p.of[0])));
    return map;
}

struct tb_json *tb_chat_compared(struct tb_chat *c, int a, int b, struct tb_err *err)
{
    const struct tb_ids *x = &c->text[a].ids, *y = &c->text[b].ids;
    size_t at = 0, both = x->n < y->n ? x->n : y->n;
    while (at < both && x->p[at] == y->p[at])
        at++;
    struct tb_json *fork = at < both ? fork_at(c, a, b, (int)at, err) : tb_json_new_null();
    if (!fork)
        return NULL;
    struct tb_json *map = tb_json_new_map(), *sides = tb_json_new_list();
    tb_json_append(sides, tb_json_new_str(letter(c, a)));
    tb_json_append(sides, tb_json_new_str(letter(c, b)));
    tb_json_set(map, "event", tb_json_new_str("compared"));
    tb_json_set(map, "sides", sides);
    tb_json_set(map, "identical", tb_json_new_bool(at == x->n && at == y->n));
    tb_json_set(map, "common", tb_json_new_int((int64_t)at));
    tb_json_set(map, "fork", fork);
    return map;
}

/* ---- alternatives at a place */

static struct tb_json *top_of(struct tb_chat *c, const struct place *p, int i, int n)
{
    struct tb_candidate top[MOST_TOP];
    struct tb_json *list = tb_json_new_list();
    n = tb_generator_top(c->sides.generator, p->of[i], n, top);
    for (int j = 0; j < n; j++)
        tb_json_append(list, token_of(c, top[j].id, exp((double)top[j].logit)));
    return list;
}

static bool check_look(const struct tb_chat *c, const struct tb_json *request, int *side, int *at, int *n,
                       struct tb_err *err)
{
    static const char *const keys[] = { "id", "ask", "side", "at", "n", NULL };
    int64_t place = tb_json_int(tb_json_get(request, "at"), -1), most = tb_json_int(tb_json_get(request, "n"), 8);
    if (!tb_chat_check_keys(request, keys, err)
        || (*side = tb_chat_side(c, tb_json_str(tb_json_get(request, "side"), "A"), err)) < 0)
        return false;
    if (c->prompt.n == 0 || !c->text[*side].is_asked)
        return tb_fail(err, TB_ERR_USAGE, "side %s has written nothing yet", letter(c, *side));
    if (place < 0 || place >= (int64_t)c->text[*side].ids.n)
        return tb_fail(err, TB_ERR_USAGE, "at: side %s wrote tokens 0 to %lld", letter(c, *side),
                       (long long)c->text[*side].ids.n - 1);
    if (most < 1 || most > MOST_TOP)
        return tb_fail(err, TB_ERR_USAGE, "n: expected 1 to %d", MOST_TOP);
    *at = (int)place;
    *n = (int)most;
    return true;
}

struct tb_json *tb_chat_look(struct tb_chat *c, const struct tb_json *request, struct tb_err *err)
{
    struct place p = { .n = 0 };
    bool has_base = false;
    int side = 0, at = 0, n = 0;
    if (!check_look(c, request, &side, &at, &n, err))
        return NULL;
    for (int i = 0; i < c->sides.n; i++) {
        p.side[p.n++] = i;
        has_base |= c->sides.side[i].route == 0;
    }
    if (!has_base)
        p.side[p.n++] = -1;
    if (!ask(c, &p, side, at, err))
        return NULL;
    struct tb_json *map = tb_json_new_map(), *all = tb_json_new_map();
    for (int i = 0; i < p.n; i++)
        tb_json_set(all, letter(c, p.side[i]), top_of(c, &p, i, n));
    int32_t id = c->text[side].ids.p[at];
    tb_json_set(map, "event", tb_json_new_str("look"));
    tb_json_set(map, "side", tb_json_new_str(letter(c, side)));
    tb_json_set(map, "at", tb_json_new_int(at));
    tb_json_set(map, "chosen", token_of(c, id, chance(c, &p, side, id)));
    tb_json_set(map, "top", all);
    return map;
}
