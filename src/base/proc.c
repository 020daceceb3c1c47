/* SPDX-License-Identifier: MIT */
/* proc.c - a child process with limits, fed and read at the same time by poll().
 * Its stdin is one end of a socket pair, so that a child that stops reading gives EPIPE by
 * MSG_NOSIGNAL and never SIGPIPE. A pipe that exec closes tells whether exec worked. Between fork
 * and exec only async-signal-safe calls are made, since the caller may have threads.
 * Only the child itself is killed, not what it may have started. */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LIMIT_AS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LIMIT_AS 0
#endif
#endif
#ifndef LIMIT_AS
#define LIMIT_AS 1
#endif

/* Ends of the four channels: ours and the child's. */
enum { IN, OUT, ERR, EXEC, N_ENDS };
enum { FDS_LOOKED_AT = 65536 };

struct child {
    pid_t pid;
    int ours[N_ENDS], theirs[N_ENDS];
    const char *in;
    size_t n_in;
    struct tb_buf *to[N_ENDS]; /* OUT and ERR; NULL: dropped */
    size_t n_read[N_ENDS], most;
    double deadline; /* on the monotonic clock; 0: none */
    struct rusage used;
};

static void drop(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A program started without stdin or stdout gets ends numbered 0 to 2, which dup2 would trample. */
static bool lift(int *fd)
{
    if (*fd > STDERR_FILENO)
        return true;
    int high = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (high < 0)
        return false;
    close(*fd);
    *fd = high;
    return true;
}

static bool open_ends(struct child *c, struct tb_err *err)
{
    for (int i = 0; i < N_ENDS; i++) {
        int pair[2];
        int rc = i == IN ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)
                         : pipe2(pair, O_CLOEXEC);
        if (rc != 0)
            return tb_fail_errno(err, "cannot make a pipe");
        c->ours[i] = pair[0];
        c->theirs[i] = pair[1];
        if (!lift(&c->ours[i]) || !lift(&c->theirs[i]))
            return tb_fail_errno(err, "cannot make a pipe");
    }
    return true;
}

static void limit(int what, uint64_t soft, uint64_t hard)
{
    struct rlimit now, want = { (rlim_t)soft, (rlim_t)hard };
    if (getrlimit(what, &now) == 0 && now.rlim_max < want.rlim_max)
        want.rlim_max = now.rlim_max;
    if (want.rlim_cur > want.rlim_max)
        want.rlim_cur = want.rlim_max;
    setrlimit(what, &want);
}

/* In the child. */
static _Noreturn void become(const struct child *c, char *const argv[],
                             const struct tb_proc_limits *l)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (l && l->cpu_s)
        limit(RLIMIT_CPU, l->cpu_s, (uint64_t)l->cpu_s + 1);
    if (l && l->as_bytes && LIMIT_AS)
        limit(RLIMIT_AS, l->as_bytes, l->as_bytes);
    limit(RLIMIT_CORE, 0, 0);
    if (dup2(c->theirs[IN], STDIN_FILENO) >= 0 && dup2(c->theirs[OUT], STDOUT_FILENO) >= 0
        && dup2(c->theirs[ERR], STDERR_FILENO) >= 0)
        execv(argv[0], argv);
    int why = errno;
    ssize_t told = write(c->theirs[EXEC], &why, sizeof why);
    (void)told;
    _exit(127);
}

static bool start(struct child *c, char *const argv[], const struct tb_proc_limits *l,
                  struct tb_err *err)
{
    int why;
    ssize_t n;
    c->pid = fork();
    if (c->pid < 0)
        return tb_fail_errno(err, "cannot start %s", argv[0]);
    if (c->pid == 0)
        become(c, argv, l);
    for (int i = 0; i < N_ENDS; i++)
        drop(&c->theirs[i]);
    while ((n = read(c->ours[EXEC], &why, sizeof why)) < 0 && errno == EINTR)
        ;
    drop(&c->ours[EXEC]);
    if (n != sizeof why)
        return true;
    errno = why;
    return tb_fail_errno(err, "cannot start %s", argv[0]);
}

static void feed(struct child *c)
{
    ssize_t n = 0;
    if (c->n_in > 0)
        n = send(c->ours[IN], c->in, c->n_in, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n > 0) {
        c->in += n;
        c->n_in -= (size_t)n;
    }
    if (n < 0 || c->n_in == 0)
        drop(&c->ours[IN]);
}

static bool drain(struct child *c, int which, const char *name, struct tb_err *err)
{
    char bytes[16384];
    ssize_t n = read(c->ours[which], bytes, sizeof bytes);
    if (n < 0 && errno == EINTR)
        return true;
    if (n <= 0) {
        drop(&c->ours[which]);
        return true;
    }
    c->n_read[which] += (size_t)n;
    if (c->n_read[which] > c->most)
        return tb_fail(err, TB_ERR_LIMIT, "%s: says more than %zu bytes", name, c->most);
    if (c->to[which])
        tb_buf_add(c->to[which], bytes, (size_t)n);
    return true;
}

