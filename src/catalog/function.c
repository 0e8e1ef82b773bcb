/*-------------------------------------------------------------------------
 * function.c
 *	  The SQL functions that fields' values go through.
 *
 * A call is a planned expression, so that simple SQL functions are inlined
 * and cost what their expression costs.  What is planned is kept until
 * anything changes in pg_proc or among role memberships: then all is looked
 * up, checked and planned again at the next ys_functions_enter.
 *
 * A call that fails is caught here, with its subtransaction: its error is
 * the value's.  So is, by rolling back, whatever a function that only
 * pretends to be IMMUTABLE may do.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/regproc.h"
#include "utils/resowner.h"
#include "utils/syscache.h"

#include "base/memory.h"
#include "catalog/convert.h"
#include "catalog/function.h"
#include "compat.h"
#include "policy/normalize/text.h"

/* Most of an error's message, in bytes. */
#define REASON_MAX		200

/* Largest result, in bytes: more than an item can be. */
#define RESULT_MAX		(1024 * 1024)

typedef struct Function
{
	const YsFieldInfo *field;
	Oid			oid;
	Oid			argument;		/* TEXTOID or JSONBOID */
	YsConverter result;
	ExprState  *state;
} Function;

struct YsFunctions
{
	const YsPolicy *policy;
	Oid			owner;
	MemoryContext context;
	MemoryContext planned;		/* what the next line's number stands for */
	uint64		generation;
	Function   *items;
	int			count;
	ParamListInfo params;		/* the one value */
	ExprContext *econtext;
	MemoryContext call;			/* reset with each */
	bool		entered;
};

/* Raised by whatever may have changed a function, or who may execute it. */
static uint64 generation = 1;

static void
note_change(Datum arg, int cache, uint32 hash)
{
	generation++;
}

static void
watch_changes(void)
{
	static bool watching = false;

	if (watching)
		return;
	CacheRegisterSyscacheCallback(PROCOID, note_change, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMMEMROLE, note_change, (Datum) 0);
	watching = true;
}

/* ---- looking up ---- */

static void
refuse(const YsFieldInfo *field, int code, const char *what, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(code),
			 errmsg("field \"%s\": function %s %s", field->name, field->function, what),
			 errdetail("%s", detail),
			 errhint("%s", hint)));
}

static void
check_function(const YsFieldInfo *field, Oid oid, Form_pg_proc proc)
{
	char		kind = get_typtype(proc->prorettype);

	if (proc->prokind != PROKIND_FUNCTION)
		refuse(field, ERRCODE_WRONG_OBJECT_TYPE, "is not an ordinary function",
			   "Aggregates, window functions and procedures take no value by itself.",
			   "Name a function that makes one value of one.");
	if (proc->pronargs != 1 || OidIsValid(proc->provariadic) ||
		(proc->proargtypes.values[0] != TEXTOID && proc->proargtypes.values[0] != JSONBOID))
		refuse(field, ERRCODE_INVALID_FUNCTION_DEFINITION, "does not take one text or jsonb",
			   "It is called with an item's value.",
			   "Declare it with one argument of type text or jsonb.");
	if (proc->proretset || kind == TYPTYPE_PSEUDO || kind == TYPTYPE_COMPOSITE)
		refuse(field, ERRCODE_INVALID_FUNCTION_DEFINITION, "does not return one value",
			   "Its result is read as the field's values are.",
			   "Have it return a type such as text, numeric, boolean, date, timestamptz or jsonb.");
	if (proc->provolatile != PROVOLATILE_IMMUTABLE)
		refuse(field, ERRCODE_INVALID_OBJECT_DEFINITION, "is not IMMUTABLE",
			   "The same item must always make the same row.",
			   "Declare it IMMUTABLE, if its result depends on its argument only.");
	if (ys_proc_aclcheck_compat(oid, GetUserId()) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION, get_func_name(oid));
}

