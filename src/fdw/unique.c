/*-------------------------------------------------------------------------
 * unique.c
 *	  Telling the planner that a foreign table's key is unique.
 *
 * It is told by an index that nothing can be read by.  So joins that add nothing are
 * left out, semijoins become plain ones, and a nested loop stops at the first match.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "optimizer/plancat.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "compat.h"
#include "fdw/fdw.h"
#include "fdw/field.h"
#include "fdw/plan.h"

static get_relation_info_hook_type next_relation_hook = NULL;

/*
 * Do two of the store's values never read as equal ones of this column?  Of times and the like
 * several texts may mean the same.
 */
static bool
reads_distinct(const YsSourceColumn *column)
{
	switch (column->type)
	{
		case TEXTOID:
		case VARCHAROID:
			return column->typmod < 0 && get_collation_isdeterministic(column->collation);
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case BYTEAOID:
			return true;
		case NUMERICOID:
			return column->typmod < 0;
		default:
			return false;
	}
}

static void
add_unique_index(RelOptInfo *rel, const YsSource *source)
{
	IndexOptInfo *index = makeNode(IndexOptInfo);
	int			nkeys = source->nkeys;

	for (int i = 0; i < nkeys; i++)
		if (!reads_distinct(source->keys[i]))
			return;
	index->rel = rel;
	index->tuples = rel->tuples;
	index->ncolumns = index->nkeycolumns = nkeys;
	index->indexkeys = palloc(nkeys * sizeof(int));
	index->indexcollations = palloc(nkeys * sizeof(Oid));
	index->opfamily = palloc(nkeys * sizeof(Oid));
	index->opcintype = palloc(nkeys * sizeof(Oid));
	index->canreturn = palloc0(nkeys * sizeof(bool));
	for (int i = 0; i < nkeys; i++)
	{
		const YsSourceColumn *column = source->keys[i];
		TypeCacheEntry *type = lookup_type_cache(column->type, TYPECACHE_BTREE_OPFAMILY);
		Var		   *var = makeVar(rel->relid, column->attnum, column->type, column->typmod,
								  column->collation, 0);

		index->indexkeys[i] = column->attnum;
		index->indexcollations[i] = column->collation;
		index->opfamily[i] = type->btree_opf;
		index->opcintype[i] = type->btree_opintype;
		index->indextlist = lappend(index->indextlist, makeTargetEntry((Expr *) var, i + 1, NULL, false));
	}
	index->relam = BTREE_AM_OID;
	index->unique = true;
	index->immediate = true;
	index->predOK = true;
	index->hypothetical = true;
	rel->indexlist = lcons(index, rel->indexlist);
}

static void
relation_info(PlannerInfo *root, Oid relid, bool inhparent, RelOptInfo *rel)
{
	const YsSource *source;

	if (next_relation_hook != NULL)
		next_relation_hook(root, relid, inhparent, rel);
	if (inhparent || rel->fdwroutine == NULL || rel->fdwroutine->GetForeignPaths != ys_get_paths)
		return;
	source = ys_plan_relation(rel, relid)->source;
	add_unique_index(rel, source);
	if (!ys_parallel_subtransactions_compat && ys_field_calls_functions(source))
		root->glob->parallelModeOK = false;
}

void
ys_unique_init(void)
{
	next_relation_hook = get_relation_info_hook;
	get_relation_info_hook = relation_info;
}
