/* SPDX-License-Identifier: MIT */
/* linalg.c - QR by Householder reflections and Gauss elimination with partial pivoting, after Golub and Van Loan,
 * Matrix Computations, 5.2 and 3.4. Nothing here is blocked: for a few thousand rows and a few hundred columns. */
#include "kernels/host/linalg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Column c of a from row c on becomes v with v[0] = 1 below the diagonal of R; the factor of I - tau v v'. */
static double reflect(double *a, int m, int n, int c, double *diagonal)
{
    double norm2 = 0, head = a[(size_t)c * (size_t)n + (size_t)c];
    for (int i = c + 1; i < m; i++)
        norm2 += a[(size_t)i * (size_t)n + (size_t)c] * a[(size_t)i * (size_t)n + (size_t)c];
    if (norm2 == 0) {
        *diagonal = head;
        return 0;
    }
    *diagonal = -copysign(sqrt(head * head + norm2), head);
    for (int i = c + 1; i < m; i++)
        a[(size_t)i * (size_t)n + (size_t)c] /= head - *diagonal;
    return (*diagonal - head) / *diagonal;
}

/* y -= tau v (v' y) for column `to` of y, v being column c of a from row c on. */
static void apply(const double *a, double *y, int m, int n, int c, int to, double tau)
{
    const size_t w = (size_t)n;
    double sum = y[(size_t)c * w + (size_t)to];
    for (int i = c + 1; i < m; i++)
        sum += a[(size_t)i * w + (size_t)c] * y[(size_t)i * w + (size_t)to];
    sum *= tau;
    y[(size_t)c * w + (size_t)to] -= sum;
    for (int i = c + 1; i < m; i++)
        y[(size_t)i * w + (size_t)to] -= sum * a[(size_t)i * w + (size_t)c];
}

bool tb_linalg_qr(double *a, double *r, int m, int n)
{
    const size_t w = (size_t)n;
    double *tau = calloc(w + 1, sizeof *tau), *q = calloc((size_t)m * w + 1, sizeof *q);
    bool good = tau && q;
    for (int c = 0; good && c < n; c++) {
        double diagonal;
        tau[c] = reflect(a, m, n, c, &diagonal);
        for (int to = c + 1; to < n; to++)
            apply(a, a, m, n, c, to, tau[c]);
        for (int i = 0; i < n; i++)
            r[(size_t)i * w + (size_t)c] = i < c ? a[(size_t)i * w + (size_t)c] : i == c ? diagonal : 0;
        q[(size_t)c * w + (size_t)c] = 1;
    }
    for (int c = n - 1; good && c >= 0; c--)
        for (int to = c; to < n; to++)
            apply(a, q, m, n, c, to, tau[c]);
    if (good)
        memcpy(a, q, (size_t)m * w * sizeof *a);
    free(tau);
    free(q);
    return good;
}

static void swap_rows(double *a, double *b, int n)
{
    for (int i = 0; i < n; i++) {
        double t = a[i];
        a[i] = b[i];
        b[i] = t;
    }
}

static void subtract(double *a, const double *b, double factor, int n)
{
    for (int i = 0; i < n; i++)
        a[i] -= factor * b[i];
}

static int pivot_row(const double *a, int n, int c)
{
    int best = c;
    for (int i = c + 1; i < n; i++)
        if (fabs(a[(size_t)i * (size_t)n + (size_t)c]) > fabs(a[(size_t)best * (size_t)n + (size_t)c]))
            best = i;
    return best;
}

bool tb_linalg_solve(double *a, double *b, int n, int n_b)
{
    const size_t w = (size_t)n, wb = (size_t)n_b;
    for (int c = 0; c < n; c++) {
        double *row = a + (size_t)c * w, *right = b + (size_t)c * wb;
        int p = pivot_row(a, n, c);
        swap_rows(row, a + (size_t)p * w, p == c ? 0 : n);
        swap_rows(right, b + (size_t)p * wb, p == c ? 0 : n_b);
        if (row[c] == 0 || !isfinite(row[c]))
            return false;
        for (int i = c + 1; i < n; i++) {
            double factor = a[(size_t)i * w + (size_t)c] / row[c];
            subtract(a + (size_t)i * w + c, row + c, factor, n - c);
            subtract(b + (size_t)i * wb, right, factor, n_b);
        }
    }
    for (int c = n - 1; c >= 0; c--) {
        double *right = b + (size_t)c * wb, pivot = a[(size_t)c * w + (size_t)c];
        for (int i = c + 1; i < n; i++)
            subtract(right, b + (size_t)i * wb, a[(size_t)c * w + (size_t)i], n_b);
        for (int i = 0; i < n_b; i++)
            right[i] /= pivot;
    }
    return true;
}

bool tb_linalg_inverse(double *inverse, double *a, int n)
{
    memset(inverse, 0, (size_t)n * (size_t)n * sizeof *inverse);
    for (int i = 0; i < n; i++)
        inverse[(size_t)i * (size_t)n + (size_t)i] = 1;
    return tb_linalg_solve(a, inverse, n, n);
}
