/*-------------------------------------------------------------------------
 * suggest.c
 *	  profile_items and suggest_index_fields: what a table's items hold, and a
 *	  policy that could suit them.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "api/account.h"
#include "api/check.h"
#include "base/memory.h"
#include "catalog/area.h"
#include "catalog/index_table.h"
#include "catalog/policy.h"
#include "catalog/sample.h"
#include "errors.h"
#include "policy/path.h"
#include "policy/suggest/suggest.h"

PG_FUNCTION_INFO_V1(ys_profile_items_of);
PG_FUNCTION_INFO_V1(ys_suggest_index_fields);

enum
{
	PROFILE_PATH,
	PROFILE_ITEMS,
	PROFILE_SHARE,
	PROFILE_TYPES,
	PROFILE_GUESS,
	PROFILE_CARDINALITY,
	PROFILE_ESTIMATED,
	PROFILE_MIN,
	PROFILE_MAX,
	PROFILE_EXAMPLES,
	PROFILE_COLUMNS
};

static void
throw_out_of_memory(void)
{
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

static void
add_item(void *arg, const YsValue *item)
{
	CHECK_FOR_INTERRUPTS();
	if (!ys_profile_add(arg, item))
		throw_out_of_memory();
}

/* The profile of a sample of source's items; the arguments are checked. */
static YsProfile *
take_profile(FunctionCallInfo fcinfo, const YsSource **source)
{
	static const char *const names[] = {"source", "sample"};
	YsArena    *arena = palloc(sizeof(YsArena));
	YsProfile  *profile;
	Oid			relid;

	ys_check_not_null(fcinfo, names, lengthof(names));
	relid = PG_GETARG_OID(0);
	ys_check_may_read(relid);
	*source = ys_source_load(relid);
	ys_arena_init_context(arena, CurrentMemoryContext, 0);
	profile = ys_profile_create(arena);
	if (profile == NULL)
		throw_out_of_memory();
	(void) ys_sample_source(*source, GetUserId(), ys_check_sample(PG_GETARG_INT32(1)), add_item, profile);
	if (!ys_profile_finish(profile))
		throw_out_of_memory();
	return profile;
}

/* ---- profile_items ---- */

/* "S:98 N:2", the most frequent first. */
static char *
show_types(const YsPathProfile *path)
{
	StringInfoData text;
	int64		counts[YS_TYPES];

	memcpy(counts, path->types, sizeof(counts));
	initStringInfo(&text);
	for (;;)
	{
		int			most = 0;

		for (int i = 1; i < YS_TYPES; i++)
			if (counts[i] > counts[most])
				most = i;
		if (counts[most] == 0)
			return text.data;
		appendStringInfo(&text, "%s%s:" INT64_FORMAT, text.len > 0 ? " " : "",
						 ys_value_tag((YsType) most), counts[most]);
		counts[most] = 0;
	}
}

static Datum
show_examples(const YsPathProfile *path)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int i = 0; i < path->nexamples; i++)
		appendStringInfo(&json, "%s%s", i > 0 ? ", " : "", path->examples[i]);
	appendStringInfoChar(&json, ']');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* yottastore.profile_items(source, sample) */
Datum
ys_profile_items_of(PG_FUNCTION_ARGS)
{
	const YsSource *source;
	YsProfile  *profile = take_profile(fcinfo, &source);
	ReturnSetInfo *result;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	for (int i = 0; i < ys_profile_path_count(profile); i++)
	{
		const YsPathProfile *path = ys_profile_path(profile, i);
		Datum		values[PROFILE_COLUMNS];
		bool		nulls[PROFILE_COLUMNS] = {false};

		values[PROFILE_PATH] = CStringGetTextDatum(path->path);
		values[PROFILE_ITEMS] = Int64GetDatum(path->items);
		values[PROFILE_SHARE] = Float8GetDatum((double) path->items / ys_profile_items(profile));
		values[PROFILE_TYPES] = CStringGetTextDatum(show_types(path));
		values[PROFILE_GUESS] = CStringGetTextDatum(path->guess);
		values[PROFILE_CARDINALITY] = Int64GetDatum(path->cardinality);
		values[PROFILE_ESTIMATED] = BoolGetDatum(path->estimated);
		ys_account_put(path->min, &values[PROFILE_MIN], &nulls[PROFILE_MIN]);
		ys_account_put(path->max, &values[PROFILE_MAX], &nulls[PROFILE_MAX]);
		values[PROFILE_EXAMPLES] = show_examples(path);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	if (ys_profile_is_partial(profile))
		ereport(WARNING,
				(errmsg("not all paths of the items are shown"),
				 errdetail("There are more than %d, or some lead deeper than %d steps or through names that no "
						   "path can spell.", YS_PROFILE_MAX_PATHS, YS_PATH_MAX_STEPS)));
	return (Datum) 0;
}

/* ---- suggest_index_fields ---- */

/* A name for the policy: neither a policy's nor that of a relation beside the source. */
static char *
choose_policy_name(Oid relid)
{
	const char *relname = get_rel_name(relid);
	char	   *name = NULL;

	for (int i = 1; name == NULL || ys_policy_find(name) != NULL ||
		 OidIsValid(get_relname_relid(name, get_rel_namespace(relid))); i++)
	{
		char	   *suffix = i == 1 ? pstrdup("_index") : psprintf("_index_%d", i);

		name = psprintf("%.*s%s", pg_mbcliplen(relname, strlen(relname), NAMEDATALEN - 1 - strlen(suffix)),
						relname, suffix);
	}
	return name;
}

/* Names that no field can have: those of keys and of the index table's own columns. */
static void
reserve_names(const YsSource *source, YsSuggestion *suggestion)
{
	const char *const *own = ys_index_table_own_columns(&suggestion->nreserved);
	const char **names = palloc(sizeof(char *) * (suggestion->nreserved + source->nkeys));

	memcpy(names, own, sizeof(char *) * suggestion->nreserved);
	for (int k = 0; k < source->nkeys; k++)
		names[suggestion->nreserved++] = source->keys[k]->name;
	suggestion->reserved = names;
}

/* yottastore.suggest_index_fields(source, sample) */
Datum
ys_suggest_index_fields(PG_FUNCTION_ARGS)
{
	const YsSource *source;
	YsProfile  *profile = take_profile(fcinfo, &source);
	YsSuggestion suggestion = {0};
	YsArena		arena;
	YsText		sql;

	if (ys_profile_items(profile) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("foreign table \"%s\" has no items to go by", get_rel_name(source->relid)),
				 errdetail("A suggestion is made after what items hold."),
				 errhint("Call it again when there are some.")));
	suggestion.policy = choose_policy_name(source->relid);
	suggestion.source = quote_qualified_identifier(get_namespace_name(get_rel_namespace(source->relid)),
												   get_rel_name(source->relid));
	suggestion.table = get_rel_name(source->relid);
	suggestion.level = ys_areas_level();
	suggestion.nkeys = source->nkeys;
	suggestion.keys = source->key_names;
	reserve_names(source, &suggestion);

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ys_text_init(&sql, &arena);
	if (!ys_suggest_print(profile, &suggestion, &sql))
		throw_out_of_memory();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(sql.bytes, sql.len));
}
