/*-------------------------------------------------------------------------
 * answer_beside.h
 *	  Keys that an index answers with beside those of the plan.
 *
 * They are of items in quarantine, which the index may not show as they are; and of all rows in partitions that
 * the index table got after the query was planned: as it does for a session that writes to an area that is new,
 * and then waits until the index has it.  Conditions are checked on the items.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_ANSWER_BESIDE_H
#define YS_FDW_ANSWER_BESIDE_H

#include "nodes/pg_list.h"

#include "catalog/convert.h"
#include "catalog/freshness.h"
#include "catalog/source.h"

typedef struct YsBeside
{
	const YsSource *source;
	MemoryContext context;
	YsConverter converters[2];
	List	   *keys;			/* as text, each once */
	int			quarantined;	/* so many of them, the first, are in quarantine */
	struct HTAB *known;			/* the same, to look up; NULL: there are none */
} YsBeside;

/* In the current context; there are no keys yet. */
extern YsBeside *ys_beside_create(const YsSource *source);

/* The key that a text says, in arena; members are its.  False: it says none of the table. */
extern bool ys_beside_key(const YsSource *source, const char *text, YsArena *arena, YsMember *members, YsValue *key);

/* Read those in quarantine, as a snapshot has them, before others.  False: of some nobody knows the key. */
extern bool ys_beside_read_quarantine(YsBeside *beside, const YsFreshness *freshness, Snapshot snapshot);

/*
 * Read those of new partitions as a snapshot has them; planned: the partitions that the plan knows, sorted.  NULL: done;
 * or what stands in the way.
 */
extern const char *ys_beside_read(YsBeside *beside, const YsFreshness *freshness, const List *planned,
								  Snapshot snapshot);

/* The key in a row that begins with it; members are its.  False: no item can have it. */
extern bool ys_beside_row_key(YsBeside *beside, const Datum *values, const bool *isnull, YsMember *members,
							  YsValue *key);

/* Is this one of them? */
extern bool ys_beside_has(const YsBeside *beside, const YsValue *key);

#endif							/* YS_FDW_ANSWER_BESIDE_H */
