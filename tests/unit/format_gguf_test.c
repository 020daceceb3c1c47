/* SPDX-License-Identifier: MIT */
/* format_gguf_test.c - GGUF files built here byte by byte: every type of value, and every lie we
 * could think of with the words of its refusal; then the vocabularies of llama.cpp and, where
 * TUNEBENCH_SMOLLM2 says, a whole model. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "format/gguf.h"
#include "tests/tap.h"

enum { U8, I8, U16, I16, U32, I32, F32, BOOL, STR, ARRAY, U64, I64, F64 };

static struct tb_err err;
static char memory[64]; /* the path of a file in memory: thousands are tried */

/* ---- building */

static void put_name(struct tb_buf *b, const char *s, size_t n)
{
    tb_buf_u64(b, n);
    tb_buf_add(b, s, n);
}

static void head(struct tb_buf *b, unsigned version, uint64_t n_tensors, uint64_t n_keys)
{
    tb_buf_clear(b);
    tb_buf_str(b, "GGUF");
    tb_buf_u32(b, version);
    tb_buf_u64(b, n_tensors);
    tb_buf_u64(b, n_keys);
}

static void key(struct tb_buf *b, const char *name, unsigned type)
{
    put_name(b, name, strlen(name));
    tb_buf_u32(b, type);
}

static void key_str(struct tb_buf *b, const char *name, const char *s, size_t n)
{
    key(b, name, STR);
    put_name(b, s, n);
}

static void key_array(struct tb_buf *b, const char *name, unsigned type, uint64_t n)
{
    key(b, name, ARRAY);
    tb_buf_u32(b, type);
    tb_buf_u64(b, n);
}

/* dims as the file has them, fastest first. */
static void tensor(struct tb_buf *b, const char *name, unsigned n_dims, const uint64_t *dims,
                   unsigned type, uint64_t offset)
{
    put_name(b, name, strlen(name));
    tb_buf_u32(b, n_dims);
    for (unsigned i = 0; i < n_dims; i++)
        tb_buf_u64(b, dims[i]);
    tb_buf_u32(b, type);
    tb_buf_u64(b, offset);
}

static void data(struct tb_buf *b, size_t align, size_t n)
{
    while (b->n % align)
        tb_buf_char(b, 0);
    for (size_t i = 0; i < n; i++)
        tb_buf_char(b, (char)i);
}

static void numbers(struct tb_buf *b)
{
    float single = -1.5f;
    double twice = 0.1;
    key(b, "u8", U8), tb_buf_char(b, (char)200);
    key(b, "i8", I8), tb_buf_char(b, (char)200);
    key(b, "u16", U16), tb_buf_u16(b, 65000);
    key(b, "i16", I16), tb_buf_u16(b, 65000);
    key(b, "u32", U32), tb_buf_u32(b, 4000000000u);
    key(b, "i32", I32), tb_buf_u32(b, 4000000000u);
    key(b, "u64", U64), tb_buf_u64(b, UINT64_MAX);
    key(b, "i64", I64), tb_buf_u64(b, UINT64_MAX);
    key(b, "f32", F32), tb_buf_add(b, &single, 4);
    key(b, "f64", F64), tb_buf_add(b, &twice, 8);
    key(b, "yes", BOOL), tb_buf_char(b, 1);
    key(b, "no", BOOL), tb_buf_char(b, 0);
}

static void arrays(struct tb_buf *b)
{
    key_array(b, "strings", STR, 3);
    put_name(b, "a", 1), put_name(b, "", 0), put_name(b, "b\0c", 3);
    key_array(b, "ints", I16, 2);
    tb_buf_u16(b, 7), tb_buf_u16(b, 0xffff);
    key_array(b, "reals", F32, 1);
    tb_buf_u32(b, 0x40200000);
    key_array(b, "truths", BOOL, 2);
    tb_buf_u16(b, 1);
    key_array(b, "nothing", STR, 0);
}

/* All types of values, an alignment of 16 and five tensors; nothing stands behind the last one. */
static void good_file(struct tb_buf *b, unsigned version)
{
    static const uint64_t dims[4] = { 32, 3, 1, 1 }, row[1] = { 5 };
    head(b, version, 5, 20);
    key(b, "general.alignment", U32), tb_buf_u32(b, 16);
    key_str(b, "general.name", "small", 5);
    key_str(b, "zero", "a\0b", 3);
    numbers(b);
    arrays(b);
    tensor(b, "q", 4, dims, TB_Q4_1, 0);
    tensor(b, "one", 0, NULL, TB_F32, 64);
    tensor(b, "row", 1, row, TB_F16, 80);
    tensor(b, "ints", 2, (const uint64_t[]){ 2, 0 }, 26, 96);
    tensor(b, "halves", 2, (const uint64_t[]){ 3, 2 }, TB_BF16, 96);
    data(b, 16, 96 + 12);
}

