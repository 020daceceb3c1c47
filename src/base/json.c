/* SPDX-License-Identifier: MIT */
/* json.c - JSON on top of jansson; the only file that knows it.
 * A struct tb_json is a json_t under another name. Parsing is strict (no duplicate keys, nothing
 * behind the value, no NaN, valid UTF-8, at most 2048 levels). One liberty: an integer outside 64
 * bits, as in tokenizer_config.json ("model_max_length": 1000000000000000019884624838656), is read
 * as a real.
 * Writing is done here, since jansson has neither shortest reals nor Python's layout; controls are
 * written as \b \t \n \f \r, else \u00xx, everything from 0x7f on as it is. */
#include "base/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

static struct tb_json *wrap(json_t *j)
{
    return (struct tb_json *)j;
}

/* Of something that fails only when memory is gone. */
static struct tb_json *made(json_t *j)
{
    tb_assert(j);
    return wrap(j);
}

static json_t *unwrap(const struct tb_json *j)
{
    return (json_t *)(uintptr_t)j;
}

/* Behind the string whose first quote is at s, or end. */
static const char *string_end(const char *s, const char *end)
{
    for (s++; s < end && *s != '"'; s++)
        s += *s == '\\' && s + 1 < end;
    return s < end ? s + 1 : end;
}

static bool overflows(const char *s, size_t n)
{
    char digits[24];
    int64_t v;
    if (n >= sizeof digits)
        return true;
    memcpy(digits, s, n);
    digits[n] = '\0';
    return !tb_str_int(digits, &v);
}

/* The same text with ".0" behind each integer that 64 bits cannot hold. */
static void widen(struct tb_buf *b, const char *s, const char *end)
{
    while (s < end) {
        const char *from = s;
        if (*s == '"') {
            s = string_end(s, end);
            tb_buf_add(b, from, (size_t)(s - from));
            continue;
        }
        if (*s != '-' && (*s < '0' || *s > '9')) {
            tb_buf_char(b, *s++);
            continue;
        }
        for (s++; s < end && *s >= '0' && *s <= '9'; s++)
            ;
        bool is_int = s == end || !memchr(".eE+-", *s, 5);
        tb_buf_add(b, from, (size_t)(s - from));
        if (is_int && overflows(from, (size_t)(s - from)))
            tb_buf_str(b, ".0");
        for (; s < end && memchr("0123456789.eE+-", *s, 15); s++)
            tb_buf_char(b, *s);
    }
}

struct tb_json *tb_json_parse(const char *text, size_t n, const char *where, struct tb_err *err)
{
    size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
    struct tb_buf said = { 0 };
    json_error_t why;
    json_t *j = json_loadb(n ? text : "", n, flags, &why);
    if (!j && json_error_code(&why) == json_error_numeric_overflow) {
        struct tb_buf wide = { 0 };
        widen(&wide, text, text + n);
        j = json_loadb(wide.p, wide.n, flags, &why);
        tb_buf_free(&wide);
    }
    if (j)
        return wrap(j);
    /* jansson quotes what it stumbled over. */
    tb_utf8_safe(&said, why.text, strlen(why.text));
    tb_fail_at(err, TB_ERR_FORMAT, where, why.line, "not JSON: %s", said.p ? said.p : "empty");
    tb_buf_free(&said);
    return NULL;
}

struct tb_json *tb_json_load(const char *path, size_t max_bytes, struct tb_err *err)
{
    size_t n;
    char *text = tb_file_read_plain(path, max_bytes, &n, err);
    if (!text)
        return NULL;
    struct tb_json *j = tb_json_parse(text, n, path, err);
    free(text);
    return j;
}

void tb_json_free(struct tb_json *j)
{
    json_decref(unwrap(j));
}

struct tb_json *tb_json_ref(struct tb_json *j)
{
    return wrap(json_incref(unwrap(j)));
}

struct tb_json *tb_json_copy(const struct tb_json *j)
{
    return j ? made(json_deep_copy(unwrap(j))) : tb_json_new_null();
}

bool tb_json_equal(const struct tb_json *a, const struct tb_json *b)
{
    if (tb_json_type(a) == TB_JSON_NULL)
        return tb_json_type(b) == TB_JSON_NULL;
    return json_equal(unwrap(a), unwrap(b));
}