/* As the owner, in the context that shall keep it. */
static void
plan_function(const YsFunctions *functions, Function *function)
{
	Oid			oid = DatumGetObjectId(DirectFunctionCall1(regprocedurein,
														   CStringGetDatum(function->field->function)));
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
	Form_pg_proc proc;
	Param	   *param = makeNode(Param);
	Expr	   *call;
	Oid			result;

	if (!HeapTupleIsValid(tuple))
		refuse(function->field, ERRCODE_UNDEFINED_FUNCTION, "does not exist",
			   "It may have been dropped.", "Name one that is there.");
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	check_function(function->field, oid, proc);
	function->oid = oid;
	function->argument = proc->proargtypes.values[0];
	result = proc->prorettype;
	ReleaseSysCache(tuple);

	param->paramkind = PARAM_EXTERN;
	param->paramid = 1;
	param->paramtype = function->argument;
	param->paramtypmod = -1;
	param->paramcollid = get_typcollation(function->argument);
	param->location = -1;
	call = (Expr *) makeFuncExpr(oid, result, list_make1(param), get_typcollation(result),
								 param->paramcollid, COERCE_EXPLICIT_CALL);
	function->state = ExecInitExprWithParams(expression_planner(call), functions->params);
	ys_converter_init(&function->result, result, -1, CurrentMemoryContext);
}

/* As the owner.  What was planned before stays when this throws. */
static void
plan_functions(YsFunctions *functions)
{
	uint64		looked_up = generation;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "yottastore planned functions",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Function   *items = palloc0(sizeof(Function) * functions->count);
	int			n = 0;

	for (int f = 0; f < ys_policy_field_count(functions->policy); f++)
	{
		const YsFieldInfo *field = ys_policy_field(functions->policy, f);

		if (field->function == NULL)
			continue;
		items[n].field = field;
		plan_function(functions, &items[n++]);
	}
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(context, functions->context);
	if (functions->planned != NULL)
		MemoryContextDelete(functions->planned);
	functions->planned = context;
	functions->items = items;
	functions->generation = looked_up;
}

YsFunctions *
ys_functions_open(const YsPolicy *policy, Oid owner)
{
	YsFunctions *functions;
	YsSpiScope	scope;
	int			count = 0;

	for (int f = 0; f < ys_policy_field_count(policy); f++)
		count += ys_policy_field(policy, f)->function != NULL;
	if (count == 0)
		return NULL;
	watch_changes();
	functions = palloc0(sizeof(YsFunctions));
	functions->policy = policy;
	functions->owner = owner;
	functions->context = CurrentMemoryContext;
	functions->count = count;
	functions->params = makeParamList(1);
	functions->econtext = CreateStandaloneExprContext();
	functions->econtext->ecxt_param_list_info = functions->params;
	functions->call = AllocSetContextCreate(CurrentMemoryContext, "yottastore function call",
											ALLOCSET_DEFAULT_SIZES);
	ys_functions_enter(functions, &scope);
	ys_functions_leave(functions, &scope);
	return functions;
}

uint64
ys_functions_fingerprint(const YsPolicy *policy)
{
	int			count = ys_policy_field_count(policy);
	Datum	   *names = palloc(sizeof(Datum) * Max(count, 1));
	int			nnames = 0;
	uint64		fingerprint;
	YsSpiScope	scope;

	for (int f = 0; f < count; f++)
	{
		const YsFieldInfo *field = ys_policy_field(policy, f);

		if (field->function != NULL)
			names[nnames++] = CStringGetTextDatum(field->function);
	}
	if (nnames == 0)
		return 0;
	ys_spi_begin(&scope);
	ys_spi_execute("SELECT p.prolang, p.prorettype, p.prosecdef, p.prosrc, p.probin, p.prosqlbody, p.proconfig "
				   "FROM unnest($1) WITH ORDINALITY f (name, number) "
				   "LEFT JOIN pg_proc p ON p.oid = to_regprocedure(f.name) ORDER BY f.number",
				   SPI_OK_SELECT, 1, (Oid[]) {TEXTARRAYOID},
				   (Datum[]) {PointerGetDatum(construct_array(names, nnames, TEXTOID, -1, false, TYPALIGN_INT))}, NULL);
	fingerprint = ys_spi_fingerprint();
	ys_spi_end(&scope);
	return fingerprint;
}

