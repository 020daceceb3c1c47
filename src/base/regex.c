/* SPDX-License-Identifier: MIT */
/* regex.c - PCRE2 with UTF and UCP; the only file that knows it.
 * Patterns come out of tokenizer.json, adapter_config.json and recipes: their length is bounded, \C
 * is refused (it would cut characters), and a match gives up at a limit instead of running for
 * hours. JIT code is used where the system allows it; a match too deep for its stack is tried again
 * by the interpreter. A struct tb_regex belongs to one thread at a time. */
#include "base/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { MAX_PATTERN = 65536, MATCH_LIMIT = 2000000, HEAP_KIB = 65536 };

struct tb_regex {
    pcre2_code *code;
    pcre2_match_data *found;
    pcre2_match_context *limits;
    pcre2_jit_stack *stack; /* NULL without JIT */
};

static pcre2_code *compile(const char *pattern, bool whole, struct tb_err *err)
{
    uint32_t flags = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
    int why;
    size_t at = strlen(pattern);
    if (whole)
        flags |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
    if (at > MAX_PATTERN) {
        tb_fail(err, TB_ERR_LIMIT, "regular expression of %zu bytes, at most %d", at, MAX_PATTERN);
        return NULL;
    }
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, at, flags, &why, &at, NULL);
    if (!code) {
        char words[160];
        pcre2_get_error_message(why, (PCRE2_UCHAR *)words, sizeof words);
        tb_fail(err, TB_ERR_FORMAT, "regular expression, byte %zu: %s", at, words);
    }
    return code;
}

struct tb_regex *tb_regex_open(const char *pattern, bool whole, struct tb_err *err)
{
    pcre2_code *code = compile(pattern, whole, err);
    if (!code)
        return NULL;
    struct tb_regex *r = tb_xcalloc(1, sizeof *r);
    r->code = code;
    r->found = pcre2_match_data_create_from_pattern(code, NULL);
    r->limits = pcre2_match_context_create(NULL);
    tb_assert(r->found && r->limits);
    pcre2_set_match_limit(r->limits, MATCH_LIMIT);
    pcre2_set_heap_limit(r->limits, HEAP_KIB);
    if (pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0)
        r->stack = pcre2_jit_stack_create(32 * 1024, 1024 * 1024, NULL);
    if (r->stack)
        pcre2_jit_stack_assign(r->limits, NULL, r->stack);
    return r;
}

void tb_regex_close(struct tb_regex *r)
{
    if (!r)
        return;
    pcre2_jit_stack_free(r->stack);
    pcre2_match_context_free(r->limits);
    pcre2_match_data_free(r->found);
    pcre2_code_free(r->code);
    free(r);
}

static int match(struct tb_regex *r, const char *s, size_t n, size_t from, uint32_t flags)
{
    PCRE2_SPTR text = (PCRE2_SPTR)(s ? s : "");
    int rc = pcre2_match(r->code, text, n, from, flags, r->found, r->limits);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(r->code, text, n, from, flags | PCRE2_NO_JIT, r->found, r->limits);
    return rc;
}

int tb_regex_find(struct tb_regex *r, const char *s, size_t n, size_t from, size_t *start,
                  size_t *end)
{
    if (from > n)
        return 0;
    int rc = match(r, s, n, from, PCRE2_NO_UTF_CHECK);
    if (rc < 0)
        return rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->found);
    /* \K can move the start behind the end. */
    *start = at[0] < at[1] ? at[0] : at[1];
    *end = at[1];
    return 1;
}

bool tb_regex_matches(struct tb_regex *r, const char *s)
{
    return match(r, s, strlen(s), 0, 0) >= 0;
}
