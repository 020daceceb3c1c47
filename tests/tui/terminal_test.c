/* SPDX-License-Identifier: MIT */
/* The real program on a terminal: what it shows is what the same keys draw without one, at any size; whatever ends it
 * puts the terminal back; stores that go away, terminals of every kind, and those that die. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include "tests/tap.h"
#ifdef HAVE_VTERM
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "tests/tui/emulator.h"

enum { PATIENCE_S = 20 };

struct session {
    struct emulator e;
    pid_t pid;
    int fd, slave; /* the slave is held open, so that its state can be looked at behind the end */
    struct termios before;
    int status;
    bool has_ended;
};

static char place[256];
static const char *program;

/* ---- a session */

static void start(struct session *s, int width, int height, const char *const *env, const char *store)
{
    struct winsize size = { .ws_row = (unsigned short)height, .ws_col = (unsigned short)width };
    *s = (struct session){ .pid = 0 };
    emulator_open(&s->e, width, height);
    if (openpty(&s->fd, &s->slave, NULL, NULL, &size) != 0)
        exit(1);
    tcgetattr(s->slave, &s->before);
    fflush(stdout);
    s->pid = fork();
    if (s->pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        for (; env && *env; env++)
            putenv((char *)*env);
        close(s->fd);
        login_tty(s->slave);
        if (strcmp(store, "in a shell") == 0)
            execl("/bin/sh", "sh", "-mc", "\"$TUNEBENCH\" --store store.d; echo stopped; read x; fg >/dev/null; "
                  "echo once more; read x; fg >/dev/null",
                  (char *)NULL);
        execl(program, program, "--store", store, (char *)NULL);
        _exit(127);
    }
    fcntl(s->fd, F_SETFL, O_NONBLOCK);
}

static void send_bytes(struct session *s, const char *bytes, size_t n)
{
    for (ssize_t k; n > 0 && ((k = write(s->fd, bytes, n)) > 0 || errno == EAGAIN);) {
        struct pollfd p = { .fd = s->fd, .events = POLLOUT | POLLIN };
        char in[4096];
        bytes += k > 0 ? k : 0;
        n -= k > 0 ? (size_t)k : 0;
        for (ssize_t got; n > 0 && poll(&p, 1, 50) > 0 && (got = read(s->fd, in, sizeof in)) > 0;)
            vterm_input_write(s->e.vt, in, (size_t)got);
    }
}

static void type(struct session *s, const char *keys)
{
    send_bytes(s, keys, strlen(keys));
}

/* What the program wrote goes to the emulator, and what that answers back. */
static void pump(struct session *s, int ms)
{
    struct pollfd p = { .fd = s->fd, .events = POLLIN };
    char bytes[16384];
    poll(&p, 1, ms);
    for (ssize_t n; (n = read(s->fd, bytes, sizeof bytes)) > 0;)
        vterm_input_write(s->e.vt, bytes, (size_t)n);
    size_t n = vterm_output_read(s->e.vt, bytes, sizeof bytes);
    if (n > 0)
        send_bytes(s, bytes, n);
    s->has_ended = s->has_ended || waitpid(s->pid, &s->status, WNOHANG) == s->pid;
}

static bool has_text(const struct session *s, const char *text)
{
    for (int y = 0; y < s->e.height; y++)
        if (strstr(emulator_row(&s->e, y), text))
            return true;
    return false;
}

static bool shows(struct session *s, const char *text)
{
    double until = tb_clock_mono_s() + PATIENCE_S;
    while (!has_text(s, text) && !s->has_ended && tb_clock_mono_s() < until)
        pump(s, 20);
    return has_text(s, text);
}

static void print_screen(const struct session *s)
{
    for (int y = 0; y < s->e.height; y++)
        printf("# |%s\n", emulator_row(&s->e, y));
}

static void is_shown(struct session *s, const char *text, const char *what)
{
    if (!ok(shows(s, text), "%s", what))
        print_screen(s);
}

static bool ends(struct session *s)
{
    double until = tb_clock_mono_s() + PATIENCE_S;
    while (!s->has_ended && tb_clock_mono_s() < until)
        pump(s, 20);
    pump(s, 0);
    return s->has_ended;
}