uint64
ys_functions_generation(const YsFunctions *functions)
{
	return functions != NULL ? functions->generation : 0;
}

void
ys_functions_depend(const YsFunctions *functions, Oid index_table)
{
	ObjectAddress table;
	ObjectAddress function;

	if (functions == NULL)
		return;
	ObjectAddressSet(table, RelationRelationId, index_table);
	for (int i = 0; i < functions->count; i++)
	{
		ObjectAddressSet(function, ProcedureRelationId, functions->items[i].oid);
		recordDependencyOn(&table, &function, DEPENDENCY_NORMAL);
	}
}

void
ys_functions_enter(YsFunctions *functions, YsSpiScope *scope)
{
	if (functions == NULL)
		return;
	ys_spi_become(scope, functions->owner);
	if (functions->generation != generation)
		plan_functions(functions);
	functions->entered = true;
}

void
ys_functions_leave(YsFunctions *functions, YsSpiScope *scope)
{
	if (functions == NULL)
		return;
	functions->entered = false;
	ys_spi_return(scope);
}

/* What is left of an error between enter and leave is no leave to run as somebody else. */
static bool
is_entered(const YsFunctions *functions)
{
	Oid			user;
	int			sec_context;

	GetUserIdAndSecContext(&user, &sec_context);
	return functions->entered && user == functions->owner &&
		(sec_context & SECURITY_RESTRICTED_OPERATION) != 0;
}

/* ---- calling ---- */

#define NOT_JSONB	"contains U+0000 or a number beyond numeric"

static void
out_of_memory(void)
{
	ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
}

/* What jsonb prints: the members of a map come in any order, and the function shall not see which. */
static const char *
container_argument(const YsValue *value, ParamExternData *param)
{
	Datum		jsonb;

	if (!ys_convert_to_jsonb(value, YS_FORM_PLAIN, &jsonb))
		return NOT_JSONB;
	param->value = CStringGetTextDatum(JsonbToCString(NULL, &DatumGetJsonbP(jsonb)->root, 0));
	return NULL;
}

/* A scalar's text, or the plain JSON of what is none. */
static const char *
text_argument(const YsValue *value, ParamExternData *param)
{
	YsArena		arena;
	YsText		text;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ys_text_init(&text, &arena);
	switch (value->type)
	{
		case YS_TYPE_STRING:
			ys_text_add(&text, value->bytes, value->len);
			break;
		case YS_TYPE_NUMBER:
			if (!ys_number_canonical(value->bytes, value->len, &text))
				return "not a number";
			break;
		case YS_TYPE_BOOL:
			ys_text_add_cstring(&text, value->boolean ? "true" : "false");
			break;
		default:
			return container_argument(value, param);
	}
	if (text.failed)
		out_of_memory();
	param->value = PointerGetDatum(cstring_to_text_with_len(text.len > 0 ? text.bytes : "", (int) text.len));
	return text.len > 0 ? ys_string_check(text.bytes, text.len) : NULL;
}

/* Returns why the function can't have the value. */
static const char *
make_argument(const Function *function, const YsValue *value, ParamExternData *param)
{
	param->ptype = function->argument;
	param->pflags = 0;
	param->isnull = false;
	if (function->argument == TEXTOID)
		return text_argument(value, param);
	return ys_convert_to_jsonb(value, YS_FORM_PLAIN, &param->value) ? NULL : NOT_JSONB;
}

/* Numbers of any length: whether they fit is the field's to say. */
static YsValue
result_value(Function *function, Datum datum)
{
	char	   *number;
	YsText		canonical;
	YsArena		arena;

	if (function->result.base != NUMERICOID)
		return ys_convert_from_datum(&function->result, datum);
	number = DatumGetCString(DirectFunctionCall1(numeric_out, datum));
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ys_text_init(&canonical, &arena);
	return ys_number_canonical(number, strlen(number), &canonical) ?
		ys_value_number(number, strlen(number)) : ys_value_string(number, strlen(number));
}

