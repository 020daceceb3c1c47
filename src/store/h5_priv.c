/* SPDX-License-Identifier: MIT */
/* h5_priv.c - files of HDF5 as bytes in memory: begin, commit, open, close, and the user block.
 * A file is 512 bytes { 'TBH5', u32 version 1, u64 length of the rest, u32 CRC-32 of the rest,
 * zeros } and the rest. It is built by the core driver, so its bytes are in one piece when it is
 * done; the block is written to the temporary file last, before fsync and rename. H5Fget_file_image
 * counts from behind the user block, which is why its answer is the length of the rest. Every image
 * gets a name of its own: the library would take two open images of one name for one file. */
#include "store/h5_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/layout.h"

static const size_t max_file = (size_t)64 << 30;

static pthread_mutex_t library = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local int depth;

void tb_h5_enter(void)
{
    if (depth++ > 0)
        return;
    pthread_mutex_lock(&library);
    H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* where the library knows threads, it is one setting for each */
}

void tb_h5_leave(void)
{
    if (--depth == 0)
        pthread_mutex_unlock(&library);
}

void tb_h5_version(char *dst, size_t n)
{
    unsigned a, b, c;
    tb_h5_enter();
    H5get_libversion(&a, &b, &c);
    tb_h5_leave();
    snprintf(dst, n, "%u.%u.%u", a, b, c);
}

