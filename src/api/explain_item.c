/*-------------------------------------------------------------------------
 * explain_item.c
 *	  explain_item: how each column of an item's index row comes about, and what
 *	  the index has.
 *
 * The item is read from the store with the caller's rights; the index, which
 * says no more than items do, with its owner's.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "api/account.h"
#include "api/check.h"
#include "base/memory.h"
#include "catalog/bindings.h"
#include "catalog/index_state.h"
#include "catalog/policy.h"
#include "catalog/server.h"
#include "errors.h"

PG_FUNCTION_INFO_V1(ys_explain_item);

enum
{
	EXPLAINED_FIELD,
	EXPLAINED_PATH,
	EXPLAINED_RAW,
	EXPLAINED_FORMAT,
	EXPLAINED_VALUE,
	EXPLAINED_OUTCOME,
	EXPLAINED_REASON,
	EXPLAINED_INDEXED,
	EXPLAINED_AGREES,
	EXPLAINED_COLUMNS
};

typedef struct Explanation
{
	ReturnSetInfo *result;
	const YsPolicyRow *row;
	const YsSource *source;
	YsPolicy   *policy;
	YsArena		arena;
	const YsValue *item;		/* NULL: there is none */
	YsIndexState state;
} Explanation;

/* ---- the key ---- */

static void
refuse_keys(const YsSource *source, bool has_sort_key)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 has_sort_key ? errmsg("foreign table \"%s\" has no sort key", get_rel_name(source->relid)) :
			 errmsg("the sort key of foreign table \"%s\" is missing", get_rel_name(source->relid)),
			 has_sort_key ? errdetail("Its items are found by column \"%s\" alone.", source->keys[0]->name) :
			 errdetail("Its items are found by columns \"%s\" and \"%s\".", source->keys[0]->name,
					   source->keys[1]->name),
			 has_sort_key ? errhint("Leave \"sort_key\" out.") :
			 errhint("Give its value as \"sort_key\".")));
}

/* The key's attributes as a map, in the current memory context. */
static YsValue
read_key(FunctionCallInfo fcinfo, const YsSource *source)
{
	YsValue		key = {.type = YS_TYPE_MAP, .len = source->nkeys};

	if (PG_ARGISNULL(2) != (source->nkeys == 1))
		refuse_keys(source, !PG_ARGISNULL(2));
	key.members = palloc0(sizeof(YsMember) * source->nkeys);
	for (int k = 0; k < source->nkeys; k++)
	{
		const YsSourceColumn *column = source->keys[k];
		char	   *given = text_to_cstring(PG_GETARG_TEXT_PP(1 + k));
		YsConverter converter;
		Oid			input;
		Oid			ioparam;
		Datum		datum;

		getTypeInputInfo(column->type, &input, &ioparam);
		datum = OidInputFunctionCall(input, given, ioparam, column->typmod);
		ys_source_init_converter(column, &converter, CurrentMemoryContext);
		key.members[k].name = source->key_names[k];
		key.members[k].name_len = strlen(source->key_names[k]);
		if (!ys_convert_key(&converter, datum, k == 1, &key.members[k].value))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("no item can have this key"),
					 errdetail("Strings and binaries of keys are not empty, and at most %u bytes long; numbers "
							   "have at most 38 digits.", ys_convert_key_max_bytes(k == 1)),
					 errhint("Give the value of column \"%s\" as a query shows it.", column->name)));
	}
	return key;
}

static const YsValue *
read_item(Explanation *explanation, const YsValue *key)
{
	const YsSource *source = explanation->source;
	YsStore    *store = ys_server_store(source->serverid, GetUserId());
	YsReply		reply;
	YsError		err;
	YsCall	   *call = ys_store_get_item(store, source->table, key, NULL, true, &err);

	if (call == NULL || !ys_store_wait(call, NULL, &explanation->arena, &reply, &err))
		ys_error_throw(&err);
	return reply.nitems > 0 ? &reply.items[0] : NULL;
}

/* ---- rows ---- */

