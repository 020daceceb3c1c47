/* SPDX-License-Identifier: MIT */
/* ring.h - a bounded queue of fixed-size records from one writing thread to one reading thread. */
#ifndef TB_BASE_RING_H
#define TB_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

struct tb_ring;
struct tb_ring *tb_ring_open(size_t record_bytes, size_t n_records);
void tb_ring_close(struct tb_ring *r);
bool tb_ring_put(struct tb_ring *r, const void *record); /* false if full: never blocks */
bool tb_ring_get(struct tb_ring *r, void *record); /* false if empty: never blocks */
/* The reader waits until it is woken or `seconds` have passed. A record that comes does not end it, so that putting one
 * is no call of the system. True if one is there. */
bool tb_ring_wait(struct tb_ring *r, double seconds);
void tb_ring_wake(struct tb_ring *r); /* ends a wait early; one before the wait counts too */

#endif