/* ---- trying */

static struct tb_gguf *open_bytes(const void *p, size_t n)
{
    static int fd = -1;
    if (fd < 0)
        fd = memfd_create("test", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 || !tb_write_all(fd, p, n))
        abort();
    snprintf(memory, sizeof memory, "/proc/self/fd/%d", fd);
    err = (struct tb_err){ 0 };
    return tb_gguf_open(memory, &err);
}

static unsigned touch(const struct tb_gguf *g)
{
    unsigned sum = 0;
    size_t n;
    for (size_t i = 0; i < tb_gguf_n_tensors(g); i++) {
        const struct tb_stored *t = tb_gguf_at(g, i);
        for (uint64_t k = 0; k < t->bytes; k++)
            sum += ((const uint8_t *)t->p)[k];
    }
    for (size_t i = 0; i < tb_gguf_len(g, "strings"); i++) {
        const char *s = tb_gguf_str_at(g, "strings", i, &n);
        for (size_t k = 0; k < n; k++)
            sum += (unsigned char)s[k];
    }
    return sum;
}

/* The file as it is is refused, in words that hold all of the given ones. */
static void refused(const struct tb_buf *b, const char *what, const char *words, const char *more)
{
    struct tb_gguf *g = open_bytes(b->p, b->n);
    if (!ok(!g && err.kind == TB_ERR_FORMAT && strstr(err.text, words) && strstr(err.text, more)
                && strcmp(err.where, memory) == 0,
            "refused: %s", what))
        printf("# got %s\n", g ? "a file" : err.text);
    tb_gguf_close(g);
}

static void check_numbers(const struct tb_gguf *g)
{
    ok(tb_gguf_int(g, "u8", -1) == 200 && tb_gguf_int(g, "i8", -1) == -56
           && tb_gguf_int(g, "u16", -1) == 65000 && tb_gguf_int(g, "i16", -1) == -536
           && tb_gguf_int(g, "u32", -1) == 4000000000 && tb_gguf_int(g, "i32", -1) == -294967296
           && tb_gguf_int(g, "i64", 5) == -1,
       "integers");
    ok(tb_gguf_int(g, "u64", 5) == 5 && tb_gguf_real(g, "u64", 5) == 18446744073709551616.0,
       "one that does not fit is no integer, but a number");
    ok(tb_gguf_int(g, "f32", 5) == 5 && tb_gguf_int(g, "yes", 5) == 5
           && tb_gguf_int(g, "general.name", 5) == 5 && tb_gguf_int(g, "ints", 5) == 5
           && tb_gguf_int(g, "missing", 5) == 5,
       "what is no integer reads as the other value");
    ok(tb_gguf_real(g, "f32", 5) == -1.5 && tb_gguf_real(g, "f64", 5) == 0.1
           && tb_gguf_real(g, "i8", 5) == -56 && tb_gguf_real(g, "yes", 5) == 5
           && tb_gguf_real(g, "general.name", 5) == 5,
       "reals");
    ok(tb_gguf_bool(g, "yes", false) && !tb_gguf_bool(g, "no", true) && tb_gguf_bool(g, "u8", true)
           && !tb_gguf_bool(g, "missing", false),
       "truth values");
}

