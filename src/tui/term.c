/* SPDX-License-Identifier: MIT */
/* term.c - ncurses keeps what the terminal shows and sends what differs; around each update stand the marks of a
 * synchronised one (DEC 2026), which terminals that do not know them pass over.
 * The terminal is put back by tb_term_close(), and by a handler where a fault ends the process: that one may only
 * write bytes that were made before. */
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1
#include "tui/term.h"

#include <curses.h>
#include <errno.h>
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
#include "base/str.h"
#include "base/utf8.h"

enum { PASTE_BEGIN = 0x2001, PASTE_END, PASTE_MOST = 1 << 20, PAIRS = 256 };

static struct {
    SCREEN *screen;
    WINDOW *keys;
    struct termios before;
    struct tb_buf paste;
    struct { int fg, bg; } pair[PAIRS];
    int n_pairs;
    bool has_sync, is_open;
    volatile sig_atomic_t ended_by, was_resized;
} term;

/* What a terminal needs to be as it was, whichever it is: colours, cursor, paste, mouse, the other screen. */
static const char restore[] = "\033[0m\033[?2026l\033[?2004l\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?25h"
                              "\033[?1l\033>\033[?1049l";

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

enum tb_depth tb_term_depth(void)
{
    int bad;
    if (*env("NO_COLOR") || setupterm(NULL, STDOUT_FILENO, &bad) != OK)
        return TB_DEPTH_MONO;
    int n = tigetnum("colors");
    if (n >= 0x1000000 && tigetflag("RGB") > 0)
        return TB_DEPTH_TRUE;
    return n >= 256 ? TB_DEPTH_256 : n >= 8 ? TB_DEPTH_16 : TB_DEPTH_MONO;
}

/* ---- signals */

static void on_end(int sig)
{
    term.ended_by = sig;
}

static void on_resize(int sig)
{
    (void)sig;
    term.was_resized = 1;
}

static void on_fault(int sig)
{
    ssize_t n = write(STDOUT_FILENO, restore, sizeof restore - 1);
    (void)n;
    tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
    signal(sig, SIG_DFL);
    raise(sig);
}

static void handle(int sig, void (*fn)(int), int flags)
{
    struct sigaction a = { .sa_handler = fn, .sa_flags = flags };
    sigemptyset(&a.sa_mask);
    sigaction(sig, &a, NULL);
}

static void handle_signals(void)
{
    static const int ends[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT },
                     faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        handle(ends[i], on_end, 0);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        handle(faults[i], on_fault, (int)SA_RESETHAND);
    handle(SIGWINCH, on_resize, 0);
    handle(SIGPIPE, SIG_IGN, 0);
}

/* ---- opening and closing */

static void send_modes(bool is_on)
{
    putp(is_on ? "\033[?2004h" : "\033[?2004l");
    fflush(stdout);
}

static void start_modes(void)
{
    raw();
    noecho();
    nonl();
    set_escdelay(25);
    mousemask(BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON1_DOUBLE_CLICKED | BUTTON3_PRESSED
                  | BUTTON3_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED | REPORT_MOUSE_POSITION,
              NULL);
    mouseinterval(0);
    define_key("\033[200~", PASTE_BEGIN);
    define_key("\033[201~", PASTE_END);
    send_modes(true);
}

bool tb_term_open(struct tb_err *err)
{
    has_utf8();
    tcgetattr(STDIN_FILENO, &term.before);
    setenv("NCURSES_NO_UTF8_ACS", "1", 0);
    term.screen = newterm(NULL, stdout, stdin);
    if (!term.screen)
        return tb_fail(err, TB_ERR_USAGE, "TERM=%.40s: no such terminal is known; try TERM=xterm", env("TERM"));
    start_color();
    use_default_colors();
    term.keys = newpad(1, 1); /* reading from a pad draws nothing */
    keypad(term.keys, TRUE);
    nodelay(term.keys, TRUE);
    term.has_sync = strcmp(env("TERM"), "linux") != 0 && !tb_str_starts(env("TERM"), "vt");
    start_modes();
    handle_signals();
    term.is_open = true;
    return true;
}

void tb_term_close(void)
{
    if (!term.is_open)
        return;
    term.is_open = false;
    send_modes(false);
    endwin();
    delwin(term.keys);
    delscreen(term.screen);
    tb_buf_free(&term.paste);
    tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
}

void tb_term_lend(void)
{
    send_modes(false);
    def_prog_mode();
    endwin();
    handle(SIGINT, SIG_IGN, 0);
}

void tb_term_take_back(void)
{
    reset_prog_mode();
    handle_signals();
    send_modes(true);
    clearok(curscr, TRUE);
    term.was_resized = 1;
}

void tb_term_suspend(void)
{
    tb_term_lend();
    handle(SIGTSTP, SIG_DFL, 0);
    raise(SIGTSTP);
    tb_term_take_back();
}