static bool is_restored(const struct session *s)
{
    struct termios now;
    tcgetattr(s->slave, &now);
    return !s->e.is_other_screen && s->e.has_cursor && !s->e.has_mouse && now.c_lflag == s->before.c_lflag
        && now.c_iflag == s->before.c_iflag && now.c_oflag == s->before.c_oflag;
}

static void stop(struct session *s)
{
    if (!s->has_ended) {
        kill(s->pid, SIGKILL);
        kill(s->pid, SIGCONT);
        waitpid(s->pid, &s->status, 0);
    }
    close(s->fd);
    close(s->slave);
    vterm_free(s->e.vt);
}

/* ---- stores and frames */

static bool run_tool(const char *tool, const char *a, const char *b)
{
    char *path = tb_xasprintf("%.*s%s", (int)(tb_path_base(tb_proc_self()) - tb_proc_self()), tb_proc_self(), tool);
    char *argv[] = { path, (char *)a, (char *)b, NULL };
    int status = -1;
    bool good = access(path, X_OK) == 0
             && tb_proc_run(argv, NULL, 0, &(struct tb_proc_limits){ .wall_s = 60 }, NULL, NULL, &status, NULL);
    free(path);
    return good && status == 0;
}

/* What a script of keys draws at a size, without a terminal. */
static char *drawn(const char *keys, int width, int height)
{
    char *script = tb_xasprintf("%s\nframe f\n", keys), *size = tb_xasprintf("%dx%d", width, height);
    char *argv[] = { (char *)program, "--store", "store.d", "--script", "k", "--frames", "f", "--size", size, NULL };
    tb_file_replace("k", script, strlen(script), NULL);
    tb_proc_run(argv, NULL, 0, &(struct tb_proc_limits){ .wall_s = 60 }, NULL, NULL, NULL, NULL);
    free(script);
    free(size);
    return tb_file_read("f/f.frame", 1 << 20, NULL, NULL);
}

static bool is_frame(const struct session *s, const char *frame)
{
    for (int y = 0; frame && y < s->e.height - 1; y++) { /* but for the line of messages */
        size_t n = strcspn(frame, "\n");
        const char *row = emulator_row(&s->e, y);
        if (strlen(row) != n || memcmp(row, frame, n) != 0)
            return false;
        frame += n + (frame[n] == '\n');
    }
    return frame != NULL;
}

static void becomes(struct session *s, const char *keys, const char *what)
{
    char *frame = drawn(keys, s->e.width, s->e.height);
    double until = tb_clock_mono_s() + PATIENCE_S;
    while (!is_frame(s, frame) && !s->has_ended && tb_clock_mono_s() < until)
        pump(s, 20);
    if (!ok(is_frame(s, frame), "%s", what)) {
        print_screen(s);
        printf("# not:\n");
        for (char *rest = frame, *line; rest && (line = strsep(&rest, "\n"));)
            printf("# |%s\n", line);
    }
    free(frame);
}

static void resize(struct session *s, int width, int height)
{
    struct winsize size = { .ws_row = (unsigned short)height, .ws_col = (unsigned short)width };
    emulator_resize(&s->e, width, height);
    ioctl(s->fd, TIOCSWINSZ, &size);
}

/* ---- what is tested */

static void test_frames(void)
{
    struct session s;
    start(&s, 100, 30, NULL, "store.d");
    becomes(&s, "1", "the table, as a script draws it");
    resize(&s, 80, 24);
    becomes(&s, "1", "at another size");
    resize(&s, 140, 45);
    becomes(&s, "1", "at a larger one");
    type(&s, "j");
    becomes(&s, "1 down", "a key");
    type(&s, "\033[<0;20;4M\033[<0;20;4m");
    becomes(&s, "1 down\nclick 19 3", "a click");
    for (int i = 0; i < 40; i++)
        resize(&s, 60 + i * 37 % 120, 15 + i * 13 % 40);
    type(&s, ":");
    resize(&s, 90, 25);
    becomes(&s, "1 down\nclick 19 3\n:", "many sizes at once, in a prompt");
    type(&s, "\033");
    resize(&s, 40, 10);
    is_shown(&s, "too small: 40 x 10", "no room");
    resize(&s, 80, 24);
    is_shown(&s, "[1 Runs]", "and room again");
    type(&s, "q");
    ok(ends(&s) && WIFEXITED(s.status) && WEXITSTATUS(s.status) == 0 && is_restored(&s),
       "q leaves the terminal as it was");
    stop(&s);
}

