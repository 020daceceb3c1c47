/* SPDX-License-Identifier: MIT */
/* facts.c - hashes are shown by their first digits, as many as tell two of them apart at a glance. */
#include "view/facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "view/fmt.h"

enum { DIGITS = 12 };

char *tb_fact_text(const char *key, const struct tb_json *v)
{
    char number[64];
    if (tb_json_type(v) == TB_JSON_STR)
        return tb_xstrdup(tb_json_str(v, ""));
    if (tb_str_ends(key, "bytes") && tb_json_real(v, -1) >= 0)
        return tb_xstrdup(tb_fmt_unit(number, sizeof number, TB_UNIT_BYTES, tb_json_real(v, 0)));
    if (strcmp(key, "share") == 0)
        return tb_xstrdup(tb_fmt_unit(number, sizeof number, TB_UNIT_SHARE, tb_json_real(v, NAN)));
    return tb_json_text(v, TB_JSON_CANONICAL);
}

/* ---- proofs */

static const char *text_of(const struct tb_metrics *m, const char *section, const char *key)
{
    return tb_json_str(tb_metrics_fact(m, section, key), "");
}

static int64_t count_of(const struct tb_metrics *m, const char *section, const char *key)
{
    return tb_json_int(tb_metrics_fact(m, section, key), 0);
}

/* "places.txt 3abd6fc0e04e", unknown without the hash. */
static struct tb_proof hashed(const char *name, const char *what, const char *hash, const char *more)
{
    bool has_hash = *hash != '\0';
    return (struct tb_proof){ name,
                              tb_xasprintf("%s%s%.*s%s%s", what, *what && has_hash ? " " : "", DIGITS, hash,
                                           *more ? ", " : "", more),
                              has_hash ? TB_TRUST_KNOWN : TB_TRUST_UNKNOWN };
}

static struct tb_proof base_of(const struct tb_metrics *m)
{
    return hashed("base", text_of(m, "base", "name"), text_of(m, "base", "id"), text_of(m, "base", "type"));
}

static struct tb_proof data_of(const struct tb_metrics *m)
{
    char rows[32], more[80];
    tb_fmt_count(rows, sizeof rows, count_of(m, "data", "n_rows"));
    snprintf(more, sizeof more, "%s rows, %lld left out as too long", rows,
             (long long)count_of(m, "data", "n_dropped"));
    return hashed("data", tb_path_base(text_of(m, "data", "path")), text_of(m, "data", "id"), more);
}

static struct tb_proof order_of(const struct tb_metrics *m)
{
    char seed[40];
    snprintf(seed, sizeof seed, "seed %lld", (long long)count_of(m, "config", "seed"));
    return hashed("row order", "", text_of(m, "data", "order_hash"), seed);
}

static struct tb_proof eval_of(const struct tb_metrics *m)
{
    char n[32], rows[64];
    tb_fmt_unit(n, sizeof n, TB_UNIT_COUNT, tb_json_real(tb_metrics_fact(m, "data", "n_eval"), NAN));
    snprintf(rows, sizeof rows, "%s rows, never trained on", n);
    return hashed("eval rows", "", text_of(m, "data", "eval_hash"), rows);
}

static struct tb_proof recipe_of(const struct tb_metrics *m)
{
    size_t n = tb_json_len(tb_json_get(m->facts, "overrides"));
    char more[64] = "";
    if (n)
        snprintf(more, sizeof more, " and %zu override%s", n, n == 1 ? "" : "s");
    return (struct tb_proof){ "recipe", tb_xasprintf("%s%s", m->n_recipe ? "kept word for word" : "made from flags",
                                                     more), TB_TRUST_KNOWN };
}

