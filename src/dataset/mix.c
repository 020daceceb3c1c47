/* SPDX-License-Identifier: MIT */
/* mix.c - rows of several sources in one data set (doc/frozen.md 2). A weight says how often an epoch holds each
 * training row of its source: floor(w) times, and once more those whose share is below w - floor(w). The share of a
 * row is the first 8 bytes of SHA-256("mix" LF prompt LF completion) / 2^64, so it is the same for every seed and
 * order, and "mix" makes it another number than the one that decides what is held out. A single source is a mix of one
 * whose weight is 1. */
#include "dataset/dataset_priv.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "plan/keys.h"
#include "plan/plan.h"

enum { MAX_EPOCH = 1 << 28, BYTES_PER_PLACE = 44 }; /* of an epoch's lists, here and in the order */

/* Entries of config without a number (i < 0), or those of source i without theirs; a new map. */
static struct tb_json *part_of(const struct tb_json *config, int i)
{
    struct tb_json *out = tb_json_new_map();
    char head[16] = "";
    if (i >= 0)
        snprintf(head, sizeof head, "%d.", i);
    for (void *it = tb_json_first(config); it; it = tb_json_next(config, it)) {
        const char *key = tb_json_iter_key(it), *rest = key + strlen(head);
        if (tb_str_starts(key, head) && !strchr(rest, '.'))
            tb_json_set(out, rest, tb_json_copy(tb_json_iter_value(it)));
    }
    return out;
}

static bool take_source(struct tb_dataset *d, struct tb_json *own, struct tb_err *err)
{
    struct tb_data_source *s = &d->source[d->n_sources++];
    struct tb_json *weight = tb_key_value(tb_keys_section("data.<i>"), own, "weight", err);
    *s = (struct tb_data_source){ .pub.weight = tb_json_real(weight, 1), .options = own };
    tb_json_del(own, "weight");
    tb_json_free(weight);
    if (!weight)
        tb_err_prefix(err, "data.%d", d->n_sources - 1);
    return weight != NULL;
}

bool tb_mix_sources(struct tb_dataset *d, const struct tb_json *config, struct tb_json **shared, struct tb_err *err)
{
    d->is_mix = strcmp(tb_json_str(tb_json_get(config, "kind"), ""), "mix") == 0;
    d->source = tb_xcalloc(TB_PLAN_MAX_SOURCES, sizeof *d->source);
    *shared = NULL;
    if (!d->is_mix) {
        d->source[d->n_sources++] = (struct tb_data_source){ .pub.weight = 1, .options = tb_json_copy(config) };
        return true;
    }
    for (int i = 0; i < TB_PLAN_MAX_SOURCES; i++) {
        struct tb_json *own = part_of(config, i);
        if (!tb_json_get(own, "kind")) {
            tb_json_free(own);
            break;
        }
        if (!take_source(d, own, err))
            return false;
    }
    if (d->n_sources == 0)
        return tb_fail(err, TB_ERR_RECIPE, "t.mix: there are no sources in it");
    struct tb_json *given = part_of(config, -1);
    tb_json_del(given, "kind");
    *shared = tb_key_check(tb_dataset_keys_mix, given, "t.mix", err);
    tb_json_free(given);
    return *shared && tb_key_complete(tb_dataset_keys_mix, *shared, "t.mix", err);
}

void tb_mix_add_counts(struct tb_dataset_counts *sum, const struct tb_dataset_counts *n)
{
    sum->read += n->read;
    sum->rows += n->rows;
    sum->too_long += n->too_long;
    sum->no_label += n->no_label;
    sum->longest = n->longest > sum->longest ? n->longest : sum->longest;
    sum->long_line = sum->long_line ? sum->long_line : n->long_line;
    sum->empty_line = sum->empty_line ? sum->empty_line : n->empty_line;
    sum->prompt_tok += n->prompt_tok;
    sum->completion_tok += n->completion_tok;
    sum->own_tok += n->own_tok;
}

/* The digits of all sources rather than their bytes: a line moved from one to the next is another text. */
void tb_mix_hash(struct tb_dataset *d)
{
    struct tb_sha256 h;
    uint8_t digest[32];
    if (!d->is_mix) {
        memcpy(d->hash, d->source[0].hash, sizeof d->hash);
        return;
    }
    tb_sha256_begin(&h);
    for (int i = 0; i < d->n_sources; i++)
        tb_sha256_add(&h, d->source[i].hash, 64);
    tb_sha256_end(&h, digest);
    tb_hex(digest, sizeof digest, d->hash);
}

static double share_of(const struct tb_dataset *d, const struct tb_data_row *r)
{
    static const char head[] = "mix\n";
    const char *text = d->text.p + r->text;
    struct tb_sha256 h;
    uint8_t digest[32];
    uint64_t v = 0;
    tb_sha256_begin(&h);
    tb_sha256_add(&h, head, sizeof head - 1);
    tb_sha256_add(&h, text, r->prompt_bytes);
    tb_sha256_add(&h, "\n", 1);
    tb_sha256_add(&h, text + r->prompt_bytes, r->completion_bytes);
    tb_sha256_end(&h, digest);
    for (int i = 0; i < 8; i++)
        v = v << 8 | digest[i];
    return ldexp((double)v, -64);
}

/* One turn of an epoch over a source: its training rows, or those whose share is below `share`. */
static void list_turn(struct tb_dataset *d, struct tb_source *s, double share)
{
    struct tb_dataset_counts *c = &d->counts;
    for (int i = s->first; i < s->first + s->n.rows; i++) {
        const struct tb_data_row *r = &d->row[i];
        if (r->is_held || (share < 1 && share_of(d, r) >= share))
            continue;
        int place = d->n_places++;
        if (r->is_left_out)
            continue;
        d->train[c->epoch] = i;
        d->train_place[c->epoch] = place;
        d->train_tok[c->epoch] = r->n;
        d->train_group[c->epoch++] = r->group;
        s->n.epoch++;
        s->n.train_tok += r->n;
    }
}

bool tb_mix_epoch(struct tb_dataset *d, struct tb_err *err)
{
    double most = 0;
    for (int i = 0; i < d->n_sources; i++) {
        struct tb_source *s = &d->source[i].pub;
        for (int row = s->first; row < s->first + s->n.rows; row++)
            s->n.held += d->row[row].is_held;
        s->n.train = s->n.rows - s->n.held - s->n.left_out;
        most += s->n.train * ceil(s->weight);
    }
    if (most > MAX_EPOCH || most * BYTES_PER_PLACE > (double)tb_mem_free_bytes())
        return tb_fail(err, TB_ERR_LIMIT, "the weights make an epoch of %.0f rows; at most %d, and %d bytes of free "
                       "memory for each", most, MAX_EPOCH, BYTES_PER_PLACE);
    d->train = tb_xcalloc((size_t)most + 1, sizeof *d->train);
    d->train_tok = tb_xcalloc((size_t)most + 1, sizeof *d->train_tok);
    d->train_place = tb_xcalloc((size_t)most + 1, sizeof *d->train_place);
    d->train_group = tb_xcalloc((size_t)most + 1, sizeof *d->train_group);
    for (int i = 0; i < d->n_sources; i++) {
        struct tb_source *s = &d->source[i].pub;
        for (double done = 0; done < s->weight; done++)
            list_turn(d, s, s->weight - done);
        d->counts.train_tok += s->n.train_tok;
    }
    return true;
}
