/*-------------------------------------------------------------------------
 * synonym.c
 *	  Editing synonyms: what is wrong is said at once, what is right reaches
 *	  the workers.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "storage/lmgr.h"
#include "utils/inval.h"
#include "utils/rel.h"

#include "base/memory.h"
#include "catalog/synonym.h"

PG_FUNCTION_INFO_V1(ys_synonyms_changed);

/*
 * Statement trigger on yottastore.synonyms: reads the lists as they are now, as the
 * workers will.  Of two transactions that edit them the second waits here for the
 * first, and then reads both.
 */
Datum
ys_synonyms_changed(PG_FUNCTION_ARGS)
{
	Relation	table;
	YsArena		arena;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "ys_synonyms_changed called other than as a trigger");
	table = ((TriggerData *) fcinfo->context)->tg_relation;
	LockRelationOid(RelationGetRelid(table), ShareUpdateExclusiveLock);
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	(void) ys_synonyms_load(&arena);
	ys_arena_free(&arena);
	CacheInvalidateRelcache(table);
	PG_RETURN_POINTER(NULL);
}
