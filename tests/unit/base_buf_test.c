/* SPDX-License-Identifier: MIT */
/* base_buf_test.c - growing bytes and the small allocations of base/mem.h. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/tap.h"

static void buffer(void)
{
    struct tb_buf b = { 0 };
    tb_buf_add(&b, NULL, 0);
    ok(!b.p && b.n == 0, "nothing added, nothing taken");
    tb_buf_clear(&b);
    tb_buf_str(&b, "ab");
    tb_buf_char(&b, 'c');
    tb_buf_fmt(&b, "-%03d-%s", 7, "x");
    tb_buf_fmt(&b, "%s", "");
    is_str(b.p, "abc-007-x", "text");
    is_int(b.n, 9, "length");
    tb_buf_clear(&b);
    is_str(b.p, "", "cleared");
    tb_buf_u16(&b, 0x1234);
    tb_buf_u32(&b, 0xdeadbeef);
    tb_buf_u64(&b, 0x0102030405060708);
    static const uint8_t want[] = { 0x34, 0x12, 0xef, 0xbe, 0xad, 0xde, 8, 7, 6, 5, 4, 3, 2, 1 };
    ok(b.n == 14 && memcmp(b.p, want, 14) == 0, "little-endian numbers");
    for (int i = 0; i < 10000; i++)
        tb_buf_char(&b, 'z');
    ok(b.n == 10014 && b.p[10013] == 'z' && b.p[10014] == 0, "grows and stays terminated");
    char *taken = tb_buf_take(&b);
    ok(taken[14] == 'z' && !b.p && b.cap == 0, "taken");
    free(taken);
    taken = tb_buf_take(&b);
    is_str(taken, "", "an empty buffer gives an empty string");
    free(taken);
    tb_buf_str(&b, "x");
    tb_buf_free(&b);
    ok(!b.p && b.n == 0, "freed");
    tb_buf_free(&b);
    tb_buf_free(NULL);
}

static void boundaries(void)
{
    int wrong = 0;
    for (size_t n = 1; n < 300; n++) {
        struct tb_buf b = { 0 };
        tb_buf_fmt(&b, "%*s", (int)n, "");
        tb_buf_char(&b, '.');
        wrong += b.n != n + 1 || b.p[n] != '.' || b.p[n + 1] != 0;
        tb_buf_free(&b);
    }
    is_int(wrong, 0, "every length around the capacities");
}

static void memory(void)
{
    int *a = NULL;
    size_t cap = 0;
    for (int i = 0; i < 100; i++) {
        a = tb_grow(a, (size_t)i, &cap, sizeof *a);
        a[i] = i;
    }
    ok(a[99] == 99 && cap >= 100 && cap < 256, "tb_grow doubles");
    free(a);
    char *s = tb_xasprintf("%s-%d", "a", 5);
    is_str(s, "a-5", "tb_xasprintf");
    free(s);
    ok(!tb_xstrdup(NULL), "copy of no string");
    unsigned char *zeros = tb_xcalloc(100, 1);
    ok(zeros[0] == 0 && zeros[99] == 0, "zeroes");
    free(zeros);
    free(tb_xcalloc(0, 8));
    uint64_t rss = tb_mem_rss_bytes(), peak = tb_mem_peak_bytes();
    ok(rss > 100000 && rss <= peak, "resident and peak memory");
    ok(tb_mem_free_bytes() > 1000000, "free memory");
}

static void peak(void)
{
    size_t n = (size_t)64 << 20;
    volatile char *big = malloc(n);
    if (!big || !tb_mem_peak_reset()) {
        free((void *)big);
        skip("peak starts anew", "the system refuses clear_refs");
        return;
    }
    uint64_t before = tb_mem_peak_bytes();
    for (size_t i = 0; i < n; i += 512)
        big[i] = 1;
    ok(tb_mem_peak_bytes() >= before + n / 2, "peak grows with touched memory");
    free((void *)big);
    ok(tb_mem_peak_reset() && tb_mem_peak_bytes() <= before + 2 * n, "peak starts anew");
}

int main(void)
{
    buffer();
    boundaries();
    memory();
    peak();
    return done();
}
