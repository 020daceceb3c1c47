/* SPDX-License-Identifier: MIT */
/* put.c - the facts of a job and of this process as a new run. */
#include "worker/put.h"

#include <string.h>

#include "base/numeric.h"

bool tb_put_run(const struct tb_store *s, const struct tb_job *j, const struct tb_put *how, const char *id,
                struct tb_err *err)
{
    bool has_recipe = how->recipe && *how->recipe;
    struct tb_json *plan = tb_job_plan_facts(j), *base = tb_job_base_facts(j), *data = tb_job_data_facts(j);
    struct tb_json *env = how->env ? tb_json_copy(how->env) : tb_run_env(how->argv, TB_VERSION, TB_NUMERIC);
    struct tb_run_new run = { .id = id, .name = tb_config_name(&j->config), .config = j->config.map,
                              .recipe = has_recipe ? how->recipe : NULL,
                              .n_recipe = has_recipe ? strlen(how->recipe) : 0, .overrides = how->overrides,
                              .plan = plan, .base = base, .data = data, .env = env, .lineage = how->lineage,
                              .changes = how->changes, .start = how->start };
    bool good = tb_run_create(tb_store_runs_dir(s), &run, err);
    tb_json_free(plan);
    tb_json_free(base);
    tb_json_free(data);
    tb_json_free(env);
    return good;
}
