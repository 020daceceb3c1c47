/* SPDX-License-Identifier: MIT */
/* inflate.c - a helper of corpus.lua, built on the fly (cc -lz): plain Lua has no zlib.
 *
 *     inflate < FILE > OUT
 *
 * Finds every zlib stream in FILE, whatever stands between them (lengths in R's lazy-load .rdb,
 * unused room in SWORD's .bzz): a stream begins with 0x78 and is whole if its Adler-32 is right.
 * OUT: for each its length as u32 big-endian, then its bytes. Status 1 if there was none. */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum { PIECE = 1 << 20 };

struct bytes {
    unsigned char *at;
    size_t n, room;
};

static unsigned char *room_for(struct bytes *b, size_t more)
{
    if (b->room - b->n < more) {
        b->room = b->n + more + b->room;
        b->at = realloc(b->at, b->room);
        if (!b->at) {
            fprintf(stderr, "inflate: no memory\n");
            exit(1);
        }
    }
    return b->at + b->n;
}

static void read_all(struct bytes *b)
{
    size_t n;
    do {
        n = fread(room_for(b, PIECE), 1, PIECE, stdin);
        b->n += n;
    } while (n);
}

/* One stream of n bytes at from into out; returns how many it took, 0 if that is none. */
static size_t one_stream(unsigned char *from, size_t n, struct bytes *out)
{
    z_stream z = { .next_in = from, .avail_in = (uInt)n };
    int rc = inflateInit(&z);
    out->n = 0;
    while (rc == Z_OK) {
        z.next_out = room_for(out, PIECE);
        z.avail_out = PIECE;
        rc = inflate(&z, Z_NO_FLUSH);
        out->n += PIECE - z.avail_out;
    }
    size_t took = rc == Z_STREAM_END ? z.total_in : 0;
    inflateEnd(&z);
    return took;
}

static int put(const struct bytes *b)
{
    unsigned char head[4] = { b->n >> 24 & 255, b->n >> 16 & 255, b->n >> 8 & 255, b->n & 255 };
    return fwrite(head, 1, 4, stdout) == 4 && fwrite(b->at, 1, b->n, stdout) == b->n;
}

int main(void)
{
    struct bytes in = { 0 }, out = { 0 };
    size_t found = 0;
    read_all(&in);
    for (size_t at = 0, took; at < in.n; at += took ? took : 1) {
        took = in.at[at] == 0x78 ? one_stream(in.at + at, in.n - at, &out) : 0;
        if (took) {
            found++;
            if (!put(&out))
                return 1;
        }
    }
    free(in.at);
    free(out.at);
    if (!found)
        fprintf(stderr, "inflate: no whole zlib stream\n");
    return fflush(stdout) != 0 || !found;
}
