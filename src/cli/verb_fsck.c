/* SPDX-License-Identifier: MIT */
/* verb_fsck.c - tunebench fsck: a whole store, checked. Every run is looked at in a process of its own, this program
 * started again: what its files do to the library that reads them cannot hurt the rest. If it does not come back, that
 * is a finding, and the run is looked at once more without that library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/str.h"
#include "cli/hidden.h"
#include "cli/out.h"
#include "cli/pick.h"
#include "cli/verb.h"
#include "store/fsck.h"
#include "store/index.h"

/* ---- in the process of one run */

static void put_line(const struct tb_json *map)
{
    char *text = tb_json_text(map, TB_JSON_LINE);
    puts(text);
    fflush(stdout);
    free(text);
}

static struct tb_json *finding_json(const struct tb_finding *f)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "run", tb_json_new_str(f->run));
    tb_json_set(map, "file", tb_json_new_str(f->file));
    tb_json_set(map, "what", tb_json_new_str(f->what));
    tb_json_set(map, "remedy", tb_json_new_str(f->remedy));
    tb_json_set(map, "level", tb_json_new_str(f->is_note ? "note" : "bad"));
    tb_json_set(map, "repaired", tb_json_new_bool(f->is_repaired));
    return map;
}

static void child_tell(void *user, const struct tb_finding *f)
{
    struct tb_json *map = finding_json(f);
    put_line(map);
    tb_json_free(map);
}

static void child_begin(void *user, const char *file)
{
    struct tb_json *map = tb_json_new_map();
    tb_json_set(map, "at", tb_json_new_str(file));
    put_line(map);
    tb_json_free(map);
}

int tb_hidden_fsck(int argc, char **argv)
{
    struct tb_run_summary *all = NULL;
    size_t n;
    if (argc != 3)
        return 2;
    struct tb_fsck k = { .repairs = strcmp(argv[2], "repair") == 0, .is_shallow = strcmp(argv[2], "shallow") == 0,
                         .tell = child_tell, .begin = child_begin };
    if (strcmp(argv[2], "index") != 0) {
        tb_fsck_run(&k, argv[0], argv[1]);
        return 0;
    }
    bool good = tb_index_read(argv[0], &all, &n, NULL);
    free(all);
    return good ? 0 : 1;
}

/* ---- the whole store */

struct check {
    struct tb_out o;
    const char *root;
    bool repairs;
    size_t n_runs, n_bad, n_repaired, n_repairable, n_notes; /* n_bad: all but notes */
    struct tb_json *found;
};

static void print(const struct check *c, const struct tb_finding *f)
{
    const char *word = f->is_note ? "note" : f->is_repaired ? "fixed" : "bad";
    tb_out_paint(&c->o, f->is_note ? TB_PAINT_DIM : f->is_repaired ? TB_PAINT_GOOD : TB_PAINT_BAD, word);
    char *line = tb_xasprintf("%*s%s%s%s: %s", 7 - (int)strlen(word), "", f->run, *f->run ? "/" : "", f->file, f->what);
    tb_out_safe(line);
    fputc('\n', stdout);
    free(line);
    if (*f->remedy && !f->is_note) {
        printf("       %s", f->is_repaired ? "" : c->repairs ? "not possible now: " : "with --repair: ");
        tb_out_safe(f->remedy);
        fputc('\n', stdout);
    }
}

static void tell(void *user, const struct tb_finding *f)
{
    struct check *c = user;
    c->n_notes += f->is_note;
    c->n_bad += !f->is_note;
    c->n_repaired += f->is_repaired;
    c->n_repairable += !f->is_note && !f->is_repaired && *f->remedy;
    if (c->o.form == TB_EMIT_TEXT)
        print(c, f);
    else
        tb_json_append(c->found, finding_json(f));
}

static const char *text_of(const struct tb_json *map, const char *key)
{
    return tb_json_str(tb_json_get(map, key), "");
}

/* Lines of a child: findings, and in `at` the file that it looked at last. */
static void take_lines(struct check *c, char *text, char at[80])
{
    for (char *line; (line = strsep(&text, "\n"));) {
        struct tb_json *map = tb_json_parse(line, strlen(line), "fsck", NULL);
        if (tb_json_get(map, "at"))
            tb_str_copy(at, 80, text_of(map, "at"));
        else if (map)
            tell(c, &(struct tb_finding){ text_of(map, "run"), text_of(map, "file"), text_of(map, "what"),
                                          text_of(map, "remedy"), strcmp(text_of(map, "level"), "note") == 0,
                                          tb_json_bool(tb_json_get(map, "repaired"), false) });
        tb_json_free(map);
    }
}

