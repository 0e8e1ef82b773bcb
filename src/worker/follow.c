/*-------------------------------------------------------------------------
 * follow.c
 *	  One policy as a stream worker follows it.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/memory.h"
#include "catalog/area.h"
#include "catalog/server.h"
#include "errors.h"
#include "worker/follow.h"

YsFollow *
ys_follow_open(MemoryContext parent, const YsPolicyRow *row, const YsLease *lease)
{
	/* it is the parent's once nothing can fail any more */
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore followed policy",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	YsFollow   *follow = palloc0(sizeof(YsFollow));
	YsArena    *arena = palloc(sizeof(YsArena));
	size_t		len = strlen(row->declaration);
	char	   *declaration = palloc0(len + 1 + YS_JSON_PADDING);
	YsError		err;

	follow->context = context;
	follow->lease = lease;
	follow->row = palloc(sizeof(YsPolicyRow));
	*follow->row = *row;
	follow->row->name = pstrdup(row->name);
	follow->row->topic = row->topic != NULL ? pstrdup(row->topic) : NULL;
	memcpy(declaration, row->declaration, len);
	follow->row->declaration = declaration;

	follow->source = ys_source_load(row->source);
	ys_arena_init_context(arena, context, 0);
	follow->policy = ys_policy_compile(declaration, len, arena, &err);
	if (follow->policy == NULL)
		ys_error_throw(&err);
	follow->table = ys_index_table_open(follow->row, follow->source, follow->policy);
	ys_follow_load_bindings(follow);
	ys_follow_load_positions(follow);
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(context, parent);
	return follow;
}

void
ys_follow_close(YsFollow *follow)
{
	MemoryContextDelete(follow->context);
}

bool
ys_follow_is_current(const YsFollow *follow)
{
	const YsSource *then = follow->source;
	const YsSource *now = ys_source_load(then->relid);
	bool		same = now->nkeys == then->nkeys && strcmp(now->table, then->table) == 0;

	for (int k = 0; same && k < now->nkeys; k++)
		same = now->keys[k]->type == then->keys[k]->type &&
			now->keys[k]->typmod == then->keys[k]->typmod &&
			strcmp(now->key_names[k], then->key_names[k]) == 0;
	return same;
}

/* Are the areas that are loaded those there are?  A job will be queued then, if none was yet. */
static bool
has_current_areas(const YsFollow *follow)
{
	uint64		fingerprint = 0;
	YsArena		arena;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	(void) ys_areas_load(ys_policy_area_level(follow->policy), &arena, &fingerprint);
	ys_arena_free(&arena);
	return fingerprint == follow->bound->areas_fingerprint;
}

bool
ys_follow_lock(const YsFollow *follow, bool alone, YsPhase *phase)
{
	YsPolicyLocked locked;
	bool		ours = ys_index_table_lock(follow->table, RowExclusiveLock);

	if (follow->lease != NULL && !ys_lease_hold(follow->lease))
		ereport(ERROR,
				(errcode(YS_ERRCODE_LEASE_LOST),
				 errmsg("another worker has taken this worker's share of the stream"),
				 errdetail("Nothing of the batch was written.")));
	if (!ys_policy_lock_epoch(follow->row->policy_id, follow->row->epoch, alone, &locked) || !ours)
		return false;
	*phase = locked.phase;

	/* rows placed by old ones, after others' were moved, would stay where they are */
	if (follow->bound != NULL && locked.areas_noted &&
		locked.areas != follow->bound->areas_fingerprint && !has_current_areas(follow))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("areas have been changed meanwhile"),
				 errdetail("Nothing was written by those there were before."),
				 errhint("Try again.")));
	return true;
}

void
ys_follow_check_rights(const YsPolicyRow *row)
{
	AclResult	result;

	if (OidIsValid(row->stream))
		ys_server_check_usage(row->stream, row->owner);
	result = pg_class_aclcheck(row->source, row->owner, ACL_SELECT);
	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_FOREIGN_TABLE, get_rel_name(row->source));
}

/* The owner of the policy's index table, who is the policy's; InvalidOid when that is gone. */
static Oid
owner_now(const YsPolicyRow *row)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(row->index_table));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

void
ys_follow_pause(YsPolicyRow *row, const ErrorData *error)
{
	ys_follow_pause_for(row, error->message);
}

void
ys_follow_pause_for(YsPolicyRow *row, const char *reason)
{
	Oid			owner = owner_now(row);

	row->phase = YS_PHASE_PAUSED;
	if (OidIsValid(owner) && owner != row->owner)
		return;
	if (ys_policy_pause_for(row->policy_id, row->epoch, reason))
		ereport(LOG,
				(errmsg("index policy \"%s\" is paused: %s", row->name, reason),
				 errhint("Mend the cause, then call yottastore.resume_index_policy.")));
}

void
ys_follow_load_bindings(YsFollow *follow)
{
	YsBound    *old = follow->bound;

	follow->bound = ys_bindings_load(follow->policy, follow->row->owner, follow->context);
	follow->areas_noted = false;
	follow->rules_noted = false;
	if (old != NULL)
		ys_bindings_free(old);
}

bool
ys_follow_rules_noted(const YsFollow *follow)
{
	return follow->rules_noted && follow->functions_noted == ys_functions_generation(follow->bound->functions);
}

void
ys_follow_note_rules(YsFollow *follow)
{
	ys_policy_note_rules(follow->row->policy_id, follow->bound->synonyms_fingerprint,
						 ys_functions_fingerprint(follow->policy));
	follow->rules_noted = true;
	follow->functions_noted = ys_functions_generation(follow->bound->functions);
}

void
ys_follow_load_positions(YsFollow *follow)
{
	MemoryContext old = MemoryContextSwitchTo(follow->context);
	int			count;

	if (follow->positions != NULL)
		pfree(follow->positions);
	count = ys_position_load(follow->row->policy_id, &follow->positions);
	follow->of_partitions = count;
	follow->npositions = 0;
	follow->draining = false;
	for (int i = 0; i < count; i++)
	{
		follow->draining = follow->draining ||
			follow->positions[i].next_offset < follow->positions[i].layout_from;
		if (follow->lease == NULL || ys_lease_covers(follow->lease, follow->positions[i].partition))
			follow->positions[follow->npositions++] = follow->positions[i];
	}
	follow->positions_dirty = false;
	if (!OidIsValid(follow->row->stream))
		follow->shards = ys_shard_positions_load(follow->row->policy_id);
	MemoryContextSwitchTo(old);
}

void
ys_follow_adopt_shards(YsFollow *follow, const YsShardPositions *shards)
{
	MemoryContext old = MemoryContextSwitchTo(follow->context);
	YsShardPositions *before = follow->shards;

	follow->shards = ys_shard_positions_copy(shards);
	pfree(before->items);
	pfree(before);
	MemoryContextSwitchTo(old);
}

YsPolicyPosition *
ys_follow_position(YsFollow *follow, int32 partition)
{
	for (int i = 0; i < follow->npositions; i++)
	{
		if (follow->positions[i].partition == partition)
			return &follow->positions[i];
	}
	return NULL;
}
