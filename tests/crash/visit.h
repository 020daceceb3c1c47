/* SPDX-License-Identifier: MIT */
/* visit.h - any .h5 file as anybody would open it: H5Fopen and a visit to all its objects, without our own checks. */
#ifndef TB_TESTS_VISIT_H
#define TB_TESTS_VISIT_H

#include <hdf5.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static herr_t visit_object(hid_t object, const char *name, const H5O_info_t *info, void *user)
{
    ++*(int *)user;
    return 0;
}

/* Objects in the file, -1 if it or one of them cannot be opened. */
static int visit_file(const char *path)
{
    int n = 0;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t f = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (f < 0)
        return -1;
#if H5_VERSION_GE(1, 12, 0)
    herr_t bad = H5Ovisit3(f, H5_INDEX_NAME, H5_ITER_NATIVE, visit_object, &n, H5O_INFO_BASIC);
#else
    herr_t bad = H5Ovisit(f, H5_INDEX_NAME, H5_ITER_NATIVE, visit_object, &n);
#endif
    H5Fclose(f);
    return bad < 0 ? -1 : n;
}

/* What the last visit_tree saw. */
static struct {
    int n_files, n_bad;
    char bad[512]; /* the last of them */
} visited;

static int visit_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    size_t n = strlen(path);
    if (type != FTW_F || n < 3 || strcmp(path + n - 3, ".h5") != 0)
        return 0;
    bool good = visit_file(path) > 0;
    if (!good && stat(path, &(struct stat){ 0 }) != 0) /* removed meanwhile: it was no file to open */
        return 0;
    visited.n_files++;
    visited.n_bad += !good;
    if (!good)
        snprintf(visited.bad, sizeof visited.bad, "%s", path);
    return 0;
}

/* All files below that are called .h5; false if one does not open. */
static inline bool visit_tree(const char *root)
{
    visited.n_files = visited.n_bad = 0;
    nftw(root, visit_entry, 16, FTW_PHYS);
    return visited.n_bad == 0;
}

#endif
