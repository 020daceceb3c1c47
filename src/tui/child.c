/* SPDX-License-Identifier: MIT */
/* child.c - bytes in and out of one child. What it says is kept up to a limit: a child that floods is ended. */
#include "tui/child.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"

enum { MOST = 16 << 20, WORDS = 512 };

struct tb_child {
    struct tb_proc proc;
    struct tb_buf to, out, err, line;
    size_t taken; /* of out */
    bool is_last, has_ended;
    int status;
    const char **play; /* what is still written down; NULL: it is a process */
};

struct tb_child *tb_child_open(const char *const *argv, struct tb_err *err)
{
    char *words[WORDS + 1] = { (char *)tb_proc_self() };
    for (int i = 1; argv[i]; i++) {
        if (i == WORDS) {
            tb_fail(err, TB_ERR_LIMIT, "a command of more than %d words", WORDS);
            return NULL;
        }
        words[i] = (char *)argv[i];
    }
    struct tb_child *c = tb_xcalloc(1, sizeof *c);
    if (tb_proc_spawn(&c->proc, words, err))
        return c;
    free(c);
    return NULL;
}

/* ---- what is written down */

static void end_play(struct tb_child *c, int code, const char *words, size_t n)
{
    tb_buf_add(&c->err, words, n);
    c->status = code << 8;
    c->has_ended = true;
}

static void end_unexpected(struct tb_child *c, char kind, const char *line)
{
    struct tb_buf b = { 0 };
    tb_buf_fmt(&b, "not written down: %c %s; but: %.*s", kind, line, (int)strcspn(*c->play, "\n"), *c->play);
    end_play(c, 1, b.p, b.n);
    tb_buf_free(&b);
}

/* Says all lines up to the next that it waits for. */
static void say(struct tb_child *c)
{
    for (size_t n; !c->has_ended && **c->play && !strchr("=>", **c->play); *c->play += n + ((*c->play)[n] == '\n')) {
        const char *line = *c->play, *words;
        n = strcspn(line, "\n");
        if (*line == '!') {
            long code = strtol(line + 1, (char **)&words, 10);
            words += *words == ' ';
            end_play(c, (int)code, words, words < line + n ? (size_t)(line + n - words) : 0);
        } else if (n > 0 && *line != '#') {
            tb_buf_add(&c->out, line, n);
            tb_buf_char(&c->out, '\n');
        }
    }
}

/* A line of this kind, as it is written down, and what is said then. */
static void play(struct tb_child *c, char kind, const char *line)
{
    const char *at = *c->play;
    size_t n = strlen(line);
    if (c->has_ended)
        return;
    if (at[0] != kind || at[1] != ' ' || strncmp(at + 2, line, n) != 0 || (at[2 + n] && at[2 + n] != '\n')) {
        end_unexpected(c, kind, line);
        return;
    }
    *c->play = at + 2 + n + (at[2 + n] == '\n');
    say(c);
}

struct tb_child *tb_child_play(const char **at, const char *const *argv)
{
    struct tb_buf command = { 0 };
    struct tb_child *c = tb_xcalloc(1, sizeof *c);
    c->proc = (struct tb_proc){ .in = -1, .out = -1, .err = -1 };
    c->play = at;
    for (int i = 1; argv[i]; i++)
        tb_buf_fmt(&command, "%s%s", i > 1 ? " " : "", argv[i]);
    say(c); /* comments in front */
    play(c, '=', command.p ? command.p : "");
    tb_buf_free(&command);
    return c;
}

void tb_child_close(struct tb_child *c)
{
    if (!c)
        return;
    tb_proc_close(&c->proc);
    tb_buf_free(&c->to);
    tb_buf_free(&c->out);
    tb_buf_free(&c->err);
    tb_buf_free(&c->line);
    free(c);
}

static void drop(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void tb_child_send(struct tb_child *c, const char *line)
{
    if (c->play)
        play(c, '>', line);
    if (c->proc.in < 0)
        return;
    tb_buf_str(&c->to, line);
    tb_buf_char(&c->to, '\n');
    tb_child_pump(c);
}

void tb_child_send_end(struct tb_child *c)
{
    c->is_last = true;
    tb_child_pump(c);
}

static void feed(struct tb_child *c)
{
    ssize_t n = 1;
    while (c->proc.in >= 0 && c->to.n > 0 && n > 0) {
        n = send(c->proc.in, c->to.p, c->to.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            memmove(c->to.p, c->to.p + n, c->to.n - (size_t)n);
            c->to.n -= (size_t)n;
        } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
            drop(&c->proc.in);
        }
    }
    if (c->is_last && c->to.n == 0)
        drop(&c->proc.in);
}

static bool drain(int *fd, struct tb_buf *to)
{
    char bytes[16384];
    bool has_read = false;
    while (*fd >= 0) {
        ssize_t n = read(*fd, bytes, sizeof bytes);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (n > 0 && to->n + (size_t)n <= MOST)
            tb_buf_add(to, bytes, (size_t)n);
        else
            drop(fd);
        has_read = true;
    }
    return has_read;
}

bool tb_child_pump(struct tb_child *c)
{
    bool had_ended = c->has_ended;
    feed(c);
    bool is_new = drain(&c->proc.out, &c->out);
    is_new = drain(&c->proc.err, &c->err) || is_new;
    if (!c->has_ended && !c->play && c->proc.out < 0 && c->proc.err < 0)
        c->has_ended = tb_proc_has_ended(&c->proc, &c->status);
    return is_new || c->has_ended != had_ended;
}

const char *tb_child_line(struct tb_child *c)
{
    const char *from = c->out.p ? c->out.p + c->taken : "";
    size_t left = c->out.n - c->taken;
    const char *end = left ? memchr(from, '\n', left) : NULL;
    if (!end && (!c->has_ended || left == 0))
        return NULL;
    size_t n = end ? (size_t)(end - from) : left;
    tb_buf_clear(&c->line);
    tb_buf_add(&c->line, from, n);
    c->taken += n + (end != NULL);
    if (c->taken == c->out.n) {
        tb_buf_clear(&c->out);
        c->taken = 0;
    }
    return c->line.p ? c->line.p : "";
}

const char *tb_child_out(const struct tb_child *c)
{
    return c->out.p && c->out.n ? c->out.p + c->taken : "";
}

const char *tb_child_err(const struct tb_child *c)
{
    return c->err.p && c->err.n ? c->err.p : "";
}

char *tb_child_last_line(const char *said)
{
    size_t end = strlen(said), from;
    while (end > 0 && said[end - 1] == '\n')
        end--;
    for (from = end; from > 0 && said[from - 1] != '\n';)
        from--;
    return end > from ? tb_xstrndup(said + from, end - from) : NULL;
}

bool tb_child_has_ended(const struct tb_child *c)
{
    return c->has_ended;
}

int tb_child_exit(const struct tb_child *c)
{
    return WIFEXITED(c->status) ? WEXITSTATUS(c->status) : 128 + WTERMSIG(c->status);
}

int tb_child_fds(const struct tb_child *c, struct pollfd *fds, int room)
{
    int n = 0;
    if (!c || room < TB_CHILD_FDS)
        return 0;
    if (c->proc.in >= 0 && c->to.n > 0)
        fds[n++] = (struct pollfd){ .fd = c->proc.in, .events = POLLOUT };
    if (c->proc.out >= 0)
        fds[n++] = (struct pollfd){ .fd = c->proc.out, .events = POLLIN };
    if (c->proc.err >= 0)
        fds[n++] = (struct pollfd){ .fd = c->proc.err, .events = POLLIN };
    return n;
}
