/* SPDX-License-Identifier: MIT */
/* term.c - ncurses knows the terminal and its keys; cells are sent by paint.c, a frame in one write.
 * The terminal is put back by tb_term_close(), and by a handler where a fault ends the process: that one may only
 * write bytes that were made before. */
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1
#include "tui/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "base/utf8.h"
#include "tui/mouse.h"
#include "tui/paint.h"

enum { PASTE_BEGIN = 0x2001, PASTE_END, MOUSE, HAS_SYNC, PASTE_MOST = 1 << 20, COPY_MOST = 1 << 16, STACK = 1 << 16 };
enum { N_FAULTS = 5 };

static struct {
    SCREEN *screen;
    WINDOW *keys;
    struct termios before;
    struct tb_buf paste, bytes;
    struct tb_paint paint;
    struct tb_mouse mouse;
    struct sigaction fault_before[N_FAULTS];
    int wake[2];
    bool is_open, is_dead;
    volatile sig_atomic_t ended_by, was_resized, was_stopped;
} term = { .wake = { -1, -1 } };

static const int faults[N_FAULTS] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };

/* Pastes in brackets, a mouse that tells where it is dragged, no wrapping at the right edge. */
static const char modes_on[] = "\033[?2004h\033[?1000h\033[?1002h\033[?1006h\033[?7l",
                  modes_off[] = "\033[?2004l\033[?1000l\033[?1002l\033[?1006l\033[?7h\033[0m\033[?25h",
                  ask_sync[] = "\033[?2026$p";

/* What a terminal needs to be as it was, whichever it is: colours, cursor, paste, mouse, the other screen. */
static const char restore[] = "\033[0m\033[?2026l\033[?2004l\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?25h"
                              "\033[?7h\033[?1l\033>\033[?1049l";

static const char *env(const char *name)
{
    const char *v = getenv(name);
    return v ? v : "";
}

bool tb_term_is_there(struct tb_err *err)
{
    bool is_tty = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
    if (is_tty && *env("TERM") && strcmp(env("TERM"), "dumb") != 0)
        return true;
    return tb_fail(err, TB_ERR_USAGE,
                   "the workbench needs a terminal%s; 'tunebench ls' lists the runs, 'tunebench watch --plain' follows "
                   "them, 'tunebench help' names all verbs",
                   is_tty ? " that is not dumb (TERM)" : "");
}

/* The locale's letters only; numbers stay as they are. */
static bool has_utf8(void)
{
    const char *now = setlocale(LC_CTYPE, "");
    if (MB_CUR_MAX > 1)
        return true;
    /* The locale that was asked for may not be installed. */
    const char *name = *env("LC_ALL") ? env("LC_ALL") : *env("LC_CTYPE") ? env("LC_CTYPE") : env("LANG");
    bool is_wanted = strcasestr(name, "utf-8") || strcasestr(name, "utf8");
    return !now && is_wanted && setlocale(LC_CTYPE, "C.UTF-8") && MB_CUR_MAX > 1;
}

enum tb_glyphs tb_term_glyphs(void)
{
    if (!has_utf8())
        return TB_GLYPHS_ASCII;
    return strcmp(env("TERM"), "linux") == 0 ? TB_GLYPHS_BLOCK : TB_GLYPHS_BRAILLE;
}

/* GNU screen hands on what the terminal around it said, and knows no such colours itself. */
static bool has_true_color(void)
{
    bool is_said = strcmp(env("COLORTERM"), "truecolor") == 0 || strcmp(env("COLORTERM"), "24bit") == 0;
    return tigetflag("RGB") > 0 || tigetflag("Tc") > 0
        || (is_said && (*env("TMUX") || !tb_str_starts(env("TERM"), "screen")));
}

enum tb_depth tb_term_depth(void)
{
    int bad;
    if (*env("NO_COLOR") || setupterm(NULL, STDOUT_FILENO, &bad) != OK)
        return TB_DEPTH_MONO;
    int n = tigetnum("colors");
    bool is_true = n >= 256 && has_true_color();
    del_curterm(cur_term); /* the screen has its own */
    if (n >= 256)
        return is_true ? TB_DEPTH_TRUE : TB_DEPTH_256;
    return n >= 8 ? TB_DEPTH_16 : TB_DEPTH_MONO;
}

/* ---- signals */

static void wake(void)
{
    int before = errno;
    ssize_t n = write(term.wake[1], "", 1);
    (void)n;
    errno = before;
}

static void on_end(int sig)
{
    term.ended_by = sig;
    wake();
}

/* The key of that is read as any other: this one somebody sent. The screen is left before the process stops. */
static void on_stop(int sig)
{
    (void)sig;
    term.was_stopped = 1;
    wake();
}

static void on_resize(int sig)
{
    (void)sig;
    term.was_resized = 1;
    wake();
}

