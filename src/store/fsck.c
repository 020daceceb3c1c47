/* SPDX-License-Identifier: MIT */
/* fsck.c - the store around its runs: recipes against the hashes in their names, the index against the folders, remains
 * of writes, links. What lies in a folder of a run is in fsck_run.c. */
#include "store/fsck.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/fsck_priv.h"
#include "store/h5_priv.h"
#include "store/index.h"

enum { OLD_S = 60 };

/* ---- shared with fsck_run.c */

enum tb_entry tb_entry_of(const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return TB_ENTRY_GONE;
    return S_ISREG(st.st_mode) ? TB_ENTRY_FILE : S_ISDIR(st.st_mode) ? TB_ENTRY_FOLDER
         : S_ISLNK(st.st_mode) ? TB_ENTRY_LINK : TB_ENTRY_OTHER;
}

bool tb_fsck_is_temp(const char *name)
{
    return strstr(name, ".tmp-") || tb_str_starts(name, ".new-") || tb_str_starts(name, ".gone-");
}

bool tb_fsck_is_old(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && time(NULL) - st.st_mtim.tv_sec >= OLD_S;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t tb_fsck_names(const char *dir, char ***names)
{
    size_t n = 0, cap = 0;
    DIR *d = tb_entry_of(dir) == TB_ENTRY_FOLDER ? opendir(dir) : NULL;
    struct dirent *e;
    *names = NULL;
    while (d && n < TB_FSCK_MAX_NAMES && (e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        *names = tb_grow(*names, n, &cap, sizeof **names);
        (*names)[n++] = tb_xstrdup(e->d_name);
    }
    if (d)
        closedir(d);
    if (n)
        qsort(*names, n, sizeof **names, by_name);
    return n;
}

void tb_fsck_names_free(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

static uint64_t little(const uint8_t *p, int n)
{
    uint64_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

/* Reads on until the end; false if the system refuses. */
static bool crc_of_rest(int fd, uint32_t *crc, uint64_t *bytes)
{
    uint8_t piece[1 << 14];
    ssize_t n;
    *crc = 0;
    *bytes = 0;
    while ((n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        *crc = tb_crc32(*crc, piece, (size_t)n);
        *bytes += (uint64_t)n;
    }
    return true;
}

static enum tb_sum sum_of(int fd, const char *path, struct tb_err *why)
{
    uint8_t block[TB_H5_BLOCK];
    uint32_t crc;
    uint64_t bytes;
    ssize_t n = read(fd, block, sizeof block);
    if (n < 0) {
        tb_fail_errno(why, "cannot be read");
        return TB_SUM_UNKNOWN;
    }
    if (n < TB_H5_BLOCK || memcmp(block, "TBH5", 4) != 0) {
        tb_fail(why, TB_ERR_FORMAT, "has no check block: not written by tunebench, or damaged");
        return TB_SUM_BAD;
    }
    if (little(block + 4, 4) != 1) {
        tb_fail(why, TB_ERR_FORMAT, "check block of version %llu: of another version of tunebench, or damaged",
                (unsigned long long)little(block + 4, 4));
        return TB_SUM_UNKNOWN;
    }
    if (!crc_of_rest(fd, &crc, &bytes)) {
        tb_fail_errno(why, "cannot be read");
        return TB_SUM_UNKNOWN;
    }
    if (bytes == little(block + 8, 8) && crc == little(block + 16, 4))
        return TB_SUM_GOOD;
    if (bytes != little(block + 8, 8))
        tb_fail(why, TB_ERR_FORMAT, "holds %llu bytes instead of %llu", (unsigned long long)bytes + TB_H5_BLOCK,
                (unsigned long long)little(block + 8, 8) + TB_H5_BLOCK);
    else
        tb_fail(why, TB_ERR_FORMAT, "is damaged: its CRC does not match");
    return TB_SUM_BAD;
}

enum tb_sum tb_fsck_sum(const char *path, struct tb_err *why)
{
    enum tb_entry is = tb_entry_of(path);
    int fd = is == TB_ENTRY_FILE ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    if (fd < 0) {
        if (is == TB_ENTRY_FILE)
            tb_fail_errno(why, "cannot be opened");
        else
            tb_fail(why, is == TB_ENTRY_GONE ? TB_ERR_NOTFOUND : TB_ERR_FORMAT, "is no file");
        return TB_SUM_UNKNOWN;
    }
    enum tb_sum sum = sum_of(fd, path, why);
    close(fd);
    return sum;
}

bool tb_fsck_set_aside(const char *path, struct tb_err *err)
{
    char *to = tb_xasprintf("%s.bad", path);
    for (int i = 2; tb_entry_of(to) != TB_ENTRY_GONE && i < 1000; i++) {
        free(to);
        to = tb_xasprintf("%s.%d.bad", path, i);
    }
    bool good = rename(path, to) == 0 || tb_fail_errno(err, "cannot move %s aside", path);
    free(to);
    return good;
}

/* ---- the store */

struct store {
    const struct tb_fsck *k;
    const char *root;
};

static void tell(const struct store *s, const char *file, const char *what, const char *remedy, bool is_repaired)
{
    s->k->tell(s->k->user, &(struct tb_finding){ "", file, what, remedy, false, is_repaired });
}

static void note(const struct store *s, const char *file, const char *what)
{
    s->k->tell(s->k->user, &(struct tb_finding){ "", file, what, "", true, false });
}

/* What may lie in any folder of the store; false if the name is of no such kind. */
static bool check_remains(const struct store *s, const char *file, const char *path)
{
    if (tb_entry_of(path) == TB_ENTRY_LINK)
        tell(s, file, "is a link: nothing in a store may lead out of it", "", false);
    else if (tb_fsck_is_temp(tb_path_base(path))) {
        if (tb_fsck_is_old(path))
            tell(s, file, "is left of a write that did not end", "removed",
                 s->k->repairs && tb_dir_remove(path, NULL));
    } else if (tb_str_ends(path, ".bad"))
        note(s, file, "was moved aside as damaged; 'tunebench gc' removes such files");
    else
        return false;
    return true;
}

/* recipes/0123456789ab.lua: the first 12 digits of the hash of what it holds. */
static void check_recipe(const struct store *s, const char *file, const char *path)
{
    const char *name = tb_path_base(path);
    char hex[65], what[160];
    struct tb_err why = { 0 };
    if (strlen(name) != 16 || strspn(name, "0123456789abcdef") != 12 || !tb_str_ends(name, ".lua"))
        return;
    if (tb_entry_of(path) != TB_ENTRY_FILE)
        tell(s, file, "is no file", "", false);
    else if (!tb_sha256_file(path, hex, &why))
        tell(s, file, why.text, "", false);
    else if (strncmp(hex, name, 12) != 0) {
        snprintf(what, sizeof what, "holds a text with the hash %.12s, not that of its name", hex);
        tell(s, file, what, "moved aside as .bad", s->k->repairs && tb_fsck_set_aside(path, NULL));
    }
}

static bool is_run_id(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n < TB_RUN_ID && strspn(name, "0123456789abcdef-") == n;
}

static void check_in_runs(const struct store *s, const char *file, const char *path)
{
    enum tb_entry is = tb_entry_of(path);
    if (is == TB_ENTRY_FOLDER && is_run_id(tb_path_base(path)))
        return; /* has a check of its own */
    note(s, file, is == TB_ENTRY_FOLDER ? "is no run: its name is no id" : "is no run: it is no folder");
}

/* Every entry of the folder root/sub. */
static void check_folder(const struct store *s, const char *sub,
                         void (*check)(const struct store *s, const char *file, const char *path))
{
    char **names, *dir = tb_path_join(s->root, *sub ? sub : "."); /* the store itself may be reached by a link */
    size_t n = tb_fsck_names(dir, &names);
    for (size_t i = 0; i < n; i++) {
        char *file = *sub ? tb_path_join(sub, names[i]) : tb_xstrdup(names[i]), *path = tb_path_join(dir, names[i]);
        bool is_place = !*sub && tb_entry_of(path) == TB_ENTRY_FOLDER
                     && (strcmp(names[i], "runs") == 0 || strcmp(names[i], "recipes") == 0);
        if (!is_place && !check_remains(s, file, path) && check)
            check(s, file, path);
        free(path);
        free(file);
    }
    tb_fsck_names_free(names, n);
    free(dir);
}

static void check_index(const struct store *s)
{
    char words[200], *path = tb_path_join(s->root, "index");
    enum tb_entry is = tb_entry_of(path);
    if (is == TB_ENTRY_FILE && !tb_index_check(s->root, words, sizeof words))
        tell(s, "index", words, "made anew from the runs", s->k->repairs && unlink(path) == 0);
    else if (is == TB_ENTRY_FOLDER || is == TB_ENTRY_OTHER)
        tell(s, "index", "is no file", "", false);
    free(path);
}

bool tb_fsck_store(const struct tb_fsck *k, const char *root, struct tb_err *err)
{
    struct store s = { k, root };
    char *runs = tb_path_join(root, "runs");
    bool has_runs = tb_dir_exists(runs);
    free(runs);
    if (access(root, R_OK | X_OK) != 0)
        return tb_fail_errno(err, "cannot read %s", root);
    if (!has_runs)
        note(&s, "runs", "is not there: no run was made here, or this is no store");
    check_folder(&s, "", NULL);
    check_folder(&s, "recipes", check_recipe);
    check_folder(&s, "runs", check_in_runs);
    check_index(&s);
    return true;
}

size_t tb_fsck_runs(const char *root, char (**ids)[TB_RUN_ID], struct tb_err *err)
{
    char **names, *dir = tb_path_join(root, "runs");
    size_t n = tb_fsck_names(dir, &names), n_ids = 0;
    if (n == 0 && tb_entry_of(dir) == TB_ENTRY_FOLDER && access(dir, R_OK | X_OK) != 0)
        tb_fail_errno(err, "cannot read %s", dir);
    *ids = tb_xcalloc(n + 1, sizeof **ids);
    for (size_t i = 0; i < n; i++) {
        char *path = tb_path_join(dir, names[i]);
        if (is_run_id(names[i]) && tb_entry_of(path) == TB_ENTRY_FOLDER)
            tb_str_copy((*ids)[n_ids++], TB_RUN_ID, names[i]);
        free(path);
    }
    tb_fsck_names_free(names, n);
    free(dir);
    return n_ids;
}
