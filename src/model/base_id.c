/* SPDX-License-Identifier: MIT */
/* base_id.c - what tells two bases apart without reading all of them (design 3). The id is the SHA-256 of
 *   for each file, in order: u64 length of header and tensor directory, those bytes; u64 size of the file;
 *   64 pages of 4096 bytes of the files laid end to end (total bytes T): page i begins at
 *     floor(i (T - 4096) / 63), or at 0 if T <= 4096, and ends after 4096 bytes or where its file ends;
 *   the settings, a string, where a model's numbers are not in the header (config.json).
 * Numbers are little-endian. Files are one GGUF file, or the safetensors files of a folder sorted by name. Paths and
 * times do not count: equal bytes have equal ids. */
#include <string.h>

#include "base/hash.h"
#include "model/model_priv.h"

enum { PAGES = 64, PAGE = 4096 };

static void add_u64(struct tb_sha256 *h, uint64_t v)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(v >> 8 * i);
    tb_sha256_add(h, bytes, sizeof bytes);
}

static void add_page(struct tb_sha256 *h, const struct tb_bytes *files, size_t n, uint64_t offset)
{
    for (size_t i = 0; i < n; i++) {
        if (offset < files[i].n) {
            uint64_t left = files[i].n - offset;
            tb_sha256_add(h, (const uint8_t *)files[i].p + offset, left < PAGE ? left : PAGE);
            return;
        }
        offset -= files[i].n;
    }
}

void tb_base_id(char id[65], const struct tb_bytes *files, size_t n, const char *settings)
{
    struct tb_sha256 h;
    uint8_t digest[32];
    uint64_t total = 0;
    tb_sha256_begin(&h);
    for (size_t i = 0; i < n; i++) {
        add_u64(&h, files[i].head);
        tb_sha256_add(&h, files[i].p, files[i].head);
        add_u64(&h, files[i].n);
        total += files[i].n;
    }
    for (uint64_t i = 0; i < PAGES; i++)
        add_page(&h, files, n, total > PAGE ? i * (total - PAGE) / (PAGES - 1) : 0);
    if (settings)
        tb_sha256_add(&h, settings, strlen(settings));
    tb_sha256_end(&h, digest);
    tb_hex(digest, sizeof digest, id);
}