/* A shell with job control starts it, since the kernel stops nobody whom no one could continue. */
static void test_suspend(void)
{
    struct session s;
    start(&s, 80, 24, NULL, "in a shell");
    is_shown(&s, "[1 Runs]", "started by a shell");
    type(&s, "\032");
    is_shown(&s, "stopped", "^Z stops it");
    ok(is_restored(&s), "and the shell has its terminal");
    resize(&s, 100, 30);
    type(&s, "\n");
    becomes(&s, "1", "fg brings it back, at the size there is now");
    pid_t front = tcgetpgrp(s.fd);
    ok(front > 0 && front != s.pid && kill(-front, SIGTSTP) == 0, "somebody sends the signal");
    is_shown(&s, "once more", "which stops it, too");
    ok(is_restored(&s), "and the shell has its terminal");
    type(&s, "\n");
    becomes(&s, "1", "after which it is back as it was");
    type(&s, "q");
    ok(ends(&s) && is_restored(&s), "and it leaves the terminal as it was");
    stop(&s);
}

static void test_ends(void)
{
    static const struct {
        int sig;
        const char *name;
        bool is_fault;
    } cases[] = { { SIGTERM, "SIGTERM", false }, { SIGINT, "SIGINT", false }, { SIGHUP, "SIGHUP", false },
                  { SIGQUIT, "SIGQUIT", false }, { SIGSEGV, "SIGSEGV", true }, { SIGABRT, "SIGABRT", true },
                  { SIGBUS, "SIGBUS", true } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct session s;
        start(&s, 80, 24, NULL, "store.d");
        bool is_there = shows(&s, "[1 Runs]") && s.e.is_other_screen && s.e.has_mouse;
        kill(s.pid, cases[i].sig);
        bool has_ended = ends(&s);
        int code = WIFSIGNALED(s.status) ? 128 + WTERMSIG(s.status) : WEXITSTATUS(s.status);
        ok(is_there && has_ended && is_restored(&s), "%s: the terminal is as it was", cases[i].name);
        if (code == 1 && cases[i].is_fault) /* a sanitizer has its own word */
            skip(cases[i].name, "the code is a sanitizer's");
        else
            is_int(code, 128 + cases[i].sig, "its exit code");
        stop(&s);
    }
}

static void test_dead_terminal(void)
{
    struct session s;
    start(&s, 80, 24, NULL, "store.d");
    shows(&s, "[1 Runs]");
    int status = 0;
    close(s.fd);
    close(s.slave);
    bool has_ended = false;
    for (int i = 0; i < 1000 && !has_ended; i++) {
        tb_clock_nap(0.02);
        has_ended = waitpid(s.pid, &status, WNOHANG) == s.pid;
    }
    ok(has_ended, "a terminal that is gone ends it");
    s.has_ended = has_ended;
    s.fd = s.slave = -1;
    stop(&s);
}

static void test_kinds(void)
{
    static const char *const kinds[][4] = {
        { "TERM=xterm", "LC_ALL=C.UTF-8" }, { "TERM=xterm-256color", "LC_ALL=C" },
        { "TERM=xterm-256color", "LC_ALL=C.UTF-8", "COLORTERM=truecolor" }, { "TERM=tmux-256color", "LC_ALL=C.UTF-8" },
        { "TERM=screen", "LC_ALL=C" }, { "TERM=linux", "LC_ALL=C.UTF-8" }, { "TERM=vt100", "LC_ALL=C" },
        { "TERM=xterm-256color", "LC_ALL=C.UTF-8", "NO_COLOR=1" },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct session s;
        const char *third = kinds[i][2] ? kinds[i][2] : "";
        bool is_mono = strcmp(third, "NO_COLOR=1") == 0 || strcmp(kinds[i][0], "TERM=vt100") == 0, has_color = false,
             has_rgb = false;
        start(&s, 100, 30, kinds[i], "store.d");
        is_shown(&s, "[1 Runs]", kinds[i][0]);
        is_shown(&s, "lora-r16-s0", "its table");
        for (int n = 0; n < s.e.width * s.e.height; n++) {
            VTermScreenCell cell = emulator_cell(&s.e, n % s.e.width, n / s.e.width);
            has_color = has_color || !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg);
            has_rgb = has_rgb || (VTERM_COLOR_IS_RGB(&cell.fg) && !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg));
        }
        ok(has_color == !is_mono, "%s %s: %s", kinds[i][0], third, is_mono ? "no colours" : "colours");
        ok(has_rgb == (strcmp(third, "COLORTERM=truecolor") == 0), "24 bits only where they are known");
        type(&s, "q");
        ok(ends(&s) && is_restored(&s), "%s: as it was", kinds[i][0]);
        stop(&s);
    }
}