/* Milliseconds until the deadline, -1 for none; false when it has passed. */
static bool time_left(const struct child *c, int *ms)
{
    double left = c->deadline - tb_clock_mono_s();
    *ms = c->deadline == 0 ? -1 : left < 1e6 ? (int)(left * 1000) + 1 : 1000000000;
    return c->deadline == 0 || left > 0;
}

static bool too_slow(const char *name, struct tb_err *err)
{
    return tb_fail(err, TB_ERR_LIMIT, "%s: took longer than it may, stopped", name);
}

static bool talk(struct child *c, const char *name, struct tb_err *err)
{
    while (c->ours[OUT] >= 0 || c->ours[ERR] >= 0) {
        struct pollfd fds[] = {
            { .fd = c->ours[IN], .events = POLLOUT },
            { .fd = c->ours[OUT], .events = POLLIN },
            { .fd = c->ours[ERR], .events = POLLIN },
        };
        int ms;
        if (!time_left(c, &ms))
            return too_slow(name, err);
        int n = poll(fds, 3, ms);
        if (n < 0 && errno != EINTR)
            return tb_fail_errno(err, "cannot listen to %s", name);
        if (n <= 0)
            continue;
        if (fds[IN].revents)
            feed(c);
        for (int i = OUT; i <= ERR; i++)
            if (fds[i].revents && !drain(c, i, name, err))
                return false;
    }
    return true;
}

/* A child may close its output and go on: the deadline holds for its end too. */
static bool reap(struct child *c, const char *name, int *status, struct tb_err *err)
{
    int ms;
    for (;;) {
        pid_t got = wait4(c->pid, status, c->deadline == 0 ? 0 : WNOHANG, &c->used);
        if (got == c->pid) {
            c->pid = -1;
            return true;
        }
        if (got < 0 && errno != EINTR)
            return tb_fail_errno(err, "cannot wait for %s", name);
        if (!time_left(c, &ms))
            return too_slow(name, err);
        if (got == 0)
            poll(NULL, 0, ms < 5 ? ms : 5);
    }
}

