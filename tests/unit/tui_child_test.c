/* SPDX-License-Identifier: MIT */
/* A child that answers line by line; what it says last, its exit code, one that floods, one that reads nothing. The
 * child is this test with a word. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/tap.h"
#include "tui/child.h"

enum { PATIENCE_S = 20 };

static int be_child(const char *what)
{
    char line[256];
    if (strcmp(what, "echo") == 0) {
        while (fgets(line, sizeof line, stdin)) {
            printf("got %s", line);
            fflush(stdout);
        }
        fputs("the end", stdout);
        fputs("words\n", stderr);
        return 3;
    }
    if (strcmp(what, "flood") == 0)
        for (;;)
            if (puts("flood flood flood flood flood flood flood flood flood flood") < 0)
                return 1;
    sleep(60); /* reads nothing */
    return 0;
}

static bool wait_for_line(struct tb_child *c, const char *want)
{
    double until = tb_clock_mono_s() + PATIENCE_S;
    const char *line = NULL;
    while (!(line = tb_child_line(c)) && tb_clock_mono_s() < until) {
        struct pollfd fds[TB_CHILD_FDS];
        poll(fds, (nfds_t)tb_child_fds(c, fds, TB_CHILD_FDS), 50);
        tb_child_pump(c);
    }
    return line && strcmp(line, want) == 0;
}

static bool wait_for_end(struct tb_child *c)
{
    double until = tb_clock_mono_s() + PATIENCE_S;
    while (!tb_child_has_ended(c) && tb_clock_mono_s() < until) {
        tb_child_pump(c);
        tb_clock_nap(0.005);
    }
    return tb_child_has_ended(c);
}

static struct tb_child *open_child(const char *what)
{
    const char *argv[] = { "self", what, NULL };
    return tb_child_open(argv, NULL);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return be_child(argv[1]);
    struct tb_child *c = open_child("echo");
    tb_child_send(c, "one");
    tb_child_send(c, "two");
    ok(wait_for_line(c, "got one") && wait_for_line(c, "got two"), "a line for each");
    ok(tb_child_line(c) == NULL && !tb_child_has_ended(c), "no more, and it waits");
    tb_child_send_end(c);
    ok(wait_for_end(c), "its input ends, and so does it");
    ok(wait_for_line(c, "the end"), "a last line without a newline");
    is_str(tb_child_err(c), "words\n", "what it said beside");
    is_int(tb_child_exit(c), 3, "its exit code");
    tb_child_send(c, "too late");
    tb_child_close(c);

    c = open_child("flood");
    tb_child_send_end(c);
    ok(wait_for_end(c) && strlen(tb_child_out(c)) <= 16 << 20, "one that floods is ended");
    tb_child_close(c);

    c = open_child("sleep");
    char *large = tb_xcalloc((4 << 20) + 1, 1);
    memset(large, 'x', 4 << 20);
    tb_child_send(c, large);
    ok(!tb_child_has_ended(c), "sending to one that reads nothing does not wait");
    tb_child_close(c);
    free(large);
    tb_child_close(NULL);
    return done();
}