static void check_arrays(const struct tb_gguf *g)
{
    size_t n0, n1, n2, n3, n4;
    const char *a = tb_gguf_str_at(g, "strings", 0, &n0), *c = tb_gguf_str_at(g, "strings", 2, &n2);
    tb_gguf_str_at(g, "strings", 1, &n1);
    ok(tb_gguf_len(g, "strings") == 3 && n0 == 1 && *a == 'a' && n1 == 0 && n2 == 3
           && memcmp(c, "b\0c", 3) == 0,
       "strings of an array");
    ok(tb_gguf_str_at(g, "strings", 3, &n3) && n3 == 0 && tb_gguf_str_at(g, "ints", 0, &n4)
           && n4 == 0 && tb_gguf_str_at(g, "general.name", 0, &n4) && n4 == 0,
       "no such string");
    ok(tb_gguf_len(g, "ints") == 2 && tb_gguf_int_at(g, "ints", 0, 5) == 7
           && tb_gguf_int_at(g, "ints", 1, 5) == -1 && tb_gguf_int_at(g, "ints", 2, 5) == 5
           && tb_gguf_int_at(g, "u8", 0, 5) == 5 && tb_gguf_int_at(g, "strings", 0, 5) == 5
           && tb_gguf_real_at(g, "ints", 1, 5) == -1,
       "integers of an array");
    ok(tb_gguf_real_at(g, "reals", 0, 5) == 2.5 && tb_gguf_real_at(g, "reals", 1, 5) == 5
           && tb_gguf_int_at(g, "reals", 0, 5) == 5,
       "reals of an array");
    ok(tb_gguf_len(g, "truths") == 2 && tb_gguf_len(g, "nothing") == 0 && tb_gguf_has(g, "nothing")
           && tb_gguf_len(g, "u8") == 0 && tb_gguf_len(g, "missing") == 0
           && !tb_gguf_has(g, "missing") && !tb_gguf_has(g, "") && !tb_gguf_has(g, "string"),
       "lengths");
    is_str(tb_gguf_str(g, "general.name"), "small", "a string");
    ok(!tb_gguf_str(g, "zero") && !tb_gguf_str(g, "u8") && !tb_gguf_str(g, "strings"),
       "a string with a zero byte is none");
}

static void check_tensors(const struct tb_gguf *g, size_t n_bytes)
{
    uint64_t n, front;
    const uint8_t *p = tb_gguf_bytes(g, &n, &front);
    const struct tb_stored *q = tb_gguf_find(g, "q"), *one = tb_gguf_find(g, "one");
    const struct tb_stored *row = tb_gguf_find(g, "row"), *ints = tb_gguf_find(g, "ints");
    const struct tb_stored *halves = tb_gguf_find(g, "halves");
    is_int(n, n_bytes, "all bytes");
    uint64_t from = n - 108;
    ok(front <= from && from - front < 16 && p[0] == 'G', "header and directory");
    ok(tb_gguf_n_tensors(g) == 5 && tb_gguf_at(g, 0) == q && tb_gguf_at(g, 4) == halves
           && !tb_gguf_at(g, 5) && !tb_gguf_find(g, "Q") && !tb_gguf_find(g, ""),
       "tensors in the order of the file, and by name");
    ok(q->type == TB_Q4_1 && q->n_dims == 4 && q->dims[0] == 1 && q->dims[2] == 3
           && q->dims[3] == 32 && q->n == 96 && q->bytes == 60
           && (const uint8_t *)q->p == p + from,
       "blocks, dimensions turned round");
    ok(one->n_dims == 0 && one->n == 1 && one->bytes == 4
           && (const uint8_t *)one->p == p + from + 64,
       "one value");
    ok(row->n_dims == 1 && row->dims[0] == 5 && row->bytes == 10 && row->type == TB_F16, "a row");
    ok(ints->type == -1 && strcmp(ints->type_name, "i32") == 0 && ints->n == 0 && ints->bytes == 0,
       "an empty one of a type that is not read");
    ok(halves->dims[0] == 2 && halves->dims[1] == 3 && strcmp(halves->type_name, "bf16") == 0,
       "bf16");
}

static void good(unsigned version)
{
    struct tb_buf b = { 0 };
    good_file(&b, version);
    struct tb_gguf *g = open_bytes(b.p, b.n);
    if (ok(g != NULL, "version %u opens %s", version, err.text)) {
        check_numbers(g);
        check_arrays(g);
        check_tensors(g, b.n);
    }
    tb_gguf_close(g);
    tb_buf_free(&b);
}

/* Cut anywhere; then every byte changed in four ways: what still opens can be read to the end. */
static void broken_anywhere(void)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xff, 0x20 };
    struct tb_buf b = { 0 };
    good_file(&b, 3);
    int n_open = 0, n_silent = 0;
    for (size_t n = 0; n < b.n; n++) {
        struct tb_gguf *g = open_bytes(b.p, n);
        n_open += g != NULL;
        n_silent += !g && !err.text[0];
        tb_gguf_close(g);
    }
    is_int(n_open, 0, "cut at any byte: refused");
    for (size_t i = 0; i < b.n * sizeof flips; i++) {
        uint8_t *at = (uint8_t *)b.p + i / sizeof flips, old = *at;
        *at ^= flips[i % sizeof flips];
        struct tb_gguf *g = open_bytes(b.p, b.n);
        n_silent += !g && !err.text[0];
        if (g)
            touch(g);
        tb_gguf_close(g);
        *at = old;
    }
    is_int(n_silent, 0, "never refused without words");
    tb_buf_free(&b);
}

