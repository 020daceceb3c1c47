/* SPDX-License-Identifier: MIT */
/* course.h - a metric of a run as it grows: raw and smoothed, ready to be looked at at any width. Only what is new is
 * read. And which metrics runs have. */
#ifndef TB_VIEW_COURSE_H
#define TB_VIEW_COURSE_H

#include "view/pyramid.h"

enum { TB_COURSE_NAME = 48 };

struct tb_course {
    struct tb_pyramid raw, smooth; /* smooth is empty where nothing is smoothed; to be read, not changed */
    /* How it was read; for course.c. */
    char metric[TB_COURSE_NAME], x[8];
    double weight;
    struct tb_ema ema;
    uint64_t reading;
    int n_resumes;
    size_t n_rows; /* of the table, that were taken */
};

/* What is to be read: a metric ("train/loss", "eval/loss", "lr", "eval/bleu") against "step", "tokens" or "wall_s",
 * smoothed by weight (tb_series_smooth) if it is one of training steps. */
struct tb_course_spec {
    const char *metric, *x;
    double weight;
};

/* Takes what m has and the course has not, at most `most` rows of it; true if there is more. It begins anew if the
 * spec is another one, if `reading` is (m is not what it was with rows added), or if the run was resumed. Values that
 * are not finite become gaps. A metric that m has not leaves it empty. */
bool tb_course_read(struct tb_course *c, const struct tb_course_spec *spec, const struct tb_metrics *m,
                    uint64_t reading, size_t most);
void tb_course_free(struct tb_course *c); /* leaves it empty, as one of zeroes is */
/* The curve to draw: the smoothed one where there is one. */
const struct tb_pyramid *tb_course_line(const struct tb_course *c);

struct tb_course_name {
    char name[TB_COURSE_NAME];
    bool is_constant; /* one and the same value everywhere; a loss never is */
    int better;       /* -1: lower is better, 1: higher, 0: neither */
};
/* Whether it is smoothed: noise of single steps is, schedules and means over rows are not. */
bool tb_course_is_smoothed(const char *name);
/* Metrics of which one of the runs has a value, losses first; at most `most`. */
size_t tb_course_list(const struct tb_metrics *const *m, size_t n, struct tb_course_name *out, size_t most);
/* Whether a name is meant by "loss,lr" or "^train/|norm": a list of regular expressions, any case; "" means all. -1
 * with *err if one of them is none. */
int tb_course_is_meant(const char *name, const char *pattern, struct tb_err *err);

#endif
