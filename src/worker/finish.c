/* SPDX-License-Identifier: MIT */
/* finish.c - the end of a run: its adapter in run.h5 under PEFT's names (parts of a stack each behind "<part>/"), with
 * adapter_config.json as text, for a stack {"order": [{dir, kind}], "<part>": its config}; `full` as a model folder
 * beside it. final_hash is SHA-256 over the trained tensors in their order and the losses of all steps and
 * evaluations, as little-endian numbers: equal hashes mean the same bits all the way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "exchange/exchange.h"
#include "method/saved.h"
#include "worker/arrays.h"
#include "worker/train_priv.h"

static bool is_model(const struct tb_stack *s)
{
    return !s->part[0]->method->peft_type;
}

/* All tensors that PEFT's folders would hold. */
static void collect(struct tb_saved *all, const struct tb_stack *s)
{
    for (int i = 0; i < s->n; i++) {
        size_t first = all->n;
        tb_saved_peft(all, s->part[i]);
        for (size_t j = first; s->n > 1 && j < all->n; j++) {
            char name[sizeof all->at[j].name];
            snprintf(name, sizeof name, "%.60s/%.*s", s->part[i]->part, (int)sizeof name - 64, all->at[j].name);
            memcpy(all->at[j].name, name, sizeof name);
        }
    }
}

static char *config_text(const struct tb_stack *s, const char *base_name)
{
    if (s->n == 1) {
        struct tb_json *one = tb_peft_config(s->part[0], base_name);
        char *text = tb_json_text(one, TB_JSON_PRETTY);
        tb_json_free(one);
        return text;
    }
    struct tb_json *map = tb_json_new_map(), *order = tb_json_new_list();
    for (int i = 0; i < s->n; i++) {
        struct tb_json *entry = tb_json_new_map();
        tb_json_set(entry, "dir", tb_json_new_str(s->part[i]->part));
        tb_json_set(entry, "kind", tb_json_new_str(s->part[i]->method->name));
        tb_json_append(order, entry);
        tb_json_set(map, s->part[i]->part, tb_peft_config(s->part[i], base_name));
    }
    tb_json_set(map, "order", order);
    char *text = tb_json_text(map, TB_JSON_PRETTY);
    tb_json_free(map);
    return text;
}

struct seal_call {
    struct tb_training *t;
    struct tb_final final; /* n 0: a model */
    const struct tb_saved *saved;
    struct tb_json *result;
    enum tb_state state;
    const char *ended_by, *note;
    bool has_facts;
};

/* Rows of later steps were left by an earlier try of a run that was resumed; sealing drops them. */
static void hash_losses(struct tb_sha256 *h, const struct tb_metrics *m)
{
    for (size_t i = 0; i < m->n_train && m->train[i].step <= (double)m->step; i++)
        tb_sha256_add(h, &m->train[i].loss, sizeof m->train[i].loss);
    for (size_t i = 0; i < m->n_eval && m->eval[i].step <= (double)m->step; i++)
        tb_sha256_add(h, &m->eval[i].loss, sizeof m->eval[i].loss);
}

static void final_hash(const struct tb_saved *saved, const struct tb_metrics *m, char hex[65])
{
    struct tb_sha256 h;
    uint8_t digest[32];
    tb_sha256_begin(&h);
    for (size_t i = 0; i < saved->n; i++)
        tb_sha256_add(&h, saved->at[i].data, (size_t)saved->at[i].n * sizeof *saved->at[i].data);
    hash_losses(&h, m);
    tb_sha256_end(&h, digest);
    tb_hex(digest, sizeof digest, hex);
}

static bool write_seal(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    struct seal_call *c = arg;
    char hex[65];
    if (!c->has_facts) {
        struct tb_json *facts = tb_json_new_map();
        final_hash(c->saved, tb_run_writer_metrics(w), hex);
        tb_json_set(c->result, "final_hash", tb_json_new_str(hex));
        tb_json_set(facts, "result", tb_json_ref(c->result));
        c->has_facts = tb_run_writer_facts(w, facts, err);
        tb_json_free(facts);
    }
    return c->has_facts
        && tb_run_writer_seal(w, c->state, c->ended_by, c->note, c->final.n ? &c->final : NULL, err);
}

static struct tb_json *result_of(struct tb_training *t, const struct tb_saved *saved)
{
    struct tb_json *map = tb_json_new_map();
    int64_t floats = 0;
    for (size_t i = 0; i < saved->n; i++)
        floats += saved->at[i].n;
    if (t->can_measure_peak)
        tb_json_set(map, "peak_bytes", tb_json_new_int((int64_t)tb_training_peak(t)));
    tb_json_set(map, "adapter_bytes", tb_json_new_int(floats * (int64_t)sizeof(float)));
    return map;
}

/* The model of a run of `full`; one that is there was left by an earlier try to seal. */
static bool write_model(struct tb_run_writer *w, void *arg, struct tb_err *err)
{
    const struct tb_training *t = arg;
    const struct tb_job *j = t->job;
    char *dir = tb_path_join(t->dir, "model");
    bool good = tb_dir_remove(dir, err)
             && tb_hf_write(j->base->model, j->stack->part[0], j->base->tokenizer_path, false, dir, err);
    free(dir);
    return good;
}

bool tb_training_seal(struct tb_training *t, enum tb_state state, const char *ended_by, const char *note,
                      struct tb_err *err)
{
    const struct tb_stack *stack = t->job->stack;
    struct tb_saved saved = { 0 };
    struct seal_call c = { .t = t, .saved = &saved, .state = state, .ended_by = ended_by, .note = note };
    char *text = NULL;
    bool good = true;
    collect(&saved, stack);
    c.result = result_of(t, &saved);
    if (is_model(stack)) {
        good = tb_recorder_do(t->recorder, write_model, t, err);
    } else {
        c.final.tensor = tb_arrays_of(&saved, &c.final.n);
        c.final.peft_config = text = config_text(stack, t->job->base->name);
    }
    good = good && tb_recorder_do(t->recorder, write_seal, &c, err);
    tb_json_free(c.result);
    free((struct tb_array *)c.final.tensor);
    free(text);
    tb_saved_free(&saved);
    return good;
}
