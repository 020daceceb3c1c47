/* SPDX-License-Identifier: MIT */
/* base_err_test.c - words, places and exit codes of struct tb_err, also when text does not fit. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/tap.h"

static void words(void)
{
    struct tb_err err;
    char s[256];
    ok(!tb_fail(&err, TB_ERR_LIMIT, "needs %d", 7), "tb_fail is false");
    is_int(err.kind, TB_ERR_LIMIT, "kind");
    is_str(tb_err_string(&err, s, sizeof s), "needs 7", "text alone");
    tb_fail_at(&err, TB_ERR_FORMAT, "a.json", 12, "bad %s", "key");
    is_str(tb_err_string(&err, s, sizeof s), "a.json:12: bad key", "with file and line");
    tb_fail_at(&err, TB_ERR_FORMAT, "a.json", 0, "bad");
    is_str(tb_err_string(&err, s, sizeof s), "a.json: bad", "with file");
    tb_err_prefix(&err, "run %s", "7f3a");
    is_str(tb_err_string(&err, s, sizeof s), "a.json: run 7f3a: bad", "prefix");
    tb_fail(&err, TB_ERR_IO, "again: %s", err.text);
    is_str(err.text, "again: run 7f3a: bad", "an error's own text may be an argument");
    is_str(err.where, "", "the old place is gone");
    is_str(tb_err_string(&err, s, 6), "again", "string is cut at n");
}

static void system_errors(void)
{
    struct tb_err err;
    errno = ENOENT;
    ok(!tb_fail_errno(&err, "cannot open %s", "x"), "tb_fail_errno is false");
    is_int(err.kind, TB_ERR_IO, "kind is io");
    is_str(err.text, "cannot open x: No such file or directory", "what and why");
    is_int(errno, ENOENT, "errno is kept");
    char longer[1000];
    memset(longer, 'p', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    errno = EACCES;
    tb_fail_errno(&err, "%s", longer);
    ok(strstr(err.text, ": Permission denied"), "a long name does not push the reason out");
    tb_fail_at(&err, TB_ERR_FORMAT, longer, 1, "%s", longer);
    is_int(strlen(err.text), sizeof err.text - 1, "long text is cut");
    ok(strcmp(err.text + sizeof err.text - 4, "...") == 0, "and says so");
    ok(strcmp(err.where + sizeof err.where - 4, "...") == 0, "long place too");
    tb_err_prefix(&err, "%s", longer);
    is_int(strlen(err.text), sizeof err.text - 1, "a long prefix stays inside");
    ok(!tb_fail(NULL, TB_ERR_IO, "x") && !tb_fail_at(NULL, TB_ERR_IO, NULL, 0, "x"), "NULL err");
    tb_err_prefix(NULL, "x");
}

static void codes(void)
{
    static const int want[] = { 0, 2, 3, 4, 1, 1, 75, 1, 5 };
    for (int kind = TB_ERR_NONE; kind <= TB_ERR_DIVERGED; kind++)
        is_int(tb_err_exit((enum tb_err_kind)kind), want[kind], "exit code");
}

static void assertion(void)
{
    int status;
    tb_assert(1 + 1 == 2);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(3);
        tb_assert(1 + 1 == 3);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "tb_assert aborts");
}

int main(void)
{
    words();
    system_errors();
    codes();
    assertion();
    return done();
}
