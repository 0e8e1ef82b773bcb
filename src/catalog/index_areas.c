/*-------------------------------------------------------------------------
 * index_areas.c
 *	  Which partition rows of an area go to, and making those there aren't.
 *
 * The server keeps a table's partitions sorted, so that looking one up is a
 * binary search; it is done once per area and batch, and sees at once what the
 * owner attached or detached.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "commands/defrem.h"
#include "commands/tablespace.h"
#include "common/hashfn.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"

#include "catalog/index_table.h"
#include "catalog/rebuild.h"
#include "catalog/spi.h"

/* Room for HOT updates: versions and timestamps change with every event. */
#define PARTITION_FILLFACTOR	90

/* Most of an area's name in its partition's. */
#define AREA_LABEL_MAX			24

/* Attaching waits for statements that lock the whole table, but not for ever. */
#define ATTACH_LOCK_TIMEOUT		"5s"

/* ---- looking up ---- */

static bool
has_partition(Relation rel, PartitionDesc partitions, const char *area)
{
	PartitionKey key = RelationGetPartitionKey(rel);
	bool		found = false;

	if (partitions->boundinfo != NULL)
		(void) partition_list_bsearch(key->partsupfunc, key->partcollation, partitions->boundinfo,
									  CStringGetTextDatum(area), &found);
	return found;
}

/* Areas that are nobody's don't count. */
static bool
counts(const char *area)
{
	return strcmp(area, YS_AREA_UNLOCATED) != 0 && strcmp(area, YS_AREA_OTHER) != 0;
}

/* One area of those that are placed. */
typedef struct Placed
{
	const char *area;
	const char *partition;		/* of which area */
} Placed;

static uint32
area_hash(const void *key, Size keysize)
{
	const char *area = ((const Placed *) key)->area;

	return DatumGetUInt32(hash_any((const unsigned char *) area, (int) strlen(area)));
}

static int
area_match(const void *a, const void *b, Size keysize)
{
	return strcmp(((const Placed *) a)->area, ((const Placed *) b)->area);
}

static HTAB *
create_placed(void)
{
	HASHCTL		ctl = {0};

	ctl.keysize = offsetof(Placed, partition);
	ctl.entrysize = sizeof(Placed);
	ctl.hash = area_hash;
	ctl.match = area_match;
	ctl.hcxt = CurrentMemoryContext;
	return hash_create("yottastore areas", 64, &ctl,
					   HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
}

List *
ys_index_table_place(const YsIndexTable *table, int count, const char ***areas)
{
	Relation	rel = table_open(table->relid, AccessShareLock);
	PartitionDesc partitions = RelationGetPartitionDesc(rel, true);
	HTAB	   *placed = create_placed();
	List	   *missing = NIL;
	int			taken = partitions->boundinfo != NULL ? partitions->boundinfo->ndatums : 0;
	const char *last = NULL;
	const char *last_partition = NULL;
	bool		has_other = has_partition(rel, partitions, YS_AREA_OTHER);

	taken -= has_other + has_partition(rel, partitions, YS_AREA_UNLOCATED);
	for (int i = 0; i < count; i++)
	{
		const char *area = *areas[i];
		Placed	   *entry;
		bool		found;

		/* neighbours are often of one area, whose name is one string */
		if (area == last)
		{
			*areas[i] = last_partition;
			continue;
		}
		entry = hash_search(placed, &(Placed) {area, NULL}, HASH_ENTER, &found);
		if (!found)
		{
			entry->partition = area;
			if (!has_partition(rel, partitions, area))
			{
				if (counts(area) && taken >= table->max_areas)
					entry->partition = YS_AREA_OTHER;
				else
					missing = lappend(missing, pstrdup(area));
				taken += counts(entry->partition);
				if (strcmp(entry->partition, YS_AREA_OTHER) == 0 && !has_other)
				{
					has_other = true;
					if (strcmp(area, YS_AREA_OTHER) != 0)
						missing = lappend(missing, pstrdup(YS_AREA_OTHER));
				}
			}
		}
		last = area;
		last_partition = *areas[i] = entry->partition;
	}
	hash_destroy(placed);
	table_close(rel, AccessShareLock);
	return missing;
}

/* ---- adding ---- */

/* An area's name as part of a relation's: short, lower-case ASCII letters, digits and underscores. */
static char *
area_label(const char *area)
{
	StringInfoData label;

	initStringInfo(&label);
	for (const char *p = area; *p != '\0' && label.len < AREA_LABEL_MAX; p++)
	{
		if ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9'))
			appendStringInfoChar(&label, *p);
		else if (*p >= 'A' && *p <= 'Z')
			appendStringInfoChar(&label, *p - 'A' + 'a');
		else if (label.len > 0 && label.data[label.len - 1] != '_')
			appendStringInfoChar(&label, '_');
	}
	return label.len > 0 ? label.data : pstrdup("area");
}

void
ys_index_table_add_area(YsIndexTable *table, const char *area)
{
	YsSpiScope	scope;
	Oid			schema;
	Oid			tablespace;
	char	   *name;
	char	   *sql = NULL;

	ys_index_table_lock_ours(table, AccessShareLock);
	ys_index_table_follow_names(table);
	schema = get_rel_namespace(table->relid);
	tablespace = get_rel_tablespace(table->relid);

	/* ChooseRelationName makes the name fit, and unique in the schema */
	name = quote_qualified_identifier(get_namespace_name(schema),
									  ChooseRelationName(get_rel_name(table->relid), NULL,
														 area_label(area), schema, false));
	if (OidIsValid(table->model))
		sql = ys_rebuild_partition_like(table->model, area, name);
	if (sql == NULL)
		sql = psprintf("CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS "
					   "INCLUDING STORAGE INCLUDING GENERATED INCLUDING INDEXES) WITH (fillfactor = %d)%s%s",
					   name, table->name, PARTITION_FILLFACTOR, OidIsValid(tablespace) ? " TABLESPACE " : "",
					   OidIsValid(tablespace) ? quote_identifier(get_tablespace_name(tablespace)) : "");
	ys_spi_begin_as(&scope, table->owner);
	ys_spi_utility(sql);
	if (OidIsValid(table->model))
		ys_rebuild_constrain(name, area);
	ys_spi_utility("SET LOCAL lock_timeout = '" ATTACH_LOCK_TIMEOUT "'");
	ys_spi_utility(psprintf("ALTER TABLE %s ATTACH PARTITION %s FOR VALUES IN (%s)",
							table->name, name, quote_literal_cstr(area)));
	ys_spi_end(&scope);
}
