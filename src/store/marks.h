/* SPDX-License-Identifier: MIT */
/* marks.h - what people say about a run: its tags, those of its checkpoints, a note, whether it is protected or
 * archived. They are facts of
 * section "result", written through the writer while nobody trains the run, and by a request "facts" while
 * somebody does. */
#ifndef TB_STORE_MARKS_H
#define TB_STORE_MARKS_H

#include "store/metrics.h"

/* Some of {tags: [".."], checkpoints: {"<step>": [".."]}, note: "..", protected: bool, archived: bool} as facts
 * {"result": {..}}; a new value. TB_ERR_USAGE or TB_ERR_LIMIT if it holds anything else: requests come out of files. */
struct tb_json *tb_marks_facts(const struct tb_json *marks, struct tb_err *err);
/* Writes them to a run; beside them or alone may stand {vote: ..} (votes.h), which is counted and becomes an event. */
struct tb_run_writer;
bool tb_marks_write(struct tb_run_writer *w, const struct tb_json *marks, struct tb_err *err);

/* Whether it may be a tag: no blanks or commas in it, no + or - in front. */
bool tb_tag_check(const char *tag, struct tb_err *err);

/* The tags of a run: those it was given, else those of its plan. A new list of strings. */
struct tb_json *tb_marks_tags(const struct tb_metrics *m);
/* The tags of the checkpoint of a step; a new list. And the mark "checkpoints" once it has others; a new map. */
struct tb_json *tb_marks_checkpoint(const struct tb_metrics *m, int64_t step);
struct tb_json *tb_marks_set_checkpoint(const struct tb_metrics *m, int64_t step, const struct tb_json *tags);
/* Whether no automatic act may end the run or remove anything of it. */
bool tb_marks_is_protected(const struct tb_metrics *m);
/* Lent; "" if it has none. */
const char *tb_marks_note(const struct tb_metrics *m);

#endif
