/*-------------------------------------------------------------------------
 * index_write.c
 *	  Writing a batch's rows: the locator's and the index table's.
 *
 * Partitions are looked up in the server's own sorted list of them and opened once, at the first
 * row.  Where one is not to be had, or only statements do it justice, its rows take the
 * statements; so does everything when that holds for the whole table.  The table's owner
 * does what is done to it, under a security-restricted operation, as with statements.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"

#include "catalog/index_direct.h"
#include "catalog/index_values.h"
#include "catalog/index_write.h"
#include "catalog/spi.h"

/* One partition. */
typedef struct Leaf
{
	const char *area;			/* hash key, with its length: not terminated while it is looked up */
	uint32		len;
	char	   *name;			/* the area, terminated */
	Datum		datum;			/* and as text */
	YsDirect   *direct;			/* NULL: its rows take statements */
} Leaf;

struct YsIndexWrite
{
	YsIndexTable *table;
	MemoryContext context;
	YsDirect   *locator;		/* NULL: everything takes statements */
	Relation	rel;
	PartitionDesc partitions;
	YsDirectColumns columns;
	HTAB	   *leaves;
	Leaf	   *last;			/* the one looked up last */
};

static uint32
leaf_hash(const void *key, Size keysize)
{
	const Leaf *leaf = key;

	return DatumGetUInt32(hash_any((const unsigned char *) leaf->area, (int) leaf->len));
}

static int
leaf_match(const void *a, const void *b, Size keysize)
{
	const Leaf *left = a;
	const Leaf *right = b;

	return left->len != right->len || memcmp(left->area, right->area, left->len) != 0;
}

/* ---- opening ---- */

/* Key columns, the others, and the time of writing. */
static YsDirectColumns
make_columns(Oid relid, AttrNumber keys_at, int nkeys, int count, const char **names, Oid *types,
			 int nprimary, const char *time)
{
	for (int k = 0; k < nkeys; k++)
		names[k] = get_attname(relid, keys_at + k, false);
	names[count] = time;
	types[count] = TIMESTAMPTZOID;
	return (YsDirectColumns) {count + 1, nprimary, names, types};
}

static YsDirect *
open_locator(const YsIndexTable *table)
{
	const char *names[YS_LOCATOR_MAX_COLUMNS + 1];
	Oid			types[YS_LOCATOR_MAX_COLUMNS + 1];
	int			count = ys_locator_columns(table, names, types);
	YsDirectColumns columns = make_columns(table->locator_relid, YS_LOCATOR_KEYS_AT, table->nkeys,
										   count, names, types, table->nkeys, "noted_at");

	return ys_direct_open(table->locator_relid, &columns);
}

static bool
needs_statements(const YsIndexTable *table, Relation rel)
{
	AclMode		needed = ACL_SELECT | ACL_INSERT | ACL_UPDATE | ACL_DELETE;

	/* what statements would refuse is theirs to refuse */
	return rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE ||
		RelationGetPartitionKey(rel)->strategy != PARTITION_STRATEGY_LIST ||
		rel->trigdesc != NULL ||
		rel->rd_rules != NULL ||
		rel->rd_rel->relrowsecurity ||
		pg_class_aclmask(table->relid, table->owner, needed, ACLMASK_ALL) != needed;
}

