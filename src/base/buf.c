/* SPDX-License-Identifier: MIT */
/* buf.c - growing bytes.
 * Invariant: p is NULL and cap 0, or cap > n and p[n] is zero, so p is always a C string of its
 * first n bytes. The capacity doubles. Memory that is gone aborts (base/mem.h). */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

static void room(struct tb_buf *b, size_t more)
{
    tb_assert(more < SIZE_MAX / 2 - b->n);
    if (b->n + more < b->cap)
        return;
    size_t cap = b->cap ? b->cap : 64;
    while (cap <= b->n + more)
        cap *= 2;
    b->p = tb_xrealloc(b->p, cap, 1);
    b->cap = cap;
}

void tb_buf_free(struct tb_buf *b)
{
    if (!b)
        return;
    free(b->p);
    *b = (struct tb_buf){ 0 };
}

void tb_buf_clear(struct tb_buf *b)
{
    b->n = 0;
    if (b->p)
        b->p[0] = '\0';
}

void tb_buf_add(struct tb_buf *b, const void *p, size_t n)
{
    if (n == 0)
        return;
    room(b, n);
    memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void tb_buf_str(struct tb_buf *b, const char *s)
{
    tb_buf_add(b, s, strlen(s));
}

void tb_buf_char(struct tb_buf *b, char c)
{
    tb_buf_add(b, &c, 1);
}

void tb_buf_fmt(struct tb_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    tb_assert(n >= 0);
    if (n > 0) {
        room(b, (size_t)n);
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

static void little(struct tb_buf *b, uint64_t v, size_t n)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    tb_buf_add(b, bytes, n);
}

void tb_buf_u16(struct tb_buf *b, uint16_t v)
{
    little(b, v, 2);
}

void tb_buf_u32(struct tb_buf *b, uint32_t v)
{
    little(b, v, 4);
}

void tb_buf_u64(struct tb_buf *b, uint64_t v)
{
    little(b, v, 8);
}

void tb_shell_quote(struct tb_buf *b, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";
    if (*word && *word != '=' && strspn(word, plain) == strlen(word)) {
        tb_buf_str(b, word);
        return;
    }
    tb_buf_char(b, '\'');
    for (; *word; word++)
        if (*word == '\'')
            tb_buf_str(b, "'\\''");
        else
            tb_buf_char(b, *word);
    tb_buf_char(b, '\'');
}

char *tb_buf_take(struct tb_buf *b)
{
    char *p = b->p ? b->p : tb_xcalloc(1, 1);
    *b = (struct tb_buf){ 0 };
    return p;
}