enum tb_json_type tb_json_type(const struct tb_json *j)
{
    if (!j)
        return TB_JSON_NULL;
    switch (json_typeof(unwrap(j))) {
    case JSON_OBJECT: return TB_JSON_MAP;
    case JSON_ARRAY: return TB_JSON_LIST;
    case JSON_STRING: return TB_JSON_STR;
    case JSON_INTEGER: return TB_JSON_INT;
    case JSON_REAL: return TB_JSON_REAL;
    case JSON_TRUE:
    case JSON_FALSE: return TB_JSON_BOOL;
    case JSON_NULL: break;
    }
    return TB_JSON_NULL;
}

size_t tb_json_len(const struct tb_json *j)
{
    json_t *v = unwrap(j);
    return json_is_object(v) ? json_object_size(v) : json_array_size(v);
}

const struct tb_json *tb_json_at(const struct tb_json *list, size_t i)
{
    return wrap(json_array_get(unwrap(list), i));
}

const struct tb_json *tb_json_get(const struct tb_json *map, const char *key)
{
    return wrap(json_object_get(unwrap(map), key));
}

const char *tb_json_str(const struct tb_json *j, const char *otherwise)
{
    const char *s = json_string_value(unwrap(j));
    return s ? s : otherwise;
}

size_t tb_json_str_len(const struct tb_json *j)
{
    return json_string_length(unwrap(j));
}

int64_t tb_json_int(const struct tb_json *j, int64_t otherwise)
{
    return json_is_integer(unwrap(j)) ? (int64_t)json_integer_value(unwrap(j)) : otherwise;
}

double tb_json_real(const struct tb_json *j, double otherwise)
{
    return json_is_number(unwrap(j)) ? json_number_value(unwrap(j)) : otherwise;
}

bool tb_json_bool(const struct tb_json *j, bool otherwise)
{
    return json_is_boolean(unwrap(j)) ? json_is_true(unwrap(j)) : otherwise;
}

void *tb_json_first(const struct tb_json *map)
{
    return json_object_iter(unwrap(map));
}

void *tb_json_next(const struct tb_json *map, void *it)
{
    return json_object_iter_next(unwrap(map), it);
}

const char *tb_json_iter_key(void *it)
{
    return json_object_iter_key(it);
}

const struct tb_json *tb_json_iter_value(void *it)
{
    return wrap(json_object_iter_value(it));
}

struct tb_json *tb_json_new_map(void)
{
    return made(json_object());
}

struct tb_json *tb_json_new_list(void)
{
    return made(json_array());
}

/* Appends s with each byte that is not UTF-8 replaced by U+FFFD. */
static void clean(struct tb_buf *b, const char *s, size_t n)
{
    for (size_t i = 0, step; i < n; i += step ? step : 1) {
        step = tb_utf8_step(s + i, n - i, NULL);
        if (step)
            tb_buf_add(b, s + i, step);
        else
            tb_buf_str(b, "\xef\xbf\xbd");
    }
}

struct tb_json *tb_json_new_str(const char *s)
{
    return s ? tb_json_new_strn(s, strlen(s)) : tb_json_new_null();
}

struct tb_json *tb_json_new_strn(const char *s, size_t n)
{
    struct tb_buf b = { 0 };
    if (n == 0)
        return made(json_string(""));
    if (tb_utf8_valid(s, n))
        return made(json_stringn_nocheck(s, n));
    clean(&b, s, n);
    struct tb_json *j = made(json_stringn_nocheck(b.p, b.n));
    tb_buf_free(&b);
    return j;
}

struct tb_json *tb_json_new_int(int64_t v)
{
    return made(json_integer(v));
}

struct tb_json *tb_json_new_real(double v)
{
    return isfinite(v) ? made(json_real(v)) : tb_json_new_null();
}

struct tb_json *tb_json_new_bool(bool v)
{
    return made(json_boolean(v));
}

struct tb_json *tb_json_new_null(void)
{
    return made(json_null());
}

void tb_json_set(struct tb_json *map, const char *key, struct tb_json *value)
{
    struct tb_buf b = { 0 };
    json_t *v = value ? unwrap(value) : json_null();
    clean(&b, key, strlen(key));
    int refused = json_object_set_new_nocheck(unwrap(map), b.p ? b.p : "", v);
    tb_assert(!refused);
    tb_buf_free(&b);
}

void tb_json_del(struct tb_json *map, const char *key)
{
    json_object_del(unwrap(map), key);
}

void tb_json_append(struct tb_json *list, struct tb_json *value)
{
    int refused = json_array_append_new(unwrap(list), value ? unwrap(value) : json_null());
    tb_assert(!refused);
}

