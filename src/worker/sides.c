/* SPDX-License-Identifier: MIT */
/* sides.c - runs, their stacks and weights, and the engine over all of them. The engine's own route is the bare base,
 * so that it can always be asked; every stack is a route behind it. */
#include "worker/sides.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MIN_TOK = 256 };

/* ---- runs */

static bool check(const struct tb_chat_spec *s, struct tb_err *err)
{
    if (s->n_runs && (s->base || s->n_adapters))
        return tb_fail(err, TB_ERR_USAGE, "a run has its own base and adapter: give either RUN.., or --base and "
                       "--adapter");
    if (!s->n_runs && !s->base)
        return tb_fail(err, TB_ERR_USAGE, "what shall write? a RUN of the store, or --base with --adapter DIR");
    if (s->has_mix && s->n_runs < 2)
        return tb_fail(err, TB_ERR_USAGE, "--mix joins the adapters of two runs or more; give their names (of folders, "
                       "several --adapter are one stack)");
    int n = s->n_runs + s->has_mix + s->has_base;
    return n <= TB_SIDES || tb_fail(err, TB_ERR_USAGE, "%d sides at once; at most %d", n, TB_SIDES);
}

/* Another run on the base of the first. */
static bool open_run(struct tb_sides *s, int i, struct tb_err *err)
{
    struct tb_side *side = &s->side[i];
    side->run = &side->own;
    if (!tb_session_run_open_on(&side->own, s->spec->store, s->spec->runs[i], s->on.shelf, err))
        return false;
    if (strcmp(side->own.base->id, s->on.base->id) != 0)
        return tb_fail(err, TB_ERR_USAGE, "%s stands on %s and %s on %s: only runs on one base can write side by side",
                       tb_side_name(s, 0), s->on.base->name, tb_side_name(s, i), side->own.base->name);
    return true;
}

/* A run of method full is a base of its own. */
static bool check_full(const struct tb_sides *s, struct tb_err *err)
{
    for (int i = 0; i < s->n; i++) {
        const struct tb_session_run *r = s->side[i].run;
        if (r && tb_session_run_is_full(r) && (s->n > 1 || !r->trained))
            return tb_fail(err, TB_ERR_USAGE, "%s trained every weight: it is a base of its own and shares none with "
                           "others; `tunebench generate %s PROMPT` writes with it alone", tb_side_name(s, i), r->id);
    }
    return true;
}

static bool open_first(struct tb_sides *s, struct tb_err *err)
{
    const struct tb_chat_spec *spec = s->spec;
    s->subject = (struct tb_subject_spec){ .base = spec->base, .adapters = spec->adapters,
                                           .n_adapters = spec->n_adapters, .store = spec->store,
                                           .run = spec->n_runs ? spec->runs[0] : NULL, .data = spec->data };
    if (!tb_subject_open(&s->on, &s->subject, err))
        return false;
    s->side[0].run = spec->n_runs ? &s->on.run : NULL;
    s->side[0].stack = s->on.stack;
    s->on.stack = NULL;
    s->n = 1;
    return true;
}

static bool open_all(struct tb_sides *s, struct tb_err *err)
{
    if (!open_first(s, err))
        return false;
    for (; s->n < s->spec->n_runs; s->n++)
        if (!open_run(s, s->n, err))
            return false;
    s->side[s->n].is_mix = s->spec->has_mix;
    s->n += s->spec->has_mix;
    s->n += s->spec->has_base && (s->spec->n_runs || s->side[0].stack);
    s->model = s->on.run.trained ? s->on.run.trained : s->on.base->model;
    return check_full(s, err);
}

/* ---- stacks and weights */

/* The parts of a run behind the *n that are there already. */
static bool add_parts(struct tb_sides *s, int run, struct tb_adapter **part, int *n, struct tb_err *err)
{
    struct tb_stack *own = tb_stack_open(s->side[run].run->config.map, s->model, err);
    bool good = own && (*n + own->n <= TB_STACK_PARTS
                        || tb_fail(err, TB_ERR_LIMIT, "has more than %d parts", TB_STACK_PARTS));
    if (good) {
        s->mixed[run] = *own;
        memcpy(part + *n, own->part, (size_t)own->n * sizeof *part);
        *n += own->n;
        own->n = 0;
    }
    tb_stack_close(own);
    return good;
}

