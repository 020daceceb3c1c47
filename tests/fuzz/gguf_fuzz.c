/* SPDX-License-Identifier: MIT */
/* gguf_fuzz.c - any bytes as a GGUF file: opening refuses in words or all that the file promises is
 * there to be read. Corpus: tests/fuzz/corpus/gguf. */
#include <string.h>

#include "format/gguf.h"
#include "tests/fuzz/fuzz.h"

/* Of the files of the corpus. */
static const char *const keys[] = { "general.architecture", "general.alignment", "u8", "i16", "u64",
                                    "f32", "f64", "yes", "strings", "ints", "reals", "truths", "k" };

static volatile unsigned sink;

static void touch(const void *p, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        sink += ((const uint8_t *)p)[i];
}

static void read_key(const struct tb_gguf *g, const char *key)
{
    const char *s = tb_gguf_str(g, key);
    if (s)
        touch(s, strlen(s) + 1);
    sink += tb_gguf_has(g, key) + (unsigned)tb_gguf_int(g, key, 1) + (tb_gguf_real(g, key, 1) > 0)
            + tb_gguf_bool(g, key, true);
    size_t len = tb_gguf_len(g, key), n;
    for (size_t i = 0; i <= len; i++) {
        s = tb_gguf_str_at(g, key, i, &n);
        touch(s, n);
        sink += (unsigned)tb_gguf_int_at(g, key, i, 1) + (tb_gguf_real_at(g, key, i, 1) > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct tb_err err = { 0 };
    struct tb_gguf *g = tb_gguf_open(fuzz_file(p, n), &err);
    tb_assert(g || (err.kind != TB_ERR_NONE && err.text[0]));
    if (!g)
        return 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        read_key(g, keys[i]);
    for (size_t i = 0; i < tb_gguf_n_tensors(g); i++) {
        const struct tb_stored *t = tb_gguf_at(g, i);
        tb_assert(tb_gguf_find(g, t->name) == t);
        touch(t->p, t->bytes);
    }
    uint64_t bytes, head;
    const void *all = tb_gguf_bytes(g, &bytes, &head);
    tb_assert(head <= bytes && bytes == n);
    touch(all, head);
    tb_gguf_close(g);
    return 0;
}
