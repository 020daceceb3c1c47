/* SPDX-License-Identifier: MIT */
/* format_safetensors_test.c - reading: files built here, every lie we could think of with the words
 * of its refusal. Writing: the same bytes as the library, rounding, rows in chunks, a full disk. */
#include <glob.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "format/safetensors.h"
#include "tests/tap.h"

static struct tb_err err;
static char folder[256], path[300];
static char memory[64]; /* the path of a file in memory: thousands are tried */

static struct tb_safetensors *open_bytes(const void *p, size_t n)
{
    static int fd = -1;
    if (fd < 0)
        fd = memfd_create("test", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 || !tb_write_all(fd, p, n))
        abort();
    snprintf(memory, sizeof memory, "/proc/self/fd/%d", fd);
    err = (struct tb_err){ 0 };
    return tb_safetensors_open(memory, &err);
}

/* A file of that header and n bytes 0, 1, 2, .. */
static void build(struct tb_buf *b, const char *json, size_t n)
{
    tb_buf_clear(b);
    tb_buf_u64(b, strlen(json));
    tb_buf_str(b, json);
    for (size_t i = 0; i < n; i++)
        tb_buf_char(b, (char)i);
}

/* ---- reading */

static const char small[] = "{\"b\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[9,15]},"
                            "\"none\":{\"dtype\":\"F32\",\"shape\":[2,0],\"data_offsets\":[9,9]},"
                            "\"a\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[1,9]},"
                            "\"c\":{\"dtype\":\"F8_E4M3\",\"shape\":[1,1,1,1],\"data_offsets\":[0,1],"
                            "\"more\":null},\"__metadata__\":{\"any\":\"thing\"}} ";

static void check_small(const struct tb_safetensors *s)
{
    uint64_t n, head;
    const uint8_t *p = tb_safetensors_bytes(s, &n, &head);
    const struct tb_stored *a = tb_safetensors_find(s, "a"), *b = tb_safetensors_find(s, "b");
    const struct tb_stored *c = tb_safetensors_find(s, "c"), *none = tb_safetensors_find(s, "none");
    ok(n == head + 15 && head == 8 + strlen(small) && p[0] == (uint8_t)strlen(small), "the header");
    ok(tb_safetensors_n(s) == 4 && tb_safetensors_at(s, 0) == b && !tb_safetensors_at(s, 4)
           && !tb_safetensors_find(s, "d") && !tb_safetensors_find(s, "__metadata__"),
       "tensors in the order of the header, and by name");
    ok(a->n_dims == 0 && a->n == 1 && a->bytes == 8 && a->type == -1
           && strcmp(a->type_name, "F64") == 0 && (const uint8_t *)a->p == p + head + 1,
       "one value of an odd type at an odd address");
    ok(b->type == TB_F16 && b->n_dims == 1 && b->dims[0] == 3 && b->bytes == 6, "halves");
    ok(c->n_dims == 4 && c->n == 1 && strcmp(c->type_name, "F8_E4M3") == 0, "four dimensions");
    ok(none->n == 0 && none->bytes == 0 && none->dims[0] == 2 && none->dims[1] == 0, "none");
}

static void reading(void)
{
    struct tb_buf b = { 0 };
    build(&b, small, 15);
    struct tb_safetensors *s = open_bytes(b.p, b.n);
    if (ok(s != NULL, "a small file opens %s", err.text))
        check_small(s);
    tb_safetensors_close(s);
    build(&b, "{}", 0);
    s = open_bytes(b.p, b.n);
    ok(s && tb_safetensors_n(s) == 0 && !tb_safetensors_find(s, "a"), "an empty one %s", err.text);
    tb_safetensors_close(s);
    tb_buf_free(&b);
}

