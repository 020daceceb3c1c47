/* SPDX-License-Identifier: MIT */
/* hash.c - SHA-256 (libmd), CRC-32 (zlib), FNV-1a (32 bits, offset 2166136261, prime 16777619).
 * struct tb_sha256 is smaller than libmd's context, which has room for SHA-512 as well, so what
 * SHA-256 uses of it is packed: 8 words of state, the count of bits, one block of 64 bytes. */
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { AT_COUNT = 4, AT_BLOCK = 5 };

_Static_assert(sizeof ((struct tb_sha256 *)0)->state >= AT_BLOCK * 8 + SHA256_BLOCK_LENGTH,
               "struct tb_sha256 holds what SHA-256 needs");

static void pack(struct tb_sha256 *h, const SHA2_CTX *c)
{
    memcpy(&h->state[0], c->state.st32, 32);
    h->state[AT_COUNT] = c->bitcount[0];
    memcpy(&h->state[AT_BLOCK], c->buffer, SHA256_BLOCK_LENGTH);
}

static void unpack(const struct tb_sha256 *h, SHA2_CTX *c)
{
    SHA256Init(c);
    memcpy(c->state.st32, &h->state[0], 32);
    c->bitcount[0] = h->state[AT_COUNT];
    memcpy(c->buffer, &h->state[AT_BLOCK], SHA256_BLOCK_LENGTH);
}

void tb_sha256_begin(struct tb_sha256 *h)
{
    SHA2_CTX c;
    SHA256Init(&c);
    pack(h, &c);
}

void tb_sha256_add(struct tb_sha256 *h, const void *p, size_t n)
{
    SHA2_CTX c;
    if (n == 0)
        return;
    unpack(h, &c);
    SHA256Update(&c, p, n);
    pack(h, &c);
}

void tb_sha256_end(struct tb_sha256 *h, uint8_t digest[32])
{
    SHA2_CTX c;
    unpack(h, &c);
    SHA256Final(digest, &c);
}

void tb_sha256_hex(const void *p, size_t n, char hex[65])
{
    struct tb_sha256 h;
    uint8_t digest[32];
    tb_sha256_begin(&h);
    tb_sha256_add(&h, p, n);
    tb_sha256_end(&h, digest);
    tb_hex(digest, 32, hex);
}

void tb_hex(const uint8_t *p, size_t n, char *hex)
{
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = "0123456789abcdef"[p[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
    }
    hex[2 * n] = '\0';
}

bool tb_sha256_file(const char *path, char hex[65], struct tb_err *err)
{
    struct tb_sha256 h;
    uint8_t digest[32], bytes[32768];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return tb_fail_at(err, TB_ERR_NOTFOUND, path, 0, "no such file");
    if (fd < 0)
        return tb_fail_errno(err, "cannot open %s", path);
    tb_sha256_begin(&h);
    while ((n = read(fd, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR))
        tb_sha256_add(&h, bytes, n > 0 ? (size_t)n : 0);
    if (n < 0)
        tb_fail_errno(err, "cannot read %s", path);
    close(fd);
    if (n < 0)
        return false;
    tb_sha256_end(&h, digest);
    tb_hex(digest, 32, hex);
    return true;
}

uint32_t tb_crc32(uint32_t crc, const void *p, size_t n)
{
    return n ? (uint32_t)crc32_z(crc, p, n) : crc;
}

uint32_t tb_fnv1a32(const void *p, size_t n)
{
    const uint8_t *s = p;
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ s[i]) * 16777619u;
    return h;
}