static void test_paste(void)
{
    struct session s;
    enum { N = 100000 };
    char *text = tb_xcalloc(N + 16, 1);
    memcpy(text, "\033[200~", 6);
    memset(text + 6, 'x', N);
    memcpy(text + 6 + N, "\033[201~", 7);
    start(&s, 80, 24, NULL, "store.d");
    shows(&s, "[1 Runs]");
    type(&s, "T");
    is_shown(&s, "tags, +word", "a question");
    send_bytes(&s, text, N + 12);
    is_shown(&s, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "100 kB are pasted");
    type(&s, "\033");
    is_shown(&s, "pasted text was cut to 65536 bytes", "and cut");
    type(&s, "q");
    ok(ends(&s), "and it goes on");
    stop(&s);
    free(text);
}

static void shell(const char *command)
{
    char *argv[] = { "/bin/sh", "-c", (char *)command, NULL };
    tb_proc_run(argv, NULL, 0, &(struct tb_proc_limits){ .wall_s = 20 }, NULL, NULL, NULL, NULL);
}

static void test_stores(void)
{
    struct session s, other;
    run_tool("make_store", "going.d", NULL);
    start(&s, 100, 30, NULL, "going.d");
    start(&other, 100, 30, NULL, "going.d");
    is_shown(&s, "prefix20-s0", "a run");
    is_shown(&s, "damaged", "a damaged one says so");
    is_shown(&other, "prefix20-s0", "two look at one store");
    shell("mv going.d/runs/2222222222222222 away; sleep 0.1");
    is_shown(&s, "7 of 7", "the folder of a run is removed: the rest stays");
    shell("mv going.d gone.d");
    is_shown(&s, "the store is gone", "the store is gone");
    type(&s, "s");
    is_shown(&s, "there is no run here to stop", "a key that needs a run says so");
    shell("mv gone.d going.d");
    is_shown(&s, "lora-r16-s0", "and is back");
    is_shown(&other, "lora-r16-s0", "for the other, too");
    type(&s, "q");
    type(&other, "q");
    ok(ends(&s) && ends(&other), "both leave");
    stop(&s);
    stop(&other);
}

/* Nothing can be written for the next time. */
static void test_no_state(void)
{
    struct session s;
    const char *env[] = { "XDG_STATE_HOME=/dev/full/state", NULL };
    start(&s, 80, 24, env, "store.d");
    is_shown(&s, "[1 Runs]", "no place for the view");
    type(&s, "q");
    ok(ends(&s) && WEXITSTATUS(s.status) == 0 && is_restored(&s), "leaves all the same");
    stop(&s);
}

int main(void)
{
    program = getenv("TUNEBENCH");
    snprintf(place, sizeof place, "%s/tunebench-terminal-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!program || !mkdtemp(place) || chdir(place) != 0 || !run_tool("make_store", "store.d", NULL)) {
        skip("the program on a terminal", "TUNEBENCH or tests/bin/make_store is not there");
        return done();
    }
    setenv("XDG_STATE_HOME", place, 1);
    setenv("XDG_CACHE_HOME", place, 1);
    setenv("TUNEBENCH_NOW", "2026-01-02T03:04:05Z", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("NO_COLOR");
    unsetenv("COLORTERM");
    unsetenv("TMUX");
    test_frames();
    test_suspend();
    test_ends();
    test_dead_terminal();
    test_kinds();
    test_paste();
    test_stores();
    test_no_state();
    if (chdir("/") == 0)
        tb_dir_remove(place, NULL);
    return done();
}
#else
int main(void)
{
    skip("the program on a terminal", "libvterm is not there");
    return done();
}
#endif
