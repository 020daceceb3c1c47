/* SPDX-License-Identifier: MIT */
/* report_html.c - a report as one page: no script, no font, no picture from elsewhere, light and dark as the reader has
 * it, tables that scroll by themselves on a phone. Everything that comes out of a store is escaped on its way in. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/numeric.h"
#include "view/report_priv.h"
#include "view/svg.h"

static const char style[] =
    ":root { color-scheme: light dark; --ink: #1c1e21; --dim: #5f6670; --page: #ffffff; --card: #f5f6f8;\n"
    "  --rule: #d5d9de; --bad: #a33c00; --good: #00664a }\n"
    "@media (prefers-color-scheme: dark) { :root { --ink: #e4e6e9; --dim: #9aa3ad; --page: #16181b; --card: #202327;\n"
    "  --rule: #3a3f45; --bad: #ffa366; --good: #5fd3ac } }\n"
    "* { box-sizing: border-box }\n"
    "body { margin: 0 auto; max-width: 62rem; padding: 1rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink);\n"
    "  background: var(--page) }\n"
    "h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0 }\n"
    "h2 { font-size: 1.05rem; margin: 2.2rem 0 .4rem; border-bottom: 1px solid var(--rule) }\n"
    "p { margin: .4rem 0; max-width: 46rem } .dim { color: var(--dim) }\n"
    "section { overflow-wrap: break-word }\n"
    "#verdict { background: var(--card); border-radius: .5rem; padding: .2rem 1rem .8rem }\n"
    "#verdict h2 { border: 0; margin-top: .8rem }\n"
    ".scroll { overflow-x: auto }\n"
    "table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; margin: .5rem 0 }\n"
    "th, td { text-align: left; padding: .25rem .9rem .25rem 0; white-space: nowrap;\n"
    "  border-bottom: 1px solid var(--rule) }\n"
    "th { color: var(--dim); font-weight: 600 } td.n, th.n { text-align: right }\n"
    "dl { display: grid; grid-template-columns: minmax(4rem, max-content) 1fr; gap: .2rem 1rem; margin: .5rem 0 }\n"
    "dt { color: var(--dim) } dd { margin: 0; min-width: 0; overflow-wrap: anywhere }\n"
    ".bad { color: var(--bad) } .bad::before { content: \"! \"; font-weight: 700 }\n"
    "pre { overflow-x: auto; background: var(--card); padding: .8rem; border-radius: .5rem; font-size: .85rem }\n"
    ".figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 1.2rem;\n"
    "  margin-top: 1rem }\n"
    "figure { margin: 0 } figcaption { font-size: .9rem; font-weight: 600 }\n"
    "details { font-size: .85rem; color: var(--dim) }\n"
    ".legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; margin: .6rem 0; list-style: none }\n"
    ".legend b { display: inline-block; width: 1.5em; text-align: center; color: #fff; border-radius: .25em;\n"
    "  margin-right: .4em }\n"
    "svg.figure { width: 100%; height: auto; display: block; max-width: 34rem }\n"
    "svg.figure text { font: 12px system-ui, sans-serif; fill: var(--dim) }\n"
    "svg.figure text.letter { font-weight: 700; fill: var(--ink) }\n"
    "svg.figure .axis { stroke: var(--dim); fill: none } svg.figure .grid { stroke: var(--rule); fill: none }\n"
    "svg.figure polyline { fill: none; stroke-linejoin: round } svg.figure .line { stroke-width: 2 }\n"
    "svg.figure .thin { stroke-width: 1; stroke-opacity: .65 }\n"
    "svg.figure .front { stroke-width: 1.5; stroke-dasharray: 4 4 } svg.figure .band { fill-opacity: .18 }\n"
    "svg.figure .whisker { stroke-width: 2.5 } svg.figure .cross { stroke-width: 2; fill: none }\n"
    "svg.figure .ring { fill: var(--page); stroke-width: 1.5 }\n"
    "svg.figure .upright { stroke: var(--dim); stroke-dasharray: 2 3 }\n"
    "@media print { body { max-width: none } section { break-inside: avoid } }\n";

static void put_tag(struct tb_buf *b, const char *tag, const char *text)
{
    tb_buf_fmt(b, "<%s>", tag);
    tb_svg_text(b, text);
    tb_buf_fmt(b, "</%s>\n", tag);
}

static bool is_text(const struct tb_table *t, size_t c)
{
    return t->column[c].unit == TB_UNIT_TEXT;
}

static void put_table(struct tb_buf *b, const struct tb_table *t)
{
    size_t n = t->n_columns;
    tb_buf_str(b, "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
    for (size_t c = 0; c < n; c++) {
        tb_buf_str(b, is_text(t, c) ? "<th scope=\"col\">" : "<th scope=\"col\" class=\"n\">");
        tb_svg_text(b, t->column[c].title ? t->column[c].title : t->column[c].name);
        tb_buf_str(b, "</th>");
    }
    tb_buf_str(b, "</tr></thead>\n<tbody>\n");
    for (size_t row = 0; row < tb_table_rows(t); row++) {
        tb_buf_str(b, "<tr>");
        for (size_t c = 0; c < n; c++) {
            struct tb_buf cell = { 0 };
            tb_table_cell_text(t, row, c, &cell);
            tb_buf_str(b, c == 0 ? "<th scope=\"row\">" : is_text(t, c) ? "<td>" : "<td class=\"n\">");
            tb_svg_text(b, cell.p);
            tb_buf_str(b, c == 0 ? "</th>" : "</td>");
            tb_buf_free(&cell);
        }
        tb_buf_str(b, "</tr>\n");
    }
    tb_buf_str(b, "</tbody></table></div>\n");
}

static void put_lines(struct tb_buf *b, const struct tb_report_part *p)
{
    tb_buf_str(b, "<dl>\n");
    for (size_t i = 0; i < p->n_lines; i++) {
        tb_buf_str(b, "<dt>");
        tb_svg_text(b, p->line[i].name);
        tb_buf_str(b, p->line[i].is_bad ? "</dt><dd class=\"bad\">" : "</dt><dd>");
        tb_svg_text(b, p->line[i].words);
        tb_buf_str(b, "</dd>\n");
    }
    tb_buf_str(b, "</dl>\n");
}

/* A text with its line ends. */
static void put_literal(struct tb_buf *b, const char *text)
{
    tb_buf_str(b, "<pre>");
    while (*text) {
        struct tb_buf line = { 0 };
        size_t n = strcspn(text, "\n");
        tb_buf_add(&line, text, n);
        tb_svg_text(b, line.p);
        tb_buf_free(&line);
        text += n;
        if (*text)
            tb_buf_char(b, *text++);
    }
    tb_buf_str(b, "</pre>\n");
}