static void floats(void)
{
    static const char json[] = "{\"f16\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]},"
                               "\"bf\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[4,8]},"
                               "\"i32\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[8,16]},"
                               "\"i64\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[16,24]},"
                               "\"f64\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[24,32]},"
                               "\"u8\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[32,33]}}";
    struct tb_buf b = { 0 };
    double third = 1.0 / 3;
    float x[2];
    build(&b, json, 0);
    tb_buf_u16(&b, 0x3c00), tb_buf_u16(&b, 0x8001);
    tb_buf_u16(&b, 0x3fc0), tb_buf_u16(&b, 0xff80);
    tb_buf_u32(&b, 7), tb_buf_u32(&b, UINT32_MAX);
    tb_buf_u64(&b, (uint64_t)-((int64_t)1 << 40));
    tb_buf_add(&b, &third, 8), tb_buf_char(&b, 9);
    struct tb_safetensors *s = open_bytes(b.p, b.n);
    if (!ok(s != NULL, "a file of many types %s", err.text))
        return;
    ok(tb_stored_floats(tb_safetensors_find(s, "f16"), x, &err) && x[0] == 1 && x[1] == -0x1p-24f,
       "halves as fp32");
    ok(tb_stored_floats(tb_safetensors_find(s, "bf"), x, &err) && x[0] == 1.5f && isinf(x[1]),
       "bf16 as fp32");
    ok(tb_stored_floats(tb_safetensors_find(s, "i32"), x, &err) && x[0] == 7 && x[1] == -1,
       "32-bit integers as fp32");
    ok(tb_stored_floats(tb_safetensors_find(s, "i64"), x, &err) && x[0] == -0x1p40f,
       "64-bit integers as fp32");
    ok(tb_stored_floats(tb_safetensors_find(s, "f64"), x, &err) && x[0] == (float)third,
       "doubles as fp32");
    ok(!tb_stored_floats(tb_safetensors_find(s, "u8"), x, &err) && strstr(err.text, "tensor u8")
           && strstr(err.text, "U8"),
       "bytes are refused: %s", err.text);
    tb_safetensors_close(s);
    tb_buf_free(&b);
}

/* Cut anywhere; then every byte changed in four ways: what still opens can be read to the end. */
static void broken_anywhere(void)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xff, 0x20 };
    struct tb_buf b = { 0 };
    build(&b, small, 15);
    int n_open = 0, n_silent = 0;
    unsigned sum = 0;
    for (size_t n = 0; n < b.n; n++) {
        struct tb_safetensors *s = open_bytes(b.p, n);
        n_open += s != NULL;
        n_silent += !s && !err.text[0];
        tb_safetensors_close(s);
    }
    is_int(n_open, 0, "cut at any byte: refused");
    for (size_t i = 0; i < b.n * sizeof flips; i++) {
        uint8_t *at = (uint8_t *)b.p + i / sizeof flips, old = *at;
        *at ^= flips[i % sizeof flips];
        struct tb_safetensors *s = open_bytes(b.p, b.n);
        n_silent += !s && !err.text[0];
        for (size_t k = 0; s && k < tb_safetensors_n(s); k++)
            for (uint64_t j = 0; j < tb_safetensors_at(s, k)->bytes; j++)
                sum += ((const uint8_t *)tb_safetensors_at(s, k)->p)[j];
        tb_safetensors_close(s);
        *at = old;
    }
    ok(n_silent == 0 && sum > 0, "never refused without words");
    tb_buf_free(&b);
}

/* ---- lies */

static void refused(const struct tb_buf *b, const char *what, const char *words)
{
    struct tb_safetensors *s = open_bytes(b->p, b->n);
    if (!ok(!s && err.kind == TB_ERR_FORMAT && strstr(err.text, words)
                && strcmp(err.where, memory) == 0,
            "refused: %s", what))
        printf("# got %s\n", s ? "a file" : err.text);
    tb_safetensors_close(s);
}

#define ONE(dtype, shape, from, ...) \
    "{\"w\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":[" #from "," #__VA_ARGS__ "]}}"
#define F32(name, from, end) \
    "\"" name "\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" #from "," #end "]}"

