/*-------------------------------------------------------------------------
 * field.c
 *	  The builders of an index policy's declaration.
 *
 * Each builds the JSON that policy/policy.h describes and has the pure layer
 * check it at once, so that a mistake is told where it was made.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/regproc.h"

#include "api/check.h"
#include "base/memory.h"
#include "catalog/zone.h"
#include "errors.h"
#include "policy/normalize/date.h"
#include "policy/policy.h"

PG_FUNCTION_INFO_V1(ys_field);
PG_FUNCTION_INFO_V1(ys_area_from_location);
PG_FUNCTION_INFO_V1(ys_area_from_value);
PG_FUNCTION_INFO_V1(ys_area_from_geohash);

/* ,"key": */
static void
append_key(StringInfo json, const char *key)
{
	if (json->len > 1)
		appendStringInfoChar(json, ',');
	escape_json(json, key);
	appendStringInfoChar(json, ':');
}

static void
append_text(FunctionCallInfo fcinfo, int arg, StringInfo json, const char *key)
{
	if (PG_ARGISNULL(arg))
		return;
	append_key(json, key);
	escape_json(json, text_to_cstring(PG_GETARG_TEXT_PP(arg)));
}

static void
append_text_array(FunctionCallInfo fcinfo, int arg, StringInfo json, const char *key)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	if (PG_ARGISNULL(arg))
		return;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(arg), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &count);
	append_key(json, key);
	appendStringInfoChar(json, '[');
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument \"%s\" contains a null", key),
					 errdetail("Element %d of the array is NULL.", i + 1),
					 errhint("Leave the element out.")));
		if (i > 0)
			appendStringInfoChar(json, ',');
		escape_json(json, TextDatumGetCString(elements[i]));
	}
	appendStringInfoChar(json, ']');
}

/* Close the object, have it checked, return it as jsonb. */
static Datum
checked_jsonb(StringInfo json,
			  bool (*check) (const char *json, size_t len, YsArena *arena, YsError *err))
{
	YsArena		arena;
	YsError		err;
	int			len;

	appendStringInfoChar(json, '}');
	len = json->len;
	enlargeStringInfo(json, YS_JSON_PADDING);
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	if (!check(json->data, (size_t) len, &arena, &err))
		ys_error_throw(&err);
	ys_arena_free(&arena);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json->data));
}

static void
append_boolean(FunctionCallInfo fcinfo, int arg, StringInfo json, const char *key)
{
	if (PG_ARGISNULL(arg))
		return;
	append_key(json, key);
	appendStringInfoString(json, PG_GETARG_BOOL(arg) ? "true" : "false");
}

/* By its signature, which a dump and a restore keep, as they don't an oid. */
static void
append_function(FunctionCallInfo fcinfo, int arg, StringInfo json, const char *key)
{
	if (PG_ARGISNULL(arg))
		return;
	append_key(json, key);
	escape_json(json, format_procedure_qualified(PG_GETARG_OID(arg)));
}

static void
append_integer(FunctionCallInfo fcinfo, int arg, StringInfo json, const char *key)
{
	if (PG_ARGISNULL(arg))
		return;
	append_key(json, key);
	appendStringInfo(json, "%d", PG_GETARG_INT32(arg));
}

/* The pure layer knows no zones: whether there is one of that name is found out here. */
static void
check_timezone(FunctionCallInfo fcinfo, int arg)
{
	YsTimezone	timezone;
	YsError		err;
	char	   *name;

	if (PG_ARGISNULL(arg))
		return;
	name = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	if (!ys_timezone_parse((YsSlice) {name, (uint32) strlen(name)}, &timezone) || timezone.name == NULL)
		return;
	ys_zones_prepare();
	if (ys_zones_find(NULL, timezone.name, timezone.len) != NULL)
		return;
	ys_error_set(&err, YS_ERR_INVALID_POLICY, "field \"%s\": unknown time zone \"%s\"",
				 text_to_cstring(PG_GETARG_TEXT_PP(0)), name);
	ys_error_detail(&err, "The server has no time zone of that name.");
	ys_error_hint(&err, "Choose a name that pg_timezone_names lists, or give an offset like +01:00.");
	ys_error_throw(&err);
}

