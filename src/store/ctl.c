/* SPDX-License-Identifier: MIT */
/* ctl.c - request files. A request appears by rename of a complete temporary file, so a reader
 * never sees half of one; numbers are given out under a lock on the folder, so they are unique and
 * in order. A file is data from outside: at most 64 KiB, a JSON map whose verb is the one in its
 * name. */
#include "store/ctl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/layout.h"

enum { MAX_REQUEST = 65536 };

void tb_ctl_free(struct tb_ctl_request *q)
{
    tb_json_free(q->args);
    *q = (struct tb_ctl_request){ 0 };
}

static char *path_of(const char *dir, unsigned seq, const char *verb, const char *end)
{
    return tb_xasprintf("%s/" TB_DIR_CTL "/%06u-%s.%s", dir, seq, verb, end);
}

static bool is_verb(const char *s, size_t n)
{
    return n > 0 && n < 32 && strspn(s, "abcdefghijklmnopqrstuvwxyz_-") >= n;
}

/* "000012-stop.json": number, verb and what is behind the point; false for other names. */
static bool split(const char *name, unsigned *seq, char verb[32], const char **end)
{
    char digits[7];
    int64_t number;
    const char *point = strrchr(name, '.');
    if (strspn(name, "0123456789") != 6 || name[6] != '-' || !point)
        return false;
    size_t n = (size_t)(point - name) - 7;
    if (!is_verb(name + 7, n))
        return false;
    snprintf(digits, sizeof digits, "%.6s", name);
    tb_str_int(digits, &number);
    *seq = (unsigned)number;
    snprintf(verb, 32, "%.*s", (int)n, name + 7);
    *end = point + 1;
    return true;
}

/* A walk over the requests of a run, in any state: number, verb and state ("json", "taken", "done") of each. */
struct walk {
    DIR *d;
    unsigned seq;
    char verb[32];
    const char *state;
};

static struct walk walk_begin(const char *dir)
{
    char *ctl = tb_path_join(dir, TB_DIR_CTL);
    struct walk w = { .d = opendir(ctl) };
    free(ctl);
    return w;
}

/* False behind the last; the walk has ended then. */
static bool walk_next(struct walk *w)
{
    struct dirent *e;
    while (w->d && (e = readdir(w->d)))
        if (split(e->d_name, &w->seq, w->verb, &w->state))
            return true;
    if (w->d)
        closedir(w->d);
    w->d = NULL;
    return false;
}

static unsigned highest(const char *dir)
{
    unsigned most = 0;
    for (struct walk w = walk_begin(dir); walk_next(&w);)
        most = w.seq > most ? w.seq : most;
    return most;
}

static char *request_text(const char *verb, const struct tb_json *args)
{
    char asked[24];
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "verb", tb_json_new_str(verb));
    tb_json_set(map, "args", args ? tb_json_copy(args) : tb_json_new_map());
    tb_json_set(map, "asked",
                tb_json_new_str(tb_clock_iso(asked, sizeof asked, tb_clock_wall_ns())));
    char *text = tb_json_text(map, TB_JSON_LINE);
    tb_json_free(map);
    return text;
}

