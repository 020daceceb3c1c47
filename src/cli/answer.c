/* SPDX-License-Identifier: MIT */
/* answer.c - stdout is turned to the file while the verb runs. */
#include "cli/answer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

struct answer {
    const struct tb_verb *verb;
    const struct tb_args *args;
    int *exit_code;
};

/* All of it, onto the disk. */
static bool finish(int fd, const char *path, struct tb_err *err)
{
    struct stat st;
    if (fflush(stdout) != 0 || ferror(stdout))
        return tb_fail_errno(err, "cannot write %s", path);
    bool is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    return !is_file || fsync(fd) == 0 || tb_fail_errno(err, "cannot write %s", path);
}

static bool run_into(const char *path, int flags, const struct answer *x, struct tb_err *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0666), kept = -1;
    fflush(stdout);
    if (fd < 0 || (kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)) < 0
        || dup2(fd, STDOUT_FILENO) < 0) {
        tb_fail_errno(err, "cannot write %s", path);
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool good = x->verb->run(x->args, x->exit_code, err) && finish(fd, path, err);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    close(fd);
    return good;
}

static bool write_temp(const char *temp, void *arg, struct tb_err *err)
{
    return run_into(temp, O_CREAT | O_TRUNC, arg, err);
}

bool tb_answer_run(const struct tb_verb *v, const struct tb_args *a, int *exit_code, struct tb_err *err)
{
    struct answer x = { v, a, exit_code };
    const char *path = tb_args_get(a, "output");
    struct stat st;
    if (!path || strcmp(path, "-") == 0)
        return v->run(a, exit_code, err);
    bool is_there = stat(path, &st) == 0;
    if (is_there && S_ISDIR(st.st_mode))
        return tb_fail(err, TB_ERR_USAGE, "--output %s: is a folder", path);
    if (is_there && !S_ISREG(st.st_mode))
        return run_into(path, 0, &x, err);
    char *real = is_there ? realpath(path, NULL) : NULL; /* a link stays one */
    bool good = tb_file_replace_by(real ? real : path, write_temp, &x, err);
    free(real);
    return good;
}
