/* SPDX-License-Identifier: MIT */
/* recipe_priv.h - the state of the Recipe screen and its parts: a file, its plan, a list to choose from. */
#ifndef TB_TUI_RECIPE_PRIV_H
#define TB_TUI_RECIPE_PRIV_H

#include <sys/stat.h>

#include "tui/field.h"
#include "tui/grid.h"
#include "tui/planning.h"
#include "tui/screen.h"
#include "tui/source.h"

enum recipe_act { RECIPE_GO = TB_ACT_OWN, RECIPE_EDIT, RECIPE_TABLE, RECIPE_INSERT, RECIPE_DOCS, RECIPE_LOAD,
                  RECIPE_SAVE, RECIPE_SAVED, RECIPE_SET, RECIPE_SET_DONE, RECIPE_BACK_TO_START, RECIPE_TAKE_BACK };

enum recipe_list { RECIPE_NO_LIST, RECIPE_FILES, RECIPE_METHODS };

/* A line to choose. */
struct recipe_choice {
    char *word, *help; /* path or method; what it is */
};

struct recipe {
    char *path;             /* NULL: what Start has put together, which is no file yet */
    struct stat stamp;      /* of the file when it was read */
    int watch;              /* wakes when something moves in its folder; 0: nothing does */
    bool is_gone;           /* it was read, and is there no more */
    struct tb_err file_err; /* why it cannot be read; the text is then the last that could */
    struct tb_source source;
    char *before;           /* the text before the last insertion; NULL: none */

    int line, first;        /* with the cursor; at the top */
    size_t column;          /* byte in it */
    bool is_at_plan;        /* the plan has the focus, not the source */
    int plan_first;         /* its row at the top */
    struct tb_json *overrides; /* list of "key=value" */
    struct tb_planning planning; /* of a file; that of a draft is Start's */

    enum recipe_list list;
    struct recipe_choice *choice;
    size_t n_choices, cap_choices;
    struct tb_field needle; /* what is typed: only lines that have it are shown */
    size_t *shown;          /* places in choice */
    int n_shown;
    struct tb_grid grid;
    struct tb_child *scan;  /* that looks for recipes */
};

const struct tb_planning *recipe_planning(const struct tb_screen *s);
/* Where the last answer found an error; line -1: there is none. */
struct tb_place_in recipe_fault(const struct tb_screen *s);

/* ---- recipe_file.c */
void recipe_open(struct tb_screen *s, const char *path);
/* Reads the file if it has changed, else the draft; true if there is another text. */
bool recipe_read(struct tb_screen *s);
void recipe_unwatch(struct recipe *r);
void recipe_ask(struct tb_screen *s); /* for a plan */
bool recipe_write(struct recipe *r, const char *text, struct tb_err *err);
/* A name that is free, by that of the file: "recipes/places-2.lua"; malloc'ed. */
char *recipe_free_name(const struct tb_screen *s);
/* Words of a command that means this recipe with its overrides, "FILE --set k=v"; malloc'ed. */
char *recipe_words(const struct recipe *r);

/* ---- recipe_list.c */
void recipe_list_open(struct tb_screen *s, enum recipe_list list);
void recipe_list_close(struct recipe *r);
bool recipe_list_pump(struct tb_screen *s); /* true if there are more lines */
unsigned recipe_list_press(struct tb_screen *s, const struct tb_press *p);
void recipe_list_draw(const struct recipe *r, struct tb_canvas *c);

/* ---- recipe_docs.c */
/* What the tables say of the word under the cursor; false if they say nothing. */
bool recipe_docs(struct tb_screen *s);

/* ---- recipe_draw.c */
struct recipe_layout {
    struct tb_rect source, plan, foot; /* the first two with a line of title each */
    bool is_beside;
};
/* Beside each other, or one above the other: what has the focus is then the larger one. */
struct recipe_layout recipe_layout(const struct recipe *r, int width, int height);
int recipe_plan_rows(const struct tb_screen *s, int width); /* that all of the plan takes */
void recipe_draw(const struct tb_screen *s, struct tb_canvas *c);

#endif