bool tb_term_is_gone(void)
{
    struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
    return term.ended_by || (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)));
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

static struct tb_press mouse(void)
{
    MEVENT m;
    struct tb_press p = { 0 };
    if (getmouse(&m) != OK)
        return p;
    p.x = m.x;
    p.y = m.y;
    if (m.bstate & BUTTON4_PRESSED)
        p.key = TB_PRESS_WHEEL_UP;
    else if (m.bstate & BUTTON5_PRESSED)
        p.key = TB_PRESS_WHEEL_DOWN;
    else if (m.bstate & BUTTON1_DOUBLE_CLICKED)
        p.key = TB_PRESS_DOUBLE;
    else if (m.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED))
        p.key = TB_PRESS_CLICK;
    else if (m.bstate & BUTTON1_RELEASED)
        p.key = TB_PRESS_RELEASE;
    else if (m.bstate & (BUTTON3_PRESSED | BUTTON3_CLICKED))
        p.key = TB_PRESS_RIGHT_CLICK;
    else if (m.bstate & REPORT_MOUSE_POSITION)
        p.key = TB_PRESS_DRAG;
    return p;
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

struct tb_press tb_term_read(void)
{
    wint_t key;
    if (term.was_resized) {
        term.was_resized = 0;
        return (struct tb_press){ .key = TB_PRESS_RESIZE };
    }
    int rc = wget_wch(term.keys, &key);
    if (rc == ERR)
        return (struct tb_press){ .key = TB_PRESS_NONE };
    if (rc == KEY_CODE_YES && key == KEY_MOUSE)
        return mouse();
    if (rc == KEY_CODE_YES && key == PASTE_BEGIN)
        return paste();
    if (rc == KEY_CODE_YES)
        return (struct tb_press){ .key = special(key) };
    return (struct tb_press){ .key = key == '\r' ? '\n' : key == '\b' ? TB_PRESS_BACKSPACE : (uint32_t)key };
}

/* ---- cells */

/* Pairs are made as they are met; when there is no room left text keeps the terminal's own colours. */
static int pair_of(int fg, int bg)
{
    for (int i = 0; i < term.n_pairs; i++)
        if (term.pair[i].fg == fg && term.pair[i].bg == bg)
            return i + 1;
    if ((fg < 0 && bg < 0) || term.n_pairs == PAIRS || term.n_pairs + 1 >= COLOR_PAIRS
        || init_extended_pair(term.n_pairs + 1, fg, bg) == ERR)
        return 0;
    term.pair[term.n_pairs].fg = fg;
    term.pair[term.n_pairs].bg = bg;
    return ++term.n_pairs;
}

static attr_t bits_of(unsigned bits)
{
    return (bits & TB_STYLE_REVERSE ? WA_REVERSE : 0) | (bits & TB_STYLE_BOLD ? WA_BOLD : 0)
         | (bits & TB_STYLE_FAINT ? WA_DIM : 0) | (bits & TB_STYLE_UNDERLINE ? WA_UNDERLINE : 0);
}

static void put(const struct tb_glyph *g, enum tb_depth depth, int x, int y)
{
    wchar_t text[CCHARW_MAX + 1];
    cchar_t cell;
    size_t n = 0, at = 0, step;
    uint32_t cp;
    struct tb_ink ink = tb_theme_ink(depth, g->style);
    int fg = depth == TB_DEPTH_16 && ink.fg >= COLORS ? ink.fg == 8 ? -1 : ink.fg - 8 : ink.fg;
    bool is_dim = depth == TB_DEPTH_16 && ink.fg == 8 && COLORS < 16;
    while (n < CCHARW_MAX && (step = tb_utf8_step(g->s + at, strlen(g->s + at), &cp))) {
        text[n++] = (wchar_t)cp;
        at += step;
    }
    text[n] = L'\0';
    int pair = pair_of(fg, ink.bg);
    if (setcchar(&cell, n ? text : L" ", bits_of(ink.bits) | (is_dim ? WA_DIM : 0), (short)pair, &pair) == OK)
        mvadd_wch(y, x, &cell);
}

void tb_term_show(const struct tb_sheet *s, enum tb_depth depth, bool is_whole)
{
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++)
            if (tb_sheet_at(s, x, y)->width)
                put(tb_sheet_at(s, x, y), depth, x, y);
    if (is_whole)
        clearok(curscr, TRUE);
    if (s->cursor_x >= 0)
        move(s->cursor_y, s->cursor_x);
    curs_set(s->cursor_x >= 0);
    wnoutrefresh(stdscr);
    if (term.has_sync)
        putp("\033[?2026h");
    doupdate();
    if (term.has_sync)
        putp("\033[?2026l");
    fflush(stdout);
}
