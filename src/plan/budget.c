/* SPDX-License-Identifier: MIT */
/* budget.c - amounts with a unit as text: "<count>[k|M|G][ ][unit]", tokens where no unit stands. */
#include "plan/plan.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { N_UNITS = TB_BUDGET_MINUTES + 1 };

const char *tb_budget_unit_name(enum tb_budget_unit unit)
{
    static const char *const names[N_UNITS] = { "tokens", "steps", "epochs", "minutes" };
    return names[unit];
}

/* Length of the count in front of the unit. */
static size_t take_unit(const char *text, enum tb_budget_unit *unit)
{
    *unit = TB_BUDGET_TOKENS;
    for (int u = 0; u < N_UNITS; u++) {
        const char *name = tb_budget_unit_name((enum tb_budget_unit)u);
        if (!tb_str_ends(text, name))
            continue;
        *unit = (enum tb_budget_unit)u;
        return strlen(text) - strlen(name);
    }
    return strlen(text);
}

bool tb_budget_parse(const char *text, struct tb_budget *b, struct tb_err *err)
{
    char count[32] = "";
    size_t n = take_unit(text, &b->unit);
    while (n > 0 && text[n] && text[n - 1] == ' ')
        n--;
    if (n < sizeof count)
        memcpy(count, text, n);
    if (tb_str_count(count, &b->n) && b->n > 0 && b->n <= INT64_C(9007199254740992))
        return true;
    return tb_fail(err, TB_ERR_RECIPE, "'%.60s' is no amount; write 60k or 2M (tokens), 300steps, "
                   "2epochs or 30minutes", text);
}

static char *words_of(int64_t n, const char *unit)
{
    bool is_k = n > 0 && n % 1000 == 0, is_m = n > 0 && n % 1000000 == 0;
    return tb_xasprintf("%lld%s %s", (long long)(n / (is_m ? 1000000 : is_k ? 1000 : 1)), is_m ? "M" : is_k ? "k" : "",
                        unit);
}

char *tb_budget_words(const struct tb_json *config)
{
    int64_t n = tb_json_int(tb_json_get(config, "budget.n"), -1);
    return n < 0 ? NULL : words_of(n, tb_json_str(tb_json_get(config, "budget.unit"), "tokens"));
}

char *tb_amount_words(const char *text)
{
    struct tb_budget b;
    return tb_budget_parse(text, &b, NULL) ? words_of(b.n, tb_budget_unit_name(b.unit)) : NULL;
}
