/* SPDX-License-Identifier: MIT */
/* dataset_priv.h - what readers hand to the dataset. */
#ifndef TB_DATASET_DATASET_PRIV_H
#define TB_DATASET_DATASET_PRIV_H

#include "dataset/dataset.h"
#include "text/tokenizer.h"

enum { TB_DATASET_MAX_BYTES = 1 << 30, TB_DATASET_MAX_ROW = 4095 };

/* A piece of a file; line for errors. */
struct tb_field {
    const char *p;
    size_t n;
};

struct tb_data_row {
    size_t ids, text; /* into the pools; the text is prompt, then completion */
    int n, n_prompt;  /* tokens */
    uint32_t prompt_bytes, completion_bytes;
    uint64_t hash; /* of the prompt; of the row in t.text */
    int group;
    bool is_held, is_left_out;
    uint8_t source;
};

struct tb_data_kind {
    const char *name, *who;
    const struct tb_key *keys;
    bool (*read)(struct tb_dataset *d, const char *path, struct tb_field file, struct tb_err *err);
};

/* A source and how it is read. */
struct tb_data_source {
    struct tb_source pub;
    const struct tb_data_kind *kind;
    struct tb_json *options; /* checked and complete */
    char hash[65];           /* of its files */
};

struct tb_dataset {
    struct tb_data_source *source; /* one, those of a mix */
    int n_sources, reading;        /* reading: which of them gives rows now */
    bool is_mix;
    const struct tb_json *options;                     /* of that one */
    struct tb_tokenizer *t;                            /* while reading */
    const char *prompt_template, *completion_template; /* NULL: the field as it is */
    bool parses_special, shares_prompts;
    enum tb_order_kind order;
    double share;
    struct tb_data_row *row;
    size_t n_rows, row_cap;
    struct tb_ids ids;
    struct tb_buf text, scratch;
    int *train, *train_tok, *train_group, *train_place;
    int n_places;      /* of an epoch, those of rows that are left out too */
    int *held, *sorted; /* sorted: all rows; both by (hash, row) */
    const char *without; /* while reading */
    uint64_t bytes; /* read so far */
    char hash[65];
    struct tb_dataset_counts counts;
};

/* mix.c: the sources that config names, as many as it has; source[i].options is what stands there of it, kind
 * included, weight not. *shared: the keys of a mix as a whole, checked and complete; a new map, NULL if it is none. */
bool tb_mix_sources(struct tb_dataset *d, const struct tb_json *config, struct tb_json **shared, struct tb_err *err);
/* Adds what was read of one source to the counts of the whole. */
void tb_mix_add_counts(struct tb_dataset_counts *sum, const struct tb_dataset_counts *n);
/* The content hash of the whole out of those of its sources. */
void tb_mix_hash(struct tb_dataset *d);
/* Lists the rows of an epoch, and counts them for each source. */
bool tb_mix_epoch(struct tb_dataset *d, struct tb_err *err);

/* without.c: marks and counts the rows that "17 204 300-310" names. Fails on what is no list of numbers, on a row that
 * is not there or held out; of a range those that are held out are passed over. */
bool tb_without_take(struct tb_dataset *d, const char *text, struct tb_err *err);

/* Tokenises a row and keeps it, or counts why not. prompt.p NULL: a text without a prompt. */
bool tb_dataset_add(struct tb_dataset *d, struct tb_field prompt, struct tb_field completion,
                    int line, struct tb_err *err);
/* Keeps ids that were cut out of a longer text (t.text windows). */
bool tb_dataset_add_ids(struct tb_dataset *d, const int32_t *ids, size_t n, struct tb_err *err);

/* Rows of one file's bytes, by the kind of the dataset. `path` for errors. */
bool tb_read_pairs(struct tb_dataset *d, const char *path, struct tb_field file,
                   struct tb_err *err);
bool tb_read_jsonl(struct tb_dataset *d, const char *path, struct tb_field file,
                   struct tb_err *err);
bool tb_read_text(struct tb_dataset *d, const char *path, struct tb_field file, struct tb_err *err);

/* The next line out of *rest, without its newline; false at the end. */
bool tb_field_line(struct tb_field *rest, struct tb_field *line);
struct tb_field tb_field_trim(struct tb_field f); /* blanks, tabs and CR at both ends */
/* from the first sep on; p NULL if none */
struct tb_field tb_field_find(struct tb_field f, const char *sep);

#endif
