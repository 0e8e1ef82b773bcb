/*-------------------------------------------------------------------------
 * declaration.c
 *	  A policy's declaration, put together of what the builders returned.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"

#include "api/declaration.h"
#include "base/json.h"
#include "catalog/index_table.h"
#include "errors.h"

char *
ys_declaration_build(ArrayType *fields, Jsonb *area, const char *attributes, size_t *len)
{
	StringInfoData json;
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(fields, JSONBOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	initStringInfo(&json);
	appendStringInfoString(&json, "{\"fields\":[");
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("field %d is null", i + 1),
					 errdetail("Each element of the array declares a field."),
					 errhint("Build each field with yottastore.field().")));
		if (i > 0)
			appendStringInfoChar(&json, ',');
		(void) JsonbToCString(&json, &DatumGetJsonbP(elements[i])->root, 0);
	}
	appendStringInfoString(&json, "],\"area\":");
	if (area != NULL)
		(void) JsonbToCString(&json, &area->root, 0);
	else
		appendStringInfoString(&json, "null");
	if (attributes != NULL)
		appendStringInfo(&json, ",\"attributes\":%s", attributes);
	appendStringInfoChar(&json, '}');
	*len = (size_t) json.len;
	enlargeStringInfo(&json, YS_JSON_PADDING);
	return json.data;
}

#define OWN_COLUMNS \
	"Besides the keys these names are taken: area, location, area_value, attributes, rejected, changed_at, " \
	"indexed_at, event_version, and those of the system columns."

/* No column of the index table may have two meanings. */
static void
check_columns(const YsPolicy *policy, const YsSource *source)
{
	int			nkeys = source != NULL ? source->nkeys : 0;

	for (int k = 0; k < nkeys; k++)
	{
		if (ys_index_table_reserved(source->keys[k]->name))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("key column \"%s\" has the name of one of the index table's own columns",
							source->keys[k]->name),
					 errdetail(OWN_COLUMNS),
					 errhint("Rename the foreign table's column, and give it the attribute's name as option path.")));
	}
	for (int f = 0; f < ys_policy_field_count(policy); f++)
	{
		const char *name = ys_policy_field(policy, f)->name;
		bool		is_key = false;

		for (int k = 0; k < nkeys; k++)
			is_key = is_key || strcmp(name, source->keys[k]->name) == 0;
		if (is_key || ys_index_table_reserved(name))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("field \"%s\" has the name of one of the index table's own columns", name),
					 errdetail(OWN_COLUMNS),
					 errhint("Name the field otherwise; its paths may stay.")));
	}
}

YsPolicy *
ys_declaration_compile(const char *json, size_t len, const YsSource *source, YsArena *arena)
{
	YsError		err;
	YsPolicy   *policy = ys_policy_compile(json, len, arena, &err);

	if (policy == NULL)
		ys_error_throw(&err);
	check_columns(policy, source);
	return policy;
}