/* svg is taken over. The words that a picture carries are there for everybody, folded away. */
static void put_figure(struct tb_buf *b, const char *caption, char *svg)
{
    const char *from = strstr(svg, "<desc"), *to = strstr(svg, "</desc>");
    if (*svg) {
        tb_buf_str(b, "<figure><figcaption>");
        tb_svg_text(b, caption);
        tb_buf_fmt(b, "</figcaption>\n%s", svg);
        if (from && to && (from = strchr(from, '>'))) {
            tb_buf_str(b, "<details><summary>in words</summary>");
            tb_buf_add(b, from + 1, (size_t)(to - from - 1)); /* escaped already */
            tb_buf_str(b, "</details>");
        }
        tb_buf_str(b, "</figure>\n");
    }
    free(svg);
}

static void put_figures(struct tb_buf *b, const struct tb_report *r, const char *part)
{
    tb_buf_str(b, "<div class=\"figures\">\n");
    if (strcmp(part, "results") == 0) {
        put_figure(b, "Difference from the reference, 95 % interval; ? cannot be told apart",
                   tb_report_chart_forest(r));
        put_figure(b, "Held-out loss; bands: lowest to highest seed", tb_report_chart_loss(r));
    }
    for (int c = 0; strcmp(part, "cost") == 0 && c < TB_N_COSTS; c++)
        put_figure(b, tb_report_costs[c].words, tb_report_chart_pareto(r, (enum tb_report_cost)c));
    if (strcmp(part, "search") == 0)
        put_figure(b, "Trials: x given up, o over, dot finalist", tb_report_chart_rungs(r));
    tb_buf_str(b, "</div>\n");
}

static void put_part(struct tb_buf *b, const struct tb_report *r, const struct tb_report_part *p)
{
    tb_buf_fmt(b, "<section id=\"%s\">\n<h2>%c", p->id, p->title[0]);
    for (const char *c = p->title + 1; *c; c++) /* titles are ours, in capitals */
        tb_buf_char(b, (char)(*c >= 'A' && *c <= 'Z' ? *c + 'a' - 'A' : *c));
    tb_buf_str(b, "</h2>\n");
    if (*p->lead)
        put_tag(b, "p", p->lead);
    if (p->table.n_columns)
        put_table(b, &p->table);
    if (strcmp(p->id, "results") == 0 || strcmp(p->id, "cost") == 0 || strcmp(p->id, "search") == 0)
        put_figures(b, r, p->id);
    for (size_t i = 0; p->is_literal && i < p->n_lines; i++)
        put_literal(b, p->line[i].words);
    if (!p->is_literal && p->n_lines)
        put_lines(b, p);
    tb_buf_str(b, "</section>\n");
}

static void put_legend(struct tb_buf *b, const struct tb_report *r)
{
    tb_buf_str(b, "<ul class=\"legend\">\n");
    for (size_t i = 0; i < r->arms->n; i++) {
        tb_buf_fmt(b, "<li><b style=\"background:%s\">%c</b>", tb_svg_color(i), (int)('A' + i));
        tb_svg_text(b, r->arms->arm[i].name);
        tb_buf_fmt(b, "%s</li>\n", i == r->reference ? " <span class=\"dim\">(reference)</span>" : "");
    }
    tb_buf_str(b, "</ul>\n");
}

char *tb_report_html(const struct tb_report *r)
{
    struct tb_buf b = { 0 };
    size_t n;
    struct tb_report_part *part = tb_report_parts(r, &n);
    char *title = tb_report_title(r);
    tb_buf_str(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                   "<meta name=\"generator\" content=\"tunebench " TB_VERSION "\"/>\n<title>");
    tb_svg_text(&b, title);
    tb_buf_fmt(&b, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", style);
    put_tag(&b, "h1", title);
    put_legend(&b, r);
    for (size_t i = 0; i < n; i++)
        put_part(&b, r, &part[i]);
    tb_buf_str(&b, "</main>\n</body>\n</html>\n");
    tb_report_parts_free(part, n);
    free(title);
    return tb_buf_take(&b);
}