static void
put_line(const Explanation *explanation, const YsAccountLine *line, const char *indexed)
{
	Datum		values[EXPLAINED_COLUMNS];
	bool		nulls[EXPLAINED_COLUMNS];
	bool		compares = line->decides && explanation->state.present;

	ys_account_put(line->column, &values[EXPLAINED_FIELD], &nulls[EXPLAINED_FIELD]);
	ys_account_put(line->path, &values[EXPLAINED_PATH], &nulls[EXPLAINED_PATH]);
	values[EXPLAINED_RAW] = line->raw;
	nulls[EXPLAINED_RAW] = !line->has_raw;
	ys_account_put(line->format, &values[EXPLAINED_FORMAT], &nulls[EXPLAINED_FORMAT]);
	ys_account_put(line->value, &values[EXPLAINED_VALUE], &nulls[EXPLAINED_VALUE]);
	ys_account_put(line->outcome, &values[EXPLAINED_OUTCOME], &nulls[EXPLAINED_OUTCOME]);
	ys_account_put(line->reason, &values[EXPLAINED_REASON], &nulls[EXPLAINED_REASON]);
	ys_account_put(compares ? indexed : NULL, &values[EXPLAINED_INDEXED], &nulls[EXPLAINED_INDEXED]);
	nulls[EXPLAINED_AGREES] = !compares;
	values[EXPLAINED_AGREES] = BoolGetDatum(compares && (line->value == NULL) == (indexed == NULL) &&
											(indexed == NULL || strcmp(line->value, indexed) == 0));
	tuplestore_putvalues(explanation->result->setResult, explanation->result->setDesc, values, nulls);
}

/* What the index has of the item as a whole. */
static void
put_state(const Explanation *explanation)
{
	const YsIndexState *state = &explanation->state;
	const char *store = explanation->item != NULL ? "" : "the store has no such item; ";
	YsAccountLine line = {.column = "event_version"};
	Datum		values[EXPLAINED_COLUMNS] = {0};
	bool		nulls[EXPLAINED_COLUMNS];

	memset(nulls, true, sizeof(nulls));
	line.outcome = state->present ? "indexed" : !state->known ? "not indexed" :
		state->quarantine_reason != NULL ? "quarantined" : "deleted";
	if (state->present)
		line.reason = psprintf("%s%s, indexed at %s", store, state->changed_at == NULL ?
							   "read by backfill" : psprintf("changed at %s", state->changed_at),
							   state->indexed_at);
	else
		line.reason = psprintf("%s%s", store, !state->known ? "the index has not seen this key" :
							   state->quarantine_reason != NULL ? state->quarantine_reason :
							   "the index has seen it deleted");
	ys_account_put(line.column, &values[EXPLAINED_FIELD], &nulls[EXPLAINED_FIELD]);
	ys_account_put(line.outcome, &values[EXPLAINED_OUTCOME], &nulls[EXPLAINED_OUTCOME]);
	ys_account_put(line.reason, &values[EXPLAINED_REASON], &nulls[EXPLAINED_REASON]);
	ys_account_put(state->version, &values[EXPLAINED_INDEXED], &nulls[EXPLAINED_INDEXED]);
	tuplestore_putvalues(explanation->result->setResult, explanation->result->setDesc, values, nulls);
}

static void
put_lines(Explanation *explanation)
{
	YsBound    *bound = ys_bindings_load(explanation->policy, explanation->row->owner,
										  CurrentMemoryContext);
	bool		has_rejected = false;
	ListCell   *cell;
	List	   *lines = ys_account_build(explanation->policy, &bound->bindings, explanation->item,
										 &explanation->arena);

	foreach(cell, lines)
	{
		const YsAccountLine *line = lfirst(cell);

		has_rejected = has_rejected || strcmp(line->column, "rejected") == 0;
		put_line(explanation, line, ys_index_state_column(&explanation->state, line->column));
	}
	if (!has_rejected && ys_index_state_column(&explanation->state, "rejected") != NULL)
	{
		YsAccountLine clean = {.column = "rejected", .outcome = "absent", .decides = true,
		.reason = "no value of the item is rejected"};

		put_line(explanation, &clean, ys_index_state_column(&explanation->state, "rejected"));
	}
}

/* yottastore.explain_item(policy, key, sort_key) */
Datum
ys_explain_item(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"policy", "key"};
	Explanation explanation = {0};
	YsIndexTable *table;
	YsValue		key;
	YsError		err;

	ys_check_not_null(fcinfo, names, lengthof(names));
	explanation.row = ys_check_policy(NameStr(*PG_GETARG_NAME(0)));
	ys_check_may_read(explanation.row->source);
	explanation.source = ys_source_load(explanation.row->source);
	ys_arena_init_context(&explanation.arena, CurrentMemoryContext, 0);
	explanation.policy = ys_policy_compile(explanation.row->declaration,
										   strlen(explanation.row->declaration), &explanation.arena, &err);
	if (explanation.policy == NULL)
		ys_error_throw(&err);
	key = read_key(fcinfo, explanation.source);

	InitMaterializedSRF(fcinfo, 0);
	explanation.result = (ReturnSetInfo *) fcinfo->resultinfo;
	table = ys_index_table_open(explanation.row, explanation.source, explanation.policy);
	ys_index_table_lock_ours(table, AccessShareLock);
	ys_index_table_follow_names(table);
	explanation.item = read_item(&explanation, &key);
	ys_index_state_read(table, explanation.source, &key, &explanation.state);
	if (explanation.item != NULL)
		put_lines(&explanation);
	put_state(&explanation);
	return (Datum) 0;
}
