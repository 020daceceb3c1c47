/* SPDX-License-Identifier: MIT */
/* base_hash_test.c - published vectors (FIPS 180-2, zlib's check value, FNV) and the journal record
 * of doc/frozen.md 10, which needs all of little-endian numbers, CRC-32 and SHA-256. */
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "tests/tap.h"

static void sha(void)
{
    char hex[65], again[65];
    tb_sha256_hex("", 0, hex);
    is_str(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "no bytes");
    tb_sha256_hex("abc", 3, hex);
    is_str(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc");
    const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    tb_sha256_hex(two, 56, hex);
    is_str(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", "two blocks");
    uint8_t bytes[300], digest[32];
    int wrong = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    tb_sha256_hex(bytes, sizeof bytes, hex);
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        struct tb_sha256 h;
        tb_sha256_begin(&h);
        tb_sha256_add(&h, bytes, cut);
        tb_sha256_add(&h, bytes + cut, sizeof bytes - cut);
        tb_sha256_end(&h, digest);
        tb_hex(digest, 32, again);
        wrong += strcmp(hex, again) != 0;
    }
    is_int(wrong, 0, "in two pieces, cut anywhere");
}

static void file(void)
{
    char path[256], hex[65];
    struct tb_err err = { 0 };
    const char *tmp = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/tb-hash-XXXXXX", tmp ? tmp : "/tmp");
    int fd = mkstemp(path);
    char *million = malloc(1000000);
    if (fd < 0 || !million) {
        skip("hash of a file", "no temporary file");
        free(million);
        return;
    }
    memset(million, 'a', 1000000);
    ok(tb_write_all(fd, million, 1000000) && close(fd) == 0, "written");
    ok(tb_sha256_file(path, hex, &err), "hashed");
    is_str(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", "million a");
    unlink(path);
    free(million);
    ok(!tb_sha256_file(path, hex, &err) && err.kind == TB_ERR_NOTFOUND, "no file");
    ok(!tb_sha256_file("/", hex, &err) && err.kind == TB_ERR_IO, "a folder");
}

static void small(void)
{
    is_int(tb_crc32(0, "123456789", 9), 0xcbf43926, "CRC-32 check value");
    is_int(tb_crc32(tb_crc32(0, "1234", 4), "56789", 5), 0xcbf43926, "CRC-32 in two pieces");
    is_int(tb_crc32(5, NULL, 0), 5, "CRC-32 of nothing");
    is_int(tb_fnv1a32("", 0), 0x811c9dc5, "FNV-1a of nothing");
    is_int(tb_fnv1a32("foobar", 6), 0xbf9cf968, "FNV-1a of foobar");
    const char *name = "init/base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
    is_int(tb_fnv1a32(name, strlen(name)), 0x15165376, "FNV-1a of doc/frozen.md 10");
}

static void record(void)
{
    static const double data[8] = { 12, 3072, 4.25, 2.5, 0.0005, 0.75, 600, 1073741824 };
    struct tb_buf body = { 0 }, b = { 0 };
    char hex[65];
    for (int i = 0; i < 8; i++) {
        uint64_t bits;
        memcpy(&bits, &data[i], 8);
        tb_buf_u64(&body, bits);
    }
    tb_buf_str(&b, "TBJ1");
    tb_buf_u32(&b, 64);
    tb_buf_u64(&b, 41);
    tb_buf_u16(&b, 2);
    tb_buf_u16(&b, 1);
    tb_buf_u32(&b, tb_crc32(tb_crc32(0, b.p, 20), body.p, body.n));
    tb_hex((const uint8_t *)b.p, 24, hex);
    is_str(hex, "54424a314000000029000000000000000200010044a981e4", "header of a journal record");
    tb_buf_add(&b, body.p, body.n);
    is_int(b.n, 88, "length");
    tb_sha256_hex(b.p, b.n, hex);
    is_str(hex, "976e3c5fdaa8012f92d485deba641de0067c337273d6e5230712cc52ca82ce5c", "whole record");
    tb_buf_free(&b);
    tb_buf_free(&body);
}

int main(void)
{
    sha();
    file();
    small();
    record();
    return done();
}
