/*-------------------------------------------------------------------------
 * try_policy.c
 *	  test_index_policy: what a policy would make of items, without making it.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "api/account.h"
#include "api/check.h"
#include "api/declaration.h"
#include "base/memory.h"
#include "catalog/bindings.h"
#include "catalog/convert.h"
#include "catalog/sample.h"
#include "catalog/source.h"

PG_FUNCTION_INFO_V1(ys_test_index_policy);
PG_FUNCTION_INFO_V1(ys_test_index_policy_source);

/* The columns behind those that name the item. */
enum
{
	TRIAL_FIELD,
	TRIAL_VALUE,
	TRIAL_PATH,
	TRIAL_FORMAT,
	TRIAL_RAW,
	TRIAL_OUTCOME,
	TRIAL_REASON,
	TRIAL_COLUMNS
};

#define NAMING_COLUMNS_MAX	2

typedef struct Trial
{
	ReturnSetInfo *result;
	const YsPolicy *policy;
	YsBound    *bound;
	const YsSource *source;		/* or NULL */
	YsConverter converters[2];	/* of its keys */
	int			nnaming;		/* columns that name the item */
	MemoryContext item_context; /* reset with every item */
} Trial;

static void
begin(Trial *trial, FunctionCallInfo fcinfo, Jsonb *area)
{
	YsArena    *arena = palloc(sizeof(YsArena));
	size_t		len;
	char	   *declaration = ys_declaration_build(PG_GETARG_ARRAYTYPE_P(0), area, NULL, &len);

	ys_arena_init_context(arena, CurrentMemoryContext, 0);
	trial->policy = ys_declaration_compile(declaration, len, trial->source, arena);
	trial->bound = ys_bindings_load(trial->policy, GetUserId(), CurrentMemoryContext);
	InitMaterializedSRF(fcinfo, 0);
	trial->result = (ReturnSetInfo *) fcinfo->resultinfo;
	trial->item_context = AllocSetContextCreate(CurrentMemoryContext, "yottastore tried item",
												ALLOCSET_DEFAULT_SIZES);
}

/* Put the lines that decide; naming and its nulls are the columns that name the item. */
static void
put_item(Trial *trial, const YsValue *item, const Datum *naming, const bool *naming_nulls)
{
	Datum		values[NAMING_COLUMNS_MAX + TRIAL_COLUMNS];
	bool		nulls[NAMING_COLUMNS_MAX + TRIAL_COLUMNS];
	Datum	   *columns = values + trial->nnaming;
	bool	   *columns_nulls = nulls + trial->nnaming;
	YsArena		arena;
	ListCell   *cell;
	List	   *lines;

	memcpy(values, naming, sizeof(Datum) * trial->nnaming);
	memcpy(nulls, naming_nulls, sizeof(bool) * trial->nnaming);
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	lines = ys_account_build(trial->policy, &trial->bound->bindings, item, &arena);
	foreach(cell, lines)
	{
		const YsAccountLine *line = lfirst(cell);

		if (!line->decides)
			continue;
		ys_account_put(line->column, &columns[TRIAL_FIELD], &columns_nulls[TRIAL_FIELD]);
		ys_account_put(line->value, &columns[TRIAL_VALUE], &columns_nulls[TRIAL_VALUE]);
		ys_account_put(line->path, &columns[TRIAL_PATH], &columns_nulls[TRIAL_PATH]);
		ys_account_put(line->format, &columns[TRIAL_FORMAT], &columns_nulls[TRIAL_FORMAT]);
		columns[TRIAL_RAW] = line->raw;
		columns_nulls[TRIAL_RAW] = !line->has_raw;
		ys_account_put(line->outcome, &columns[TRIAL_OUTCOME], &columns_nulls[TRIAL_OUTCOME]);
		ys_account_put(line->reason, &columns[TRIAL_REASON], &columns_nulls[TRIAL_REASON]);
		tuplestore_putvalues(trial->result->setResult, trial->result->setDesc, values, nulls);
	}
}

/* yottastore.test_index_policy(fields jsonb[], sample jsonb[], area) */
Datum
ys_test_index_policy(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"fields", "sample"};
	Trial		trial = {.nnaming = 1};
	MemoryContext old;
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	ys_check_not_null(fcinfo, names, lengthof(names));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), JSONBOID, -1, false, TYPALIGN_INT, &elements, &nulls,
					  &count);
	begin(&trial, fcinfo, PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2));
	old = MemoryContextSwitchTo(trial.item_context);
	for (int i = 0; i < count; i++)
	{
		Datum		number = Int32GetDatum(i + 1);
		bool		isnull = false;
		YsValue		item;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i] || !JB_ROOT_IS_OBJECT(DatumGetJsonbP(elements[i])))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("element %d of \"sample\" is no document", i + 1),
					 errdetail("An item is a JSON object of its attributes."),
					 errhint("Give items as the foreign table's document column shows them.")));
		item = ys_convert_from_jsonb(elements[i], YS_FORM_PLAIN);
		put_item(&trial, &item, &number, &isnull);
		MemoryContextReset(trial.item_context);
	}
	MemoryContextSwitchTo(old);
	return (Datum) 0;
}

/* A key of the item, as text that explain_item takes; NULL when it doesn't fit its column. */
static void
name_by_key(Trial *trial, const YsValue *item, int k, Datum *value, bool *isnull)
{
	const YsSource *source = trial->source;
	const YsValue *key;
	Datum		datum;

	*isnull = true;
	*value = (Datum) 0;
	if (k >= source->nkeys)
		return;
	key = ys_value_member(item, source->key_names[k], strlen(source->key_names[k]));
	if (key == NULL || !ys_convert_to_datum(&trial->converters[k], key, &datum, isnull) || *isnull)
	{
		*isnull = true;
		return;
	}
	*value = CStringGetTextDatum(ys_check_show(source->keys[k]->type, datum));
}

static void
try_item(void *arg, const YsValue *item)
{
	Trial	   *trial = arg;
	MemoryContext old = MemoryContextSwitchTo(trial->item_context);
	Datum		keys[2];
	bool		nulls[2];

	for (int k = 0; k < 2; k++)
		name_by_key(trial, item, k, &keys[k], &nulls[k]);
	put_item(trial, item, keys, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(trial->item_context);
}

/* yottastore.test_index_policy(fields jsonb[], source regclass, sample integer, area) */
Datum
ys_test_index_policy_source(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"fields", "source", "sample"};
	Trial		trial = {.nnaming = 2};
	Oid			relid;

	ys_check_not_null(fcinfo, names, lengthof(names));
	relid = PG_GETARG_OID(1);
	ys_check_may_read(relid);
	trial.source = ys_source_load(relid);
	begin(&trial, fcinfo, PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3));
	for (int k = 0; k < trial.source->nkeys; k++)
		ys_source_init_converter(trial.source->keys[k], &trial.converters[k], CurrentMemoryContext);
	(void) ys_sample_source(trial.source, GetUserId(), ys_check_sample(PG_GETARG_INT32(2)), try_item,
							&trial);
	return (Datum) 0;
}