static struct tb_proof program_of(const struct tb_metrics *m)
{
    const char *version = text_of(m, "env", "version"), *git = text_of(m, "env", "git");
    const struct tb_json *numeric = tb_metrics_fact(m, "env", "numeric");
    if (!*version || !numeric)
        return (struct tb_proof){ "program", tb_xstrdup("not recorded"), TB_TRUST_UNKNOWN };
    return (struct tb_proof){ "program",
                              tb_xasprintf("tunebench %s, numbers of version %lld%s%.*s", version,
                                           (long long)tb_json_int(numeric, 0), *git ? ", started in git " : "", DIGITS,
                                           git), TB_TRUST_KNOWN };
}

/* The bits of a run are promised for one instruction set, with any threads. */
static struct tb_proof machine_of(const struct tb_metrics *m)
{
    const char *isa = text_of(m, "env", "isa"), *job = text_of(m, "env", "slurm_job"),
               *task = text_of(m, "env", "slurm_task");
    struct tb_buf b = { 0 };
    tb_buf_str(&b, text_of(m, "env", "host"));
    if (*isa)
        tb_buf_fmt(&b, ", %s %s, %lld threads", text_of(m, "env", "device"), isa,
                   (long long)count_of(m, "env", "threads"));
    tb_buf_fmt(&b, ", %s", text_of(m, "env", "os"));
    if (*job)
        tb_buf_fmt(&b, ", slurm %s%s%s", job, *task ? "_" : "", task);
    return (struct tb_proof){ "machine", tb_buf_take(&b), *isa ? TB_TRUST_KNOWN : TB_TRUST_UNKNOWN };
}

/* What people did to it while it was trained: all of it is in the journal, and done again by rerun. */
static struct tb_proof touched_of(const struct tb_metrics *m)
{
    size_t n = tb_json_len(tb_json_get(m->facts, "changes"));
    struct tb_buf b = { 0 };
    if (m->n_resumes)
        tb_buf_fmt(&b, "resumed %d time%s from checkpoints", m->n_resumes, m->n_resumes == 1 ? "" : "s");
    if (n)
        tb_buf_fmt(&b, "%s%zu key%s changed under way, which rerun repeats", b.n ? "; " : "", n, n == 1 ? "" : "s");
    if (!b.n)
        tb_buf_str(&b, "trained in one go, nothing changed under way");
    return (struct tb_proof){ "under way", tb_buf_take(&b), TB_TRUST_KNOWN };
}

static struct tb_proof record_of(const struct tb_metrics *m)
{
    if (m->journal.is_damaged)
        return (struct tb_proof){ "record", tb_xasprintf("damaged: %s", m->journal.words), TB_TRUST_DOUBT };
    if (m->is_newer)
        return (struct tb_proof){ "record", tb_xstrdup("partly of a newer tunebench, and that part is not shown"),
                                  TB_TRUST_DOUBT };
    return (struct tb_proof){ "record", tb_xasprintf("whole: %zu steps, %zu evaluations, %zu events", m->n_train,
                                                     m->n_eval, m->n_events), TB_TRUST_KNOWN };
}

static struct tb_proof weights_of(const struct tb_metrics *m)
{
    const char *hash = text_of(m, "result", "final_hash");
    if (*hash)
        return hashed("weights", "", hash, "as it ended");
    return (struct tb_proof){ "weights", tb_xstrdup(tb_state_is_over(m->state) ? "no hash was recorded"
                                                                              : "it has not ended yet"),
                              TB_TRUST_UNKNOWN };
}

size_t tb_proofs_make(const struct tb_metrics *m, struct tb_proof proof[TB_PROOFS])
{
    static struct tb_proof (*const make[])(const struct tb_metrics *m) = {
        base_of, data_of, order_of, eval_of, recipe_of, program_of, machine_of, touched_of, record_of, weights_of,
    };
    size_t n = sizeof make / sizeof *make;
    for (size_t i = 0; i < n; i++)
        proof[i] = make[i](m);
    return n;
}

void tb_proofs_free(struct tb_proof *proof, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(proof[i].text);
}
