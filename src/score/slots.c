/* SPDX-License-Identifier: MIT */
/* slots.c - whether an output says what its prompt asked for, as in the places and E2E tasks. Slots of a prompt are
 * "key[value], key[value]" or "key : value | key : value". A slot is right if its value is in the output and no other
 * value of its key is: a text that names two prices says neither. In detail, case never mattering:
 *   - a value is there if its words follow one another, the last with a plural s or without;
 *   - yes and no: the output must speak of the key (of families also as children or kids), for "no" with a denial
 *     before or behind it, for "yes" without one; "adults only" is a no to families;
 *   - prices and ratings that are low, moderate, average or high also as people say it (cheap, highly rated);
 *   - other values are those levels and what the rows that are scored give the same key, where they are few;
 *   - words of the name and of what is near count for nothing else.
 * Blind to what an output invents beside that. Rows without slots do not count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "score/metric.h"
#include "score/phrases.h"

enum { MAX_SLOTS = 64, MAX_KEYS = 64, MAX_VALUES = 32 }; /* of a row; that have a list; of a list, else it is open */

struct slot {
    struct tb_said key, value;
    char *key_text, *value_text; /* normal forms */
    struct tb_word from; /* where it stands in the prompt */
};

/* All values of one key. */
struct list {
    char *key, *value[MAX_VALUES];
    size_t n;
    bool is_open; /* too many: other values are not looked for */
};

struct lists {
    struct list list[MAX_KEYS];
    size_t n;
};

static const struct {
    const char *key, *values, *phrases;
} levels[] = {
    { "price*", "low; cheap", "cheap*; inexpensive*; low pric*; low in price; price* are low; price* is low; low cost; "
      "affordable" },
    { "price*", "moderate; average", "moderate*; mid pric*; mid range; average pric*; average cost" },
    { "price*", "high; expensive", "expensive; costly; high pric*; price* are high; price* is high; high cost" },
    { "rating", "low", "poorly rated; low rated; low rating*; low ? rating*; rated poor*; rated low; rated as low; "
      "rated as poor; rating is low; rating is poor" },
    { "rating", "average", "average" },
    { "rating", "high", "highly rated; well rated; top rated; high rated; high rating*; high ? rating*; rated high*; "
      "rated as high; rated well; rating is high" },
};
enum { N_LEVELS = sizeof levels / sizeof *levels };

/* ---- slots of a prompt */

/* What stands from `from` to before `end`, without blanks around it. */
static struct tb_word stretch(const char *from, const char *end)
{
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (end > from && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return (struct tb_word){ from, (size_t)(end - from) };
}

static void add_slot(struct slot *slot, size_t *n, const struct tb_word *key, const struct tb_word *value,
                     const char *end)
{
    char *k = tb_xasprintf("%.*s", (int)key->n, key->p), *v = tb_xasprintf("%.*s", (int)value->n, value->p);
    struct slot s = { .key_text = tb_words_normal(k), .value_text = tb_words_normal(v),
                      .from = stretch(key->p, end) };
    tb_said_open(&s.key, k);
    tb_said_open(&s.value, v);
    free(k);
    free(v);
    if (s.key.words.n && s.value.words.n && *n < MAX_SLOTS) {
        slot[(*n)++] = s;
        return;
    }
    tb_said_close(&s.key);
    tb_said_close(&s.value);
    free(s.key_text);
    free(s.value_text);
}

static size_t bracketed(struct slot *slot, const char *s)
{
    size_t n = 0;
    for (const char *open, *close; n < MAX_SLOTS && (open = strchr(s, '[')); s = close + 1) {
        close = strchr(open, ']');
        if (!close)
            break;
        for (const char *p; (p = strpbrk(s, ",;|\n]")) && p < open;)
            s = p + 1;
        add_slot(slot, &n, &(struct tb_word){ s, (size_t)(open - s) },
                 &(struct tb_word){ open + 1, (size_t)(close - open) - 1 }, close + 1);
    }
    return n;
}

static size_t barred(struct slot *slot, const char *s)
{
    size_t n = 0;
    for (size_t len; *s && n < MAX_SLOTS; s += len + (s[len] != '\0')) {
        len = strcspn(s, "|\n");
        const char *colon = memchr(s, ':', len);
        if (colon)
            add_slot(slot, &n, &(struct tb_word){ s, (size_t)(colon - s) },
                     &(struct tb_word){ colon + 1, len - (size_t)(colon - s) - 1 }, s + len);
    }
    return n;
}

static size_t parse(struct slot *slot, const char *prompt)
{
    size_t n = bracketed(slot, prompt);
    return n ? n : barred(slot, prompt);
}

static void free_slots(struct slot *slot, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tb_said_close(&slot[i].key);
        tb_said_close(&slot[i].value);
        free(slot[i].key_text);
        free(slot[i].value_text);
    }
}