/* The parts of all runs once more, as one stack. They keep the names that they have in their runs, by which those are
 * loaded into them. */
static struct tb_stack *open_mix(struct tb_sides *s, struct tb_err *err)
{
    struct tb_adapter *part[TB_STACK_PARTS];
    char name[TB_STACK_PARTS][sizeof part[0]->part];
    int n = 0;
    bool good = true;
    for (int i = 0; good && i < s->spec->n_runs; i++)
        good = add_parts(s, i, part, &n, err);
    for (int k = 0; k < n; k++)
        memcpy(name[k], part[k]->part, sizeof name[k]);
    struct tb_stack *mix = good ? tb_stack_of(part, n, err) : NULL;
    for (int k = 0; k < n && !good; k++)
        tb_adapter_close(part[k]);
    for (int k = 0; k < n && mix; k++)
        memcpy(part[k]->part, name[k], sizeof name[k]);
    if (!mix)
        tb_err_prefix(err, "the mix of %d runs", s->spec->n_runs);
    return mix;
}

static bool open_stacks(struct tb_sides *s, struct tb_err *err)
{
    for (int i = 0; i < s->n; i++) {
        struct tb_side *side = &s->side[i];
        side->scale = 1;
        if (side->run && !side->run->trained
            && !(side->stack = tb_stack_open(side->run->config.map, s->model, err)))
            return false;
        if (side->is_mix && !(side->stack = open_mix(s, err)))
            return false;
        if (!side->stack)
            continue;
        side->n_virtual = tb_stack_kv_rows(side->stack) + tb_stack_input_rows(side->stack);
        s->routes[s->n_routes++] = side->stack;
        side->route = s->n_routes;
    }
    return true;
}

static bool load(struct tb_sides *s, int i, struct tb_err *err)
{
    struct tb_side *side = &s->side[i];
    if (!side->stack)
        return true;
    if (!tb_session_init(side->stack, err))
        return false;
    for (int k = 0; side->is_mix && k < s->spec->n_runs; k++)
        if (!tb_session_run_load(s->side[k].run, &s->mixed[k], err))
            return false;
    if (side->is_mix)
        return true;
    return side->run ? tb_session_run_load(side->run, side->stack, err)
                     : tb_folders_load(&s->on.folders, side->stack, err);
}

bool tb_sides_open(struct tb_sides *s, const struct tb_chat_spec *spec, struct tb_err *err)
{
    char why[256];
    *s = (struct tb_sides){ .spec = spec };
    if (!check(spec, err) || !open_all(s, err) || !open_stacks(s, err))
        return false;
    s->k = tb_kernels_open(NULL, spec->threads > 0 ? spec->threads : tb_kernels_default_threads(), why, sizeof why);
    if (!s->k)
        return tb_fail(err, TB_ERR_LIMIT, "%s", why);
    int room = tb_sides_room(s);
    bool good = tb_sides_reserve(s, room < MIN_TOK ? room : MIN_TOK, err);
    for (int i = 0; good && i < s->n; i++)
        good = load(s, i, err);
    return good;
}

static void close_engine(struct tb_sides *s)
{
    tb_generator_close(s->generator);
    tb_engine_close(s->engine);
    s->generator = NULL;
    s->engine = NULL;
    s->row_tok = 0;
}

void tb_sides_close(struct tb_sides *s)
{
    close_engine(s);
    for (int i = 0; i < TB_SIDES; i++)
        tb_stack_close(s->side[i].stack);
    if (s->k)
        s->k->close(s->k);
    for (int i = 0; i < TB_SIDES; i++)
        tb_session_run_close(&s->side[i].own);
    if (s->on.spec)
        tb_subject_close(&s->on);
    *s = (struct tb_sides){ 0 };
}

/* ---- the engine */

static int most_input(const struct tb_sides *s)
{
    int most = 0;
    for (int i = 0; i < s->n_routes; i++) {
        int n = tb_stack_input_rows(s->routes[i]);
        most = n > most ? n : most;
    }
    return most;
}

