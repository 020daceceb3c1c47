/* SPDX-License-Identifier: MIT */
/* bytes.c - GPT-2's bytes_to_unicode(): printable Latin-1 (21..7E, A1..AC, AE..FF) stands for
 * itself, the other 68 bytes are U+0100 .. U+0143 in ascending order. Vocabularies and merges of
 * byte-level tokenizers are written in this spelling; inside the program tokens are raw bytes. */
#include "text/bytes.h"

#include "base/utf8.h"

enum { FIRST = 0x100, N_MOVED = 68 };

static bool is_printable(uint32_t c)
{
    return (c >= 0x21 && c <= 0x7e) || (c >= 0xa1 && c <= 0xac) || (c >= 0xae && c <= 0xff);
}

uint32_t tb_bytes_char(uint8_t b)
{
    if (is_printable(b))
        return b;
    if (b <= 0x20)
        return FIRST + b;
    return b == 0xad ? FIRST + N_MOVED - 1 : FIRST + 0x21u + (b - 0x7fu);
}

/* The byte of a character, -1 for none. */
static int byte_of(uint32_t c)
{
    if (is_printable(c))
        return (int)c;
    if (c < FIRST || c >= FIRST + N_MOVED)
        return -1;
    c -= FIRST;
    if (c <= 0x20)
        return (int)c;
    return c == N_MOVED - 1 ? 0xad : (int)(0x7f + c - 0x21);
}

void tb_bytes_spell(struct tb_buf *out, const char *raw, size_t n)
{
    char utf8[4];
    for (size_t i = 0; i < n; i++)
        tb_buf_add(out, utf8, tb_utf8_put(utf8, tb_bytes_char((uint8_t)raw[i])));
}

bool tb_bytes_unspell(struct tb_buf *out, const char *text, size_t n)
{
    size_t before = out->n, step;
    uint32_t c = 0;
    for (size_t i = 0; i < n; i += step) {
        step = tb_utf8_step(text + i, n - i, &c);
        int b = step ? byte_of(c) : -1;
        if (b < 0) {
            out->n = before;
            return false;
        }
        tb_buf_char(out, (char)b);
    }
    return true;
}
