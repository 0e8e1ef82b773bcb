/*-------------------------------------------------------------------------
 * answer_beside.c
 *	  Keys that an index answers with beside those of the plan.
 *
 * Of a partition the plan does not know all keys are read: it is new, and has few rows as a rule.  Rows that it has
 * taken over from others are met again in the plan, where they are known by their keys.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/memory.h"
#include "catalog/index_values.h"
#include "catalog/key_text.h"
#include "catalog/spi.h"
#include "fdw/answer_beside.h"
#include "fdw/key_table.h"
#include "fdw/row.h"

/* Rows of new partitions: for more the query is better planned anew. */
#define NEW_ROWS_MAX	10000

YsBeside *
ys_beside_create(const YsSource *source)
{
	YsBeside   *beside = palloc0(sizeof(YsBeside));

	beside->source = source;
	beside->context = CurrentMemoryContext;
	for (int i = 0; i < source->nkeys; i++)
		ys_converter_init(&beside->converters[i], source->keys[i]->type, -1, CurrentMemoryContext);
	return beside;
}

bool
ys_beside_row_key(YsBeside *beside, const Datum *values, const bool *isnull, YsMember *members, YsValue *key)
{
	const YsSource *source = beside->source;

	for (int i = 0; i < source->nkeys; i++)
	{
		members[i] = (YsMember) {.name = source->key_names[i], .name_len = strlen(source->key_names[i])};
		if (isnull[i] || !ys_convert_key(&beside->converters[i], values[i], i == 1, &members[i].value))
			return false;
	}
	*key = (YsValue) {.type = YS_TYPE_MAP, .len = source->nkeys, .members = members};
	return true;
}

bool
ys_beside_has(const YsBeside *beside, const YsValue *key)
{
	const char *text;

	if (beside->known == NULL)
		return false;
	text = ys_row_key_text(beside->source, key);
	return hash_search(beside->known, &text, HASH_FIND, NULL) != NULL;
}

/* text: lives as long */
static void
add_key(YsBeside *beside, const char *text)
{
	MemoryContext old = MemoryContextSwitchTo(beside->context);
	bool		found;

	if (beside->known == NULL)
		beside->known = ys_key_table_create("yottastore keys beside", sizeof(const char *), beside->context);
	(void) hash_search(beside->known, &text, HASH_ENTER, &found);
	if (!found)
		beside->keys = lappend(beside->keys, unconstify(char *, text));
	MemoryContextSwitchTo(old);
}

bool
ys_beside_key(const YsSource *source, const char *text, YsArena *arena, YsMember *members, YsValue *key)
{
	YsValue		read;
	YsError		err;

	if (!ys_key_from_text(text, arena, &read, &err))
		return false;
	for (int i = 0; i < source->nkeys; i++)
	{
		const char *name = source->key_names[i];
		const YsValue *value = ys_value_member(&read, name, strlen(name));

		if (value == NULL || value->type != source->key_types[i])
			return false;
		members[i] = (YsMember) {.name = name, .name_len = strlen(name), .value = *value};
	}
	*key = (YsValue) {.type = YS_TYPE_MAP, .len = source->nkeys, .members = members};
	return true;
}

bool
ys_beside_read_quarantine(YsBeside *beside, const YsFreshness *freshness, Snapshot snapshot)
{
	YsArena		arena;
	YsMember	members[2];
	YsValue		key;
	ListCell   *cell;
	bool		known = true;

	if (!freshness->quarantines)
		return true;
	ys_arena_init_context(&arena, beside->context, 0);
	foreach(cell, ys_freshness_quarantined_keys(freshness->policy_id, snapshot))
	{
		/* a message's key stays as it is where it tells no key of the table */
		if (!ys_beside_key(beside->source, lfirst(cell), &arena, members, &key))
			known = false;
		ys_arena_reset(&arena);
		add_key(beside, lfirst(cell));
	}
	ys_arena_free(&arena);
	beside->quarantined = list_length(beside->keys);
	return known;
}

/* The key in a row of the result. */
static void
add_row(YsBeside *beside, uint64 row)
{
	Datum		values[2];
	bool		isnull[2];
	YsMember	members[2];
	YsValue		key;

	for (int i = 0; i < beside->source->nkeys; i++)
		values[i] = ys_spi_value(row, i + 1, &isnull[i]);
	if (ys_beside_row_key(beside, values, isnull, members, &key))
		add_key(beside, MemoryContextStrdup(beside->context, ys_row_key_text(beside->source, &key)));
}

/* How many rows a partition has; no more than one past so many are read. */
static int
read_partition(YsBeside *beside, Oid index_table, Relation partition, Snapshot snapshot, int most)
{
	YsSpiScope	scope;
	StringInfoData sql;
	int			count;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	for (int i = 0; i < beside->source->nkeys; i++)
		appendStringInfo(&sql, "%s%s", i > 0 ? ", " : "",
						 quote_identifier(get_attname(index_table, YS_INDEX_KEYS_AT + i, false)));
	appendStringInfo(&sql, " FROM ONLY %s LIMIT %d",
					 quote_qualified_identifier(get_namespace_name(RelationGetNamespace(partition)),
												RelationGetRelationName(partition)),
					 most + 1);
	ys_spi_begin(&scope);
	ys_spi_read_once(sql.data, snapshot);
	count = (int) SPI_processed;
	for (int i = 0; i < count; i++)
		add_row(beside, i);
	ys_spi_end(&scope);
	return count;
}

/* Partitions of the index table that the plan does not know; both lists are sorted. */
static List *
find_new(Oid index_table, const List *planned)
{
	List	   *new = NIL;
	ListCell   *cell;
	int			at = 0;

	foreach(cell, ys_index_table_partitions(index_table))
	{
		while (at < list_length(planned) && list_nth_oid(planned, at) < lfirst_oid(cell))
			at++;
		if (at == list_length(planned) || list_nth_oid(planned, at) != lfirst_oid(cell))
			new = lappend_oid(new, lfirst_oid(cell));
	}
	return new;
}

const char *
ys_beside_read(YsBeside *beside, const YsFreshness *freshness, const List *planned, Snapshot snapshot)
{
	int			left = NEW_ROWS_MAX;
	ListCell   *cell;

	foreach(cell, find_new(freshness->index_table, planned))
	{
		Relation	partition = try_relation_open(lfirst_oid(cell), AccessShareLock);
		bool		plain;

		if (partition == NULL)
			continue;
		/* others are the owner's, with partitions or servers of their own */
		plain = partition->rd_rel->relkind == RELKIND_RELATION;
		if (plain)
			left -= read_partition(beside, freshness->index_table, partition, snapshot, left);
		relation_close(partition, NoLock);
		if (!plain)
			return "its index table got a partition that is no plain table after the query was planned";
		if (left < 0)
			return psprintf("its index table got partitions with over %d rows after the query was planned", NEW_ROWS_MAX);
	}
	return NULL;
}
