/* SPDX-License-Identifier: MIT */
/* reader.c - somebody who looks all the time: opens every .h5 below a folder as any program would, until stdin ends,
 * then prints the number of openings and how many failed. Exit code 1 if one did.
 *     reader STORE */
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/crash/visit.h"

int main(int argc, char **argv)
{
    long n = 0, bad = 0;
    struct pollfd end = { .fd = STDIN_FILENO, .events = POLLIN };
    if (argc != 2)
        return 2;
    while (poll(&end, 1, 2) == 0) {
        if (!visit_tree(argv[1]))
            fprintf(stderr, "%s does not open\n", visited.bad);
        n += visited.n_files;
        bad += visited.n_bad;
    }
    printf("%ld opened, %ld failed\n", n, bad);
    return bad > 0;
}
