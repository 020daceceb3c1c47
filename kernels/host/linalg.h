/* SPDX-License-Identifier: MIT */
/* linalg.h - small dense linear algebra in float64 on the host, for initial values, exact rotations and export.
 * Matrices are row-major without gaps. */
#ifndef TB_KERNELS_HOST_LINALG_H
#define TB_KERNELS_HOST_LINALG_H

#include <stdbool.h>

/* a [m, n], m >= n, becomes Q [m, n] with orthonormal columns, r [n, n] the upper triangle: a = Q R. The diagonal of
 * R is what Householder's reflections give (LAPACK's signs: mostly negative). False without memory. */
bool tb_linalg_qr(double *a, double *r, int m, int n);

/* Solves a x = b for n_b right-hand sides: a [n, n] is destroyed, b [n, n_b] becomes x. Partial pivoting. False if a
 * pivot is 0 or not finite. */
bool tb_linalg_solve(double *a, double *b, int n, int n_b);

/* inverse [n, n] of a, which is destroyed. */
bool tb_linalg_inverse(double *inverse, double *a, int n);

#endif