/* Runs this program on one run; false if it did not come back whole, then words say how and `at` where. */
static bool ask(struct check *c, const char *id, const char *mode, char at[80], char words[200])
{
    char *argv[] = { (char *)tb_proc_self(), TB_HIDDEN_FSCK, (char *)c->root, (char *)id, (char *)mode, NULL };
    struct tb_proc_limits limits = { .wall_s = 3600, .as_bytes = tb_mem_free_bytes() + ((uint64_t)1 << 30) };
    struct tb_buf out = { 0 }, said = { 0 };
    struct tb_err why = { 0 };
    int status = 0;
    bool ran = tb_proc_run(argv, NULL, 0, &limits, &out, &said, &status, &why);
    tb_str_copy(at, 80, ".");
    if (out.p)
        take_lines(c, out.p, at);
    if (!ran)
        snprintf(words, 200, "could not be looked at: %.150s", why.text);
    else if (WIFSIGNALED(status))
        snprintf(words, 200, "ended the process that read it (%s): made to do so, or a fault of the library",
                 strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        snprintf(words, 200, "ended the process that read it (exit code %d)", WEXITSTATUS(status));
    tb_buf_free(&out);
    tb_buf_free(&said);
    return ran && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void check_run(struct check *c, const char *id)
{
    char at[80], words[200];
    c->n_runs++;
    if (ask(c, id, c->repairs ? "repair" : "check", at, words))
        return;
    tell(c, &(struct tb_finding){ id, at, words, "", false, false });
    ask(c, id, "shallow", at, words);
}

static bool check_all(struct check *c, struct tb_err *err)
{
    char (*ids)[TB_RUN_ID], at[80], words[200];
    struct tb_err why = { 0 };
    struct tb_fsck k = { .repairs = c->repairs, .tell = tell, .user = c };
    if (!tb_fsck_store(&k, c->root, err))
        return false;
    size_t n = tb_fsck_runs(c->root, &ids, &why);
    for (size_t i = 0; i < n; i++)
        check_run(c, ids[i]);
    free(ids);
    if (why.kind)
        *err = why;
    if (c->n_repaired)
        ask(c, ".", "index", at, words); /* made anew; if that fails, it is made when somebody looks */
    return why.kind == TB_ERR_NONE;
}

static void print_table(const struct check *c)
{
    static const struct tb_table_column columns[] = {
        { "level", NULL, TB_UNIT_TEXT, false },  { "run", NULL, TB_UNIT_TEXT, false },
        { "file", NULL, TB_UNIT_TEXT, false },   { "what", NULL, TB_UNIT_TEXT, false },
        { "remedy", NULL, TB_UNIT_TEXT, false }, { "repaired", NULL, TB_UNIT_TEXT, false },
    };
    tb_out_maps(&c->o, c->found, columns, sizeof columns / sizeof *columns);
}

static void sum_up(struct check *c)
{
    size_t left = c->n_bad - c->n_repaired;
    if (c->o.form == TB_EMIT_JSON) {
        struct tb_json *map = tb_json_new_map();
        tb_json_set(map, "store", tb_json_new_str(c->root));
        tb_json_set(map, "runs", tb_json_new_int((int64_t)c->n_runs));
        tb_json_set(map, "left", tb_json_new_int((int64_t)left));
        tb_json_set(map, "repaired", tb_json_new_int((int64_t)c->n_repaired));
        tb_json_set(map, "findings", tb_json_ref(c->found));
        tb_out_json(&c->o, map);
        return;
    }
    if (c->o.form != TB_EMIT_TEXT) {
        print_table(c);
        return;
    }
    printf("%zu run%s: ", c->n_runs, c->n_runs == 1 ? "" : "s");
    if (c->n_repaired)
        printf("%zu repaired, ", c->n_repaired);
    if (left)
        printf("%zu wrong", left);
    else
        printf("%s", c->n_repaired ? "nothing is left" : "all is well");
    if (c->n_repairable && !c->repairs)
        printf(", of which --repair mends %zu", c->n_repairable);
    printf(c->n_notes ? ", %zu noted\n" : "\n", c->n_notes);
}

static bool run(const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct check c = { .repairs = tb_args_has(a, "repair"), .found = NULL };
    if (!tb_args_count(a, 0, 0, "fsck", err) || !tb_out_open(&c.o, a, err))
        return false;
    struct tb_store *s = tb_pick_store(a, err);
    bool good = s != NULL;
    c.found = tb_json_new_list();
    c.root = s ? tb_store_path(s) : NULL;
    good = good && check_all(&c, err);
    if (good)
        sum_up(&c);
    if (good && c.n_bad > c.n_repaired)
        *exit_code = 1;
    tb_json_free(c.found);
    tb_store_close(s);
    return good;
}

static const struct tb_flag flags[] = {
    { "repair", NULL, false, "repairs what can be repaired without losing anything; damaged files are kept as .bad" },
    TB_FLAG_JSON, TB_FLAG_CSV, TB_FLAG_PLAIN, TB_FLAG_OUTPUT, { 0 }
};

const struct tb_verb tb_verb_fsck = {
    .name = "fsck", .usage = "", .help = "Checks a whole store, and repairs it.\n"
            "The exit code is 1 if something is wrong.\n"
            "Looks at every run's files, journal, checkpoints, lock, heartbeat and requests, at recipes, index, links\n"
            "and at what was left of writes that did not end. Runs that a process holds are not repaired.",
    .examples = "  tunebench fsck\n"
                "  tunebench fsck --repair\n"
                "  tunebench fsck --store /scratch/runs.d --json | jq '.findings[] | select(.level == \"bad\")'\n",
    .flags = flags, .run = run,
};
