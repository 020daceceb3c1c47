/* SPDX-License-Identifier: MIT */
/* choose.c - words to runs of a store, and back to words. */
#include "cli/choose.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/pick.h"
#include "view/filter.h"

static bool is_filter(const char *word)
{
    return strpbrk(word, ":=<>") != NULL;
}

bool tb_filter_says(const char *filter, const char *term)
{
    char *field = tb_xasprintf("%.*s", (int)strcspn(term, ":"), term);
    size_t n = strlen(field);
    bool says = false;
    for (const char *at = filter; !says && (at = strstr(at, field)); at += n)
        says = (at == filter || strchr(" \t\n!", at[-1])) && at[n] && strchr(":=!<>", at[n]);
    free(field);
    return says;
}

static void add(struct tb_choice *c, size_t index)
{
    if (c->is_in[index])
        return;
    c->is_in[index] = true;
    c->at[c->n++] = index;
}

static bool add_named(struct tb_choice *c, const char *word, struct tb_err *err)
{
    int64_t i = tb_run_find(c->all, c->n_all, word, err);
    if (i >= 0)
        add(c, (size_t)i);
    return i >= 0;
}

static bool add_passing(struct tb_choice *c, const char *text, const char *besides, struct tb_err *err)
{
    bool as_it_is = !besides || tb_filter_says(text, besides);
    char *whole = as_it_is ? tb_xstrdup(text) : tb_xasprintf("%s %s", text, besides);
    struct tb_filter *f = tb_filter_open(whole, err);
    size_t *order = tb_xcalloc(c->n_all + 1, sizeof *order), n = f ? tb_filter_apply(f, c->all, c->n_all, order) : 0;
    for (size_t i = 0; i < n; i++)
        add(c, order[i]);
    if (f && n == 0)
        tb_fail(err, TB_ERR_NOTFOUND, "no run passes the filter '%s'", whole);
    tb_filter_close(f);
    free(order);
    free(whole);
    return n > 0;
}

bool tb_choose(struct tb_choice *c, const struct tb_args *a, const char *const *words, int n, const char *besides,
               struct tb_err *err)
{
    struct tb_buf filter = { 0 };
    *c = (struct tb_choice){ .store = tb_pick_store(a, err), .store_flag = tb_args_get(a, "store") };
    bool good = c->store && tb_store_list(c->store, &c->all, &c->n_all, err);
    c->at = tb_xcalloc(c->n_all + 1, sizeof *c->at);
    c->is_in = tb_xcalloc(c->n_all + 1, sizeof *c->is_in);
    for (int i = 0; good && i < n; i++) {
        if (is_filter(words[i]))
            tb_buf_fmt(&filter, "%s%s", filter.n ? " " : "", words[i]);
        else
            good = add_named(c, words[i], err);
    }
    good = good && (!filter.n || add_passing(c, filter.p, besides, err));
    tb_buf_free(&filter);
    return good;
}

void tb_choice_free(struct tb_choice *c)
{
    free(c->is_in);
    free(c->at);
    free(c->all);
    tb_store_close(c->store);
    *c = (struct tb_choice){ 0 };
}

const struct tb_run_item *tb_choice_item(const struct tb_choice *c, size_t i)
{
    return &c->all[c->at[i]];
}

char *tb_choice_dir(const struct tb_choice *c, size_t i)
{
    return tb_store_run_dir(c->store, tb_choice_item(c, i)->sum.id);
}

/* The name, if nothing else than this run is called so and no verb takes it for something else. */
static const char *reference(const struct tb_choice *c, size_t i)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-/@,%";
    const struct tb_run_summary *s = &tb_choice_item(c, i)->sum;
    bool is_plain = *s->name && strspn(s->name, plain) == strlen(s->name) && !strchr("+-@", s->name[0]);
    return is_plain && tb_run_find(c->all, c->n_all, s->name, NULL) == (int64_t)c->at[i] ? s->name : s->id;
}

char *tb_choice_command(const struct tb_choice *c, size_t i, const char *verb, const char *behind)
{
    struct tb_buf b = { 0 };
    tb_buf_fmt(&b, "tunebench %s %s", verb, reference(c, i));
    if (behind && *behind)
        tb_buf_fmt(&b, " %s", behind);
    if (c->store_flag) {
        tb_buf_str(&b, " --store ");
        tb_shell_quote(&b, c->store_flag);
    }
    return tb_buf_take(&b);
}
