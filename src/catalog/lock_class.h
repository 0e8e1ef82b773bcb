/*-------------------------------------------------------------------------
 * lock_class.h
 *	  The last fields of our lock tags.
 *
 * They are advisory ones that no SQL function can produce (those use 1 and
 * 2), so that users' advisory locks never collide with ours.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_LOCK_CLASS_H
#define YS_CATALOG_LOCK_CLASS_H

#include "storage/lockdefs.h"

#define YS_LOCK_CLASS_POLICY	0x5900	/* policy id */
#define YS_LOCK_CLASS_LEASE		0x5901	/* stream, owner */
#define YS_LOCK_CLASS_STORE_LEASE 0x5902	/* source, owner */
#define YS_LOCK_CLASS_WORKER	0x5953	/* and up: see worker/lock.c */

/*
 * Take such a lock until the transaction ends.  A worker waits longer for it than for users' tables:
 * another worker has it for a batch.
 */
extern void ys_lock_until_end(uint32 id, uint32 owner, uint16 class, LOCKMODE mode);

#endif							/* YS_CATALOG_LOCK_CLASS_H */
