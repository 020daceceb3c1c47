/* SPDX-License-Identifier: MIT */
/* lines.c - the longest common subsequence of lines, after what both begin and end with is set aside; where the rest is
 * too long for a table of lengths it is shown as replaced whole. */
#include "view/lines.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MOST_CELLS = 4 << 20 };

struct line {
    const char *at;
    size_t n;
};

struct text {
    struct line *line;
    size_t n;
};

static struct text split(const char *s)
{
    struct text t = { 0 };
    size_t cap = 0;
    for (const char *at = s ? s : ""; *at;) {
        size_t n = strcspn(at, "\n");
        t.line = tb_grow(t.line, t.n, &cap, sizeof *t.line);
        t.line[t.n++] = (struct line){ at, n };
        at += n + (at[n] == '\n');
    }
    return t;
}

static bool same(const struct line *a, const struct line *b)
{
    return a->n == b->n && memcmp(a->at, b->at, a->n) == 0;
}

/* One line of the answer. */
struct step {
    const struct line *line;
    char sign;
};

struct steps {
    struct step *at;
    size_t n;
};

static void take(struct steps *s, const struct line *line, char sign)
{
    s->at[s->n++] = (struct step){ line, sign };
}

/* What lies between the common ends. */
static void middle(struct steps *s, const struct line *a, size_t na, const struct line *b, size_t nb)
{
    size_t width = nb + 1, i = 0, j = 0;
    bool is_small = na < MOST_CELLS / width;
    uint32_t *longest = is_small ? tb_xcalloc((na + 1) * width, sizeof *longest) : NULL;
    for (size_t k = na; is_small && k-- > 0;)
        for (size_t l = nb; l-- > 0;) {
            uint32_t down = longest[(k + 1) * width + l], right = longest[k * width + l + 1];
            longest[k * width + l] = same(&a[k], &b[l]) ? longest[(k + 1) * width + l + 1] + 1
                                   : down > right ? down : right;
        }
    while (is_small && i < na && j < nb) {
        if (same(&a[i], &b[j])) {
            take(s, &a[i++], ' ');
            j++;
        } else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
            take(s, &a[i++], '-');
        } else {
            take(s, &b[j++], '+');
        }
    }
    while (i < na)
        take(s, &a[i++], '-');
    while (j < nb)
        take(s, &b[j++], '+');
    free(longest);
}

/* Whether a change lies within `context` lines. */
static bool is_near(const struct steps *s, size_t i, size_t context)
{
    size_t from = i > context ? i - context : 0;
    for (size_t k = from; k < s->n && k <= i + context; k++)
        if (s->at[k].sign != ' ')
            return true;
    return false;
}

static void write_steps(struct tb_lines *x, const struct steps *s, size_t context)
{
    struct tb_buf b = { 0 };
    bool is_out = false;
    for (size_t i = 0; i < s->n; i++) {
        const struct step *step = &s->at[i];
        x->n_removed += step->sign == '-';
        x->n_added += step->sign == '+';
        if (!is_near(s, i, context)) {
            tb_buf_str(&b, is_out ? "" : "  ..\n");
            is_out = true;
            continue;
        }
        is_out = false;
        tb_buf_fmt(&b, "%c %.*s\n", step->sign, (int)step->line->n, step->line->at);
    }
    x->text = tb_buf_take(&b);
}

void tb_lines_diff(struct tb_lines *x, const char *a, const char *b, size_t context)
{
    struct text s = split(a), t = split(b);
    struct steps steps = { tb_xcalloc(s.n + t.n + 1, sizeof *steps.at), 0 };
    size_t head = 0, tail = 0;
    *x = (struct tb_lines){ 0 };
    while (head < s.n && head < t.n && same(&s.line[head], &t.line[head]))
        take(&steps, &s.line[head++], ' ');
    while (head + tail < s.n && head + tail < t.n && same(&s.line[s.n - 1 - tail], &t.line[t.n - 1 - tail]))
        tail++;
    middle(&steps, s.line + head, s.n - head - tail, t.line + head, t.n - head - tail);
    for (size_t i = s.n - tail; i < s.n; i++)
        take(&steps, &s.line[i], ' ');
    write_steps(x, &steps, context);
    free(steps.at);
    free(t.line);
    free(s.line);
}

void tb_lines_free(struct tb_lines *x)
{
    free(x->text);
    *x = (struct tb_lines){ 0 };
}
