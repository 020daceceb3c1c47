/* SPDX-License-Identifier: MIT */
/* env.c - what a run remembers of the machine and the command that made it. The git commit is read
 * from .git itself (HEAD, loose and packed references, worktrees by `gitdir:` and commondir), so
 * that no program is run; whether the tree was changed is therefore not known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/h5_priv.h"
#include "store/run.h"

enum { MAX_GIT_FILE = 4 << 20 };

/* malloc'ed; NULL if there is none. */
static char *text_of(const char *dir, const char *name)
{
    char *path = tb_path_join(dir, name);
    char *text = tb_file_read_plain(path, MAX_GIT_FILE, NULL, NULL);
    free(path);
    return text;
}

/* First line of a file, malloc'ed; NULL if there is none. */
static char *line_of(const char *dir, const char *name)
{
    char *text = text_of(dir, name);
    if (text)
        text[strcspn(text, "\r\n")] = '\0';
    return text;
}

static bool is_sha(const char *s)
{
    size_t n = strspn(s, "0123456789abcdef");
    return (n == 40 || n == 64) && s[n] == '\0';
}

/* "<sha> <ref>" lines. */
static char *packed(const char *git, const char *ref)
{
    char *text = text_of(git, "packed-refs"), *sha = NULL, *rest = text;
    for (char *line; rest && !sha && (line = strsep(&rest, "\n"));) {
        char *blank = strchr(line, ' ');
        if (!blank || strcmp(blank + 1, ref) != 0)
            continue;
        *blank = '\0';
        sha = is_sha(line) ? tb_xstrdup(line) : NULL;
    }
    free(text);
    return sha;
}

/* Commit that HEAD of this git folder stands for, malloc'ed or NULL. */
static char *head_of(const char *git)
{
    char *head = line_of(git, "HEAD"), *sha = NULL, *common_name = line_of(git, "commondir");
    char *common = tb_path_join(git, common_name ? common_name : ".");
    if (head && is_sha(head)) {
        sha = tb_xstrdup(head);
    } else if (head && tb_str_starts(head, "ref: refs/") && !strstr(head, "..")) {
        sha = line_of(common, head + 5);
        if (sha && !is_sha(sha)) {
            free(sha);
            sha = NULL;
        }
        if (!sha)
            sha = packed(common, head + 5);
    }
    free(common);
    free(common_name);
    free(head);
    return sha;
}

/* The git folder of a work tree, malloc'ed, or NULL: .git is a folder or a file "gitdir: PATH". */
static char *git_in(const char *dir)
{
    char *git = tb_path_join(dir, ".git"), *line = NULL, *to = NULL;
    if (tb_dir_exists(git))
        return git;
    line = tb_file_exists(git) ? line_of(dir, ".git") : NULL;
    if (line && tb_str_starts(line, "gitdir: "))
        to = tb_path_join(dir, line + 8);
    free(line);
    free(git);
    return to;
}

/* From cwd upwards to the first folder that has a .git. */
static char *commit_around(const char *cwd)
{
    char *dir = tb_xstrdup(cwd), *git = git_in(dir), *sha = NULL, *slash;
    while (!git && (slash = strrchr(dir, '/')) && slash != dir) {
        *slash = '\0';
        git = git_in(dir);
    }
    if (git)
        sha = head_of(git);
    free(git);
    free(dir);
    return sha;
}

static void set_str(struct tb_json *map, const char *key, const char *s)
{
    if (s && *s)
        tb_json_set(map, key, tb_json_new_str(s));
}

static void set_machine(struct tb_json *map)
{
    struct utsname u;
    char hdf5[32];
    if (uname(&u) == 0) {
        char *os = tb_xasprintf("%s %s %s", u.sysname, u.release, u.machine);
        set_str(map, "host", u.nodename);
        set_str(map, "os", os);
        free(os);
    }
    tb_h5_version(hdf5, sizeof hdf5);
    set_str(map, "hdf5", hdf5);
#ifdef __clang__
    set_str(map, "compiler", "clang " __clang_version__);
#else
    set_str(map, "compiler", "gcc " __VERSION__);
#endif
}

struct tb_json *tb_run_env(char *const *argv, const char *version, int numeric)
{
    struct tb_json *map = tb_json_new_map(), *words = tb_json_new_list();
    char *cwd = getcwd(NULL, 0), *sha = cwd ? commit_around(cwd) : NULL;
    for (int i = 0; argv && argv[i]; i++)
        tb_json_append(words, tb_json_new_str(argv[i]));
    tb_json_set(map, "argv", words);
    set_str(map, "cwd", cwd);
    set_str(map, "git", sha);
    set_str(map, "version", version);
    tb_json_set(map, "numeric", tb_json_new_int(numeric));
    set_machine(map);
    set_str(map, "slurm_job", getenv("SLURM_JOB_ID"));
    set_str(map, "slurm_task", getenv("SLURM_ARRAY_TASK_ID"));
    free(sha);
    free(cwd);
    return map;
}