/* ---- lists of values */

static struct list *list_of(struct lists *all, const char *key)
{
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->list[i].key, key) == 0)
            return &all->list[i];
    return NULL;
}

static void note_value(struct lists *all, const struct slot *s)
{
    struct list *l = list_of(all, s->key_text);
    if (!l && all->n < MAX_KEYS) {
        l = &all->list[all->n++];
        *l = (struct list){ .key = tb_xstrdup(s->key_text), .is_open = strcmp(s->key_text, "name") == 0 };
    }
    if (!l || l->is_open)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->value[i], s->value_text) == 0)
            return;
    if (l->n < MAX_VALUES)
        l->value[l->n++] = tb_xstrdup(s->value_text);
    else
        l->is_open = true;
}

static void clear(struct lists *all)
{
    for (size_t i = 0; i < all->n; i++) {
        for (size_t k = 0; k < all->list[i].n; k++)
            free(all->list[i].value[k]);
        free(all->list[i].key);
    }
    all->n = 0;
}

static void *open(const char *arg, struct tb_err *err)
{
    return tb_xcalloc(1, sizeof(struct lists));
}

static void close(void *own)
{
    clear(own);
    free(own);
}

static void look(void *own, const struct tb_score_row *rows, size_t n)
{
    struct slot slot[MAX_SLOTS];
    clear(own);
    for (size_t i = 0; i < n; i++) {
        size_t n_slots = parse(slot, rows[i].prompt ? rows[i].prompt : "");
        for (size_t k = 0; k < n_slots; k++)
            note_value(own, &slot[k]);
        free_slots(slot, n_slots);
    }
}

/* ---- what an output says */

static bool is_place(const struct slot *s)
{
    return strcmp(s->key_text, "name") == 0 || strcmp(s->key_text, "near") == 0;
}

/* yes 1, no -1, neither 0 */
static int truth(const char *value)
{
    return strcmp(value, "yes") == 0 || strcmp(value, "true") == 0 ? 1
        : strcmp(value, "no") == 0 || strcmp(value, "false") == 0 ? -1 : 0;
}

static int said_of_key(const struct tb_said *output, const struct slot *s)
{
    static const char people[] = "famil*; child*; kid*";
    char first[64];
    if (tb_said_phrases(&s->key, people))
        return tb_said_phrases(output, "adults only; only adults; adult only") ? -1 : tb_said_of(output, people);
    snprintf(first, sizeof first, "%.*s*", (int)(s->key.words.at[0].n < 60 ? s->key.words.at[0].n : 60),
             s->key.words.at[0].p);
    return tb_said_of(output, first);
}

/* The level that a value of this key is, N_LEVELS if none. */
static size_t level_of(const struct slot *s)
{
    size_t i = 0;
    while (i < N_LEVELS && !(tb_said_phrases(&s->key, levels[i].key) && s->value.words.n == 1
                             && tb_said_phrases(&s->value, levels[i].values)))
        i++;
    return i;
}

static bool says_other_level(const struct tb_said *output, const struct slot *s, size_t mine)
{
    for (size_t i = 0; i < N_LEVELS; i++)
        if (i != mine && tb_said_phrases(&s->key, levels[i].key) && tb_said_phrases(output, levels[i].phrases))
            return true;
    return false;
}

