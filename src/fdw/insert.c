/*-------------------------------------------------------------------------
 * insert.c
 *	  INSERT and COPY: conditional puts, many in flight.
 *
 * A put is sent and its answer taken when its place is needed again or the
 * statement ends, so a duplicate may be reported some rows late; nothing is
 * lost by that, since an error undoes no put anyway.  Before an error is thrown
 * the answers still due are taken, so that the number of items written is known.
 *
 * Each put keeps its item until it is answered: after an unknown outcome it
 * is compared with what the store has.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/memory.h"
#include "catalog/calls.h"
#include "catalog/shape.h"
#include "errors.h"
#include "fdw/modify.h"
#include "fdw/written.h"

/* Each keeps a copy of its item until it is answered. */
#define PUTS_IN_FLIGHT	32

typedef struct YsPut
{
	MemoryContext context;		/* of the item */
	YsValue		item;
	bool		repeated;
	YsError		doubt;			/* why it was */
} YsPut;

struct YsInserter
{
	YsModify   *modify;
	YsExpr		condition;		/* no item of this key */
	YsArena		arena;			/* of replies */
	YsCalls		calls;			/* their tags are puts */
	int			nfree;
	YsPut	   *free[PUTS_IN_FLIGHT];
	YsPut		puts[PUTS_IN_FLIGHT];
};

static YsInserter *
create_inserter(YsModify *modify)
{
	MemoryContext context = GetMemoryChunkContext(modify);
	YsInserter *inserter = MemoryContextAllocZero(context, sizeof(YsInserter));

	inserter->modify = modify;
	inserter->condition.kind = YS_EXPR_NOT_EXISTS;
	inserter->condition.path = modify->source->keys[0]->path;
	ys_arena_init_context(&inserter->arena, context, 0);
	ys_calls_init(&inserter->calls, context);
	for (int i = 0; i < PUTS_IN_FLIGHT; i++)
	{
		inserter->puts[i].context = AllocSetContextCreate(context, "yottastore put",
														  ALLOCSET_SMALL_SIZES);
		inserter->free[inserter->nfree++] = &inserter->puts[i];
	}
	return inserter;
}

static void
send(YsInserter *inserter, YsPut *put)
{
	YsModify   *modify = inserter->modify;
	YsError		err;

	ys_calls_add(&inserter->calls,
				 ys_store_put_item(modify->store, modify->source->table, &put->item,
								   modify->source->key_names[0], &inserter->condition, YS_RETURN_NONE, &err), &err);
	ys_call_set_tag(inserter->calls.calls[inserter->calls.count - 1], put);
	ys_written_begin(modify->source);
}

/* ---- answers ---- */

static bool
await(YsInserter *inserter, YsCall *call, YsError *err)
{
	YsReply		reply;
	bool		inserted;

	ys_arena_reset(&inserter->arena);
	inserted = ys_store_wait(call, NULL, &inserter->arena, &reply, err);
	ys_cost_add(&inserter->modify->cost, &reply);
	return inserted;
}

/* Take all answers that are due, whatever they are, for the sake of the count. */
static void
drain(YsInserter *inserter)
{
	YsCall	   *call;
	YsError		err;

	while ((call = ys_calls_take_first(&inserter->calls)) != NULL)
		if (await(inserter, call, &err))
			ys_written_end(inserter->modify->source, true);
		else if (err.code != YS_ERR_UNKNOWN_OUTCOME)
			ys_written_end(inserter->modify->source, false);
}

static void
refuse_duplicate(YsInserter *inserter, const YsPut *put)
{
	const YsSource *source = inserter->modify->source;

	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("duplicate key in store table \"%s\"", source->table),
			 errdetail("An item of key %s exists already.", ys_row_key_text(source, &put->item))));
}

typedef enum Found
{
	FOUND_NOTHING,
	FOUND_OURS,
	FOUND_ANOTHER
} Found;

