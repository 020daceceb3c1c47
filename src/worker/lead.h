/* SPDX-License-Identifier: MIT */
/* lead.h - the sweeps that a worker leads between the turns of its runs: trials go on its own list a few at a time, and
 * what they record is weighed before they train on. No client need live for that. */
#ifndef TB_WORKER_LEAD_H
#define TB_WORKER_LEAD_H

#include "sweep/sweep.h"
#include "worker/worker.h"

struct tb_leads;

struct tb_leads *tb_leads_open(struct tb_worker *w);
void tb_leads_close(struct tb_leads *ls); /* gives the sweeps back; NULL is fine everywhere here */

/* Takes the sweeps that somebody should lead and nobody does, and puts on the list what is due. */
void tb_leads_tend(struct tb_leads *ls);
/* Whether somebody asked for something; looks ten times a second at most. */
bool tb_leads_is_asked(struct tb_leads *ls);
/* Whether this run is a trial of one of them, and that it was evaluated or has come to an end. */
bool tb_leads_has(const struct tb_leads *ls, const char *run);
void tb_leads_saw(struct tb_leads *ls, const char *run);
/* A sweep is led that is not over. */
bool tb_leads_has_work(const struct tb_leads *ls);

/* For whoever begins a sweep: settles the paths of its plan, so that it stands without the folder it was begun in, and
 * keeps what is to be recorded of this process in its runs. It is led by the caller. */
bool tb_lead_prepare(struct tb_worker *w, struct tb_sweep *s, struct tb_err *err);

#endif
