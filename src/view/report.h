/* SPDX-License-Identifier: MIT */
/* report.h - a comparison of arms that can be handed on: what each reached and how sure that is, what it cost, how it
 * was found, and whether all had the same chances. Everything is worked out here; report_*.c only write it down. */
#ifndef TB_VIEW_REPORT_H
#define TB_VIEW_REPORT_H

#include "view/arms.h"
#include "view/diff.h"
#include "view/emit.h"
#include "view/evidence.h"
#include "view/verdict.h"

enum {
    TB_REPORT_ARMS = 26,  /* letters: A is the first */
    TB_REPORT_SEEDS = 3,  /* fewer are said to be too few */
    TB_REPORT_PROMPTS = 20, /* and so are fewer prompts */
    TB_REPORT_SCORES = 16 /* metrics at most */
};
#define TB_REPORT_LEVEL 0.05 /* of all tests of a report together */

/* What quality is weighed against; less is better in all of them. */
enum tb_report_cost { TB_COST_TRAINABLE, TB_COST_ADAPTER, TB_COST_MEMORY, TB_COST_TIME, TB_N_COSTS };
extern const struct tb_report_cost_name {
    const char *name, *words; /* "trainable", "trainable parameters" */
    enum tb_unit unit;
} tb_report_costs[TB_N_COSTS];

/* ---- what a sweep tells; filled in by the caller, strings are lent */

/* How the finalist of an arm was found. */
struct tb_report_search {
    const char *run; /* its id: of these results it was chosen by its own */
    int64_t n_trials, n_planned, n_pruned, n_failed, n_open; /* open: waiting or running */
    double search_tok, seeds_tok; /* trained by its trials, and by the finalist's other seeds */
    char budget[48];              /* of a trial: "60000 tokens" */
    bool has_rate;                /* the learning rate was searched */
    char *chosen;                 /* "lr 8.28e-3 of 1e-4 .. 1e-1, r 2 of 2 4 8 16": owned by the report */
    char *edges;                  /* "lr lies at the high end of its range", "": owned by the report */
};

enum tb_report_fate { TB_FATE_FINALIST, TB_FATE_OVER, TB_FATE_PRUNED, TB_FATE_FAILED, TB_FATE_OPEN };
struct tb_report_trial {
    const char *name;
    size_t arm;         /* of the report; SIZE_MAX: of one that has no result */
    const double *tokens;
    double *value; /* of the objective, as it was recorded; owned by the report */
    size_t n;
    enum tb_report_fate fate;
    const char *reason; /* why it was given up, "" */
};

struct tb_report_sweep {
    const char *id, *recipe_path;
    const char *metric;    /* by which trials were judged: "eval/loss" */
    char *plan;            /* "random search, 9 trials an arm, pruned by asha": owned by the report */
    bool is_over;
    char *left;            /* of one that is not: what is missing and the command it goes on with; NULL; owned */
    double spent_tok, saved_tok;
    double rung[32];       /* tokens */
    size_t n_rungs;
    struct tb_report_search *arm; /* one an arm of the report; owned by the report */
    size_t n_arms;
    struct tb_report_trial *trial; /* of the search; owned by the report */
    size_t n;
};

/* A run that is left out, and why. */
struct tb_report_lost {
    char *name, *why;
};

/* Rows of a text that took the place of the held-out ones: --data. */
struct tb_report_text {
    char *path, id[65];
    size_t n_rows, n_prompts;
    int64_t n_known;  /* of its prompts that the runs' own texts have; -1: not known */
    double base_loss; /* of the base alone */
    struct tb_json *base_scores; /* {name: value, name_low, name_high}, NULL: none */
};
void tb_report_text_free(struct tb_report_text *t); /* NULL is fine */

/* What a report is made of, beside its arms. */
struct tb_report_from {
    const char *reference; /* the name or letter of an arm; NULL: the first */
    struct tb_report_sweep *sweep; /* NULL: runs that were named */
    struct tb_report_lost *lost;
    size_t n_lost;
    struct tb_report_text *text; /* NULL: the runs' own held-out rows */
};

/* ---- what is worked out */

