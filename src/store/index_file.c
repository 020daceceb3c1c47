/* SPDX-License-Identifier: MIT */
/* index_file.c - the cache of summaries as bytes: 'TBI3', u32 size of an entry in memory, u32 entries, u32 CRC-32 of
 * the rest, then the entries: fingerprint and numbers as they lie in memory, and each text with its zero byte. It is
 * read only by the program that wrote it, since another size or a bad CRC means: build it anew. Texts are short and
 * mostly empty, so an entry takes a third of its memory, and a hundred thousand of them are read in a moment. */
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "store/index_priv.h"

enum { HEAD = 16 };
static const size_t max_bytes = (size_t)1 << 30;

/* Texts of a summary; all between `state` and `damage` are numbers. */
#define TEXTS(X) \
    X(id) X(name) X(ended_by) X(note) X(created) X(changed) X(method) X(rates) X(arm) X(base) X(base_id) X(data) \
    X(data_id) X(tags) X(budget_unit) X(final_hash) X(parent) X(damage)

#define SIZE_OF(member) +sizeof ((struct tb_run_summary *)0)->member
#define PLACE_OF(member) { offsetof(struct tb_run_summary, member), 0 SIZE_OF(member) },
static const struct {
    size_t at, size;
} texts[] = { TEXTS(PLACE_OF) };

enum {
    N_TEXTS = sizeof texts / sizeof *texts,
    NUMBERS = offsetof(struct tb_run_summary, state),
    NUMBER_BYTES = offsetof(struct tb_run_summary, damage) - NUMBERS,
    FIXED = sizeof(struct tb_index_print) + NUMBER_BYTES,
};
_Static_assert(sizeof(struct tb_run_summary) - NUMBER_BYTES - (0 TEXTS(SIZE_OF)) < 16,
               "every member of a summary is in the index");

static uint32_t word(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

void tb_index_open(struct tb_index_file *f, const char *path)
{
    *f = (struct tb_index_file){ .at = HEAD };
    if (!tb_file_is_plain(path, NULL) || !tb_map_open(&f->map, path, NULL))
        return;
    const uint8_t *p = f->map.p;
    size_t n = f->map.n;
    f->is_good = n >= HEAD && n <= max_bytes && memcmp(p, "TBI3", 4) == 0
              && word(p + 4) == sizeof(struct tb_index_entry) && word(p + 12) == tb_crc32(0, p + HEAD, n - HEAD);
    f->n = f->is_good ? word(p + 8) : 0;
}

void tb_index_close(struct tb_index_file *f)
{
    tb_map_close(&f->map);
}

bool tb_index_take(struct tb_index_file *f, struct tb_index_entry *e)
{
    const uint8_t *p = f->map.p;
    size_t at = f->at;
    if (f->n_taken == f->n || f->map.n - at < FIXED)
        return false;
    memcpy(&e->print, p + at, sizeof e->print);
    memcpy((char *)&e->sum + NUMBERS, p + at + sizeof e->print, NUMBER_BYTES);
    at += FIXED;
    for (size_t i = 0; i < N_TEXTS; i++) {
        size_t left = f->map.n - at, most = left < texts[i].size ? left : texts[i].size;
        const uint8_t *end = most ? memchr(p + at, 0, most) : NULL;
        if (!end)
            return false;
        size_t n = (size_t)(end - (p + at)) + 1;
        memcpy((char *)&e->sum + texts[i].at, p + at, n);
        at += n;
    }
    f->begin = f->at;
    f->at = at;
    f->n_taken++;
    return true;
}

void tb_index_begin(struct tb_buf *b)
{
    static const char head[HEAD];
    tb_buf_add(b, head, HEAD);
}

void tb_index_put(struct tb_buf *b, const struct tb_index_entry *e)
{
    tb_buf_add(b, &e->print, sizeof e->print);
    tb_buf_add(b, (const char *)&e->sum + NUMBERS, NUMBER_BYTES);
    for (size_t i = 0; i < N_TEXTS; i++) {
        const char *text = (const char *)&e->sum + texts[i].at;
        tb_buf_add(b, text, strlen(text) + 1);
    }
}

void tb_index_end(struct tb_buf *b, size_t n)
{
    struct tb_buf head = { 0 };
    tb_buf_str(&head, "TBI3");
    tb_buf_u32(&head, sizeof(struct tb_index_entry));
    tb_buf_u32(&head, (uint32_t)n);
    tb_buf_u32(&head, tb_crc32(0, b->p + HEAD, b->n - HEAD));
    memcpy(b->p, head.p, HEAD);
    tb_buf_free(&head);
}
