/* SPDX-License-Identifier: MIT */
/* chat_show.c - texts, what they cost, and where they part. */
#include "cli/chat_show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const char *str(const struct tb_json *map, const char *key)
{
    return tb_json_str(tb_json_get(map, key), "");
}

static double real(const struct tb_json *map, const char *key)
{
    return tb_json_real(tb_json_get(map, key), NAN);
}

static long long whole(const struct tb_json *map, const char *key)
{
    return (long long)tb_json_int(tb_json_get(map, key), 0);
}

void tb_chat_show_ready(const struct tb_chat_show *s, const struct tb_json *ready)
{
    const struct tb_json *sides = tb_json_get(ready, "sides");
    for (size_t i = 0; i < tb_json_len(sides); i++) {
        const struct tb_json *side = tb_json_at(sides, i);
        struct tb_buf b = { 0 };
        tb_buf_fmt(&b, "%s", str(side, "name"));
        if (tb_json_type(tb_json_get(side, "run")) == TB_JSON_STR)
            tb_buf_fmt(&b, ", %s, step %lld", str(side, "method"), whole(side, "step"));
        if (real(side, "scale") != 1)
            tb_buf_fmt(&b, ", by %g", real(side, "scale"));
        tb_out_pair(&s->out, 5, str(side, "side"), b.p);
        tb_buf_free(&b);
    }
}

static void forget(struct tb_chat_show *s)
{
    for (int i = 0; i < s->n; i++) {
        tb_buf_free(&s->side[i].text);
        tb_json_free(s->side[i].end);
        s->side[i].end = NULL;
    }
    s->n = s->turn = 0;
    s->is_open = false;
}

void tb_chat_show_begin(struct tb_chat_show *s, const struct tb_json *ready)
{
    const struct tb_json *sides = tb_json_get(ready, "sides");
    forget(s);
    for (size_t i = 0; i < tb_json_len(sides) && s->n < TB_SHOWN; i++)
        tb_str_copy(s->side[s->n++].side, sizeof s->side[0].side, str(tb_json_at(sides, i), "side"));
}

void tb_chat_show_close(struct tb_chat_show *s)
{
    forget(s);
}

/* ---- one side after the other */

static void print_slots(const struct tb_json *slots)
{
    const struct tb_json *missing = tb_json_get(slots, "missing");
    if (tb_json_type(slots) != TB_JSON_MAP)
        return;
    printf("; slots %lld/%lld", whole(slots, "right"), whole(slots, "of"));
    for (size_t i = 0; i < tb_json_len(missing); i++) {
        fputs(i ? ", " : ", missing ", stdout);
        tb_out_safe(tb_json_str(tb_json_at(missing, i), ""));
    }
}

static void print_end(const struct tb_json *end)
{
    const struct tb_json *reference = tb_json_get(end, "on_reference");
    printf("\n     %lld tokens, stop: %s, %.1f s, %.3g tok/s", whole(end, "tokens"), str(end, "stop"),
           real(end, "seconds"), real(end, "tok_per_s"));
    if (real(end, "scale") != 1)
        printf("; by %g", real(end, "scale"));
    if (tb_json_type(reference) == TB_JSON_MAP)
        printf("; perplexity of the reference %.3g", real(reference, "perplexity"));
    print_slots(tb_json_get(end, "slots"));
    putchar('\n');
}

/* What waits of the side whose turn it is, and of those behind it once it has ended. */
static void hand_out(struct tb_chat_show *s)
{
    for (; s->turn < s->n; s->turn++) {
        struct tb_buf *text = &s->side[s->turn].text;
        if (!s->is_open && (text->n || s->side[s->turn].end))
            printf("%-4s ", s->side[s->turn].side);
        s->is_open |= text->n || s->side[s->turn].end;
        if (text->n)
            tb_out_bytes(&s->out, text->p, text->n);
        tb_buf_clear(text);
        if (!s->side[s->turn].end)
            break;
        print_end(s->side[s->turn].end);
        s->is_open = false;
    }
    fflush(stdout);
}

