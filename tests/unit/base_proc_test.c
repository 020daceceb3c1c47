/* SPDX-License-Identifier: MIT */
/* base_proc_test.c - children: what they say, how they end, and each of the limits. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "tests/tap.h"

struct result {
    struct tb_buf out, errout;
    int status;
    bool is_good;
    struct tb_err err;
};

static struct result shell(char *script, const char *in, size_t n, const struct tb_proc_limits *l)
{
    char *argv[] = { "/bin/sh", "-c", script, NULL };
    struct result r = { 0 };
    r.is_good = tb_proc_run(argv, in, n, l, &r.out, &r.errout, &r.status, &r.err);
    return r;
}

static void drop(struct result *r)
{
    tb_buf_free(&r->out);
    tb_buf_free(&r->errout);
}

static void talking(void)
{
    struct result r = shell("cat; echo no >&2; exit 7", "words", 5, NULL);
    ok(r.is_good && WIFEXITED(r.status) && WEXITSTATUS(r.status) == 7, "runs, exits 7");
    is_str(r.out.p, "words", "stdout");
    is_str(r.errout.p, "no\n", "stderr");
    drop(&r);
    size_t n = 3000000;
    char *big = tb_xcalloc(n, 1);
    memset(big, 'x', n);
    r = shell("cat", big, n, NULL);
    ok(r.is_good && r.out.n == n && memcmp(r.out.p, big, n) == 0, "3 MB there and back");
    drop(&r);
    r = shell("exec <&-; exit 0", big, n, NULL);
    ok(r.is_good && r.status == 0, "a child that does not read is no SIGPIPE");
    drop(&r);
    free(big);
    r = shell("kill -9 $$", NULL, 0, NULL);
    ok(r.is_good && WIFSIGNALED(r.status) && WTERMSIG(r.status) == SIGKILL, "killed by itself");
    drop(&r);
    char *argv[] = { "/nowhere/program", NULL };
    r.is_good = tb_proc_run(argv, NULL, 0, NULL, NULL, NULL, &r.status, &r.err);
    ok(!r.is_good && r.err.kind == TB_ERR_IO && strstr(r.err.text, "/nowhere/program"),
       "no such program: %s", r.err.text);
    char *echo[] = { "/bin/sh", "-c", "echo a; echo b >&2", NULL };
    ok(tb_proc_run(echo, NULL, 0, NULL, NULL, NULL, NULL, NULL), "nobody listens");
}

static void is_stopped(char *script, const struct tb_proc_limits *l, const char *word)
{
    double from = tb_clock_mono_s();
    struct result r = shell(script, NULL, 0, l);
    ok(!r.is_good && r.err.kind == TB_ERR_LIMIT && strstr(r.err.text, word), "%s: %s", script,
       r.err.text);
    ok(tb_clock_mono_s() - from < 60, "not only after the script's own end");
    drop(&r);
}

static void limits(void)
{
    struct tb_proc_limits wall = { .wall_s = 0.1 }, out = { .out_bytes = 10000, .wall_s = 50 };
    struct tb_proc_limits cpu = { .cpu_s = 1, .wall_s = 50 };
    is_stopped("exec sleep 100", &wall, "longer");
    is_stopped("exec sleep 100 >&- 2>&-", &wall, "longer");
    is_stopped("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaa; done", &out, "10000");
    is_stopped("while :; do :; done", &cpu, "processor");
    struct result r = shell("ulimit -c", NULL, 0, &cpu);
    is_str(r.out.p, "0\n", "no core files");
    drop(&r);
    struct tb_proc_limits as = { .as_bytes = (uint64_t)1 << 30 };
    r = shell("ulimit -v", NULL, 0, &as);
    ok(r.out.p && (!strcmp(r.out.p, "1048576\n") || !strcmp(r.out.p, "unlimited\n")),
       "address space (unlimited under sanitizers): %.9s", r.out.p ? r.out.p : "");
    drop(&r);
}

static void itself(void)
{
    ok(access(tb_proc_self(), X_OK) == 0 && tb_proc_self()[0] == '/', "path of this program");
    ok(tb_clock_since_start_s() >= 0 && tb_clock_since_start_s() < 600, "its age");
}

static void clocks(void)
{
    char s[32];
    is_str(tb_clock_iso(s, sizeof s, 0), "1970-01-01T00:00:00Z", "epoch");
    is_str(tb_clock_iso(s, sizeof s, -1), "1969-12-31T23:59:59Z", "before it");
    setenv("TUNEBENCH_NOW", "2026-11-24T13:05:33Z", 1);
    is_str(tb_clock_iso(s, sizeof s, tb_clock_wall_ns()), "2026-11-24T13:05:33Z", "fixed clock");
    setenv("TUNEBENCH_NOW", "yesterday", 1);
    ok(tb_clock_wall_ns() > (int64_t)1700000000 * 1000000000, "a bad fixed clock is not used");
    unsetenv("TUNEBENCH_NOW");
}

int main(void)
{
    talking();
    limits();
    itself();
    clocks();
    return done();
}
