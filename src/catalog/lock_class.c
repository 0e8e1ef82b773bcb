/*-------------------------------------------------------------------------
 * lock_class.c
 *	  Locks of our own, which transactions hold until they end.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/guc.h"

#include "catalog/lock_class.h"

/* Longer than a batch takes, and shorter than one policy's work may, where others wait. */
#define WORKER_WAITS		"4s"
#define WORKER_WAITS_MS		4000

void
ys_lock_until_end(uint32 id, uint32 owner, uint16 class, LOCKMODE mode)
{
	bool		waits = MyBgworkerEntry != NULL && LockTimeout > 0 && LockTimeout < WORKER_WAITS_MS;
	int			level = waits ? NewGUCNestLevel() : 0;
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, id, owner, class);
	if (waits)
		(void) set_config_option("lock_timeout", WORKER_WAITS, PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	(void) LockAcquire(&tag, mode, false, false);
	if (waits)
		AtEOXact_GUC(false, level);
}