/*
 * yottastore.field(name, type, paths, combine, formats, normalizers, unit, locale, timezone,
 * year_pivot, synonyms, allowed_values, function, required, default_value, on_error, index)
 */
Datum
ys_field(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name", "type"};
	StringInfoData json;
	Datum		declaration;

	ys_check_not_null(fcinfo, names, lengthof(names));
	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	append_text(fcinfo, 0, &json, "name");
	append_text(fcinfo, 1, &json, "type");
	if (PG_ARGISNULL(2))
	{
		/* the default path is the attribute of the field's own name */
		append_key(&json, "paths");
		appendStringInfoChar(&json, '[');
		escape_json(&json, text_to_cstring(PG_GETARG_TEXT_PP(0)));
		appendStringInfoChar(&json, ']');
	}
	else
		append_text_array(fcinfo, 2, &json, "paths");
	append_text(fcinfo, 3, &json, "combine");
	append_text_array(fcinfo, 4, &json, "formats");
	append_text_array(fcinfo, 5, &json, "normalizers");
	append_text(fcinfo, 6, &json, "unit");
	append_text(fcinfo, 7, &json, "locale");
	append_text(fcinfo, 8, &json, "timezone");
	append_integer(fcinfo, 9, &json, "year_pivot");
	append_text(fcinfo, 10, &json, "synonyms");
	append_text_array(fcinfo, 11, &json, "allowed_values");
	append_function(fcinfo, 12, &json, "function");
	append_boolean(fcinfo, 13, &json, "required");
	append_text(fcinfo, 14, &json, "default_value");
	append_text(fcinfo, 15, &json, "on_error");
	append_text(fcinfo, 16, &json, "index");
	declaration = checked_jsonb(&json, ys_policy_check_field);
	check_timezone(fcinfo, 8);
	return declaration;
}

/* Where items have their location. */
static void
append_location(FunctionCallInfo fcinfo, StringInfo json)
{
	append_text_array(fcinfo, 0, json, "lat");
	append_text_array(fcinfo, 1, json, "lon");
	append_text_array(fcinfo, 2, json, "paths");
}

/* yottastore.area_from_location(lat, lon, paths, level, "order", format, index) */
Datum
ys_area_from_location(PG_FUNCTION_ARGS)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"kind\":\"location\"");
	append_location(fcinfo, &json);
	append_text(fcinfo, 3, &json, "level");
	append_text(fcinfo, 4, &json, "order");
	append_text(fcinfo, 5, &json, "format");
	append_text(fcinfo, 6, &json, "index");
	return checked_jsonb(&json, ys_policy_check_area);
}

/* yottastore.area_from_value(paths, level, location) */
Datum
ys_area_from_value(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"paths"};
	StringInfoData json;

	ys_check_not_null(fcinfo, names, lengthof(names));
	initStringInfo(&json);
	appendStringInfoString(&json, "{\"kind\":\"value\"");
	append_text_array(fcinfo, 0, &json, "paths");
	append_text(fcinfo, 1, &json, "level");
	if (!PG_ARGISNULL(2))
	{
		append_key(&json, "location");
		(void) JsonbToCString(&json, &PG_GETARG_JSONB_P(2)->root, 0);
	}
	return checked_jsonb(&json, ys_policy_check_area);
}

/* yottastore.area_from_geohash(lat, lon, paths, length, "order", index) */
Datum
ys_area_from_geohash(PG_FUNCTION_ARGS)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"kind\":\"geohash\"");
	append_location(fcinfo, &json);
	if (!PG_ARGISNULL(3))
	{
		append_key(&json, "length");
		appendStringInfo(&json, "%d", PG_GETARG_INT32(3));
	}
	append_text(fcinfo, 4, &json, "order");
	append_text(fcinfo, 5, &json, "index");
	return checked_jsonb(&json, ys_policy_check_area);
}