struct tb_report_score {
    double mean, low, high; /* over seeds */
    double difference;      /* from the reference, over the seeds that are compared */
    size_t n;               /* runs that have it */
};

struct tb_report_arm {
    struct tb_level level;
    bool has_level, is_paired;
    struct tb_paired p;       /* against the reference */
    struct tb_err why;        /* why not */
    bool has_fresh;
    struct tb_paired fresh;   /* the same without the runs that a search chose, which are the best of several */
    struct tb_evidence e;
    double p_holm;            /* of e.p, over all arms but the reference */
    double cost[TB_N_COSTS];  /* NaN: unknown */
    bool is_front[TB_N_COSTS]; /* no arm has both the lower loss and the lower cost */
    double reach_tok;         /* tokens until the reference's last loss, mean of those that got there */
    size_t n_reached;
    double forget_before, forget_after; /* loss on a second text, NaN: not measured */
    double forget, forget_low, forget_high; /* mean change, its interval over rows of that text and seeds */
    struct tb_report_score score[TB_REPORT_SCORES];
    size_t n_curve;           /* evaluations that all its runs have */
    double *tokens, *loss, *low, *high; /* of these: mean over its runs, lowest, highest */
};

/* Something that a fair comparison needs. */
struct tb_report_check {
    bool is_good;
    char *name, *words;
};

struct tb_report {
    const struct tb_arms *arms; /* lent */
    size_t reference;
    struct tb_report_arm *arm;  /* one for each */
    const char *score[TB_REPORT_SCORES]; /* metrics that runs have; lent */
    size_t n_scores;
    struct tb_report_sweep *sweep; /* owned, NULL: runs that were named */
    struct tb_report_lost *lost;
    size_t n_lost;
    struct tb_report_text *text; /* owned, NULL: the runs' own held-out rows */
    struct tb_report_check *check;
    size_t n_checks;
    struct tb_verdict verdict;
    char **merged; /* of each arm: what became of the check; NULL: nobody asked. Filled in by the caller, owned */
};

/* arms: at least two, at most TB_REPORT_ARMS, each of runs with results. Sweep, lost and text of `from` (NULL: nothing)
 * are taken over, also on failure. TB_ERR_NOTFOUND if there is no such reference. r must be freed also after a
 * failure. */
bool tb_report_make(struct tb_report *r, const struct tb_arms *arms, const struct tb_report_from *from,
                    struct tb_err *err);
void tb_report_free(struct tb_report *r);
/* Whether some difference is of fewer seeds than its arms have: only the seeds that both have are compared. */
bool tb_report_is_partial(const struct tb_report *r);

/* One line for each arm with all its numbers. t must be freed. */
void tb_report_table(const struct tb_report *r, struct tb_table *t);
/* All of it, for programs. */
struct tb_json *tb_report_json(const struct tb_report *r);
/* A page that needs nothing else, and the same as Markdown. malloc'ed. */
char *tb_report_html(const struct tb_report *r);
char *tb_report_markdown(const struct tb_report *r);

/* ---- the parts that text, page and Markdown have in common */

struct tb_report_line {
    char *name, *words;
    bool is_bad; /* to be looked at */
};
struct tb_report_part {
    const char *id, *title;
    char *lead;            /* what it is about, "": nothing to say */
    struct tb_table table; /* n_columns 0: none */
    const char *const *missed_least; /* of its columns, as tb_table_fit takes them */
    struct tb_report_line *line;
    size_t n_lines, cap;
    bool is_literal;       /* the words are commands or a program, line by line */
};
/* In the order in which they are read. Free with tb_report_parts_free. */
struct tb_report_part *tb_report_parts(const struct tb_report *r, size_t *n);
void tb_report_parts_free(struct tb_report_part *part, size_t n);

/* Charts as SVG to stand in a page, each with words for those who do not see it; "" where there is nothing to draw.
 * malloc'ed. */
char *tb_report_chart_loss(const struct tb_report *r);
char *tb_report_chart_forest(const struct tb_report *r);
char *tb_report_chart_pareto(const struct tb_report *r, enum tb_report_cost cost);
char *tb_report_chart_rungs(const struct tb_report *r);

#endif