bool tb_ctl_post(const char *dir, const char *verb, const struct tb_json *args, unsigned *seq,
                 struct tb_err *err)
{
    if (!is_verb(verb, strlen(verb)))
        return tb_fail(err, TB_ERR_USAGE, "a request is called '%s'; expected a-z, _ and -", verb);
    char *ctl = tb_path_join(dir, TB_DIR_CTL), *text = request_text(verb, args), *path = NULL;
    bool good = true;
    int lock = open(ctl, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (lock < 0 || flock(lock, LOCK_EX) != 0)
        good = tb_fail_errno(err, "cannot ask in %s", ctl);
    if (good && strlen(text) > MAX_REQUEST)
        good = tb_fail(err, TB_ERR_LIMIT, "a request of more than %d bytes", MAX_REQUEST);
    if (good) {
        *seq = highest(dir) + 1;
        path = path_of(dir, *seq, verb, "json");
        good = tb_file_replace(path, text, strlen(text), err);
    }
    if (lock >= 0)
        close(lock);
    free(path);
    free(text);
    free(ctl);
    return good;
}

/* Name of the request with the lowest number, or of a file that ends like one and is none. */
static bool oldest(const char *dir, char name[256])
{
    char *ctl = tb_path_join(dir, TB_DIR_CTL);
    DIR *d = opendir(ctl);
    struct dirent *e;
    name[0] = '\0';
    while (d && (e = readdir(d)))
        if (e->d_name[0] != '.' && tb_str_ends(e->d_name, ".json")
            && (!name[0] || strcmp(e->d_name, name) < 0))
            tb_str_copy(name, 256, e->d_name);
    if (d)
        closedir(d);
    free(ctl);
    return name[0] != '\0';
}

bool tb_ctl_is_asked(const char *dir)
{
    char name[256];
    return oldest(dir, name);
}

static bool parse(struct tb_ctl_request *q, const char *path, struct tb_err *err)
{
    bool is_file = tb_file_is_no_link(path, err) && tb_file_is_plain(path, err);
    struct tb_json *map = is_file ? tb_json_load(path, MAX_REQUEST, err) : NULL;
    if (!map)
        return false;
    const struct tb_json *args = tb_json_get(map, "args");
    bool good = strcmp(tb_json_str(tb_json_get(map, "verb"), ""), q->verb) == 0
             && (tb_json_type(args) == TB_JSON_MAP || tb_json_type(args) == TB_JSON_NULL);
    if (good) {
        q->args = args ? tb_json_copy(args) : tb_json_new_map();
        tb_str_copy(q->asked, sizeof q->asked, tb_json_str(tb_json_get(map, "asked"), ""));
    } else {
        tb_fail_at(err, TB_ERR_FORMAT, path, 0, "expected a map with verb \"%s\" and args a map",
                   q->verb);
    }
    tb_json_free(map);
    return good;
}

enum tb_ctl_found tb_ctl_take(const char *dir, struct tb_ctl_request *q, char words[256])
{
    char name[256], text[700];
    const char *end;
    struct tb_err err = { 0 };
    *q = (struct tb_ctl_request){ 0 };
    words[0] = '\0';
    if (!oldest(dir, name))
        return TB_CTL_NONE;
    char *path = tb_xasprintf("%s/" TB_DIR_CTL "/%s", dir, name), *to;
    bool good = split(name, &q->seq, q->verb, &end)
             || tb_fail_at(&err, TB_ERR_FORMAT, name, 0, "is no name of a request");
    good = good && parse(q, path, &err);
    to = good ? path_of(dir, q->seq, q->verb, "taken") : tb_xasprintf("%s.bad", path);
    bool moved = rename(path, to) == 0;
    if (!moved && !good) /* it must not stand in the way of those behind it */
        moved = unlink(path) == 0;
    free(to);
    free(path);
    if (good && moved)
        return TB_CTL_REQUEST;
    tb_ctl_free(q);
    if (!moved) /* vanished, or a folder that cannot be changed: nothing to do about it here */
        return TB_CTL_NONE;
    snprintf(words, 256, "request not understood, moved aside: %.200s",
             tb_err_string(&err, text, sizeof text));
    return TB_CTL_GARBAGE;
}

static bool exists(const char *dir, unsigned seq, const char *verb, const char *end)
{
    char *path = path_of(dir, seq, verb, end);
    bool there = tb_file_exists(path);
    free(path);
    return there;
}

static void remove_taken(const char *dir, const struct tb_ctl_request *q)
{
    char *path = path_of(dir, q->seq, q->verb, "taken");
    unlink(path);
    free(path);
}

bool tb_ctl_done(const char *dir, const struct tb_ctl_request *q, int64_t step, const char *note,
                 struct tb_err *err)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "verb", tb_json_new_str(q->verb));
    tb_json_set(map, "asked", tb_json_new_str(q->asked));
    tb_json_set(map, "step", tb_json_new_int(step));
    tb_json_set(map, "note", tb_json_new_str(note ? note : ""));
    char *text = tb_json_text(map, TB_JSON_LINE), *to = path_of(dir, q->seq, q->verb, "done");
    bool good = tb_file_replace(to, text, strlen(text), err);
    if (good)
        remove_taken(dir, q);
    free(to);
    free(text);
    tb_json_free(map);
    return good;
}