static hid_t core_driver(size_t increment)
{
    hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(fapl, increment, 0);
    H5Pset_libver_bounds(fapl, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
    return fapl;
}

static char *image_name(char *dst, size_t n)
{
    static atomic_ulong counter;
    snprintf(dst, n, "tunebench-image-%lu", atomic_fetch_add(&counter, 1));
    return dst;
}

void tb_h5_begin(struct tb_h5_out *h, size_t expect)
{
    char name[48];
    tb_h5_enter();
    hid_t fapl = core_driver(expect / 8 > 65536 ? expect / 8 : 65536);
    hid_t fcpl = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(fcpl, TB_H5_BLOCK);
    h->bad[0] = '\0';
    h->file = H5Fcreate(image_name(name, sizeof name), H5F_ACC_TRUNC, fcpl, fapl);
    if (h->file < 0)
        tb_str_copy(h->bad, sizeof h->bad, "the file itself");
    H5Pclose(fcpl);
    H5Pclose(fapl);
    tb_h5_leave();
}

void tb_h5_abort(struct tb_h5_out *h)
{
    tb_h5_enter();
    if (h->file >= 0)
        H5Fclose(h->file);
    tb_h5_leave();
    h->file = -1;
}

/* The image behind the open file: lent until it is closed. */
static const uint8_t *image(struct tb_h5_out *h, size_t *rest)
{
    uint8_t **memory = NULL;
    hsize_t room = 0;
    if (H5Fflush(h->file, H5F_SCOPE_GLOBAL) < 0)
        return NULL;
    hid_t fapl = H5Fget_access_plist(h->file);
    ssize_t n = H5Fget_file_image(h->file, NULL, 0);
    bool good = n > 0 && H5Fget_filesize(h->file, &room) >= 0 && (size_t)n + TB_H5_BLOCK <= room
             && H5Fget_vfd_handle(h->file, fapl, (void **)&memory) >= 0;
    H5Pclose(fapl);
    *rest = (size_t)n;
    return good ? *memory : NULL;
}

static void user_block(struct tb_buf *b, const uint8_t *rest, size_t n)
{
    static const char zeros[TB_H5_BLOCK];
    tb_buf_str(b, "TBH5");
    tb_buf_u32(b, 1);
    tb_buf_u64(b, n);
    tb_buf_u32(b, tb_crc32(0, rest, n));
    tb_buf_add(b, zeros, TB_H5_BLOCK - b->n);
}

static bool write_file(const char *temp, const uint8_t *p, size_t rest, struct tb_err *err)
{
    struct tb_buf block = { 0 };
    int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return tb_fail_errno(err, "cannot make %s", temp);
    user_block(&block, p + TB_H5_BLOCK, rest);
    bool good = lseek(fd, TB_H5_BLOCK, SEEK_SET) == TB_H5_BLOCK
             && tb_write_all(fd, p + TB_H5_BLOCK, rest) && lseek(fd, 0, SEEK_SET) == 0
             && tb_write_all(fd, block.p, block.n) && fsync(fd) == 0;
    if (!good)
        tb_fail_errno(err, "cannot write %s", temp);
    if (close(fd) != 0 && good)
        good = tb_fail_errno(err, "cannot write %s", temp);
    tb_buf_free(&block);
    return good;
}

struct rest {
    const uint8_t *p;
    size_t n;
};

static bool write_rest(const char *temp, void *arg, struct tb_err *err)
{
    const struct rest *r = arg;
    return write_file(temp, r->p, r->n, err);
}

bool tb_h5_commit(struct tb_h5_out *h, const char *path, struct tb_err *err)
{
    size_t rest = 0;
    tb_h5_enter();
    const uint8_t *p = h->bad[0] ? NULL : image(h, &rest);
    tb_h5_leave();
    bool good = p != NULL;
    if (!good)
        tb_fail_at(err, TB_ERR_BUSY, path, 0, "HDF5 could not build %s: no memory for it now",
                   h->bad[0] ? h->bad : "the file");
    good = good && tb_file_replace_by(path, write_rest, &(struct rest){ p, rest }, err);
    tb_h5_abort(h);
    return good;
}

static uint64_t little(const uint8_t *p, int n)
{
    uint64_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

static bool check_block(const char *path, const uint8_t *p, size_t n, struct tb_err *err)
{
    if (n < TB_H5_BLOCK || memcmp(p, "TBH5", 4) != 0)
        return tb_fail_at(err, TB_ERR_FORMAT, path, 0,
                          "has no check block: not written by tunebench, or cut short");
    if (little(p + 4, 4) != 1)
        return tb_fail_at(err, TB_ERR_FORMAT, path, 0, "check block of version %llu; expected 1",
                          (unsigned long long)little(p + 4, 4));
    if (little(p + 8, 8) != n - TB_H5_BLOCK)
        return tb_fail_at(err, TB_ERR_FORMAT, path, 0, "holds %zu bytes; expected %llu: cut short",
                          n - TB_H5_BLOCK, (unsigned long long)little(p + 8, 8));
    if (little(p + 16, 4) != tb_crc32(0, p + TB_H5_BLOCK, n - TB_H5_BLOCK))
        return tb_fail_at(err, TB_ERR_FORMAT, path, 0, "is damaged: its CRC does not match");
    return true;
}

static bool open_image(struct tb_h5_in *h, const char *path, void *bytes, size_t n,
                       struct tb_err *err)
{
    char name[48];
    tb_h5_enter();
    hid_t fapl = core_driver(65536);
    bool good = H5Pset_file_image(fapl, bytes, n) >= 0;
    free(bytes); /* the property list has its copy, and the file will have its own */
    h->file = good ? H5Fopen(image_name(name, sizeof name), H5F_ACC_RDONLY, fapl) : -1;
    H5Pclose(fapl);
    tb_h5_leave();
    if (h->file < 0)
        return tb_fail_at(err, TB_ERR_FORMAT, path, 0, "is no HDF5 file that this version reads");
    return true;
}

static int minor(const char *version)
{
    const char *point = strchr(version, '.');
    return point ? atoi(point + 1) : 0;
}

bool tb_h5_open(struct tb_h5_in *h, const char *path, const char *schema, struct tb_err *err)
{
    char found[64], version[16];
    size_t n;
    *h = (struct tb_h5_in){ .file = -1, .name = path };
    bool is_file = tb_file_is_no_link(path, err) && tb_file_is_plain(path, err);
    char *bytes = is_file ? tb_file_read(path, max_file, &n, err) : NULL;
    if (!bytes)
        return false;
    h->bytes = n;
    if (!check_block(path, (const uint8_t *)bytes, n, err)) {
        free(bytes);
        return false;
    }
    if (!open_image(h, path, bytes, n, err))
        return false;
    tb_h5_get_attr_str(h, "/", "schema", found, sizeof found);
    tb_h5_get_attr_str(h, "/", "schema_version", version, sizeof version);
    bool good = strcmp(found, schema) == 0 && atoi(version) == atoi(TB_STORE_VERSION);
    if (!good)
        tb_fail_at(err, TB_ERR_FORMAT, path, 0, "holds %s %s; expected %s %s%s", found, version, schema,
                   TB_STORE_VERSION, atoi(version) > atoi(TB_STORE_VERSION) ? ": of a newer tunebench" : "");
    h->is_newer = good && minor(version) > minor(TB_STORE_VERSION);
    if (!good)
        tb_h5_close(h);
    return good;
}

void tb_h5_close(struct tb_h5_in *h)
{
    tb_h5_enter();
    if (h->file >= 0)
        H5Fclose(h->file);
    tb_h5_leave();
    h->file = -1;
}