YsIndexWrite *
ys_index_write_begin(YsIndexTable *table, bool by_statements)
{
	YsIndexWrite *write = palloc0(sizeof(YsIndexWrite));
	HASHCTL		ctl = {0};
	const char **names;
	Oid		   *types;
	int			count;

	write->table = table;
	write->context = CurrentMemoryContext;
	if (by_statements)
		return write;
	write->rel = table_open(table->relid, RowExclusiveLock);
	if (!needs_statements(table, write->rel))
		write->locator = open_locator(table);
	if (write->locator == NULL)
		return write;
	write->partitions = RelationGetPartitionDesc(write->rel, true);
	if (table->spots == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(table->context);

		table->spots = ys_spots_create();
		MemoryContextSwitchTo(old);
	}
	names = palloc(sizeof(char *) * YS_INDEX_MAX_COLUMNS);
	types = palloc(sizeof(Oid) * YS_INDEX_MAX_COLUMNS);
	count = ys_index_columns(table, names, types);
	write->columns = make_columns(table->relid, YS_INDEX_KEYS_AT, table->nkeys, count, names, types,
								  table->nkeys + 1, "indexed_at");
	ctl.keysize = offsetof(Leaf, name);
	ctl.entrysize = sizeof(Leaf);
	ctl.hash = leaf_hash;
	ctl.match = leaf_match;
	ctl.hcxt = CurrentMemoryContext;
	write->leaves = hash_create("yottastore partitions", 64, &ctl,
								HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	return write;
}

/* The table of an area's partition, if it has one. */
static Oid
partition_of(const YsIndexWrite *write, Datum area)
{
	PartitionDesc partitions = write->partitions;
	PartitionKey key = RelationGetPartitionKey(write->rel);
	bool		found;
	int			at;

	if (partitions->boundinfo == NULL)
		return InvalidOid;
	at = partition_list_bsearch(key->partsupfunc, key->partcollation, partitions->boundinfo, area, &found);
	return at >= 0 && found ? partitions->oids[partitions->boundinfo->indexes[at]] : InvalidOid;
}

/* The partition of an area. */
static Leaf *
find_leaf(YsIndexWrite *write, const char *area, uint32 len)
{
	Leaf		probe = {.area = area, .len = len};
	MemoryContext old;
	Leaf	   *leaf;
	bool		found;
	Oid			relid;

	if (write->last != NULL && !leaf_match(&probe, write->last, 0))
		return write->last;
	leaf = hash_search(write->leaves, &probe, HASH_ENTER, &found);
	if (!found)
	{
		old = MemoryContextSwitchTo(write->context);
		leaf->area = leaf->name = pnstrdup(area, len);
		leaf->datum = CStringGetTextDatum(leaf->name);
		leaf->direct = NULL;
		relid = partition_of(write, leaf->datum);
		if (OidIsValid(relid))
			leaf->direct = ys_direct_open(relid, &write->columns);
		MemoryContextSwitchTo(old);
	}
	write->last = leaf;
	return leaf;
}

void
ys_index_write_end(YsIndexWrite *write)
{
	if (write->leaves != NULL)
	{
		HASH_SEQ_STATUS status;
		Leaf	   *leaf;

		hash_seq_init(&status, write->leaves);
		while ((leaf = hash_seq_search(&status)) != NULL)
		{
			if (leaf->direct != NULL)
				ys_direct_close(leaf->direct);
		}
		hash_destroy(write->leaves);
	}
	if (write->locator != NULL)
		ys_direct_close(write->locator);
	if (write->rel != NULL)
		table_close(write->rel, NoLock);
	pfree(write);
}

/* ---- rows ---- */

/* A row's key in a partition. */
static void
set_keys(const YsIndexWrite *write, const YsIndexRow *row, const Leaf *leaf, Datum *keys)
{
	for (int k = 0; k < write->table->nkeys; k++)
		keys[k] = row->keys[k];
	keys[write->table->nkeys] = leaf->datum;
}

/* What the locator has of a row. */
static void
locate_row(YsIndexWrite *write, YsIndexRow *row)
{
	int			nkeys = write->table->nkeys;
	Datum		datum;
	bool		isnull;

	row->known = ys_direct_find(write->locator, row->keys, &row->noted_at);
	row->present = false;
	if (!row->known)
		return;
	datum = ys_direct_value(write->locator, nkeys, &isnull);
	if (!isnull)
	{
		text	   *area = DatumGetTextPP(datum);

		row->area = find_leaf(write, VARDATA_ANY(area), VARSIZE_ANY_EXHDR(area))->name;
	}
	else
	{
		datum = ys_direct_value(write->locator, nkeys + 1, &isnull);
		ys_index_read_version(datum, isnull, &row->version);
	}
}

/* A key's hash: of its bytes, since nothing hangs on two that are equal having different ones. */
static uint32
hash_keys(const YsIndexTable *table, const Datum *keys)
{
	uint32		hash = 0;

	for (int k = 0; k < table->nkeys; k++)
		hash = hash_combine(hash, datum_image_hash(keys[k], table->key_by_value[k], table->key_len[k]));
	return hash;
}

static void
read_row_version(const YsIndexWrite *write, Leaf *leaf, YsIndexRow *row)
{
	bool		isnull;
	Datum		version = ys_direct_value(leaf->direct, write->columns.count - 2, &isnull);

	ys_index_read_version(version, isnull, &row->version);
}

/* Is a row where this process knows it was?  Then the locator knows the same. */
static bool
find_in_spot(YsIndexWrite *write, YsIndexRow *row)
{
	const char *area = ys_spots_find(write->table->spots, row->hash, &row->at);
	Datum		keys[3];
	Leaf	   *leaf;

	if (area == NULL)
		return false;
	leaf = find_leaf(write, area, strlen(area));
	if (leaf->direct == NULL)
		return false;
	set_keys(write, row, leaf, keys);
	if (!ys_direct_find_at(leaf->direct, keys, &row->at))
		return false;
	row->known = row->present = true;
	row->area = leaf->name;
	ItemPointerSetInvalid(&row->noted_at);
	read_row_version(write, leaf, row);
	return true;
}

void
ys_index_write_find(YsIndexWrite *write, int nrows, YsIndexRow **rows)
{
	YsSpiScope	scope;
	YsIndexRow **rest;
	int			nrest = 0;

	if (write->locator == NULL)
	{
		ys_index_table_find(write->table, nrows, rows);
		return;
	}
	rest = palloc(sizeof(YsIndexRow *) * Max(nrows, 1));
	ys_spi_become(&scope, write->table->owner);
	for (int i = 0; i < nrows; i++)
	{
		YsIndexRow *row = rows[i];
		Leaf	   *leaf;
		Datum		keys[3];

		row->hash = hash_keys(write->table, row->keys);
		if (find_in_spot(write, row))
			continue;
		locate_row(write, row);
		if (row->area == NULL)
			continue;
		leaf = find_leaf(write, row->area, strlen(row->area));
		if (leaf->direct == NULL)
		{
			rest[nrest++] = row;
			continue;
		}
		set_keys(write, row, leaf, keys);
		row->present = ys_direct_find(leaf->direct, keys, &row->at);
		/* a row the owner deleted by hand has the lowest version */
		if (row->present)
			read_row_version(write, leaf, row);
	}
	ys_spi_return(&scope);
	ys_index_table_versions(write->table, nrest, rest);
	pfree(rest);
}

void
ys_index_write_delete(YsIndexWrite *write, int nrows, YsIndexRow **rows)
{
	YsSpiScope	scope;
	YsIndexRow **rest;
	int			nrest = 0;

	if (write->locator == NULL)
	{
		ys_index_table_delete(write->table, nrows, rows);
		return;
	}
	rest = palloc(sizeof(YsIndexRow *) * Max(nrows, 1));
	ys_spi_become(&scope, write->table->owner);
	for (int i = 0; i < nrows; i++)
	{
		Leaf	   *leaf = find_leaf(write, rows[i]->area, strlen(rows[i]->area));
		Datum		keys[3];

		set_keys(write, rows[i], leaf, keys);
		if (leaf->direct == NULL)
			rest[nrest++] = rows[i];
		else if (rows[i]->present)
			ys_direct_delete(leaf->direct, &rows[i]->at, keys);
	}
	ys_spi_return(&scope);
	CommandCounterIncrement();
	ys_index_table_delete(write->table, nrest, rest);
	pfree(rest);
}

static void
finish_leaves(YsIndexWrite *write)
{
	HASH_SEQ_STATUS status;
	Leaf	   *leaf;

	hash_seq_init(&status, write->leaves);
	while ((leaf = hash_seq_search(&status)) != NULL)
	{
		if (leaf->direct != NULL)
			ys_direct_finish(leaf->direct);
	}
}

/* A row that the locator doesn't know there may be there all the same: the owner's own. */
static void
put_row(YsIndexWrite *write, YsIndexRow *row, Leaf *leaf)
{
	Datum		values[YS_INDEX_MAX_COLUMNS];
	bool		nulls[YS_INDEX_MAX_COLUMNS];
	MemoryContext old = MemoryContextSwitchTo(ys_direct_row_context(leaf->direct));
	bool		here = row->area != NULL && strcmp(row->area, leaf->name) == 0;
	bool		present = here && row->present;

	ys_index_row_values(write->table, row, values, nulls);
	if (!here)
		present = ys_direct_find(leaf->direct, values, &row->at);
	MemoryContextSwitchTo(old);
	if (present)
		ys_direct_update(leaf->direct, &row->at, values, nulls);
	else
		ys_direct_insert(leaf->direct, values, nulls);
	ys_spots_note(write->table->spots, row->hash, leaf->name, ys_direct_written(leaf->direct));
}

void
ys_index_write_upsert(YsIndexWrite *write, int nrows, YsIndexRow **rows)
{
	YsSpiScope	scope;
	YsIndexRow **rest;
	int			nrest = 0;

	if (write->locator == NULL)
	{
		ys_index_table_upsert(write->table, nrows, rows);
		return;
	}
	rest = palloc(sizeof(YsIndexRow *) * Max(nrows, 1));
	ys_spi_become(&scope, write->table->owner);
	for (int i = 0; i < nrows; i++)
	{
		Leaf	   *leaf = find_leaf(write, rows[i]->entry.area, strlen(rows[i]->entry.area));

		if (leaf->direct == NULL)
			rest[nrest++] = rows[i];
		else
			put_row(write, rows[i], leaf);
	}
	finish_leaves(write);
	ys_spi_return(&scope);
	CommandCounterIncrement();
	ys_index_table_upsert(write->table, nrest, rest);
	pfree(rest);
}

void
ys_index_write_note(YsIndexWrite *write, int nrows, YsIndexRow **rows)
{
	Datum		values[YS_LOCATOR_MAX_COLUMNS];
	bool		nulls[YS_LOCATOR_MAX_COLUMNS];

	if (write->locator == NULL)
	{
		ys_index_table_note(write->table, nrows, rows);
		return;
	}
	for (int i = 0; i < nrows; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(ys_direct_row_context(write->locator));

		ys_locator_row_values(write->table, rows[i], values, nulls);
		MemoryContextSwitchTo(old);
		if (rows[i]->known && !ItemPointerIsValid(&rows[i]->noted_at))
			rows[i]->known = ys_direct_find(write->locator, values, &rows[i]->noted_at);
		if (rows[i]->known)
			ys_direct_update(write->locator, &rows[i]->noted_at, values, nulls);
		else
			ys_direct_insert(write->locator, values, nulls);
	}
	ys_direct_finish(write->locator);
	CommandCounterIncrement();
}
