/*-------------------------------------------------------------------------
 * truncate.c
 *	  TRUNCATE: every item is found by a scan of keys, and deleted.
 *
 * The store has no such operation, so it costs a read and a write of every
 * item, is seen item by item, and is not undone by ROLLBACK.  Only tables
 * that are declared truncatable take it.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "catalog/server.h"
#include "fdw/batch.h"
#include "fdw/fdw.h"
#include "fdw/fetch.h"
#include "fdw/scan_limits.h"

static void
check_truncatable(const YsSource *source, Relation relation)
{
	if (source->truncatable)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("foreign table \"%s\" does not allow TRUNCATE",
					RelationGetRelationName(relation)),
			 errdetail("It would read and delete each item of store table \"%s\", and ROLLBACK would "
					   "not bring them back.", source->table),
			 errhint("Use ALTER FOREIGN TABLE ... OPTIONS (ADD truncatable 'true') to allow it.")));
}

/* An item's key, in the current memory context. */
static YsValue
copy_key(const YsSource *source, const YsValue *item)
{
	YsMember   *members = palloc(source->nkeys * sizeof(YsMember));

	for (int i = 0; i < source->nkeys; i++)
	{
		const char *name = source->key_names[i];
		const YsValue *value = ys_value_member(item, name, strlen(name));
		char	   *bytes;

		if (value == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_INVALID_COLUMN_NAME),
					 errmsg("an item of store table \"%s\" has no attribute \"%s\"",
							source->table, name),
					 errdetail("It is declared a key of the foreign table."),
					 errhint("Declare the keys as the store's table has them.")));
		bytes = palloc(value->len + 1);
		memcpy(bytes, value->bytes, value->len);
		bytes[value->len] = '\0';
		members[i].name = name;
		members[i].name_len = strlen(name);
		members[i].value = *value;
		members[i].value.bytes = bytes;
	}
	return (YsValue) {.type = YS_TYPE_MAP, .len = source->nkeys, .members = members};
}

static void
delete_all(const YsSource *source)
{
	uint32_t	lens[2] = {0, 0};
	const char *names[2] = {source->key_names[0], source->key_names[1]};
	YsAttributeFilter keys = {.count = source->nkeys, .names = names, .lens = lens};
	YsStore    *store = ys_server_store(source->serverid, GetUserId());
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "yottastore key",
												  ALLOCSET_SMALL_SIZES);
	YsBatcher  *batcher = ys_batcher_create(store, source, true, NULL);
	YsFetchRequest request = {
		.store = store,
		.source = source,
		.attributes = &keys,
		.consistent = true,
		.unlimited = true
	};
	YsFetchPages all = {.nchains = ys_scan_segments(source, 0, false)};
	YsFetch    *fetch;
	const YsValue *item;

	for (int i = 0; i < source->nkeys; i++)
		lens[i] = strlen(names[i]);
	fetch = ys_fetch_create(&request);
	ys_fetch_start_pages(fetch, &all);
	while ((item = ys_fetch_next(fetch)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(ys_batcher_context(batcher));
		YsValue		key = copy_key(source, item);

		MemoryContextSwitchTo(scratch);
		ys_batcher_add(batcher, &key);
		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
	}
	ys_batcher_finish(batcher);
}

/* All are checked before the first is touched.  Sequences and CASCADE are the server's own matter. */
void
ys_truncate(List *relations, DropBehavior behavior, bool restart_sequences)
{
	ListCell   *cell;

	foreach(cell, relations)
		check_truncatable(ys_source_load(RelationGetRelid((Relation) lfirst(cell))), lfirst(cell));
	foreach(cell, relations)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore truncate",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);

		delete_all(ys_source_load(RelationGetRelid((Relation) lfirst(cell))));
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
	}
}