/* What it takes beyond what is held; adapters stay when the engine is opened again. */
static bool fits(const struct tb_sides *s, const struct tb_engine_spec *spec, const struct tb_generator_spec *rows,
                 struct tb_err *err)
{
    struct tb_footprint f;
    uint64_t room = tb_mem_free_bytes();
    tb_engine_footprint(s->model, NULL, spec, &f);
    uint64_t need = f.activations + f.logits + f.scratch + tb_generator_bytes(s->model, most_input(s), rows)
                  + (s->n_routes && s->routes[0]->part[0]->k ? 0 : f.adapter);
    return need <= room
        || tb_fail(err, TB_ERR_LIMIT, "%d texts of %d tokens side by side need %llu MB and %llu MB are free; write "
                   "shorter ones or with fewer sides, or wait for runs to end", rows->n_rows, rows->row_tok,
                   (unsigned long long)(need >> 20), (unsigned long long)(room >> 20));
}

/* For all sides at once, and the bare base where it is none of them. */
static bool open_engine(struct tb_sides *s, int row_tok, struct tb_err *err)
{
    struct tb_engine_spec bare = { .step_rows = s->n + 1, .row_tok = row_tok, .routes = s->routes,
                                   .n_routes = s->n_routes };
    struct tb_engine_spec spec = tb_session_spec(&bare);
    struct tb_generator_spec rows = { s->n + 1, row_tok };
    if (!fits(s, &spec, &rows, err) || !(s->engine = tb_engine_open(s->model, s->k, NULL, &spec, err))
        || !(s->generator = tb_generator_open(s->engine, &rows, err))) {
        close_engine(s);
        return false;
    }
    s->row_tok = row_tok;
    for (int i = 0; i < s->n; i++)
        tb_sides_set_scale(s, i, s->side[i].scale);
    return true;
}

bool tb_sides_reserve(struct tb_sides *s, int row_tok, struct tb_err *err)
{
    int most = tb_sides_room(s), want = MIN_TOK;
    if (row_tok <= s->row_tok)
        return true;
    while (want < row_tok)
        want *= 2;
    want = want < most ? want : most;
    close_engine(s);
    return open_engine(s, want, NULL) || open_engine(s, row_tok, err);
}

void tb_sides_set_scale(struct tb_sides *s, int side, double scale)
{
    s->side[side].scale = scale;
    if (s->engine && s->side[side].route)
        tb_engine_set_scale(s->engine, s->side[side].route, (float)scale);
}

/* ---- runs that go on */

bool tb_sides_has_newer(struct tb_sides *s, int side)
{
    struct tb_session_run *r = s->side[side].run;
    if (!r || !s->side[side].stack)
        return false;
    if (!tb_state_is_over(r->metrics.state) && !tb_session_run_look(r, s->spec->runs[side], NULL))
        return false;
    return tb_session_run_newest(r) > r->loaded;
}

bool tb_sides_reload(struct tb_sides *s, int side, struct tb_err *err)
{
    struct tb_session_run *r = s->side[side].run;
    if (!r || !s->side[side].stack)
        return true;
    return tb_session_run_look(r, s->spec->runs[side], err) && tb_session_run_load(r, s->side[side].stack, err)
        && (s->mixed[side].n == 0 || tb_session_run_load(r, &s->mixed[side], err));
}

/* ---- names */

int tb_sides_room(const struct tb_sides *s)
{
    int most = 0;
    for (int i = 0; i < s->n; i++)
        most = s->side[i].n_virtual > most ? s->side[i].n_virtual : most;
    return s->model->shape.context - most;
}

static bool is_bare(const struct tb_sides *s, int side)
{
    return !s->side[side].run && !s->side[side].stack;
}

const char *tb_side_name(const struct tb_sides *s, int side)
{
    const struct tb_session_run *r = s->side[side].run;
    const char *name = r ? tb_json_str(tb_metrics_fact(&r->metrics, "run", "name"), "") : "";
    return *name ? name : r ? r->id : s->side[side].is_mix ? "mix" : is_bare(s, side) ? "base" : "adapter";
}

const char *tb_side_letter(const struct tb_sides *s, int side)
{
    static const char *const letters[TB_SIDES] = { "A", "B", "C", "D", "E", "F", "G", "H" };
    return s->side[side].is_mix ? "mix" : is_bare(s, side) ? "base" : letters[side];
}
