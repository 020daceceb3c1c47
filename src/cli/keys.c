/* SPDX-License-Identifier: MIT */
/* keys.c - a terminal that hands over each key at once and shows none; handlers only set flags. */
#include "cli/keys.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static volatile sig_atomic_t asked; /* signal that wants us to leave */
static volatile sig_atomic_t went_on;
static struct termios before;
static bool has_keys;

static void on_signal(int sig)
{
    if (sig == SIGCONT)
        went_on = 1;
    else
        asked = sig;
}

/* A background process that touches the terminal is stopped for it. */
static void take_terminal(void)
{
    struct termios raw = before;
    if (tcgetpgrp(STDIN_FILENO) != getpgrp())
        return;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

void tb_keys_open(void)
{
    static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGCONT };
    struct sigaction sa = { .sa_handler = on_signal };
    sigemptyset(&sa.sa_mask);
    for (unsigned i = 0; i < sizeof caught / sizeof *caught; i++)
        sigaction(caught[i], &sa, NULL);
    has_keys = tcgetattr(STDIN_FILENO, &before) == 0;
    if (has_keys)
        take_terminal();
}

void tb_keys_close(void)
{
    if (has_keys && tcgetpgrp(STDIN_FILENO) == getpgrp())
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    has_keys = false;
}

/* A key that is there, 0 for none. The end of the input is no key, and there will be no more. */
static int read_key(void)
{
    unsigned char c;
    ssize_t n = read(STDIN_FILENO, &c, 1);
    has_keys = has_keys && (n > 0 || (n < 0 && errno == EINTR));
    return n == 1 ? c : 0;
}

static double wait_once(double seconds, bool *is_ready)
{
    struct pollfd p = { .fd = has_keys && tcgetpgrp(STDIN_FILENO) == getpgrp() ? STDIN_FILENO : -1, .events = POLLIN };
    double from = tb_clock_mono_s();
    *is_ready = poll(&p, 1, (int)(seconds * 1000 + 0.999)) == 1;
    return seconds - (tb_clock_mono_s() - from);
}

int tb_keys_wait(double seconds)
{
    for (double left = seconds; !asked && left > 0;) {
        bool is_ready;
        left = wait_once(left, &is_ready);
        if (went_on && has_keys) {
            went_on = 0;
            take_terminal();
        }
        int key = is_ready ? read_key() : 0;
        if (key)
            return key;
    }
    return -asked;
}
