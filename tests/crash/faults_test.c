/* SPDX-License-Identifier: MIT */
/* Faults at every call that changes a file: tests/crash/story.h is told once for each of them and for each way to fail.
 * Once: the system refuses that call, or writes half, and everything goes on with the call after it. For good: it
 * refuses from there on, or the process dies there, and another process finds all that was acknowledged and finishes.
 * TB_FAULTS=all walks over all pairs; else each call fails in one way, in turns. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/hash.h"
#include "tests/crash/inject.h"
#include "tests/crash/story.h"
#include "tests/tap.h"

static const struct way {
    const char *name;
    bool is_for_good;
} ways[] = {
    { "ENOSPC", false }, { "EROFS", false }, { "EIO", false }, { "EINTR", false }, { "short", false },
    { "ENOSPC", true }, { "EROFS", true }, { "EIO", true }, { "kill", true }, { "tear", true },
};
enum { N_WAYS = sizeof ways / sizeof *ways };

/* Shared with the children. */
struct board {
    struct story_said said;
    int n_calls;
    char why[600];
};

static char root[256], under[300];
static struct board *board;
static struct {
    int at, what;
    bool is_for_good;
} plan;

static int hook(const struct inject_call *c)
{
    if (c->op == INJECT_LOCK || strncmp(c->path, under, strlen(under)) != 0)
        return INJECT_GO;
    int n = ++board->n_calls;
    if (plan.at && (n == plan.at || (plan.is_for_good && n > plan.at)))
        return plan.what;
    return c->op == INJECT_SYNC ? INJECT_SKIP : INJECT_GO; /* nobody pulls the plug here */
}

/* Of the child: 0 told to its end, 1 not. */
static int tell(void)
{
    bool good = story_tell(&(struct story){ .root = under, .tries = plan.is_for_good ? 1 : 2, .said = &board->said });
    return good ? 0 : 1;
}

static int check(void)
{
    return story_check(under, board->said.heard, board->why) && story_finish(under, board->why) ? 0 : 1;
}

static int in_child(int (*fn)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(fn());
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static bool walk(int at, const struct way *way)
{
    memset(board, 0, sizeof *board);
    plan.at = at;
    plan.what = inject_what(way->name);
    plan.is_for_good = way->is_for_good;
    int told = in_child(tell), n = board->n_calls;
    plan.at = 0;
    bool dies = plan.what == INJECT_KILL || plan.what == INJECT_TEAR;
    bool good = n < at || (way->is_for_good ? !dies || told == -SIGKILL : told == 0);
    if (!good)
        snprintf(board->why, sizeof board->why, "the story ended with %d", told);
    good = good && !board->said.complaint[0] && in_child(check) == 0;
    if (!good)
        printf("# call %d, %s%s: %s %s\n", at, way->name, way->is_for_good ? " for good" : "", board->why,
               board->said.complaint);
    tb_dir_remove(under, NULL);
    return good;
}

int main(void)
{
    const char *tmp = getenv("TMPDIR"), *words = getenv("TB_FAULTS");
    bool is_all = words && strcmp(words, "all") == 0;
    snprintf(root, sizeof root, "%s/tb-faults-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!mkdtemp(root) || board == MAP_FAILED)
        abort();
    snprintf(under, sizeof under, "%s/store", root);
    inject_hook = hook;
    is_int(in_child(tell), 0, "the story, undisturbed");
    int n = board->n_calls, n_cases[N_WAYS] = { 0 }, n_bad[N_WAYS] = { 0 };
    if (!ok(in_child(check) == 0, "is right: %s %s", board->why, board->said.complaint))
        return done();
    tb_dir_remove(under, NULL);
    for (int at = 1; at <= n; at++)
        for (int i = 0; i < N_WAYS; i++)
            if (is_all || (at + i) % N_WAYS == 0) {
                n_cases[i]++;
                n_bad[i] += !walk(at, &ways[i]);
            }
    for (int i = 0; i < N_WAYS; i++)
        ok(n_bad[i] == 0, "%s%s at %d of %d calls: %d go wrong", ways[i].name, ways[i].is_for_good ? " for good" : "",
           n_cases[i], n, n_bad[i]);
    ok(tb_dir_remove(root, NULL), "cleaned up");
    return done();
}