/* The instruction that failed is tried again, now with the handler that was there before: it may know more. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
    (void)context;
    ssize_t n = write(STDOUT_FILENO, restore, sizeof restore - 1);
    (void)n;
    tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
    for (int i = 0; i < N_FAULTS; i++)
        sigaction(faults[i], &term.fault_before[i], NULL);
    if (info->si_code <= 0) { /* nothing failed: somebody sent it, or abort() */
        signal(sig, SIG_DFL);
        raise(sig);
    }
}

static void handle(int sig, void (*fn)(int), int flags)
{
    struct sigaction a = { .sa_handler = fn, .sa_flags = flags };
    sigemptyset(&a.sa_mask);
    sigaction(sig, &a, NULL);
}

static void handle_signals(void)
{
    static const int ends[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        handle(ends[i], on_end, 0);
    handle(SIGTSTP, on_stop, 0);
    handle(SIGWINCH, on_resize, 0);
    handle(SIGPIPE, SIG_IGN, 0);
}

/* On a stack of its own: the fault may be that there is none left. */
static void handle_faults(void)
{
    static char stack[STACK];
    struct sigaction a = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof stack }, NULL);
    sigemptyset(&a.sa_mask);
    for (int i = 0; i < N_FAULTS; i++)
        sigaction(faults[i], &a, &term.fault_before[i]);
}

/* ---- opening and closing */

static void send(const char *s, size_t n)
{
    term.is_dead = !tb_write_all(STDOUT_FILENO, s, n) || term.is_dead;
}

/* Whether it can show a frame at once is asked; an answer is a key like others. */
static bool can_be_asked(void)
{
    return strcmp(env("TERM"), "linux") != 0 && !tb_str_starts(env("TERM"), "vt");
}

static void start_modes(void)
{
    raw();
    noecho();
    nonl();
    set_escdelay(25);
    define_key("\033[200~", PASTE_BEGIN);
    define_key("\033[201~", PASTE_END);
    define_key("\033[<", MOUSE);
    define_key("\033[?2026;1$y", HAS_SYNC);
    define_key("\033[?2026;2$y", HAS_SYNC);
    for (const char *no = "034"; *no; no++) {
        char answer[] = "\033[?2026;_$y";
        *strchr(answer, '_') = *no;
        define_key(answer, KEY_REFRESH);
    }
    doupdate(); /* the other screen */
    send(modes_on, sizeof modes_on - 1);
    if (can_be_asked())
        send(ask_sync, sizeof ask_sync - 1);
}

static bool open_screen(struct tb_err *err)
{
    setenv("NCURSES_NO_UTF8_ACS", "1", 0);
    term.screen = newterm(NULL, stdout, stdin);
    if (!term.screen)
        return tb_fail(err, TB_ERR_USAGE, "TERM=%.40s: no such terminal is known; try TERM=xterm", env("TERM"));
    const char *move = tigetstr("cup");
    if (move && move != (char *)-1 && tb_str_starts(move, "\033["))
        return true;
    endwin();
    delscreen(term.screen);
    return tb_fail(err, TB_ERR_USAGE, "TERM=%.40s: a terminal that understands ECMA-48 is needed; 'tunebench ls' and "
                                      "'tunebench watch --plain' need none", env("TERM"));
}

bool tb_term_open(struct tb_err *err)
{
    has_utf8();
    tcgetattr(STDIN_FILENO, &term.before);
    if (pipe2(term.wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return tb_fail_errno(err, "pipe");
    if (!open_screen(err))
        return false;
    term.keys = newpad(1, 1); /* reading from a pad draws nothing */
    keypad(term.keys, TRUE);
    nodelay(term.keys, TRUE);
    term.paint.has_bright = tigetnum("colors") >= 16;
    handle_signals();
    handle_faults();
    start_modes();
    term.is_open = true;
    return true;
}

void tb_term_close(void)
{
    if (!term.is_open)
        return;
    term.is_open = false;
    send(modes_off, sizeof modes_off - 1);
    endwin();
    delwin(term.keys);
    delscreen(term.screen);
    tb_buf_free(&term.paste);
    tb_buf_free(&term.bytes);
    tb_paint_free(&term.paint);
    tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
}

void tb_term_lend(void)
{
    send(modes_off, sizeof modes_off - 1);
    def_prog_mode();
    endwin();
    tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
    handle(SIGINT, SIG_IGN, 0);
    handle(SIGTSTP, SIG_DFL, 0);
}

void tb_term_take_back(void)
{
    reset_prog_mode();
    handle_signals();
    clearok(curscr, TRUE);
    doupdate();
    send(modes_on, sizeof modes_on - 1);
    tb_paint_forget(&term.paint);
    term.was_resized = 1;
}

void tb_term_suspend(void)
{
    tb_term_lend();
    raise(SIGTSTP);
    tb_term_take_back();
}

bool tb_term_is_stopped(void)
{
    bool was = term.was_stopped;
    term.was_stopped = 0;
    return was;
}

bool tb_term_is_gone(void)
{
    struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
    return term.ended_by || term.is_dead || (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)));
}

int tb_term_signal(void)
{
    return term.ended_by;
}

