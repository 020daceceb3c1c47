/* SPDX-License-Identifier: MIT */
/* scan.h - what one file or folder that somebody may have put somewhere is good for: as a base, as data, as an adapter,
 * as a recipe. Nothing is believed, and no file is read as a whole to know what it is. Each gives a new map. */
#ifndef TB_WORKER_SCAN_H
#define TB_WORKER_SCAN_H

#include "base/json.h"

/* {path, name, is_shipped, kind ("gguf", "folder"), arch, parameters, type, bytes, context, ok, why}: name is what
 * --base takes, why (null if ok) says why it cannot be used. */
struct tb_json *tb_scan_model(const char *path);

/* {path, name, is_shipped, kind, sep | fields | rows_are, rows, rows_are_exact, bytes, prompt, completion, data, ok,
 * why}: data is the text that --data takes, name the path in it; prompt and completion of the first row, shortened.
 * *left: bytes that may still be read to count rows, 4 MiB at most of one file; behind that the number is an
 * estimate. */
struct tb_json *tb_scan_data(const char *path, int64_t *left);
/* Whether a file's name says that it may hold data. */
bool tb_scan_is_data(const char *name);

/* {path, peft_type, base, bytes, ok, why} of a folder with an adapter_config.json. */
struct tb_json *tb_scan_adapter(const char *path);

/* {path, title, ok, why} of a .lua file: title is the first line of its head comment. NULL if it is no recipe of ours.
 * It is not run, so it may yet be wrong. */
struct tb_json *tb_scan_recipe(const char *path);

#endif