/* What the store has under a put's key; throws unresolved when it doesn't tell. */
static Found
look(YsInserter *inserter, const YsPut *put, const YsError *unresolved)
{
	YsModify   *modify = inserter->modify;
	YsMember	members[2];
	YsValue		key = {.type = YS_TYPE_MAP, .len = modify->source->nkeys, .members = members};
	YsReply		reply;
	YsError		err;
	YsCall	   *call;

	for (int i = 0; i < modify->source->nkeys; i++)
	{
		members[i].name = modify->source->key_names[i];
		members[i].name_len = strlen(members[i].name);
		members[i].value = *ys_value_member(&put->item, members[i].name, members[i].name_len);
	}
	call = ys_store_get_item(modify->store, modify->source->table, &key, NULL, true, &err);
	ys_arena_reset(&inserter->arena);
	if (call == NULL || !ys_store_wait(call, NULL, &inserter->arena, &reply, &err))
	{
		drain(inserter);
		ys_error_throw(unresolved);
	}
	ys_cost_add(&modify->cost, &reply);
	if (reply.nitems == 0)
		return FOUND_NOTHING;
	return ys_shape_equal(&reply.items[0], &put->item) ? FOUND_OURS : FOUND_ANOTHER;
}

typedef enum Settled
{
	SETTLED_INSERTED,
	SETTLED_DUPLICATE,
	SETTLED_AGAIN				/* sent once more */
} Settled;

/* After an unknown outcome the store tells; absent means not applied, and is tried again, once. */
static Settled
resolve(YsInserter *inserter, YsPut *put, const YsError *err)
{
	Found		found = look(inserter, put, err);

	if (found == FOUND_NOTHING && put->repeated)
	{
		drain(inserter);
		ys_error_throw(err);
	}
	ys_written_end(inserter->modify->source, found == FOUND_OURS);
	if (found != FOUND_NOTHING)
		return found == FOUND_OURS ? SETTLED_INSERTED : SETTLED_DUPLICATE;
	put->repeated = true;
	put->doubt = *err;
	send(inserter, put);
	return SETTLED_AGAIN;
}

static Settled
settle(YsInserter *inserter, YsPut *put, YsCall *call)
{
	YsError		err;

	if (await(inserter, call, &err))
	{
		ys_written_end(inserter->modify->source, true);
		return SETTLED_INSERTED;
	}
	if (err.code == YS_ERR_UNKNOWN_OUTCOME)
		return resolve(inserter, put, &err);
	/* what a repeated put finds there may be what it put itself, late */
	if (err.code == YS_ERR_CONDITION_FAILED && put->repeated)
		return resolve(inserter, put, &put->doubt);
	ys_written_end(inserter->modify->source, false);
	if (err.code == YS_ERR_CONDITION_FAILED)
		return SETTLED_DUPLICATE;
	drain(inserter);
	ys_error_throw(&err);
}

/* Take one answer; false: it was a duplicate, and those are skipped. */
static bool
reap(YsInserter *inserter)
{
	YsCall	   *call = ys_calls_take_first(&inserter->calls);
	YsPut	   *put = ys_call_tag(call);
	Settled		settled = settle(inserter, put, call);

	if (settled == SETTLED_AGAIN)
		return true;
	if (settled == SETTLED_DUPLICATE &&
		(inserter->modify->flags & YS_MODIFY_SKIP_DUPLICATES) == 0)
	{
		drain(inserter);
		refuse_duplicate(inserter, put);
	}
	inserter->free[inserter->nfree++] = put;
	return settled == SETTLED_INSERTED;
}

/* ---- rows ---- */

bool
ys_insert_row(YsModify *modify, TupleTableSlot *slot, bool wait)
{
	YsInserter *inserter;
	YsPut	   *put;
	MemoryContext old;
	bool		inserted = true;

	if (modify->inserter == NULL)
		modify->inserter = create_inserter(modify);
	inserter = modify->inserter;
	while (inserter->nfree == 0)
		(void) reap(inserter);

	put = inserter->free[--inserter->nfree];
	put->repeated = false;
	MemoryContextReset(put->context);
	old = MemoryContextSwitchTo(put->context);
	put->item = ys_item_build(modify, slot);
	MemoryContextSwitchTo(old);
	send(inserter, put);

	while (wait && inserter->calls.count > 0)
		inserted = reap(inserter);
	if (inserted && modify->reader != NULL)
		ys_row_fill(modify->reader, &put->item, slot);
	return inserted;
}

void
ys_insert_finish(YsModify *modify)
{
	while (modify->inserter != NULL && modify->inserter->calls.count > 0)
		(void) reap(modify->inserter);
}