void tb_term_size(int *width, int *height)
{
    struct winsize size = { 0 };
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col) {
        *width = size.ws_col;
        *height = size.ws_row;
        if (term.is_open && is_term_resized(size.ws_row, size.ws_col))
            resizeterm(size.ws_row, size.ws_col);
        return;
    }
    *width = term.is_open ? COLS : 80;
    *height = term.is_open ? LINES : 24;
}

int tb_term_fd(void)
{
    return STDIN_FILENO;
}

int tb_term_wake_fd(void)
{
    return term.wake[0];
}

/* ---- keys */

static uint32_t special(wint_t key)
{
    switch (key) {
    case KEY_UP: return TB_PRESS_UP;
    case KEY_DOWN: return TB_PRESS_DOWN;
    case KEY_LEFT: return TB_PRESS_LEFT;
    case KEY_RIGHT: return TB_PRESS_RIGHT;
    case KEY_HOME: return TB_PRESS_HOME;
    case KEY_END: return TB_PRESS_END;
    case KEY_PPAGE: return TB_PRESS_PAGE_UP;
    case KEY_NPAGE: return TB_PRESS_PAGE_DOWN;
    case KEY_DC: return TB_PRESS_DELETE;
    case KEY_BTAB: return TB_PRESS_BACKTAB;
    case KEY_BACKSPACE: return TB_PRESS_BACKSPACE;
    case KEY_ENTER: return '\n';
    case KEY_RESIZE: return TB_PRESS_RESIZE;
    default: return TB_PRESS_NONE;
    }
}

/* The rest of a report, which comes with its beginning. */
static struct tb_press mouse(void)
{
    char report[24] = "";
    wint_t key = 0;
    size_t n = 0;
    wtimeout(term.keys, 100);
    while (n < sizeof report - 1 && key != 'M' && key != 'm' && wget_wch(term.keys, &key) == OK && key < 0x7f)
        report[n++] = (char)key;
    nodelay(term.keys, TRUE);
    return tb_mouse_press(&term.mouse, report, tb_clock_mono_s());
}

/* Everything up to the mark that ends a paste; one that never ends does so when nothing comes for a while. */
static struct tb_press paste(void)
{
    wint_t key;
    char utf8[4];
    tb_buf_clear(&term.paste);
    wtimeout(term.keys, 500);
    for (int rc; (rc = wget_wch(term.keys, &key)) != ERR && !(rc == KEY_CODE_YES && key == PASTE_END);)
        if (rc == OK && term.paste.n < PASTE_MOST)
            tb_buf_add(&term.paste, utf8, tb_utf8_put(utf8, key == '\r' ? '\n' : (uint32_t)key));
    nodelay(term.keys, TRUE);
    return (struct tb_press){ .key = TB_PRESS_PASTE, .text = term.paste.p ? term.paste.p : "", .n = term.paste.n };
}

static struct tb_press of_code(wint_t key)
{
    switch (key) {
    case MOUSE: return mouse();
    case PASTE_BEGIN: return paste();
    case HAS_SYNC: term.paint.has_sync = true; break;
    default: break;
    }
    return (struct tb_press){ .key = special(key) };
}

struct tb_press tb_term_read(void)
{
    char bytes[64];
    wint_t key;
    while (read(term.wake[0], bytes, sizeof bytes) > 0)
        ;
    if (term.was_resized) {
        term.was_resized = 0;
        return (struct tb_press){ .key = TB_PRESS_RESIZE };
    }
    for (int rc; (rc = wget_wch(term.keys, &key)) != ERR;) {
        struct tb_press p = { .key = key == '\r' ? '\n' : key == '\b' ? TB_PRESS_BACKSPACE : (uint32_t)key };
        if (rc == KEY_CODE_YES)
            p = of_code(key);
        if (p.key != TB_PRESS_NONE)
            return p;
    }
    return (struct tb_press){ .key = TB_PRESS_NONE };
}

/* ---- cells */

void tb_term_show(const struct tb_sheet *s, enum tb_depth depth, bool is_whole)
{
    if (is_whole)
        tb_paint_forget(&term.paint);
    tb_buf_clear(&term.bytes);
    tb_paint_frame(&term.paint, s, depth, &term.bytes);
    if (term.bytes.n)
        send(term.bytes.p, term.bytes.n);
}

/* OSC 52; the console and old terminals would show it. */
bool tb_term_copy(const char *s, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!can_be_asked() || n > COPY_MOST)
        return false;
    tb_buf_clear(&term.bytes);
    tb_buf_str(&term.bytes, "\033]52;c;");
    for (size_t i = 0; i < n; i += 3) {
        uint32_t three = 0;
        for (size_t k = 0; k < 3; k++)
            three = three << 8 | (i + k < n ? (unsigned char)s[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            tb_buf_char(&term.bytes, k > n - i ? '=' : letters[three >> (18 - 6 * k) & 63]);
    }
    tb_buf_char(&term.bytes, '\a');
    send(term.bytes.p, term.bytes.n);
    return true;
}
