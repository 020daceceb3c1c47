/* SPDX-License-Identifier: MIT */
/* student.h - Student's t distribution: how rare a value is, and which value is as rare as asked. */
#ifndef TB_VIEW_STUDENT_H
#define TB_VIEW_STUDENT_H

/* P(|T| >= |t|) of df > 0 degrees of freedom, which need not be whole; NaN for what is no number. */
double tb_student_p(double t, double df);
/* The t that |T| exceeds with probability 5 %: half the width of a 95 % interval in standard errors. */
double tb_student_t95(double df);

#endif