static const struct {
    const char *what, *json;
    size_t n;
    const char *words;
} lies[] = {
    { "no JSON", "hello", 0, "not JSON" },
    { "a list", "[]", 0, "no map of tensors" },
    { "two values", "{}{}", 0, "not JSON" },
    { "a name twice", "{" F32("w", 0, 8) "," F32("w", 8, 16) "}", 16, "not JSON: duplicate" },
    { "a name twice, once escaped", "{" F32("w", 0, 8) "," F32("\\u0077", 8, 16) "}", 16, "duplicate" },
    { "an empty name", "{" F32("", 0, 8) "}", 8, "no printable name" },
    { "a name that steers the terminal", "{" F32("\\u001b[2J", 0, 8) "}", 8, "no printable name" },
    { "a tensor that is a number", "{\"w\":3}", 0, "tensor w: is no {dtype" },
    { "no type", "{\"w\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "tensor w: type \"?\"" },
    { "an unknown type", ONE("\"F31\"", "[2]", 0, 8), 8, "tensor w: type \"F31\" is not read" },
    { "a type cut by a zero", ONE("\"F32\\u0000\"", "[2]", 0, 8), 8, "is not read; these are" },
    { "a type that steers the terminal", ONE("\"\\u001b\"", "[2]", 0, 8), 8, "type \"?\"" },
    { "no shape", "{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "tensor w: its shape" },
    { "a shape that is a map", ONE("\"F32\"", "{\"0\":2}", 0, 8), 8, "tensor w: its shape" },
    { "five dimensions", ONE("\"F32\"", "[2,1,1,1,1]", 0, 8), 8, "tensor w: has 5 dimensions" },
    { "a negative dimension", ONE("\"F32\"", "[-2]", 0, 8), 8, "tensor w: dimension 0" },
    { "a real dimension", ONE("\"F32\"", "[1,2.0]", 0, 8), 8, "tensor w: dimension 1" },
    { "a dimension of 2^63", ONE("\"F32\"", "[9223372036854775808]", 0, 8), 8, "dimension 0" },
    { "a product of 2^64", ONE("\"F32\"", "[4294967296,4294967296]", 0, 0), 0, "overflows" },
    { "a product that a zero hides", ONE("\"U8\"", "[0,4294967296,4294967296]", 0, 0), 0, "overflows" },
    { "2^61 values of 8 bytes", ONE("\"F64\"", "[2305843009213693952]", 0, 0), 0, "overflows" },
    { "no place", "{\"w\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "tensor w: its data_offsets" },
    { "three offsets", ONE("\"F32\"", "[2]", 0, 8, 9), 9, "tensor w: its data_offsets" },
    { "offsets that go back", ONE("\"F32\"", "[2]", 8, 0), 8, "tensor w: its data_offsets" },
    { "a negative offset", ONE("\"F32\"", "[2]", -8, 0), 8, "tensor w: its data_offsets" },
    { "real offsets", ONE("\"F32\"", "[2]", 0.0, 8.0), 8, "tensor w: its data_offsets" },
    { "an end behind the file", ONE("\"F32\"", "[2]", 0, 8), 7, "ends at byte 8 of 7" },
    { "an end of 2^63 - 1", ONE("\"F32\"", "[2]", 0, 9223372036854775807), 8, "of 8 bytes" },
    { "less bytes than the shape asks for", ONE("\"F32\"", "[2]", 0, 7), 7, "has 7 bytes" },
    { "more bytes than the shape asks for", ONE("\"F32\"", "[2]", 0, 9), 9, "ask for 8" },
    { "overlap", "{" F32("w", 0, 8) "," F32("v", 4, 12) "}", 12, "tensors w and v overlap" },
    { "the same bytes twice", "{" F32("w", 0, 8) "," F32("v", 0, 8) "}", 8, "overlap" },
    { "a hole in front", "{" F32("w", 4, 12) "}", 12, "4 bytes of the data belong to no tensor" },
    { "a hole between", "{" F32("w", 0, 8) "," F32("v", 9, 17) "}", 17, "1 bytes of the data" },
    { "bytes behind the last", "{" F32("w", 0, 8) "}", 10, "2 bytes of the data" },
};

static void all_lies(void)
{
    struct tb_buf b = { 0 }, deep = { 0 };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        build(&b, lies[i].json, lies[i].n);
        refused(&b, lies[i].what, lies[i].words);
    }
    for (int i = 0; i < 100000; i++)
        tb_buf_str(&deep, "{\"w\":");
    build(&b, deep.p, 0);
    refused(&b, "100000 levels", "not JSON");
    tb_buf_free(&deep);
    tb_buf_free(&b);
}

static void bad_lengths(void)
{
    struct tb_buf b = { 0 };
    refused(&b, "an empty file", "has 0 bytes");
    tb_buf_str(&b, "1234567");
    refused(&b, "seven bytes", "has 7 bytes");
    build(&b, "", 0);
    refused(&b, "no header", "not JSON");
    build(&b, "{}", 0);
    b.p[0] = 3;
    refused(&b, "a header longer than the file", "a header of 3 bytes in a file of 10");
    b.p[7] = (char)0x80;
    refused(&b, "a header of 2^63 bytes", "a header of 9223372036854775811 bytes; at most 100000000");
    memset(b.p, 0xff, 8);
    refused(&b, "a header of 2^64 - 1 bytes", "18446744073709551615");
    tb_buf_free(&b);
}

/* ---- writing */

static char *all_bytes(const char *file, size_t *n)
{
    return tb_file_read(file, (size_t)1 << 30, n, &err);
}

/* What safetensors 0.8.0 makes of the same tensors: order, escapes, padding. */
static void as_library(void)
{
    static const char want[] =
        "x\001\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"pt\"},"
        "\"Z\":{\"dtype\":\"F32\",\"shape\":[0,2],\"data_offsets\":[0,0]},"
        "\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
        "\"z\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[4,16]},"
        "\"a\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[16,24]},"
        "\"q\\\"\\\\\\u0001\303\251\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[24,28]},"
        "\"b\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[28,34]}}     "
        "\0\0\300?\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    static const float three[3], s = 1.5f;
    static const int32_t two[2];
    const struct tb_to_write t[] = {
        { .name = "b", .type = TB_DTYPE_BF16, .n_dims = 1, .dims = { 3 }, .data = three },
        { .name = "a", .type = TB_DTYPE_I32, .n_dims = 1, .dims = { 2 }, .data = two },
        { .name = "z", .type = TB_DTYPE_F32, .n_dims = 1, .dims = { 3 }, .data = three },
        { .name = "q\"\\\001\303\251", .type = TB_DTYPE_I32, .n_dims = 1, .dims = { 1 }, .data = two },
        { .name = "Z", .type = TB_DTYPE_F32, .n_dims = 2, .dims = { 0, 2 } },
        { .name = "s", .type = TB_DTYPE_F32, .data = &s },
    };
    size_t n = 0;
    ok(tb_safetensors_write(path, t, 6, &err), "six tensors are written %s", err.text);
    char *got = all_bytes(path, &n);
    ok(got && n == sizeof want && memcmp(got, want, n) == 0, "as the library writes them");
    free(got);
    ok(tb_safetensors_write(path, NULL, 0, &err), "no tensors at all");
    struct tb_safetensors *none = tb_safetensors_open(path, &err);
    ok(none && tb_safetensors_n(none) == 0, "and read again");
    tb_safetensors_close(none);
}

/* Reads a file and writes it again. */
static bool is_copied(const char *file)
{
    struct tb_safetensors *s = tb_safetensors_open(file, &err);
    size_t n = s ? tb_safetensors_n(s) : 0, n_old = 0, n_new = 0;
    struct tb_to_write *t = tb_xcalloc(n, sizeof *t);
    for (size_t i = 0; i < n; i++) {
        const struct tb_stored *x = tb_safetensors_at(s, n - 1 - i);
        t[i] = (struct tb_to_write){ .name = x->name, .n_dims = x->n_dims, .data = x->p };
        t[i].type = x->type == TB_F32    ? TB_DTYPE_F32
                    : x->type == TB_BF16 ? TB_DTYPE_BF16
                                         : TB_DTYPE_I32;
        memcpy(t[i].dims, x->dims, sizeof x->dims);
    }
    bool good = s && tb_safetensors_write(path, t, n, &err);
    char *old = all_bytes(file, &n_old), *new = good ? all_bytes(path, &n_new) : NULL;
    good = old && new && n_old == n_new && memcmp(old, new, n_old) == 0;
    free(old);
    free(new);
    free(t);
    tb_safetensors_close(s);
    return good;
}

static void copies(const char *pattern, const char *name)
{
    char full[512];
    const char *root = getenv("TUNEBENCH_GOLDEN"), *bad = NULL;
    glob_t g;
    snprintf(full, sizeof full, "%s/%s", root ? root : "../shared/golden", pattern);
    if (glob(full, 0, NULL, &g) != 0) {
        skip(name, "no golden files");
        return;
    }
    for (size_t i = 0; i < g.gl_pathc && !bad; i++)
        bad = is_copied(g.gl_pathv[i]) ? NULL : g.gl_pathv[i];
    ok(!bad, "%s: read and written again, the same bytes %s", name, bad ? bad : "");
    globfree(&g);
}

static void quants(void)
{
    char file[512];
    const char *root = getenv("TUNEBENCH_GOLDEN");
    snprintf(file, sizeof file, "%s/quants.safetensors", root ? root : "../shared/golden");
    if (!tb_file_exists(file)) {
        skip("a file without metadata", "no golden files");
        return;
    }
    struct tb_safetensors *s = tb_safetensors_open(file, &err);
    const struct tb_stored *t = s ? tb_safetensors_find(s, "Q4_1.blocks") : NULL;
    ok(t && t->dims[0] == 6 && t->dims[1] == 640 && strcmp(t->type_name, "U8") == 0,
       "a file without metadata %s", err.text);
    tb_safetensors_close(s);
}

/* Value k of the matrix below. */
static float value(int64_t k)
{
    return (float)(k % 1000) + (float)(k / 1000) * 0x1p-10f;
}

struct source {
    int64_t cols, next;
    int n_calls;
};

static void fill(void *arg, int64_t first, int64_t n, float *dst)
{
    struct source *src = arg;
    src->n_calls += first == src->next;
    src->next = first + n;
    for (int64_t k = 0; k < n * src->cols; k++)
        dst[k] = value(first * src->cols + k);
}

/* More rows than one chunk holds, and rows longer than a chunk. */
static void chunks(void)
{
    struct source many = { 1000, 0, 0 }, wide = { 300000, 0, 0 }, half = { 1000, 0, 0 };
    const struct tb_to_write t[] = {
        { "many", TB_DTYPE_F32, 3, { 700, 10, 100 }, NULL, fill, &many },
        { "wide", TB_DTYPE_F32, 2, { 3, 300000 }, NULL, fill, &wide },
        { "half", TB_DTYPE_BF16, 2, { 700, 1000 }, NULL, fill, &half },
        { "none", TB_DTYPE_BF16, 2, { 700, 0 }, NULL, fill, NULL },
    };
    ok(tb_safetensors_write(path, t, 4, &err), "rows in chunks %s", err.text);
    ok(many.n_calls == 3 && many.next == 700 && wide.n_calls == 3 && wide.next == 3, "in order");
    struct tb_safetensors *s = tb_safetensors_open(path, &err);
    if (!ok(s && tb_safetensors_n(s) == 4, "and read again %s", err.text))
        return;
    int64_t n_bad = 0;
    float *x = tb_xcalloc(900000, sizeof *x);
    tb_stored_floats(tb_safetensors_find(s, "many"), x, &err);
    for (int64_t k = 0; k < 700000; k++)
        n_bad += x[k] != value(k);
    tb_stored_floats(tb_safetensors_find(s, "wide"), x, &err);
    for (int64_t k = 0; k < 900000; k++)
        n_bad += x[k] != value(k);
    tb_stored_floats(tb_safetensors_find(s, "half"), x, &err);
    for (int64_t k = 0; k < 700000; k++)
        n_bad += fabsf(x[k] - value(k)) > value(k) * 0x1p-8f;
    is_int(n_bad, 0, "every value");
    free(x);
    tb_safetensors_close(s);
}

static void bits(void *arg, int64_t first, int64_t n, float *dst)
{
    memcpy(dst, (const uint32_t *)arg + first, (size_t)n * 4);
}

static void rounding(void)
{
    static uint32_t from[] = { 0x3f800000, 0x3f807fff, 0x3f808000, 0x3f808001, 0x3f818000, 0x80000000,
                               0x7f7fffff, 0xff800000, 0x7f800001, 0xffc00001, 0x00000001, 0x7fffffff };
    static const uint16_t want[] = { 0x3f80, 0x3f80, 0x3f80, 0x3f81, 0x3f82, 0x8000,
                                     0x7f80, 0xff80, 0x7fc0, 0xffc0, 0x0000, 0x7fff };
    const struct tb_to_write t = { "w", TB_DTYPE_BF16, 1, { 12 }, NULL, bits, from };
    ok(tb_safetensors_write(path, &t, 1, &err), "twelve values to round %s", err.text);
    struct tb_safetensors *s = tb_safetensors_open(path, &err);
    ok(s && memcmp(tb_safetensors_at(s, 0)->p, want, sizeof want) == 0,
       "nearest, ties to even, NaN stays NaN");
    tb_safetensors_close(s);
}

static int n_files(void)
{
    glob_t g;
    char pattern[320];
    snprintf(pattern, sizeof pattern, "%s/*", folder);
    int n = glob(pattern, 0, NULL, &g) == 0 ? (int)g.gl_pathc : 0;
    globfree(&g);
    return n;
}

static void failures(void)
{
    struct source src = { 1000, 0, 0 };
    const float one = 1;
    struct tb_to_write t = { .name = "w", .type = TB_DTYPE_F32, .data = &one };
    const struct tb_to_write big = { "big", TB_DTYPE_F32, 2, { 700, 1000 }, NULL, fill, &src };
    const struct tb_to_write twice[] = { t, big, t };
    ok(tb_safetensors_write(path, &t, 1, &err), "a file stands there");
    struct rlimit old, small_disk;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small_disk = old;
    small_disk.rlim_cur = 1500000;
    setrlimit(RLIMIT_FSIZE, &small_disk);
    bool written = tb_safetensors_write(path, &big, 1, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    ok(!written && err.kind == TB_ERR_IO, "a full disk: %s", err.text);
    ok(!tb_safetensors_write(path, twice, 3, &err) && strstr(err.text, "tensor w"), "a name twice");
    t.n_dims = 2, t.dims[0] = t.dims[1] = (int64_t)1 << 32;
    ok(!tb_safetensors_write(path, &t, 1, &err) && strstr(err.text, "overflows"), "overflow");
    is_int(n_files(), 1, "nothing is left behind");
    struct tb_safetensors *s = tb_safetensors_open(path, &err);
    ok(s && tb_safetensors_find(s, "w"), "the old file is as it was");
    tb_safetensors_close(s);
    char nowhere[320];
    snprintf(nowhere, sizeof nowhere, "%s/none/x", folder);
    ok(!tb_safetensors_write(nowhere, &big, 1, &err) && err.kind == TB_ERR_IO, "no such folder");
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/tb-safetensors-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        return 99;
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    ok(!tb_safetensors_open(path, &err) && err.kind == TB_ERR_NOTFOUND, "no such file");
    reading();
    floats();
    broken_anywhere();
    all_lies();
    bad_lengths();
    as_library();
    copies("cases/llama-tied--lora-qv/init/adapter_model.safetensors", "an adapter");
    copies("cases/llama-tied--lora*/init/adapter_model.safetensors", "more adapters");
    copies("models/*/model.safetensors", "all models");
    quants();
    chunks();
    rounding();
    failures();
    tb_safetensors_close(NULL);
    ok(tb_dir_remove(folder, NULL), "cleaned up");
    return done();
}
