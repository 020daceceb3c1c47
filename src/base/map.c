/* SPDX-License-Identifier: MIT */
/* map.c - read-only mappings of files, and what happens when such a file shrinks under us.
 * The kernel then sends SIGBUS at the next touch. So that the user reads which file it was, open
 * mappings stand in a table of fixed size that the signal handler reads without a lock: `start` is
 * stored last and cleared first, and the name is a copy inside the slot. A mapping that finds no
 * free slot works all the same, only its SIGBUS has no words. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

enum { N_SLOTS = 64, TAKEN = 1 };

struct slot {
    _Atomic uintptr_t start; /* 0 free, TAKEN being filled, else the address */
    _Atomic size_t n;
    char path[256];
};
static struct slot slots[N_SLOTS];

static void remember(const struct tb_map *m)
{
    for (int i = 0; i < N_SLOTS; i++) {
        uintptr_t free_slot = 0;
        if (!atomic_compare_exchange_strong(&slots[i].start, &free_slot, TAKEN))
            continue;
        atomic_store(&slots[i].n, m->n);
        tb_str_copy(slots[i].path, sizeof slots[i].path, m->path);
        atomic_store(&slots[i].start, (uintptr_t)m->p);
        return;
    }
}

static void forget(const struct tb_map *m)
{
    for (int i = 0; i < N_SLOTS; i++) {
        uintptr_t start = (uintptr_t)m->p;
        if (atomic_compare_exchange_strong(&slots[i].start, &start, 0))
            return;
    }
}

static bool map_fd(struct tb_map *m, int fd, const char *path, struct tb_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return tb_fail_errno(err, "cannot read %s", path);
    if (!S_ISREG(st.st_mode))
        return tb_fail_at(err, TB_ERR_FORMAT, path, 0, "is not a regular file");
    if ((uintmax_t)st.st_size > SIZE_MAX / 2)
        return tb_fail_at(err, TB_ERR_LIMIT, path, 0, "too large to map");
    if (st.st_size == 0)
        return true;
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return tb_fail_errno(err, "cannot map %s", path);
    m->p = p;
    m->n = (size_t)st.st_size;
    return true;
}

bool tb_map_open(struct tb_map *m, const char *path, struct tb_err *err)
{
    *m = (struct tb_map){ 0 };
    /* Without O_NONBLOCK a FIFO in the place of a model would hang here. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return tb_fail_at(err, TB_ERR_NOTFOUND, path, 0, "no such file");
    if (fd < 0)
        return tb_fail_errno(err, "cannot open %s", path);
    bool good = map_fd(m, fd, path, err);
    close(fd);
    if (!good)
        return false;
    m->path = tb_xstrdup(path);
    if (m->p)
        remember(m);
    return true;
}

void tb_map_close(struct tb_map *m)
{
    if (!m)
        return;
    if (m->p) {
        forget(m);
        munmap((void *)(uintptr_t)m->p, m->n);
    }
    free(m->path);
    *m = (struct tb_map){ 0 };
}

static void say(const char *s)
{
    ssize_t done = write(STDERR_FILENO, s, strlen(s));
    (void)done;
}

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
    (void)context;
    uintptr_t at = (uintptr_t)info->si_addr;
    for (int i = 0; i < N_SLOTS; i++) {
        uintptr_t start = atomic_load(&slots[i].start);
        if (start <= TAKEN || at < start || at - start >= atomic_load(&slots[i].n))
            continue;
        say(slots[i].path);
        say(": was cut or changed while in use\n");
        _exit(1);
    }
    /* Not ours: back to the default, and the instruction faults again. */
    signal(sig, SIG_DFL);
}

void tb_map_guard_sigbus(void)
{
    struct sigaction act = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };
    sigemptyset(&act.sa_mask);
    sigaction(SIGBUS, &act, NULL);
}
