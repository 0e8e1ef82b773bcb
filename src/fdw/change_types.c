/*-------------------------------------------------------------------------
 * change_types.c
 *	  What types a column's new value has in the store, after those it had.
 *
 * Plain JSON has no words for sets and binary, and an array none for sets: what
 * is written through such a column is again what was there, as far as it can
 * be.  Where the old value isn't known, the write's condition says that it is of
 * no type that would make a difference; if that fails the item is read.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"

#include "catalog/shape.h"
#include "fdw/change.h"

static bool
is_json(const YsSourceColumn *column)
{
	Oid			type = getBaseType(column->type);

	return column->form == YS_FORM_PLAIN && (type == JSONBOID || type == JSONOID);
}

static bool
is_array(const YsSourceColumn *column)
{
	return OidIsValid(get_element_type(getBaseType(column->type)));
}

YsValue
ys_change_restore(const YsSourceColumn *column, const YsValue *value, const YsValue *old)
{
	YsValue		set;

	if (is_json(column))
		return ys_shape_like(value, old);
	if (is_array(column) && old != NULL && old->type >= YS_TYPE_STRING_SET &&
		value->type == YS_TYPE_LIST && ys_shape_to_set(value, old->type, false, &set))
		return set;
	return *value;
}

/* ---- old values that would make a difference ---- */

static void
add_type(YsType *types, int *count, YsType type)
{
	types[(*count)++] = type;
}

/* Types of old values that a list as a whole, its elements aside, could be restored to. */
static void
add_sets(const YsValue *list, bool decode, YsType *types, int *count)
{
	for (YsType type = YS_TYPE_STRING_SET; type <= YS_TYPE_BINARY_SET; type++)
	{
		YsValue		set;

		if (ys_shape_to_set(list, type, decode, &set))
			add_type(types, count, type);
	}
}

/* Is there an old value that could make another of this one? */
static bool
can_be_restored(const YsValue *value)
{
	YsValue		binary;

	switch (value->type)
	{
		case YS_TYPE_STRING:
			return ys_shape_decode_binary(value, &binary);
		case YS_TYPE_LIST:
			return value->len > 0;
		case YS_TYPE_MAP:
			for (uint32_t i = 0; i < value->len; i++)
				if (can_be_restored(&value->members[i].value))
					return true;
			return false;
		default:
			return false;
	}
}

static bool
has_restorable_element(const YsValue *list)
{
	for (uint32_t i = 0; i < list->len; i++)
		if (can_be_restored(&list->elements[i]))
			return true;
	return false;
}

int
ys_change_types_restored(const YsSourceColumn *column, const YsValue *value, YsType *types)
{
	bool		json = is_json(column);
	int			count = 0;

	if (value->type == YS_TYPE_LIST && (json || is_array(column)))
		add_sets(value, json, types, &count);
	if (!json)
		return count;
	if (value->type == YS_TYPE_LIST && has_restorable_element(value))
		add_type(types, &count, YS_TYPE_LIST);
	if (value->type == YS_TYPE_MAP && can_be_restored(value))
		add_type(types, &count, YS_TYPE_MAP);
	if (value->type == YS_TYPE_STRING && can_be_restored(value))
		add_type(types, &count, YS_TYPE_BINARY);
	return count;
}
