/* SPDX-License-Identifier: MIT */
/* make_plan.c - collects overrides and either evaluates the recipe or fills tb_plan_flags. */
#include "cli/make_plan.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "recipe/recipe.h"
#include "worker/session.h"
#include "worker/worker.h"

struct overrides {
    struct tb_override at[2 * TB_ARGS_MAX + 1];
    struct tb_overrides o;
    char *threads; /* owned text */
};

static void take(struct overrides *v, const struct tb_args *a, const char *flag, bool is_grid)
{
    const char *text;
    for (int i = 0; (text = tb_args_at(a, flag, i)); i++)
        v->at[v->o.n++] = (struct tb_override){ .text = text, .is_grid = is_grid };
}

static bool collect(struct overrides *v, const struct tb_args *a, struct tb_err *err)
{
    long n;
    v->o.at = v->at;
    take(v, a, "set", false);
    take(v, a, "grid", true);
    if (!tb_args_int(a, "threads", 1, 4096, 0, &n, err))
        return false;
    if (n) {
        v->threads = tb_xasprintf("exec.threads=%ld", n);
        v->at[v->o.n++] = (struct tb_override){ .text = v->threads };
    }
    return true;
}

/* Each --data as it is read; false and *err if one of them cannot be looked into. */
static bool sniff_all(const struct tb_args *a, char **sniffed, struct tb_plan_flags *f, struct tb_err *err)
{
    const char *data;
    for (; f->n_sources < TB_ARGS_MAX && (data = tb_args_at(a, "data", (int)f->n_sources)); f->n_sources++)
        if (!(sniffed[f->n_sources] = tb_worker_sniff(data, err)))
            return false;
    f->sources = (const char *const *)sniffed;
    if (f->n_sources == 1) {
        f->data = sniffed[0];
        f->n_sources = 0;
    }
    return true;
}

static struct tb_plan *from_flags(const struct tb_args *a, struct overrides *v, struct tb_err *err)
{
    const char *methods[TB_ARGS_MAX];
    char *sniffed[TB_ARGS_MAX] = { NULL };
    struct tb_plan *p = NULL;
    struct tb_plan_flags f = { .base = tb_args_get(a, "base"), .budget = tb_args_get(a, "budget"),
                               .seeds = tb_args_get(a, "seed"), .methods = methods, .overrides = &v->o };
    while (f.n_methods < TB_ARGS_MAX && (methods[f.n_methods] = tb_args_at(a, "method", (int)f.n_methods)))
        f.n_methods++;
    if (sniff_all(a, sniffed, &f, err))
        tb_plan_from_flags(&f, &p, err);
    for (int i = 0; i < TB_ARGS_MAX; i++)
        free(sniffed[i]);
    return p;
}

static bool has_run_flags(const struct tb_args *a)
{
    return tb_args_has(a, "base") || tb_args_has(a, "data") || tb_args_has(a, "method") || tb_args_has(a, "budget");
}

/* The recipe as it is named; one that is not there is looked for among those that come with the program. To be
 * freed. */
static char *find_recipe(const char *path)
{
    static const char *const places[] = { "..", "." };
    const char *data = *path == '/' || tb_file_exists(path) ? NULL : tb_session_data_dir();
    for (size_t i = 0; data && i < sizeof places / sizeof *places; i++) {
        char *shipped = tb_xasprintf("%s/%s/%s", data, places[i], path);
        char *clean = tb_file_exists(shipped) ? realpath(shipped, NULL) : NULL;
        free(shipped);
        if (clean)
            return clean;
    }
    return tb_xstrdup(path);
}

struct tb_plan *tb_make_plan(const struct tb_args *a, const char *usage, struct tb_err *err)
{
    struct overrides *v = tb_xcalloc(1, sizeof *v);
    struct tb_plan *p = NULL;
    if (a->n_pos > 1)
        tb_fail(err, TB_ERR_USAGE, "'%s' is one word too many; usage: tunebench %s", a->pos[1], usage);
    else if (a->n_pos == 1 && (has_run_flags(a) || tb_args_has(a, "seed")))
        tb_fail(err, TB_ERR_USAGE,
                "a recipe says base, data, method, budget and seed itself; change it by --set or --grid");
    else if (a->n_pos == 0 && !has_run_flags(a))
        tb_fail(err, TB_ERR_USAGE, "what shall be trained? usage: tunebench %s", usage);
    else if (collect(v, a, err)) {
        char *recipe = a->n_pos ? find_recipe(a->pos[0]) : NULL;
        if (recipe)
            tb_recipe_eval(recipe, &v->o, &p, err);
        else
            p = from_flags(a, v, err);
        free(recipe);
    }
    free(v->threads);
    free(v);
    return p;
}
