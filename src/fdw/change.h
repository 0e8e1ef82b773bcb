/*-------------------------------------------------------------------------
 * change.h
 *	  Changing one item of the store, as far as it still is what was read.
 *
 * Everything here allocates in the current memory context, and throws.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_CHANGE_H
#define YS_FDW_CHANGE_H

#include "catalog/convert.h"
#include "catalog/source.h"
#include "fdw/field.h"
#include "store/store.h"

/* A path column's new value; NULL removes it. */
typedef struct YsAssigned
{
	const YsSourceColumn *column;
	const YsValue *value;
} YsAssigned;

/* A path column the statement's outcome depends on: it must still read the same. */
typedef struct YsGuard
{
	const YsSourceColumn *column;
	YsConverter *converter;
	Datum		datum;			/* as it was read */
	bool		isnull;
	YsValue		value;			/* what that probably is in the store (not NULL) */
} YsGuard;

typedef struct YsChange
{
	const YsSource *source;
	YsStore    *store;
	YsValue		key;			/* a map */
	bool		is_delete;

	int			nassigned;
	YsAssigned *assigned;
	const YsValue *document;	/* the new document, or NULL */
	bool		exact;			/* it says all types; else it came through plain JSON */

	int			nguards;
	YsGuard    *guards;
	const YsValue *old_document;	/* as it was read; NULL: not known */
	bool		old_exact;		/* it is all of the item, not its plain form */
	bool		guard_document; /* all of it must still read the same */

	/* Where it could not be shown it must still be so, and what the statement computed from it be the same. */
	YsConverter *document_converter;
	List	   *fields;			/* computed columns */
	YsFieldReader *field_reader;	/* of them */
	const Datum *old_values;	/* as they were read, by attribute number less one */
	const bool *old_nulls;

	int			nabsent;
	const YsPath *absent;		/* then attributes that it still has none of, where it had none */
	bool		whole_attributes;	/* set here: paths make too long an expression */

	YsCost	   *cost;			/* where to add up what it costs */
	bool		want_item;		/* for RETURNING and triggers: fill item */
	bool		key_will_do;	/* of a deleted item nothing but its key is looked at */
	YsValue		item;			/* the new item; a deletion's old one */
} YsChange;

/* False: there is no such item.  Throws also when it isn't what was read. */
extern bool ys_change_apply(YsChange *change);

/* What to do as an expression: the assignments, and under which condition. */
typedef struct YsChangePlan
{
	int			nassignments;
	YsAssignment *assignments;
	int			nterms;
	YsExpr	   *terms;			/* all of them must hold; the first is the key's existence */
	int			size;			/* of both arrays */
} YsChangePlan;

/*
 * change_plan.c: plan the write.  known is the item as it was just read; NULL: from what
 * the statement read, which ys_change_can_guess must allow.
 */
extern bool ys_change_can_guess(const YsChange *change);
extern void ys_change_plan(const YsChange *change, const YsValue *known, YsChangePlan *plan);

/* Does the item still read as the statement read it? */
extern bool ys_change_still_holds(const YsChange *change, const YsValue *known);

/*
 * Has the plan been applied to this item; would its condition hold, and it do no more than once?
 * An item doesn't tell whether an element was removed from a list, or added behind its last.
 */
extern bool ys_change_applied(const YsChangePlan *plan, const YsValue *item);
extern bool ys_change_applicable(const YsChangePlan *plan, const YsValue *item);

/*
 * change_types.c: a column's new value as the store's types, after those of the old one (NULL:
 * there was none).
 */
extern YsValue ys_change_restore(const YsSourceColumn *column, const YsValue *value,
								 const YsValue *old);

/* Most types of an old value for which that could differ from the new value as it is. */
#define YS_CHANGE_TYPES_MAX		4

/* Which those are; returns how many. */
extern int	ys_change_types_restored(const YsSourceColumn *column, const YsValue *value,
									 YsType *types);

#endif							/* YS_FDW_CHANGE_H */