/* Is an error not about the value that the function was called with? */
static bool
is_fatal(const ErrorData *error)
{
	int			category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return category == ERRCODE_OPERATOR_INTERVENTION ||
		category == ERRCODE_INSUFFICIENT_RESOURCES ||
		category == ERRCODE_TRANSACTION_ROLLBACK ||
		category == ERRCODE_SYSTEM_ERROR ||
		error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
}

/* Returns the error, or NULL when value is the result; both in the call's context. */
static ErrorData *
evaluate(YsFunctions *functions, Function *function, YsValue *value)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	ResetExprContext(functions->econtext);
	BeginInternalSubTransaction(NULL);
	XactReadOnly = true;
	PG_TRY();
	{
		bool		isnull;
		Datum		datum;

		MemoryContextSwitchTo(functions->econtext->ecxt_per_tuple_memory);
		datum = ExecEvalExpr(function->state, functions->econtext, &isnull);
		MemoryContextSwitchTo(context);
		*value = isnull ? ys_value_null() : result_value(function, datum);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (is_fatal(error))
			PG_RE_THROW();
		FlushErrorState();
	}
	PG_END_TRY();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

/* An error's message in arena; NULL when that is exhausted. */
static const char *
reason_of(const ErrorData *error, YsArena *arena)
{
	const char *message = error->message != NULL ? error->message : "";
	size_t		len = ys_string_cut(message, strlen(message), REASON_MAX);

	if (ys_string_check(message, len) != NULL)
	{
		message = "the function failed, with a message that is no text";
		len = strlen(message);
	}
	return ys_arena_copy(arena, message, len);
}

/* Add up what a result takes. */
static size_t
value_size(const YsValue *value)
{
	size_t		size = sizeof(YsValue);

	switch (value->type)
	{
		case YS_TYPE_BOOL:
		case YS_TYPE_NULL:
			break;
		case YS_TYPE_MAP:
			for (uint32 i = 0; i < value->len; i++)
				size += value->members[i].name_len + value_size(&value->members[i].value);
			break;
		case YS_TYPE_LIST:
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			for (uint32 i = 0; i < value->len; i++)
				size += value_size(&value->elements[i]);
			break;
		default:
			size += value->len;
	}
	return size;
}

static Function *
find_function(YsFunctions *functions, const YsFieldInfo *field)
{
	for (int i = 0; i < functions->count; i++)
	{
		if (functions->items[i].field == field)
			return &functions->items[i];
	}
	elog(ERROR, "field \"%s\" has no function", field->name);
}

/* Between enter and leave, in the call's context. */
static bool
call_function(YsFunctions *functions, const YsFieldInfo *field, const YsValue *value,
			  YsArena *arena, YsValue *result, const char **reason)
{
	Function   *function = find_function(functions, field);
	ErrorData  *error;
	YsValue		returned;

	*reason = make_argument(function, value, &functions->params->params[0]);
	if (*reason != NULL)
		return false;
	error = evaluate(functions, function, &returned);
	if (error != NULL)
	{
		/* is it the function that has gone? */
		if (functions->generation != generation)
			plan_functions(functions);
		*reason = reason_of(error, arena);
		return false;
	}
	if (value_size(&returned) > RESULT_MAX)
	{
		*reason = "the function's result is too large";
		return false;
	}
	return ys_value_copy(&returned, arena, result);
}

bool
ys_functions_call(void *arg, const YsFieldInfo *field, const YsValue *value, YsArena *arena,
				  YsValue *result, const char **reason)
{
	YsFunctions *functions = arg;
	bool		inside = is_entered(functions);
	YsSpiScope	scope;
	MemoryContext old;
	bool		ok;

	if (!inside)
		ys_functions_enter(functions, &scope);
	MemoryContextReset(functions->call);
	old = MemoryContextSwitchTo(functions->call);
	ok = call_function(functions, field, value, arena, result, reason);
	MemoryContextSwitchTo(old);
	if (!inside)
		ys_functions_leave(functions, &scope);
	return ok;
}
