/*-------------------------------------------------------------------------
 * absent.c
 *	  The attributes that an UPDATE or DELETE depends on even where an item has none of
 *	  that name.
 *
 * A document is guarded by all attributes it had.  The store has no condition that notices
 * any other, so those that the statement names are guarded by name: what the
 * policies of computed columns look at, and the constants and parameters that take
 * something out of a document or ask whether it is there.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "catalog/policy_cache.h"
#include "compat.h"
#include "fdw/modify.h"

/* How an expression says names. */
typedef enum Naming
{
	NAMES_NOTHING,
	NAMES_ONE,					/* a text */
	NAMES_PATH,					/* a text[], whose first is one */
	NAMES_EACH,					/* a text[] */
	NAMES_MEMBERS				/* a jsonb object, by its members */
} Naming;

/* Attributes longer than this can't be. */
#define MAX_NAME_LENGTH		65535

/* ---- finding them in the query ---- */

typedef struct Search
{
	const YsSource *source;
	Index		rti;			/* of the table that the query names */
	bool		is_target;		/* it is that of the source, not one it is a partition of */
	bool		only_old;		/* not the row as it becomes */
	List	   *found;			/* of lists: a Naming, an expression */
} Search;

static bool
is_document(const Search *search, const Node *node)
{
	const Var  *var = (const Var *) node;

	if (!IsA(node, Var) || var->varno != (int) search->rti || var->varattno <= 0)
		return false;
	if (search->only_old && !ys_var_is_old_compat(var))
		return false;
	if (search->is_target)
		return search->source->columns[var->varattno - 1].kind == YS_COLUMN_DOCUMENT;
	return var->vartype == JSONBOID;
}

/* Is its value known when the statement begins? */
static bool
is_known(const Node *node)
{
	while (IsA(node, RelabelType))
		node = (const Node *) ((const RelabelType *) node)->arg;
	return IsA(node, Const) ||
		(IsA(node, Param) && ((const Param *) node)->paramkind == PARAM_EXTERN);
}

static void
add_found(Search *search, const Node *document, Node *names, Naming naming)
{
	if (is_document(search, document) && is_known(names))
		search->found = lappend(search->found, list_make2(makeInteger(naming), names));
}

static Naming
function_naming(Oid function)
{
	switch (function)
	{
		case F_JSONB_OBJECT_FIELD:
		case F_JSONB_OBJECT_FIELD_TEXT:
		case F_JSONB_EXISTS:
			return NAMES_ONE;
		case F_JSONB_EXTRACT_PATH:
		case F_JSONB_EXTRACT_PATH_TEXT:
			return NAMES_PATH;
		case F_JSONB_EXISTS_ANY:
		case F_JSONB_EXISTS_ALL:
			return NAMES_EACH;
		case F_JSONB_CONTAINS:
		case F_JSONB_CONTAINED:
			return NAMES_MEMBERS;
		default:
			return NAMES_NOTHING;
	}
}

static void
search_call(Search *search, Oid function, List *args)
{
	Naming		naming = function_naming(function);

	if (naming == NAMES_NOTHING || list_length(args) != 2)
		return;
	if (function == F_JSONB_CONTAINED)
		add_found(search, lsecond(args), linitial(args), naming);
	else
		add_found(search, linitial(args), lsecond(args), naming);
}

static void
search_subscript(Search *search, const SubscriptingRef *ref)
{
	Node	   *first = ref->refupperindexpr != NIL ? linitial(ref->refupperindexpr) : NULL;

	if (first != NULL && exprType(first) == TEXTOID)
		add_found(search, (const Node *) ref->refexpr, first, NAMES_ONE);
}

static bool
search_names(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, OpExpr))
		search_call(arg, get_opcode(((OpExpr *) node)->opno), ((OpExpr *) node)->args);
	else if (IsA(node, FuncExpr))
		search_call(arg, ((FuncExpr *) node)->funcid, ((FuncExpr *) node)->args);
	else if (IsA(node, SubscriptingRef))
		search_subscript(arg, (const SubscriptingRef *) node);
	return expression_tree_walker(node, search_names, arg);
}

List *
ys_absent_plan(const YsSource *source, Index rti, bool is_target, List *expressions,
			   List *returning)
{
	Search		search = {.source = source, .rti = rti, .is_target = is_target};

	(void) search_names((Node *) expressions, &search);
	search.only_old = true;
	(void) search_names((Node *) returning, &search);
	return search.found;
}

/* ---- their names, when the statement begins ---- */

static void
add_name(YsModify *modify, const char *name, size_t len)
{
	if (len == 0 || len > MAX_NAME_LENGTH || ys_source_is_key(modify->source, name, len))
		return;
	for (int i = 0; i < modify->nabsent; i++)
		if (modify->absent[i].steps[0].name_len == len &&
			memcmp(modify->absent[i].steps[0].name, name, len) == 0)
			return;
	modify->absent = modify->absent == NULL ? palloc(sizeof(YsPath)) :
		repalloc(modify->absent, (modify->nabsent + 1) * sizeof(YsPath));
	modify->absent[modify->nabsent++] = ys_source_name_path(pnstrdup(name, len), len);
}

static void
add_texts(YsModify *modify, ArrayType *array, Naming naming)
{
	Datum	   *names;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
	if (naming == NAMES_PATH)
		count = Min(count, 1);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			add_name(modify, VARDATA_ANY(DatumGetTextPP(names[i])),
					 VARSIZE_ANY_EXHDR(DatumGetTextPP(names[i])));
}

static void
add_members(YsModify *modify, Jsonb *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(&object->root);
	JsonbValue	value;
	JsonbIteratorToken token;

	if (!JB_ROOT_IS_OBJECT(object))
		return;
	(void) JsonbIteratorNext(&iterator, &value, true);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			add_name(modify, value.val.string.val, value.val.string.len);
}

static void
add_named(YsModify *modify, Naming naming, Expr *expr, EState *estate)
{
	ExprState  *state = ExecInitExprWithParams(expr, estate->es_param_list_info);
	bool		isnull;
	Datum		value = ExecEvalExprSwitchContext(state, GetPerTupleExprContext(estate), &isnull);

	if (isnull)
		return;
	if (naming == NAMES_ONE)
		add_name(modify, VARDATA_ANY(DatumGetTextPP(value)), VARSIZE_ANY_EXHDR(DatumGetTextPP(value)));
	else if (naming == NAMES_MEMBERS)
		add_members(modify, DatumGetJsonbP(value));
	else
		add_texts(modify, DatumGetArrayTypeP(value), naming);
}

/* A policy that isn't there is an error of the scan that reads its columns. */
static void
add_policy(YsModify *modify, const char *name)
{
	const YsCachedPolicy *cached = ys_policy_cache_find(name);
	const YsAttributeFilter *attributes = cached != NULL ? ys_policy_sources(cached->policy) : NULL;

	for (int i = 0; attributes != NULL && i < attributes->count; i++)
		add_name(modify, attributes->names[i], attributes->lens[i]);
}

void
ys_absent_begin(YsModify *modify, List *named, EState *estate)
{
	ListCell   *cell;

	foreach(cell, modify->fields)
		add_policy(modify, modify->source->columns[lfirst_int(cell) - 1].policy);
	foreach(cell, named)
		add_named(modify, intVal(linitial(lfirst(cell))), lsecond(lfirst(cell)), estate);
}
