/* SPDX-License-Identifier: MIT */
/* quants_test.c - stored weights of every type against what the gguf package makes of the same bytes
 * (quants.safetensors of the golden data): bit for bit by weight_dense, and through both directions of gemm_w by
 * products with unit vectors. */
#include <ctype.h>
#include <stdlib.h>

#include "kernels/kernels.h"
#include "tests/tap.h"

enum { ROWS = 6, COLS = 1024, MAX_BYTES = 1 << 22 };

struct file {
    char *p;
    size_t n;
};

static bool read_file(struct file *f)
{
    const char *dir = getenv("TUNEBENCH_GOLDEN");
    char path[4096];
    snprintf(path, sizeof path, "%s/quants.safetensors", dir ? dir : "../shared/golden");
    FILE *in = fopen(path, "rb");
    if (!in)
        return false;
    f->p = calloc(1, MAX_BYTES + 1);
    f->n = f->p ? fread(f->p, 1, MAX_BYTES, in) : 0;
    fclose(in);
    return f->n > 8;
}

/* The bytes of a tensor: the header is a length of 8 bytes, then JSON with
 * "Q4_1.blocks":{..,"data_offsets":[from,to]}. */
static const char *tensor(const struct file *f, const char *type, const char *what, size_t *n)
{
    char name[64]; /* types are written large there */
    uint64_t head = 0;
    unsigned long long from = 0, to = 0;
    memcpy(&head, f->p, sizeof head);
    snprintf(name, sizeof name, "\"%s.", type);
    for (char *c = name; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    strcat(strcat(name, what), "\"");
    const char *at = head < f->n - 8 ? strstr(f->p + 8, name) : NULL;
    at = at ? strstr(at, "\"data_offsets\":") : NULL;
    if (!at || sscanf(at, "\"data_offsets\":[%llu,%llu]", &from, &to) != 2 || from > to || to > f->n - 8 - head)
        return NULL;
    *n = (size_t)(to - from);
    return f->p + 8 + head + from;
}

static struct tb_mat matrix(struct tb_kernels *k, int64_t rows, int64_t cols, bool is_unit)
{
    struct tb_mat m = tb_mat_of(k->alloc(k, (size_t)(rows * cols) * sizeof *m.p), rows, cols);
    for (int64_t r = 0; is_unit && r < rows; r++)
        k->put(k, m.p + r * cols + r, &(float){ 1 }, sizeof *m.p);
    return m;
}

/* Are the numbers of m those of want, or of want turned? */
static bool is_equal(struct tb_kernels *k, struct tb_mat m, const float *want, bool is_turned)
{
    static float got[ROWS * COLS];
    bool same = true;
    k->get(k, got, m.p, sizeof got);
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLS; c++)
            same &= got[is_turned ? c * ROWS + r : r * COLS + c] == want[r * COLS + c];
    return same;
}

static void test_type(struct tb_kernels *k, const struct tb_weight *w, const float *want)
{
    const char *name = tb_type_info((int)w->type)->name;
    struct tb_mat y = matrix(k, ROWS, COLS, false), unit = matrix(k, ROWS, ROWS, true);
    k->weight_dense(k, y, w);
    ok(is_equal(k, y, want, false), "%s, %s: the values of the gguf package", name, k->name);
    k->fill(k, y, 3);
    k->gemm_w(k, y, unit, w, true, 0);
    ok(is_equal(k, y, want, false), "%s, %s: unit vectors times W are its rows", name, k->name);
    k->release(k, unit.p);
    unit = matrix(k, COLS, COLS, true);
    y = (struct tb_mat){ y.p, COLS, ROWS, ROWS };
    k->gemm_w(k, y, unit, w, false, 0);
    ok(is_equal(k, y, want, true), "%s, %s: unit vectors times W' are its columns", name, k->name);
    k->release(k, unit.p);
    k->release(k, y.p);
}

static void test_backend(const char *name, const struct file *f)
{
    char why[256];
    struct tb_kernels *k = tb_kernels_open(name, 2, why, sizeof why);
    if (!k) {
        skip(name, why);
        return;
    }
    for (int type = 0; type <= TB_BF16; type++) {
        const struct tb_type_info *info = tb_type_info(type);
        size_t n_blocks, n_values, row = info->name ? (size_t)(COLS / info->block * info->bytes) : 0;
        if (!info->is_built || type == TB_F32)
            continue;
        const char *blocks = tensor(f, info->name, "blocks", &n_blocks);
        const char *values = tensor(f, info->name, "values", &n_values);
        float *want = calloc(ROWS * COLS, sizeof *want);
        if (!ok(want && blocks && values && n_blocks == ROWS * row && n_values == ROWS * COLS * sizeof *want,
                "%s is in the file", info->name)) {
            free(want);
            continue;
        }
        memcpy(want, values, n_values);
        struct tb_weight w = { .type = (enum tb_type)type, .p = blocks, .rows = ROWS, .cols = COLS, .row_bytes = row };
        test_type(k, &w, want);
        free(want);
    }
    k->close(k);
}

int main(void)
{
    struct file f = { 0 };
    if (read_file(&f)) {
        test_backend("ref", &f);
        test_backend("avx2", &f);
        test_backend("avx512", &f);
    } else {
        skip("weight types", "no golden data");
    }
    free(f.p);
    return done();
}