/* ---- lies */

static void bad_heads(struct tb_buf *b)
{
    tb_buf_clear(b);
    refused(b, "an empty file", "no GGUF file", "");
    tb_buf_str(b, "GGML and more");
    refused(b, "another magic", "no GGUF file", "");
    head(b, 1, 0, 0);
    refused(b, "version 1", "version 1", "2 and 3");
    head(b, 4, 0, 0);
    refused(b, "version 4", "version 4", "2 and 3");
    head(b, 3u << 24, 0, 0);
    refused(b, "big-endian", "big-endian", "");
    head(b, 3, (uint64_t)1 << 63, 0);
    refused(b, "2^63 tensors", "9223372036854775808 tensors", "at most");
    head(b, 3, 0, (uint64_t)1 << 63);
    refused(b, "2^63 keys", "9223372036854775808 keys", "at most");
    head(b, 3, 1 << 20, 1 << 16);
    refused(b, "counts without anything behind", "key 0, byte 24", "cut short");
    head(b, 3, 1 << 20, 0);
    refused(b, "tensors without anything behind", "tensor 0, byte 24", "cut short");
}

static void bad_keys(struct tb_buf *b)
{
    head(b, 3, 0, 1), tb_buf_u64(b, UINT64_MAX);
    refused(b, "a name of 2^64 - 1 bytes", "key 0", "name of 18446744073709551615 bytes");
    head(b, 3, 0, 1), put_name(b, "", 0), tb_buf_u64(b, 0);
    refused(b, "an empty name", "key 0", "not printable");
    head(b, 3, 0, 1), key_str(b, "a\033[2J", "", 0);
    refused(b, "a name that steers the terminal", "key 0", "not printable");
    head(b, 3, 0, 1), key(b, "k", 13), tb_buf_u64(b, 0);
    refused(b, "an unknown type", "key k", "13 is no type");
    head(b, 3, 0, 1), key(b, "k", BOOL), tb_buf_char(b, 2);
    refused(b, "neither true nor false", "key k", "truth value of 2");
    head(b, 3, 0, 2), key(b, "k", U8), tb_buf_char(b, 2), key(b, "k", U8), tb_buf_char(b, 2);
    refused(b, "a key twice", "key k is there twice", "");
    head(b, 3, 0, 1), key(b, "k", STR), tb_buf_u64(b, UINT64_MAX);
    refused(b, "a string of 2^64 - 1 bytes", "key k", "18446744073709551615");
}

static void bad_arrays(struct tb_buf *b)
{
    head(b, 3, 0, 1), key_array(b, "k", ARRAY, 1), tb_buf_u32(b, U8), tb_buf_u64(b, 0);
    refused(b, "an array of arrays", "key k", "arrays of arrays");
    head(b, 3, 0, 1), key_array(b, "k", 99, 0);
    refused(b, "an array of nothing known", "key k", "99 is no type");
    head(b, 3, 0, 1), key_array(b, "k", STR, (uint64_t)1 << 63), tb_buf_u64(b, 0);
    refused(b, "2^63 strings", "key k", "9223372036854775808 strings");
    head(b, 3, 0, 1), key_array(b, "k", U64, ((uint64_t)1 << 61) + 1), tb_buf_u64(b, 0);
    refused(b, "2^61 + 1 numbers, whose bytes overflow", "key k", "2305843009213693953 values");
    head(b, 3, 0, 1), key_array(b, "k", STR, 2), put_name(b, "12345678", 8);
    refused(b, "one string less than said", "key k", "cut short");
    head(b, 3, 0, 1), key_array(b, "k", BOOL, 2), tb_buf_u16(b, 0x300);
    refused(b, "neither true nor false in an array", "key k", "truth value of 3");
}

static void bad_align(struct tb_buf *b)
{
    static const unsigned aligns[] = { 0, 1, 4, 24, 1 << 17, 0x80000000 };
    for (size_t i = 0; i < sizeof aligns / sizeof *aligns; i++) {
        head(b, 3, 0, 1), key(b, "general.alignment", U32), tb_buf_u32(b, aligns[i]);
        refused(b, "alignment", "general.alignment is", "power of two");
    }
    head(b, 3, 0, 1), key_str(b, "general.alignment", "32", 2);
    refused(b, "alignment as text", "general.alignment is -1", "power of two");
}

