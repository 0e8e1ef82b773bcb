/*-------------------------------------------------------------------------
 * secondary.h
 *	  Secondary indexes as option "indexes" of a foreign table declares them.
 *
 * Grammar, with names in double quotes where they are not plain, as in paths:
 *
 *	  index; index; ...
 *	  index:  name [local] (attribute [, attribute]) projection
 *	  projection:  all | keys | include (attribute, ...)
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_SECONDARY_H
#define YS_CATALOG_SECONDARY_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "catalog/source.h"
#include "store/store.h"

/*
 * The declared indexes, of YsIndexInfo without key types, in the current
 * memory context.  Throws ERRCODE_INVALID_PARAMETER_VALUE, with what is wrong
 * where, when the option's value is none of the grammar.
 */
extern List *ys_secondary_parse(const char *value);

/*
 * The same of indexes that are to be made with a table of these keys.  The
 * attributes of their keys may have a type behind them, and have the one they have
 * elsewhere, or text, when they don't.
 */
extern List *ys_secondary_parse_new(const char *value, int nkeys, const YsKeyAttribute *keys);

/* The type of a key by its name: text, numeric, bytea.  False: it is none of them. */
extern bool ys_secondary_key_type(const char *name, size_t len, YsType *type);

/* Append one index as the option has it. */
extern void ys_secondary_print(StringInfo text, const YsIndexInfo *index);

/* The name as it stands in paths and in that option; may be the argument itself. */
extern const char *ys_secondary_quote(const char *name);

/* Has the index this top-level attribute of every item it has? */
extern bool ys_secondary_projects(const YsSource *source, const YsIndexInfo *index,
								  const char *name, uint32_t len);

/*
 * Throw unless the store's table has the index as it is declared: its name,
 * key attributes of the columns' types, all that is declared as projected.
 * Asked of the store once as long as it is open.
 */
extern void ys_secondary_verify(YsStore *store, const YsSource *source,
								const YsSourceIndex *index);

#endif							/* YS_CATALOG_SECONDARY_H */
