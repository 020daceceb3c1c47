/* SPDX-License-Identifier: MIT */
/* student.c - P(|T| >= t) = I_x(df / 2, 1 / 2), x = df / (df + t^2), the regularised incomplete beta function by its
 * continued fraction (DLMF 8.17.22, evaluated as Lentz 1976 does), on the side of its argument where that is fast. */
#include "view/student.h"

#include <math.h>

enum { MOST_TERMS = 1000 };

static double off_zero(double v)
{
    return fabs(v) < 1e-300 ? 1e-300 : v;
}

/* The m-th coefficient of the fraction; odd and even ones have formulas of their own. */
static double coefficient(double a, double b, double x, int i)
{
    double m = i / 2;
    if (i % 2 == 0)
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
}

static double fraction(double a, double b, double x)
{
    double c = 1, d = 0, f = 1;
    for (int i = 1; i < MOST_TERMS; i++) {
        double k = coefficient(a, b, x, i);
        d = 1 / off_zero(1 + k * d);
        c = off_zero(1 + k / c);
        f *= c * d;
        if (fabs(c * d - 1) < 1e-15)
            break;
    }
    return f;
}

static double beta_share(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front / (a * fraction(a, b, x));
    return 1 - front / (b * fraction(b, a, 1 - x));
}

double tb_student_p(double t, double df)
{
    if (isnan(t) || !(df > 0))
        return NAN;
    return isinf(t) ? 0 : beta_share(df / 2, 0.5, df / (df + t * t));
}

double tb_student_t95(double df)
{
    double low = 0, high = 1e6;
    if (!(df > 0))
        return NAN;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        if (tb_student_p(middle, df) > 0.05)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}