static void finish(struct child *c)
{
    for (int i = 0; i < N_ENDS; i++) {
        drop(&c->ours[i]);
        drop(&c->theirs[i]);
    }
    if (c->pid <= 0)
        return;
    kill(c->pid, SIGKILL);
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* SIGXCPU comes first, SIGKILL a second later if ignored; the kernel kills for memory too. */
static bool over_cpu(const struct child *c, int status, unsigned cpu_s)
{
    if (!cpu_s || !WIFSIGNALED(status))
        return false;
    time_t used_s = c->used.ru_utime.tv_sec + c->used.ru_stime.tv_sec;
    int sig = WTERMSIG(status);
    return sig == SIGXCPU || (sig == SIGKILL && used_s >= (time_t)cpu_s);
}

bool tb_proc_run(char *const argv[], const char *in, size_t n_in,
                 const struct tb_proc_limits *limits, struct tb_buf *out,
                 struct tb_buf *errout, int *status, struct tb_err *err)
{
    struct child c = { .pid = -1, .in = in, .n_in = n_in, .most = (size_t)64 << 20 };
    int ended = 0;
    memset(c.ours, 0xff, sizeof c.ours);
    memset(c.theirs, 0xff, sizeof c.theirs);
    c.to[OUT] = out;
    c.to[ERR] = errout;
    if (limits && limits->out_bytes)
        c.most = limits->out_bytes;
    if (limits && limits->wall_s > 0)
        c.deadline = tb_clock_mono_s() + limits->wall_s;
    bool good = open_ends(&c, err) && start(&c, argv, limits, err) && talk(&c, argv[0], err)
        && reap(&c, argv[0], &ended, err);
    finish(&c);
    if (good && limits && over_cpu(&c, ended, limits->cpu_s))
        good = tb_fail(err, TB_ERR_LIMIT, "%s: used more than %u s of processor time, stopped",
                       argv[0], limits->cpu_s);
    if (status)
        *status = ended;
    return good;
}

bool tb_proc_spawn(struct tb_proc *p, char *const argv[], struct tb_err *err)
{
    struct child c = { .pid = -1 };
    memset(c.ours, 0xff, sizeof c.ours);
    memset(c.theirs, 0xff, sizeof c.theirs);
    *p = (struct tb_proc){ 0, -1, -1, -1 };
    if (!open_ends(&c, err) || !start(&c, argv, NULL, err)) {
        finish(&c);
        return false;
    }
    for (int i = IN; i <= ERR; i++)
        fcntl(c.ours[i], F_SETFL, fcntl(c.ours[i], F_GETFL) | O_NONBLOCK);
    *p = (struct tb_proc){ c.pid, c.ours[IN], c.ours[OUT], c.ours[ERR] };
    return true;
}

bool tb_proc_has_ended(struct tb_proc *p, int *status)
{
    if (p->pid > 0 && waitpid(p->pid, status, WNOHANG) == p->pid)
        p->pid = 0;
    return p->pid == 0;
}

void tb_proc_close(struct tb_proc *p)
{
    struct child c = { .pid = p->pid, .ours = { p->in, p->out, p->err, -1 } };
    memset(c.theirs, 0xff, sizeof c.theirs);
    finish(&c);
    *p = (struct tb_proc){ 0, -1, -1, -1 };
}

/* Kernels before 5.11 and some containers do not know that call. */
static void close_on_exec(int from)
{
    struct rlimit most;
    if (close_range((unsigned)from, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    bool is_few = getrlimit(RLIMIT_NOFILE, &most) == 0 && most.rlim_cur < FDS_LOOKED_AT;
    int end = is_few ? (int)most.rlim_cur : FDS_LOOKED_AT;
    for (int fd = from; fd < end; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* What a child tells through the pipe that exec closes. */
struct told {
    int pid; /* of the one that goes on, or 0 */
    int why; /* errno, or 0 */
};

static void tell(int fd, struct told t)
{
    ssize_t n = write(fd, &t, sizeof t);
    (void)n;
}

/* In the grandchild: no way back to the terminal, and only the pipe that tells why exec failed stays until then. */
static _Noreturn void become_detached(char *const argv[], int log, int pipe)
{
    sigset_t none;
    int null = open("/dev/null", O_RDONLY);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(log, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0
        && chdir("/") == 0) {
        close_on_exec(STDERR_FILENO + 1);
        execv(argv[0], argv);
    }
    tell(pipe, (struct told){ .why = errno });
    _exit(127);
}

/* The child in between makes the session and ends, so that nobody is left who would have to wait for the other. */
static _Noreturn void part(char *const argv[], int log, int pipe)
{
    if (setsid() < 0)
        _exit(1);
    pid_t pid = fork();
    if (pid == 0)
        become_detached(argv, log, pipe);
    tell(pipe, (struct told){ .pid = pid });
    _exit(pid < 0);
}

/* What the two said, until the pipe is closed: the process that goes on, 0 if it could not. */
static pid_t heard(pid_t between, int fd, const char *name, struct tb_err *err)
{
    struct told t;
    ssize_t n;
    pid_t pid = 0;
    int why = 0;
    while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
        ;
    while ((n = read(fd, &t, sizeof t)) == sizeof t || (n < 0 && errno == EINTR)) {
        pid = n > 0 && t.pid > 0 ? t.pid : pid;
        why = n > 0 && t.why ? t.why : why;
    }
    if (pid && !why)
        return pid;
    errno = why ? why : EAGAIN;
    tb_fail_errno(err, "cannot start %s", name);
    return 0;
}

pid_t tb_proc_detach(char *const argv[], const char *log, struct tb_err *err)
{
    int ends[2] = { -1, -1 }, fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    pid_t pid = 0;
    if (fd < 0 || !lift(&fd)) {
        tb_fail_errno(err, "cannot open %s", log);
    } else if (pipe2(ends, O_CLOEXEC) != 0 || !lift(&ends[0]) || !lift(&ends[1])) {
        tb_fail_errno(err, "cannot make a pipe");
    } else {
        pid_t between = fork();
        if (between == 0)
            part(argv, fd, ends[1]);
        drop(&ends[1]);
        if (between > 0)
            pid = heard(between, ends[0], argv[0], err);
        else
            tb_fail_errno(err, "cannot start %s", argv[0]);
    }
    drop(&ends[0]);
    drop(&ends[1]);
    drop(&fd);
    return pid;
}

bool tb_proc_terminal(const char *command, struct tb_err *err)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
    int status = 0;
    sigaction(SIGINT, &ignore, &before); /* is the program's, while it has the terminal */
    pid_t pid = fork();
    if (pid == 0) {
        sigaction(SIGINT, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
        sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    sigaction(SIGINT, &before, NULL);
    if (pid < 0)
        return tb_fail_errno(err, "cannot start %s", command);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    return tb_fail(err, TB_ERR_IO, "%s ended with %s %d", command, WIFEXITED(status) ? "code" : "signal",
                   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

const char *tb_proc_self(void)
{
    static char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    /* The link of a program that was replaced meanwhile names no file, but can itself be run. */
    return n > 0 && access(path, X_OK) == 0 ? path : "/proc/self/exe";
}
