/* SPDX-License-Identifier: MIT */
/* fuzz.h - what the fuzz targets share: the input as a file, and a main that replays files given as
 * arguments. Builds with libFuzzer, which brings its own main, define TB_LIBFUZZER:
 *     clang -DTB_LIBFUZZER -fsanitize=fuzzer,address,undefined -Isrc -I. tests/fuzz/X_fuzz.c .. */
#ifndef TB_TESTS_FUZZ_H
#define TB_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* A path where the n bytes stand until the next call. */
static inline const char *fuzz_file(const uint8_t *p, size_t n)
{
    static char path[64];
    static int fd = -1;
    if (fd < 0)
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0 || !tb_write_all(fd, p, n))
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

#ifndef TB_LIBFUZZER
int main(int argc, char **argv)
{
    struct tb_err err = { 0 };
    size_t n;
    for (int i = 1; i < argc; i++) {
        char *p = tb_file_read(argv[i], (size_t)1 << 30, &n, &err);
        if (!p) {
            fprintf(stderr, "%s: %s\n", argv[i], err.text);
            return 1;
        }
        LLVMFuzzerTestOneInput((const uint8_t *)p, n);
        free(p);
    }
    return 0;
}
#endif

#endif
