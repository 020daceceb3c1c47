/* SPDX-License-Identifier: MIT */
/* stamp.c - times of change of the inode are part of it, so that a file put back with its old time is seen as well. */
#include "worker/stamp.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hash.h"

static uint64_t of_file(const char *path, const struct stat *st)
{
    int64_t what[] = { (int64_t)st->st_dev,         (int64_t)st->st_ino,         st->st_size,
                       (int64_t)st->st_mtim.tv_sec, (int64_t)st->st_mtim.tv_nsec, (int64_t)st->st_ctim.tv_sec,
                       (int64_t)st->st_ctim.tv_nsec };
    uint64_t name = tb_fnv1a32(path, strlen(path)), content = tb_crc32(0, what, sizeof what);
    return name << 32 ^ content * 0x9e3779b97f4a7c15; /* an odd number near 2^64 / 1.618 spreads it over all bits */
}

uint64_t tb_stamp_of(const char *path)
{
    struct stat st;
    struct dirent *d;
    if (stat(path, &st) != 0)
        return 0;
    DIR *dir = S_ISDIR(st.st_mode) ? opendir(path) : NULL;
    uint64_t sum = dir ? 1 : of_file(path, &st);
    while (dir && (d = readdir(dir))) {
        char *entry = tb_path_join(path, d->d_name);
        if (stat(entry, &st) == 0 && S_ISREG(st.st_mode))
            sum += of_file(entry, &st); /* in any order */
        free(entry);
    }
    if (dir)
        closedir(dir);
    return sum;
}
