/* SPDX-License-Identifier: MIT */
/* marks.c - checks marks before they become facts. The tags of a run are joined by commas in its summary, which
 * bounds their length. */
#include "store/marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/index.h"
#include "store/votes.h"
#include "store/writer.h"

enum { MAX_NOTE = 4000, MAX_TAGS = (int)sizeof ((struct tb_run_summary *)0)->tags - 1 };

bool tb_tag_check(const char *tag, struct tb_err *err)
{
    if (!*tag || *tag == '+' || *tag == '-')
        return tb_fail(err, TB_ERR_USAGE, "'%.80s' is no tag: expected a word", tag);
    for (const char *s = tag; *s; s++)
        if ((unsigned char)*s <= ' ' || *s == 127 || *s == ',')
            return tb_fail(err, TB_ERR_USAGE, "'%.80s' is no tag: blanks and commas part tags", tag);
    return true;
}

static bool check_tags(const struct tb_json *v, struct tb_err *err)
{
    size_t bytes = 0;
    if (tb_json_type(v) != TB_JSON_LIST)
        return tb_fail(err, TB_ERR_USAGE, "tags: expected a list");
    for (size_t i = 0; i < tb_json_len(v); i++) {
        const char *tag = tb_json_str(tb_json_at(v, i), "");
        if (!tb_tag_check(tag, err))
            return false;
        bytes += strlen(tag) + (i > 0);
    }
    return bytes <= MAX_TAGS || tb_fail(err, TB_ERR_LIMIT, "the tags of a run have room in %d bytes", MAX_TAGS);
}

static bool check_checkpoints(const struct tb_json *v, struct tb_err *err)
{
    bool good = tb_json_type(v) == TB_JSON_MAP || tb_fail(err, TB_ERR_USAGE, "checkpoints: expected a map");
    for (void *it = tb_json_first(v); good && it; it = tb_json_next(v, it)) {
        int64_t step;
        good = (tb_str_int(tb_json_iter_key(it), &step) && step >= 0)
            || tb_fail(err, TB_ERR_USAGE, "checkpoints: '%.80s' is no step", tb_json_iter_key(it));
        good = good && check_tags(tb_json_iter_value(it), err);
    }
    return good;
}

static bool check(const char *key, const struct tb_json *v, struct tb_err *err)
{
    if (strcmp(key, "tags") == 0)
        return check_tags(v, err);
    if (strcmp(key, "checkpoints") == 0)
        return check_checkpoints(v, err);
    if (strcmp(key, "note") == 0 && tb_json_type(v) == TB_JSON_STR)
        return tb_json_str_len(v) <= MAX_NOTE
            || tb_fail(err, TB_ERR_LIMIT, "a note may have %d bytes", MAX_NOTE);
    if (strcmp(key, "vote") == 0)
        return tb_vote_check(v, err);
    bool is_switch = strcmp(key, "protected") == 0 || strcmp(key, "archived") == 0;
    return (is_switch && tb_json_type(v) == TB_JSON_BOOL)
        || tb_fail(err, TB_ERR_USAGE, "'%.80s' is no mark of that kind (tags, checkpoints, note, protected, archived)",
                   key);
}

struct tb_json *tb_marks_facts(const struct tb_json *marks, struct tb_err *err)
{
    bool good = tb_json_first(marks)
             || tb_fail(err, TB_ERR_USAGE, "no marks: expected tags, note, protected or archived");
    for (void *it = tb_json_first(marks); good && it; it = tb_json_next(marks, it))
        good = check(tb_json_iter_key(it), tb_json_iter_value(it), err);
    if (!good)
        return NULL;
    struct tb_json *facts = tb_json_new_map(), *result = tb_json_copy(marks);
    tb_json_del(result, "vote"); /* no fact, but more of one */
    tb_json_set(facts, "result", result);
    return facts;
}

/* The event first: written twice on a disk that was full it harms less than a vote that is counted twice. */
static bool write_vote(struct tb_run_writer *w, const struct tb_json *vote, struct tb_json *facts, struct tb_err *err)
{
    const struct tb_metrics *m = tb_run_writer_metrics(w);
    struct tb_json *votes = tb_vote_add(m, vote, err);
    if (!votes)
        return false;
    tb_json_set((struct tb_json *)tb_json_get(facts, "result"), "votes", votes);
    char *words = tb_vote_words(vote);
    bool good = tb_run_writer_event(w, m->step, "vote", err, "%s", words);
    free(words);
    return good;
}

bool tb_marks_write(struct tb_run_writer *w, const struct tb_json *marks, struct tb_err *err)
{
    const struct tb_json *vote = tb_json_get(marks, "vote");
    struct tb_json *facts = tb_marks_facts(marks, err);
    bool good = facts && (!vote || write_vote(w, vote, facts, err)) && tb_run_writer_facts(w, facts, err);
    tb_json_free(facts);
    return good;
}

struct tb_json *tb_marks_tags(const struct tb_metrics *m)
{
    const struct tb_json *given = tb_metrics_fact(m, "result", "tags"),
                         *v = given ? given : tb_metrics_fact(m, "config", "exec.tags");
    struct tb_json *list = tb_json_new_list();
    if (tb_json_type(v) == TB_JSON_STR && *tb_json_str(v, ""))
        tb_json_append(list, tb_json_copy(v));
    for (size_t i = 0; i < tb_json_len(v); i++)
        if (*tb_json_str(tb_json_at(v, i), ""))
            tb_json_append(list, tb_json_copy(tb_json_at(v, i)));
    return list;
}

struct tb_json *tb_marks_checkpoint(const struct tb_metrics *m, int64_t step)
{
    char key[24];
    snprintf(key, sizeof key, "%lld", (long long)step);
    const struct tb_json *v = tb_json_get(tb_metrics_fact(m, "result", "checkpoints"), key);
    return tb_json_type(v) == TB_JSON_LIST ? tb_json_copy(v) : tb_json_new_list();
}

struct tb_json *tb_marks_set_checkpoint(const struct tb_metrics *m, int64_t step, const struct tb_json *tags)
{
    const struct tb_json *old = tb_metrics_fact(m, "result", "checkpoints");
    struct tb_json *map = tb_json_type(old) == TB_JSON_MAP ? tb_json_copy(old) : tb_json_new_map();
    char key[24];
    snprintf(key, sizeof key, "%lld", (long long)step);
    if (tb_json_len(tags))
        tb_json_set(map, key, tb_json_copy(tags));
    else
        tb_json_del(map, key);
    return map;
}

bool tb_marks_is_protected(const struct tb_metrics *m)
{
    return tb_json_bool(tb_metrics_fact(m, "result", "protected"), false);
}

const char *tb_marks_note(const struct tb_metrics *m)
{
    return tb_json_str(tb_metrics_fact(m, "result", "note"), "");
}