/* ---- where two part */

void tb_chat_show_token(const struct tb_json *token)
{
    putchar('"');
    tb_out_safe(tb_json_bool(tb_json_get(token, "is_end"), false) ? "<end>" : str(token, "text"));
    printf("\" %.2f", real(token, "p"));
}

static void print_fork(const struct tb_json *fork)
{
    const struct tb_json *tokens = tb_json_get(fork, "tokens"), *base = tb_json_get(fork, "base");
    printf("fork at token %lld: ", whole(fork, "at"));
    for (size_t i = 0; i < tb_json_len(tokens); i++) {
        printf("%s%s ", i ? ", " : "", str(tb_json_at(tokens, i), "side"));
        tb_chat_show_token(tb_json_at(tokens, i));
    }
    printf("; their chances there differ by %.3g nats (KL divergence of the second from the first)", real(fork, "kl"));
    if (tb_json_type(base) == TB_JSON_MAP) {
        fputs("; the base would say ", stdout);
        tb_chat_show_token(base);
    }
    putchar('\n');
}

static void print_compared(const struct tb_json *a)
{
    const struct tb_json *sides = tb_json_get(a, "sides");
    if (tb_json_bool(tb_json_get(a, "identical"), false))
        printf("%s and %s are identical\n", tb_json_str(tb_json_at(sides, 0), ""),
               tb_json_str(tb_json_at(sides, 1), ""));
    else if (tb_json_type(tb_json_get(a, "fork")) == TB_JSON_MAP)
        print_fork(tb_json_get(a, "fork"));
}

static void print_newer(const struct tb_json *newer)
{
    for (void *it = tb_json_first(newer); it; it = tb_json_next(newer, it))
        printf("%s has a checkpoint of step %lld by now\n", tb_json_iter_key(it),
               (long long)tb_json_int(tb_json_iter_value(it), 0));
}

static void print_prompt(const struct tb_chat_show *s, const struct tb_json *a)
{
    bool has_reference = tb_json_type(tb_json_get(a, "reference")) == TB_JSON_STR;
    if (tb_json_type(tb_json_get(a, "row")) == TB_JSON_INT)
        printf("row %lld: ", whole(a, "row"));
    tb_out_bytes(&s->out, str(a, "prompt"), tb_json_str_len(tb_json_get(a, "prompt")));
    putchar('\n');
    if (has_reference) {
        fputs("     ", stdout);
        tb_out_bytes(&s->out, str(a, "reference"), tb_json_str_len(tb_json_get(a, "reference")));
        puts(" (reference)");
    }
}

static int place_of(const struct tb_chat_show *s, const struct tb_json *a)
{
    int i = 0;
    while (i < s->n && strcmp(s->side[i].side, str(a, "side")) != 0)
        i++;
    return i;
}

bool tb_chat_show_tell(void *arg, struct tb_json *a)
{
    struct tb_chat_show *s = arg;
    const char *what = str(a, "event");
    int i = place_of(s, a);
    if (strcmp(what, "piece") == 0 && i < s->n)
        tb_buf_add(&s->side[i].text, str(a, "text"), tb_json_str_len(tb_json_get(a, "text")));
    else if (strcmp(what, "end") == 0 && i < s->n)
        s->side[i].end = tb_json_ref(a);
    else if (strcmp(what, "begin") == 0 && (s->shows_prompt || tb_json_type(tb_json_get(a, "row")) == TB_JSON_INT))
        print_prompt(s, a);
    else if (strcmp(what, "compared") == 0)
        print_compared(a);
    else if (strcmp(what, "done") == 0)
        print_newer(tb_json_get(a, "newer"));
    if (i < s->n)
        hand_out(s);
    tb_json_free(a);
    return !ferror(stdout);
}
