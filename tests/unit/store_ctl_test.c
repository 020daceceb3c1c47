/* SPDX-License-Identifier: MIT */
/* Request files: asked, taken, done, in order; garbage is moved aside and told. */
#include "store/ctl.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "tests/tap.h"

static char dir[256];

static void put(const char *name, const char *text)
{
    char *path = tb_xasprintf("%s/ctl/%s", dir, name);
    tb_file_replace(path, text, strlen(text), NULL);
    free(path);
}

static void life(void)
{
    struct tb_ctl_request q;
    struct tb_ctl_answer a;
    struct tb_err err = { 0 };
    unsigned first, second;
    char words[256];
    struct tb_json *args = tb_json_new_map();
    tb_json_set(args, "key", tb_json_new_str("optim.lr"));
    ok(tb_ctl_take(dir, &q, words) == TB_CTL_NONE, "nothing asked");
    ok(tb_ctl_post(dir, "set", args, &first, &err) && tb_ctl_post(dir, "stop", NULL, &second, &err),
       "two asked");
    tb_json_free(args);
    ok(first == 1 && second == 2, "numbered");
    tb_ctl_look(dir, first, "set", &a);
    ok(a.state == TB_CTL_ASKED, "asked");
    ok(tb_ctl_take(dir, &q, words) == TB_CTL_REQUEST && q.seq == 1 && !strcmp(q.verb, "set"),
       "the first is taken first");
    is_str(tb_json_str(tb_json_get(q.args, "key"), ""), "optim.lr", "with its arguments");
    is_int(strlen(q.asked), 20, "and its time");
    tb_ctl_look(dir, first, "set", &a);
    ok(a.state == TB_CTL_TAKEN, "taken");
    ok(tb_ctl_done(dir, &q, 488, "lr is 1e-4", &err), "done");
    tb_ctl_look(dir, first, "set", &a);
    ok(a.state == TB_CTL_DONE && a.step == 488 && !strcmp(a.note, "lr is 1e-4"),
       "answered at step 488");
    tb_ctl_free(&q);
    ok(tb_ctl_take(dir, &q, words) == TB_CTL_REQUEST && q.seq == 2, "then the second");
    tb_ctl_free(&q);
    is_int(tb_ctl_answer_stale(dir, 9, "gone"), 1, "a new owner answers what was left");
    ok(tb_ctl_post(dir, "stop", NULL, &first, &err) && first == 3, "numbers are not used twice");
    ok(!tb_ctl_post(dir, "../x", NULL, &first, &err) && err.kind == TB_ERR_USAGE,
       "no such verb: %s", err.text);
    ok(tb_ctl_take(dir, &q, words) == TB_CTL_REQUEST, "taken");
    tb_ctl_free(&q);
    tb_ctl_look(dir, 77, "stop", &a);
    ok(a.state == TB_CTL_MISSING, "never asked");
}

static void make_old(const char *name, time_t age_s)
{
    char *path = tb_xasprintf("%s/ctl/%s", dir, name);
    struct timespec t[2] = { { .tv_sec = time(NULL) - age_s }, { .tv_sec = time(NULL) - age_s } };
    utimensat(AT_FDCWD, path, t, 0);
    free(path);
}

/* What was asked of the owner before is not obeyed by the next one. */
static void old(void)
{
    struct tb_ctl_request q;
    struct tb_ctl_answer a;
    char words[256];
    put("000101-stop.json", "{\"verb\":\"stop\",\"args\":{},\"asked\":\"2026-01-02T03:04:05Z\"}");
    put("000102-facts.json", "{\"verb\":\"facts\",\"args\":{}}");
    put("000103-pause.json", "{\"verb\":\"pause\"}");
    put("000104-stop.json", "no request");
    make_old("000101-stop.json", 3600);
    make_old("000102-facts.json", 3600);
    make_old("000104-stop.json", 3600);
    is_int(tb_ctl_answer_old(dir, 600, "facts", 7, "not done: asked before"), 1, "one request is old");
    tb_ctl_look(dir, 101, "stop", &a);
    ok(a.state == TB_CTL_DONE && a.step == 7 && !tb_ctl_was_done(a.note), "and refused");
    ok(tb_ctl_take(dir, &q, words) == TB_CTL_REQUEST && q.seq == 102, "a mark is as good as it was");
    tb_ctl_free(&q);
    ok(tb_ctl_take(dir, &q, words) == TB_CTL_REQUEST && q.seq == 103, "and so is what was asked just now");
    tb_ctl_free(&q);
    ok(tb_ctl_take(dir, &q, words) == TB_CTL_GARBAGE, "what is no request is left to be told");
}

static void garbage(void)
{
    struct tb_ctl_request q;
    char words[256], big[70001];
    memset(big, ' ', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    static const char *const bad[][2] = {
        { "000010-stop.json", "" },
        { "000011-stop.json", "{\"verb\":\"stop\"" },
        { "000012-stop.json", "[1]" },
        { "000013-stop.json", "{\"verb\":\"pause\",\"args\":{}}" },
        { "000014-stop.json", "{\"verb\":\"stop\",\"args\":3}" },
        { "stop.json", "{\"verb\":\"stop\"}" },
        { "000015-.json", "{}" },
        { "000016-UP.json", "{}" },
        { "000017-stop.json", "\xff\xfe" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put(bad[i][0], bad[i][1]);
        ok(tb_ctl_take(dir, &q, words) == TB_CTL_GARBAGE && words[0], "garbage: %s", words);
        ok(tb_ctl_take(dir, &q, words) == TB_CTL_NONE, "moved aside");
    }
    put("000018-stop.json", big);
    ok(tb_ctl_take(dir, &q, words) == TB_CTL_GARBAGE, "too large: %s", words);
    put("000019-stop.json.tmp-1", "{}");
    ok(tb_ctl_take(dir, &q, words) == TB_CTL_NONE, "an unfinished file is not looked at");
    put("000020-stop.json", "{\"verb\":\"stop\",\"args\":null}");
    ok(tb_ctl_take(dir, &q, words) == TB_CTL_REQUEST && q.seq == 20, "a request by hand is fine");
    tb_ctl_free(&q);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/tb-ctl-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        abort();
    char *ctl = tb_path_join(dir, "ctl");
    tb_dir_make(ctl, 0700, NULL);
    free(ctl);
    life();
    old();
    garbage();
    ok(tb_dir_remove(dir, NULL), "cleaned up");
    return done();
}