/* One tensor in a file with room for it. */
static void one_tensor(struct tb_buf *b, unsigned n_dims, const uint64_t *dims, unsigned type,
                       uint64_t offset)
{
    head(b, 3, 1, 0);
    tensor(b, "blk.0.w", n_dims, dims, type, offset);
    data(b, 32, 128);
}

static void bad_dims(struct tb_buf *b)
{
    const uint64_t four[] = { 4, 4, 1, 1, 1 }, odd[] = { 33, 2 }, big = (uint64_t)1 << 32;
    const uint64_t huge[] = { big, big }, wide[] = { (uint64_t)1 << 62 }, whole[] = { UINT64_MAX };
    const uint64_t hidden[] = { big, big, 0 };
    one_tensor(b, 5, four, TB_F32, 0);
    refused(b, "five dimensions", "tensor blk.0.w", "5 dimensions");
    one_tensor(b, 2, huge, TB_F32, 0);
    refused(b, "a product of 2^64", "tensor blk.0.w", "overflows");
    one_tensor(b, 1, wide, TB_F32, 0);
    refused(b, "2^62 values of 4 bytes", "tensor blk.0.w", "overflows");
    one_tensor(b, 1, whole, TB_F32, 0);
    refused(b, "a dimension of 2^64 - 1", "tensor blk.0.w", "18446744073709551615");
    one_tensor(b, 3, hidden, TB_F32, 0);
    refused(b, "a product that a zero hides", "tensor blk.0.w", "overflows");
    one_tensor(b, 2, odd, TB_Q4_1, 0);
    refused(b, "rows that are no whole blocks", "rows of 33 values", "q4_1 has blocks of 32");
    one_tensor(b, 0, odd, TB_Q4_1, 0);
    refused(b, "one value as a block", "rows of 1 values", "q4_1");
}

static void bad_types_and_places(struct tb_buf *b)
{
    const uint64_t row[] = { 32 }, more[] = { 33 };
    one_tensor(b, 1, row, 4, 0);
    refused(b, "an element type that was given up", "unknown element type 4", "f32 f16 q4_0");
    one_tensor(b, 1, row, UINT32_MAX, 0);
    refused(b, "no element type at all", "unknown element type 4294967295", "bf16");
    one_tensor(b, 1, row, TB_F32, 1);
    refused(b, "a shifted offset", "tensor blk.0.w", "offset 1 is no multiple of 32");
    one_tensor(b, 1, row, TB_F32, 32);
    refused(b, "an offset too far by one step", "tensor blk.0.w", "128 bytes from byte 32");
    one_tensor(b, 1, row, TB_F32, (uint64_t)1 << 63);
    refused(b, "an offset of 2^63", "tensor blk.0.w", "behind the end");
    one_tensor(b, 1, more, TB_F32, 0);
    refused(b, "one value too many", "tensor blk.0.w", "132 bytes from byte 0");
    head(b, 3, 1, 1), key(b, "general.alignment", U32), tb_buf_u32(b, 64);
    tensor(b, "blk.0.w", 1, row, TB_F32, 32), data(b, 64, 256);
    refused(b, "an offset aligned to less than the file", "offset 32 is no multiple of 64", "");
}

static void bad_pairs(struct tb_buf *b)
{
    const uint64_t row[] = { 16 }, none[] = { 0 };
    head(b, 3, 2, 0), tensor(b, "a", 1, row, TB_F32, 0), tensor(b, "a", 1, row, TB_F32, 64);
    data(b, 32, 128);
    refused(b, "a tensor twice", "tensor a is there twice", "");
    head(b, 3, 2, 0), tensor(b, "a", 1, row, TB_F32, 32), tensor(b, "b", 1, row, TB_F32, 0);
    data(b, 32, 128);
    refused(b, "overlap", "tensors b and a overlap", "");
    head(b, 3, 2, 0), tensor(b, "a", 1, row, TB_F32, 0), tensor(b, "b", 1, none, TB_F32, 32);
    data(b, 32, 128);
    refused(b, "nothing inside something", "tensors a and b overlap", "");
    head(b, 3, 3, 0), tensor(b, "a", 1, row, TB_F32, 0), tensor(b, "b", 1, row, TB_F32, 64);
    data(b, 32, 128);
    refused(b, "a tensor less than said", "tensor 2", "");
}

