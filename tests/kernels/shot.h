/* SPDX-License-Identifier: MIT */
/* shot.h - one call of one operation, described so that a program can make variants of it: on another back end, with
 * more threads, piece by piece, in place. For ops_test.c and gradient_test.c. */
#ifndef TB_TESTS_KERNELS_SHOT_H
#define TB_TESTS_KERNELS_SHOT_H

#include "kernels/kernels.h"

enum { MAX_OPERANDS = 6 };

/* How an operand is filled, by the letter behind its sizes: none -1 .. 1, w wide, + positive, s small. The others are
 * int32 vectors, which lie in device memory like a matrix of one column: i rows of p, d distinct rows of p, - like i
 * with some -1, l columns of n, p row << 12 | position. */
enum fill { UNIT, WIDE, POSITIVE, SMALL, INDEX, DISTINCT, SKIPPING, LABEL, PLACE };

/* Sizes by letter: t rows of the batch, n columns, k inner size, p rows of a table, b width of a block, 1.
 * T = t b, q = b (b - 1) / 2, R = b where one block serves all (is_shared), else n. */
struct dims {
    int t, n, k, p, b;
    bool is_shared;
};

/* What a call needs beside its matrices. */
struct given {
    struct dims d;
    int variant;
    struct tb_weight w;
};

/* One way to use an operation. Operands are words: r read, w written or u updated, then rows, columns, fill. */
struct op_case {
    const char *op, *note; /* note: NULL if there is one case */
    const char *m;
    void (*call)(struct tb_kernels *k, const struct tb_mat *m, const struct given *g);
    char cut;           /* calls for parts of this letter's range must give the same bits; 0: they need not */
    const char *shared; /* words of pairs of digits, each to be tried: operand i is operand j */
    int n_variants;     /* 0 is 1 */
    double tolerance;   /* see distance(); 0: the bits of ref */
    double coarse;      /* the same for a weight of blocks; 0: no other one */
    const char *weight; /* letters of rows and columns of g->w; NULL without one */
    const struct dims *dims;
    int n_dims;
};

/* All cases but those of attention and attend_cache. */
extern const struct op_case op_cases[];
extern const int n_op_cases;

/* A back end to compare with ref, opened with 1, 2 .. n threads. */
struct bench {
    const char *name;
    struct tb_kernels *k[3];
    int n;
    bool is_exact; /* the same bits as ref */
};

/* The cases of attention and attention_back (attention_case.c); one call of report for each thing that must hold. */
void test_attention(struct tb_kernels *ref, const struct bench *b, void (*report)(bool good, const char *words));

/* The same for attend_cache (cache_case.c). */
void test_cache(struct tb_kernels *ref, const struct bench *b, void (*report)(bool good, const char *words));

/* A matrix on the host with what lies around it: `lead` floats before it so that it ends where its memory does, and
 * `ld - cols` behind each row but the last. All of that holds one strange value. */
struct image {
    int64_t rows, cols, ld;
    size_t lead, n;
    float *host;
};

struct image image_open(int64_t rows, int64_t cols, int64_t pad);
struct image image_copy(const struct image *a);
void image_close(struct image *a);
float *image_at(const struct image *a, int64_t r, int64_t c);
void image_fill(const struct image *a, enum fill fill, const struct dims *d, uint32_t *state);

/* The device matrix of an image; the allocation begins `lead` floats before it. */
struct tb_mat image_put(struct tb_kernels *k, const struct image *a);
void image_get(struct tb_kernels *k, struct tb_mat m, const struct image *a);
void image_release(struct tb_kernels *k, struct tb_mat m, const struct image *a);

/* Largest |got - want| / (|want| + size) of the elements, size being the root mean square of want or `least` if that
 * is more; HUGE_VAL for a NaN that is not wanted. */
double distance(const struct image *got, const struct image *want, double least);
/* Rows with a NaN are the same ones in both. */
bool has_same_nan_rows(const struct image *a, const struct image *b);
/* Equal bits everywhere; with around_only the elements themselves do not count. */
bool is_same(const struct image *a, const struct image *b, bool around_only);

/* Uniform in -1 .. 1, the same numbers on every machine. */
float draw(uint32_t *state);

/* Valid blocks with scales of sane size, at an odd address as in an old safetensors file. */
struct tb_weight weight_open(enum tb_type type, int64_t rows, int64_t cols, uint32_t *state);
void weight_close(struct tb_weight *w);

#endif
