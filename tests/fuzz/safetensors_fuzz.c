/* SPDX-License-Identifier: MIT */
/* safetensors_fuzz.c - any bytes as a safetensors file: opening refuses in words or all that the
 * file promises is there to be read. Corpus: tests/fuzz/corpus/safetensors. */
#include "base/mem.h"
#include "format/safetensors.h"
#include "tests/fuzz/fuzz.h"

static volatile unsigned sink;

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct tb_err err = { 0 };
    struct tb_safetensors *s = tb_safetensors_open(fuzz_file(p, n), &err);
    tb_assert(s || (err.kind != TB_ERR_NONE && err.text[0]));
    if (!s)
        return 0;
    uint64_t bytes, head;
    tb_safetensors_bytes(s, &bytes, &head);
    for (size_t i = 0; i < tb_safetensors_n(s); i++) {
        const struct tb_stored *t = tb_safetensors_at(s, i);
        tb_assert(tb_safetensors_find(s, t->name) == t && t->bytes <= bytes - head);
        for (uint64_t k = 0; k < t->bytes; k++)
            sink += ((const uint8_t *)t->p)[k];
        float *x = tb_xcalloc((size_t)t->n, sizeof *x);
        tb_stored_floats(t, x, &err);
        free(x);
    }
    tb_safetensors_close(s);
    return 0;
}
