/* SPDX-License-Identifier: MIT */
/* The log of a run: lines of one shape without control characters, bounded, never written through a link, and no
 * trouble to anybody where it cannot be written. */
#include "store/runlog.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "store/layout.h"
#include "tests/tap.h"

static char root[256], dir[320], path[400], old[400];

static bool matches(const char *text, const char *pattern)
{
    regex_t r;
    if (regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool yes = regexec(&r, text, 0, NULL, 0) == 0;
    regfree(&r);
    return yes;
}

static void lines(void)
{
    char *text = tb_run_log_read(dir, NULL);
    is_str(text, "", "no log: nothing to read");
    free(text);
    tb_run_log(dir, TB_LOG_WARN, "cannot write %s: %d", "x\033[31m\ny", 7);
    text = tb_run_log_read(dir, NULL);
    ok(text && matches(text, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z warn run 7f3a: cannot write x \\[31m y: 7\n$"),
       "a line as promised");
    free(text);
    tb_run_log(dir, TB_LOG_INFO, "%0*d", 3000, 1);
    text = tb_run_log_read(dir, NULL);
    ok(text && strlen(text) < 1200 && text[strlen(text) - 1] == '\n', "a long line is cut, with its end");
    free(text);
}

static void bounds(void)
{
    for (int i = 0; i < 4 * TB_RUN_LOG_BYTES / 500; i++)
        tb_run_log(dir, TB_LOG_INFO, "line %d %0*d", i, 450, 0);
    ok(tb_file_size(path) > 0 && tb_file_size(path) <= TB_RUN_LOG_BYTES + TB_LOG_LINE
           && tb_file_size(old) <= TB_RUN_LOG_BYTES + TB_LOG_LINE, "two files of a bounded size");
    char *text = tb_run_log_read(dir, NULL), *last = text ? strstr(text, "line 2000 ") : NULL;
    ok(text && last && strstr(last, "line 2001 ") && !strstr(text, "line 0 "), "old lines go, later ones are in order");
    free(text);
}

static void refused(void)
{
    char outside[400], *text;
    struct tb_err err = { 0 };
    snprintf(outside, sizeof outside, "%s/outside", root);
    tb_file_replace(outside, "precious\n", 9, NULL);
    unlink(path);
    unlink(old);
    if (symlink(outside, path) != 0)
        abort();
    tb_run_log(dir, TB_LOG_INFO, "not there");
    text = tb_file_read(outside, 100, NULL, NULL);
    is_str(text, "precious\n", "nothing is written through a link");
    free(text);
    ok(!tb_run_log_read(dir, &err) && err.kind == TB_ERR_FORMAT, "nor read: %s", err.text);
    tb_dir_remove(dir, NULL);
    tb_run_log(dir, TB_LOG_INFO, "nowhere");
    ok(!tb_dir_exists(dir), "a run that is gone stays gone");
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/tb-runlog-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        abort();
    snprintf(dir, sizeof dir, "%s/7f3a", root);
    snprintf(path, sizeof path, "%s/" TB_FILE_LOG, dir);
    snprintf(old, sizeof old, "%s/" TB_FILE_LOG_OLD, dir);
    tb_dir_make(dir, 0700, NULL);
    lines();
    bounds();
    refused();
    ok(tb_dir_remove(root, NULL), "cleaned up");
    return done();
}
