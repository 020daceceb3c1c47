/* SPDX-License-Identifier: MIT */
/* kernels_rng_test.c - the vectors of doc/frozen.md 10 for Philox 4x32-10 and what is made of it; the
 * words for ones and for the digits of pi are those of the Random123 distribution. */
#include <stdlib.h>

#include "kernels/rng.h"
#include "tests/tap.h"

static void is_words(const uint32_t got[4], const uint32_t want[4], const char *name)
{
    ok(memcmp(got, want, 16) == 0, "%s: %08x %08x %08x %08x", name, got[0], got[1], got[2], got[3]);
}

static void words(void)
{
    uint32_t out[4];
    static const uint32_t ones[4] = { ~0u, ~0u, ~0u, ~0u };
    tb_philox(out, (uint32_t[4]){ 0 }, 0);
    is_words(out, (uint32_t[]){ 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 }, "zeroes");
    tb_philox(out, ones, UINT64_MAX);
    is_words(out, (uint32_t[]){ 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd }, "ones");
    tb_philox(out, (uint32_t[]){ 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
              0x299f31d0a4093822u);
    is_words(out, (uint32_t[]){ 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 }, "digits of pi");
}

static void tensor(void)
{
    uint32_t out[4], h;
    static const float want[] = { .95394641f, .00105900f, .60814655f, .21288973f };
    float z[2];
    h = tb_rng_hash("init", "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");
    is_int(h, 0x15165376, "hash of the name");
    tb_philox(out, (uint32_t[]){ h, 0, 3, 4 / 4 }, 7);
    is_words(out, (uint32_t[]){ 0xf435d5d1, 0x0045677c, 0x9baf7e12, 0x367ff15f }, "seed 7, row 3");
    for (int i = 0; i < 4; i++)
        near(tb_rng_uniform(out[i]), want[i], 1e-8, "uniform");
    tb_rng_normal2(out[0], out[1], z);
    near(z[0], .30706893, 3e-8, "first normal");
    near(z[1], .00204328, 3e-8, "second normal");
    ok(tb_rng_uniform(~0u) < 1, "uniform stays below 1");
    tb_rng_normal2(0, 0, z);
    ok(isfinite(z[0]) && isfinite(z[1]), "normal of zero words is finite");
}

static uint64_t keys[10];

static int by_number(const void *a, const void *b)
{
    uint64_t x = keys[*(const int *)a], y = keys[*(const int *)b];
    return (x > y) - (x < y);
}

static void order(void)
{
    static const int want[10] = { 8, 3, 5, 7, 4, 0, 9, 6, 1, 2 };
    int rows[10];
    for (int i = 0; i < 10; i++) {
        uint32_t out[4];
        tb_philox(out, (uint32_t[]){ tb_rng_hash("order", ""), 0, (uint32_t)i, 0 }, 7);
        keys[i] = (uint64_t)out[0] << 32 | out[1];
        rows[i] = i;
    }
    qsort(rows, 10, sizeof *rows, by_number);
    ok(memcmp(rows, want, sizeof rows) == 0, "order of 10 rows, seed 7, epoch 0");
}

int main(void)
{
    words();
    tensor();
    order();
    return done();
}
