/* SPDX-License-Identifier: MIT */
/* pager.c - a pager on the other end of stdout. Who leaves it early has read enough: that nothing more can be written
 * is then no failure. An interrupt is the pager's; this program goes on until the pager ends. */
#include "cli/pager.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static FILE *pager;
static int terminal = STDOUT_FILENO;

static bool is_text(const struct tb_args *a)
{
    static const char *const others[] = { "json", "csv", "plain", "output", "f", "follow" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (tb_args_has(a, others[i]))
            return false;
    return true;
}

static bool has_program(const char *name)
{
    char *copy = tb_xstrdup(getenv("PATH")), *rest = copy, *dir;
    bool found = false;
    while (!found && (dir = strsep(&rest, ":"))) {
        char *path = tb_path_join(*dir ? dir : ".", name);
        found = access(path, X_OK) == 0;
        free(path);
    }
    free(copy);
    return found;
}

/* The command, NULL for none. */
static const char *command(void)
{
    const char *wanted = getenv("PAGER"), *term = getenv("TERM");
    if (!term || !*term || strcmp(term, "dumb") == 0)
        return NULL;
    if (wanted)
        return *wanted && strcmp(wanted, "cat") != 0 ? wanted : NULL;
    return has_program("less") ? "less -FRX" : NULL;
}

void tb_pager_open(const struct tb_args *a)
{
    const char *what = isatty(STDOUT_FILENO) == 1 && is_text(a) ? command() : NULL;
    int kept = what ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
    fflush(stdout);
    if (kept < 0 || !(pager = popen(what, "we"))) {
        if (kept >= 0)
            close(kept);
        return;
    }
    terminal = kept;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    dup2(fileno(pager), STDOUT_FILENO);
}

void tb_pager_close(void)
{
    if (!pager)
        return;
    fflush(stdout);
    dup2(terminal, STDOUT_FILENO); /* closes one of the two ends that the pager reads */
    close(terminal);
    pclose(pager);
    pager = NULL;
    terminal = STDOUT_FILENO;
}

bool tb_pager_is_on(void)
{
    return pager != NULL;
}

int tb_pager_terminal(void)
{
    return terminal;
}
