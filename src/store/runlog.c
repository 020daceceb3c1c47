/* SPDX-License-Identifier: MIT */
/* runlog.c - the file is opened for each line and written by one call, so that nothing is held while a run waits for
 * days and a line is whole or not there. Lines are few: what comes with every step is in the journal. */
#include "store/runlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/layout.h"

static int open_log(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
}

static bool is_full(int fd)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && st.st_size >= TB_RUN_LOG_BYTES;
}

/* The file to add to. */
static int open_room(const char *dir)
{
    char *path = tb_path_join(dir, TB_FILE_LOG), *old = tb_path_join(dir, TB_FILE_LOG_OLD);
    int fd = open_log(path);
    if (is_full(fd)) {
        close(fd);
        fd = rename(path, old) == 0 ? open_log(path) : -1;
    }
    free(old);
    free(path);
    return fd;
}

void tb_run_log(const char *dir, enum tb_log_level level, const char *fmt, ...)
{
    char line[TB_LOG_LINE], text[TB_LOG_LINE];
    int saved = errno, fd = open_room(dir),
        at = snprintf(text, sizeof text, "run %.*s: ", TB_RUN_ID, tb_path_base(dir));
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text + at, sizeof text - (size_t)at, fmt, ap);
    va_end(ap);
    if (fd >= 0)
        tb_write_all(fd, line, tb_log_line(line, level, text));
    if (fd >= 0)
        close(fd);
    errno = saved;
}

/* Appends a file, if it is there. */
static bool add(struct tb_buf *b, const char *dir, const char *name, struct tb_err *err)
{
    struct tb_err why = { 0 };
    size_t n = 0;
    char *path = tb_path_join(dir, name);
    bool is_file = tb_file_is_no_link(path, &why) && tb_file_is_plain(path, &why);
    char *text = is_file ? tb_file_read(path, 4 * TB_RUN_LOG_BYTES, &n, &why) : NULL;
    if (text)
        tb_buf_add(b, text, n);
    bool good = text || why.kind == TB_ERR_NOTFOUND;
    if (!good && err)
        *err = why;
    free(text);
    free(path);
    return good;
}

char *tb_run_log_read(const char *dir, struct tb_err *err)
{
    struct tb_buf b = { 0 };
    if (add(&b, dir, TB_FILE_LOG_OLD, err) && add(&b, dir, TB_FILE_LOG, err))
        return tb_buf_take(&b);
    tb_buf_free(&b);
    return NULL;
}