/* A character that JSON does not allow as it is inside a string. */
static void escape(struct tb_buf *b, char c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *s = letters; *s; s += 2) {
        if (c != *s)
            continue;
        tb_buf_char(b, '\\');
        tb_buf_char(b, s[1]);
        return;
    }
    tb_buf_fmt(b, "\\u%04x", (unsigned)c);
}

static bool is_plain(char c)
{
    return (unsigned char)c >= ' ' && c != '"' && c != '\\';
}

static void quote(struct tb_buf *b, const char *s, size_t n)
{
    tb_buf_char(b, '"');
    for (size_t i = 0, from = 0; i < n; from = i) {
        while (i < n && is_plain(s[i]))
            i++;
        tb_buf_add(b, s + from, i - from);
        if (i < n)
            escape(b, s[i++]);
    }
    tb_buf_char(b, '"');
}

void tb_json_quote(struct tb_buf *b, const char *s)
{
    struct tb_buf valid = { 0 };
    clean(&valid, s, strlen(s));
    quote(b, valid.p, valid.n);
    tb_buf_free(&valid);
}

static void put_real(struct tb_buf *b, double v, enum tb_json_form form)
{
    char text[40];
    tb_buf_str(b, tb_str_shortest(text, sizeof text, v));
    if (form != TB_JSON_CANONICAL && !strpbrk(text, ".e"))
        tb_buf_str(b, ".0");
}

/* What stands before an element or, at the end, before the closing bracket. */
static void gap(struct tb_buf *b, enum tb_json_form form, int depth, const char *comma)
{
    tb_buf_str(b, comma);
    if (form == TB_JSON_PRETTY)
        tb_buf_fmt(b, "\n%*s", 2 * depth, "");
    else if (form == TB_JSON_LINE && *comma)
        tb_buf_char(b, ' ');
}

static void put(struct tb_buf *b, json_t *j, enum tb_json_form form, int depth);

static void put_list(struct tb_buf *b, json_t *j, enum tb_json_form form, int depth)
{
    size_t n = json_array_size(j);
    tb_buf_char(b, '[');
    for (size_t i = 0; i < n; i++) {
        gap(b, form, depth + 1, i ? "," : "");
        put(b, json_array_get(j, i), form, depth + 1);
    }
    if (n)
        gap(b, form, depth, "");
    tb_buf_char(b, ']');
}

static int by_key(const void *a, const void *b)
{
    return strcmp(json_object_iter_key(*(void *const *)a), json_object_iter_key(*(void *const *)b));
}

static void put_map(struct tb_buf *b, json_t *j, enum tb_json_form form, int depth)
{
    size_t n = json_object_size(j), i = 0;
    void **entries = tb_xcalloc(n, sizeof *entries);
    for (void *it = json_object_iter(j); it; it = json_object_iter_next(j, it))
        entries[i++] = it;
    if (form != TB_JSON_LINE && n > 1)
        qsort(entries, n, sizeof *entries, by_key);
    tb_buf_char(b, '{');
    for (i = 0; i < n; i++) {
        const char *key = json_object_iter_key(entries[i]);
        gap(b, form, depth + 1, i ? "," : "");
        quote(b, key, strlen(key));
        tb_buf_str(b, form == TB_JSON_CANONICAL ? ":" : ": ");
        put(b, json_object_iter_value(entries[i]), form, depth + 1);
    }
    if (n)
        gap(b, form, depth, "");
    tb_buf_char(b, '}');
    free(entries);
}

static void put(struct tb_buf *b, json_t *j, enum tb_json_form form, int depth)
{
    switch (json_typeof(j)) {
    case JSON_OBJECT: put_map(b, j, form, depth); break;
    case JSON_ARRAY: put_list(b, j, form, depth); break;
    case JSON_STRING: quote(b, json_string_value(j), json_string_length(j)); break;
    case JSON_INTEGER: tb_buf_fmt(b, "%" PRId64, (int64_t)json_integer_value(j)); break;
    case JSON_REAL: put_real(b, json_real_value(j), form); break;
    case JSON_TRUE: tb_buf_str(b, "true"); break;
    case JSON_FALSE: tb_buf_str(b, "false"); break;
    case JSON_NULL: tb_buf_str(b, "null"); break;
    }
}

char *tb_json_text(const struct tb_json *j, enum tb_json_form form)
{
    struct tb_buf b = { 0 };
    put(&b, j ? unwrap(j) : json_null(), form, 0);
    return tb_buf_take(&b);
}