static void lies(void)
{
    struct tb_buf b = { 0 };
    bad_heads(&b);
    bad_keys(&b);
    bad_arrays(&b);
    bad_align(&b);
    bad_dims(&b);
    bad_types_and_places(&b);
    bad_pairs(&b);
    tb_buf_free(&b);
}

/* Order and gaps are the writer's business; a file without tensors may end with the directory. */
static void odd_but_true(void)
{
    const uint64_t row[] = { 8 };
    struct tb_buf b = { 0 };
    head(&b, 3, 2, 0), tensor(&b, "z", 1, row, TB_F32, 96), tensor(&b, "a", 1, row, TB_F32, 0);
    data(&b, 32, 128);
    struct tb_gguf *g = open_bytes(b.p, b.n);
    ok(g && strcmp(tb_gguf_at(g, 0)->name, "z") == 0 && tb_gguf_find(g, "a"),
       "tensors in any order with a gap %s", err.text);
    tb_gguf_close(g);
    head(&b, 3, 0, 0);
    g = open_bytes(b.p, b.n);
    ok(g && tb_gguf_n_tensors(g) == 0 && !tb_gguf_find(g, "a") && !tb_gguf_has(g, "a"),
       "an empty file %s", err.text);
    tb_gguf_close(g);
    tb_buf_free(&b);
}

/* As many strings as the largest vocabularies have, twice over, and every one found at once. */
static void many(void)
{
    enum { N = 300000 };
    struct tb_buf b = { 0 };
    char word[16];
    size_t n, bad = 0;
    head(&b, 3, 0, 1), key_array(&b, "strings", STR, N);
    for (int i = 0; i < N; i++)
        put_name(&b, word, (size_t)snprintf(word, sizeof word, "%d", i));
    struct tb_gguf *g = open_bytes(b.p, b.n);
    for (int i = 0; g && i < N; i++) {
        const char *s = tb_gguf_str_at(g, "strings", (size_t)i, &n);
        int want = snprintf(word, sizeof word, "%d", i);
        bad += n != (size_t)want || memcmp(s, word, n) != 0;
    }
    ok(g && bad == 0, "%d strings", N);
    tb_gguf_close(g);
    tb_buf_free(&b);
}

/* ---- real files */

static void vocabularies(void)
{
    static const struct {
        const char *name, *model;
        size_t n;
    } known[] = {
        { "deepseek-llm", "gpt2", 102400 }, { "falcon", "gpt2", 65024 }, { "gpt-2", "gpt2", 50257 },
        { "llama-spm", "llama", 32000 },    { "phi-3", "llama", 32064 },
    };
    const char *root = getenv("TUNEBENCH_GOLDEN");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char file[512];
        snprintf(file, sizeof file, "%s/tokenizers/%s.gguf", root ? root : "../shared/golden",
                 known[i].name);
        if (!tb_file_exists(file)) {
            skip(known[i].name, "no golden files");
            continue;
        }
        struct tb_gguf *g = tb_gguf_open(file, &err);
        const char *model = g ? tb_gguf_str(g, "tokenizer.ggml.model") : NULL;
        ok(model && strcmp(model, known[i].model) == 0
               && tb_gguf_len(g, "tokenizer.ggml.tokens") == known[i].n,
           "%s has %zu tokens", known[i].name, known[i].n);
        tb_gguf_close(g);
    }
}

static void smollm2(const char *file)
{
    if (!file) {
        skip("SmolLM2", "TUNEBENCH_SMOLLM2 is not set");
        return;
    }
    struct tb_gguf *g = tb_gguf_open(file, &err);
    if (!ok(g != NULL, "SmolLM2 opens %s", err.text))
        return;
    const struct tb_stored *t = tb_gguf_find(g, "blk.0.ffn_down.weight");
    ok(tb_gguf_n_tensors(g) == 272 && tb_gguf_int(g, "llama.block_count", 0) == 30, "its layers");
    ok(t && t->type == TB_Q4_1 && t->dims[0] == 576 && t->dims[1] == 1536 && t->bytes == 552960,
       "a weight of it");
    tb_gguf_close(g);
}

int main(void)
{
    ok(!tb_gguf_open("/nowhere/x.gguf", &err) && err.kind == TB_ERR_NOTFOUND, "no such file");
    ok(!tb_gguf_open("/", &err) && err.kind == TB_ERR_FORMAT, "a folder");
    good(2);
    good(3);
    broken_anywhere();
    lies();
    odd_but_true();
    many();
    vocabularies();
    smollm2(getenv("TUNEBENCH_SMOLLM2"));
    tb_gguf_close(NULL);
    return done();
}