/* Whether one of the key's values but this one is there. Words like "high" alone say little: levels have phrases. */
static bool says_other_value(const struct tb_said *output, const struct slot *s, const struct list *l)
{
    bool is_there = false;
    for (size_t i = 0; l && !l->is_open && i < l->n && !is_there; i++) {
        struct slot other = { .key = s->key };
        tb_said_open(&other.value, l->value[i]);
        if (strcmp(l->value[i], s->value_text) != 0 && level_of(&other) == N_LEVELS)
            is_there = tb_said_has(output, &other.value);
        tb_said_close(&other.value);
    }
    return is_there;
}

/* A copy of which words are taken, to be put back. */
static bool *taken(const struct tb_said *s)
{
    bool *copy = tb_xcalloc(s->words.n + 1, sizeof *copy);
    memcpy(copy, s->is_taken, s->words.n * sizeof *copy);
    return copy;
}

static bool is_right(struct tb_said *output, const struct slot *s, struct lists *all, bool is_there)
{
    int yes = truth(s->value_text);
    size_t mine = level_of(s);
    if (yes)
        return said_of_key(output, s) == yes;
    bool *before = taken(output);
    if (mine < N_LEVELS)
        is_there = tb_said_phrases(output, levels[mine].phrases);
    else
        is_there = tb_said_take(output, &s->value) || is_there;
    bool says_other = says_other_level(output, s, mine) || says_other_value(output, s, list_of(all, s->key_text));
    free(output->is_taken);
    output->is_taken = before;
    return is_there && !says_other;
}

/* Which slots are right; how many of them. */
static size_t judge(struct lists *all, const struct slot *slot, size_t n, const char *text, bool *right)
{
    struct tb_said output;
    bool is_there[MAX_SLOTS] = { false };
    size_t n_right = 0;
    tb_said_open(&output, text);
    for (size_t i = 0; i < n; i++) /* before one takes the other's words */
        is_there[i] = is_place(&slot[i]) && tb_said_has(&output, &slot[i].value);
    for (size_t i = 0; i < n; i++)
        if (is_place(&slot[i]))
            tb_said_take(&output, &slot[i].value);
    for (size_t i = 0; i < n; i++)
        n_right += right[i] = is_right(&output, &slot[i], all, is_there[i]);
    tb_said_close(&output);
    return n_right;
}

static bool row(void *own, const struct tb_score_row *r, double *sums)
{
    struct slot slot[MAX_SLOTS];
    bool right[MAX_SLOTS];
    size_t n = parse(slot, r->prompt);
    sums[0] = (double)judge(own, slot, n, r->output, right);
    sums[1] = (double)n;
    free_slots(slot, n);
    return n > 0;
}

static bool row_all(void *own, const struct tb_score_row *r, double *sums)
{
    bool is_counted = row(own, r, sums);
    sums[0] = is_counted && sums[0] == sums[1];
    sums[1] = is_counted;
    return is_counted;
}

bool tb_slots_has(const char *prompt)
{
    struct slot slot[MAX_SLOTS];
    size_t n = parse(slot, prompt);
    free_slots(slot, n);
    return n > 0;
}

void tb_slots_each(const char *prompt, const char *output, tb_slot_fn *fn, void *arg)
{
    struct slot slot[MAX_SLOTS];
    bool right[MAX_SLOTS];
    struct lists none = { .n = 0 };
    size_t n = parse(slot, prompt);
    judge(&none, slot, n, output, right);
    for (size_t i = 0; i < n; i++)
        fn(arg, slot[i].from.p, slot[i].from.n, right[i]);
    free_slots(slot, n);
}

const struct tb_metric tb_metric_slots = {
    .name = "slots", .help = "share of the values asked for in the prompt, key[value] or key : value, that are said",
    .needs = TB_NEEDS_OUTPUT | TB_NEEDS_PROMPT, .n_sums = 2, .open = open, .close = close, .look = look, .row = row,
    .value = tb_metric_mean,
};

const struct tb_metric tb_metric_slots_all = {
    .name = "slots_all", .help = "share of rows that say all the values asked for",
    .needs = TB_NEEDS_OUTPUT | TB_NEEDS_PROMPT, .n_sums = 2, .open = open, .close = close, .look = look, .row = row_all,
    .value = tb_metric_mean,
};
