/* SPDX-License-Identifier: MIT */
/* buf.h - growing bytes, always followed by a zero byte so that they can be used as a string. */
#ifndef TB_BASE_BUF_H
#define TB_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct tb_buf {
    char *p; /* NULL while empty */
    size_t n, cap;
};

void tb_buf_free(struct tb_buf *b); /* frees and zeroes; NULL and empty are fine */
void tb_buf_clear(struct tb_buf *b); /* n = 0, keeps the memory */
void tb_buf_add(struct tb_buf *b, const void *p, size_t n);
void tb_buf_str(struct tb_buf *b, const char *s);
void tb_buf_char(struct tb_buf *b, char c);
void tb_buf_fmt(struct tb_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A word as a shell reads it back: in quotes, unless no shell takes anything in it for more than letters. */
void tb_shell_quote(struct tb_buf *b, const char *word);
/* Little-endian numbers, for file formats. */
void tb_buf_u16(struct tb_buf *b, uint16_t v);
void tb_buf_u32(struct tb_buf *b, uint32_t v);
void tb_buf_u64(struct tb_buf *b, uint64_t v);
/* Hands the bytes over (never NULL, zero-terminated); the buffer is empty afterwards. */
char *tb_buf_take(struct tb_buf *b);

#endif