/* The request a walk is at. */
static struct tb_ctl_request request_at(const struct walk *w)
{
    struct tb_ctl_request q = { .seq = w->seq };
    tb_str_copy(q.verb, sizeof q.verb, w->verb);
    return q;
}

int tb_ctl_answer_stale(const char *dir, int64_t step, const char *note)
{
    int n = 0;
    for (struct walk w = walk_begin(dir); walk_next(&w);) {
        struct tb_ctl_request q = request_at(&w);
        if (strcmp(w.state, "taken") != 0)
            continue;
        if (exists(dir, q.seq, q.verb, "done")) /* a power loss brought it back */
            remove_taken(dir, &q);
        else
            n += tb_ctl_done(dir, &q, step, note, NULL);
    }
    return n;
}

/* By the file's time, which also a request written by hand has. */
static bool is_older(const char *path, double age_s)
{
    struct stat st;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return lstat(path, &st) == 0
        && (double)(now.tv_sec - st.st_mtim.tv_sec) + 1e-9 * (double)(now.tv_nsec - st.st_mtim.tv_nsec) > age_s;
}

/* Taken first, as always, since its asker may withdraw it at this moment. */
static bool answer_old(const char *dir, struct tb_ctl_request *q, double age_s, int64_t step, const char *note)
{
    char *path = path_of(dir, q->seq, q->verb, "json"), *taken = path_of(dir, q->seq, q->verb, "taken");
    bool good = is_older(path, age_s) && parse(q, path, NULL) && rename(path, taken) == 0
             && tb_ctl_done(dir, q, step, note, NULL);
    tb_json_free(q->args);
    q->args = NULL;
    free(taken);
    free(path);
    return good;
}

int tb_ctl_answer_old(const char *dir, double age_s, const char *but, int64_t step, const char *note)
{
    int n = 0;
    for (struct walk w = walk_begin(dir); walk_next(&w);) {
        struct tb_ctl_request q = request_at(&w);
        if (strcmp(w.state, "json") == 0 && strcmp(q.verb, but) != 0)
            n += answer_old(dir, &q, age_s, step, note);
    }
    return n;
}

void tb_ctl_look(const char *dir, unsigned seq, const char *verb, struct tb_ctl_answer *a)
{
    *a = (struct tb_ctl_answer){ .state = TB_CTL_MISSING };
    /* In the order of its life, so that a rename in between is not missed; an answer is what counts. */
    if (exists(dir, seq, verb, "json"))
        a->state = TB_CTL_ASKED;
    else if (exists(dir, seq, verb, "taken"))
        a->state = TB_CTL_TAKEN;
    char *done = path_of(dir, seq, verb, "done");
    struct tb_json *map = tb_json_load(done, MAX_REQUEST, NULL);
    if (map) {
        a->state = TB_CTL_DONE;
        a->step = tb_json_int(tb_json_get(map, "step"), 0);
        tb_str_copy(a->note, sizeof a->note, tb_json_str(tb_json_get(map, "note"), ""));
    }
    tb_json_free(map);
    free(done);
}

bool tb_ctl_withdraw(const char *dir, unsigned seq, const char *verb)
{
    char *path = path_of(dir, seq, verb, "json");
    bool was_there = unlink(path) == 0;
    free(path);
    return was_there;
}

bool tb_ctl_was_done(const char *note)
{
    return !tb_str_starts(note, TB_CTL_NOT_DONE) && strcmp(note, TB_CTL_UNKNOWN) != 0;
}

size_t tb_ctl_steps(const char *dir, const char *verb, int64_t **steps)
{
    struct tb_ctl_answer a;
    size_t n = 0, cap = 0;
    *steps = NULL;
    for (struct walk w = walk_begin(dir); walk_next(&w);) {
        if (strcmp(w.verb, verb) != 0 || strcmp(w.state, "done") != 0)
            continue;
        tb_ctl_look(dir, w.seq, verb, &a);
        if (a.state != TB_CTL_DONE || !tb_ctl_was_done(a.note))
            continue;
        *steps = tb_grow(*steps, n, &cap, sizeof **steps);
        (*steps)[n++] = a.step;
    }
    return n;
}
