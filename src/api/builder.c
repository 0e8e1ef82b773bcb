/*-------------------------------------------------------------------------
 * builder.c
 *	  Sets and binary for plain documents: string_set, number_set, binary_set
 *	  and binary.
 *
 * Each returns the object that convert.h reserves for such a value.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"

#include "catalog/convert.h"
#include "catalog/shape.h"
#include "compat.h"

PG_FUNCTION_INFO_V1(ys_string_set);
PG_FUNCTION_INFO_V1(ys_number_set);
PG_FUNCTION_INFO_V1(ys_binary_set);
PG_FUNCTION_INFO_V1(ys_binary);

static YsValue
bytes_value(YsType type, Datum datum)
{
	struct varlena *bytes = PG_DETOAST_DATUM_PACKED(datum);

	return (YsValue) {
		.type = type, .len = VARSIZE_ANY_EXHDR(bytes), .bytes = VARDATA_ANY(bytes)
	};
}

static YsValue
element_value(YsType type, Datum datum)
{
	switch (type)
	{
		case YS_TYPE_STRING_SET:
			return bytes_value(YS_TYPE_STRING, datum);
		case YS_TYPE_NUMBER_SET:
			return ys_convert_number_or_throw(datum);
		default:
			return bytes_value(YS_TYPE_BINARY, datum);
	}
}

/* The elements of an array, each once; throws on none, on NULL, on several dimensions. */
static Datum
build_set(FunctionCallInfo fcinfo, YsType type, Oid element)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	YsValue		set = {.type = type};
	Datum	   *datums;
	bool	   *nulls;
	int			count;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a set cannot be made of an array of %d dimensions", ARR_NDIM(array))));
	deconstruct_array(array, element, -1, false, TYPALIGN_INT, &datums, &nulls, &count);
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a set cannot be empty"),
				 errdetail("The store has no empty sets."),
				 errhint("Remove the attribute, or use an empty list.")));
	set.elements = palloc(count * sizeof(YsValue));
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a set cannot contain null"),
					 errdetail("Element %d of the array is NULL.", i + 1),
					 errhint("Leave the element out.")));
		set.elements[i] = element_value(type, datums[i]);
	}
	set.len = ys_shape_distinct(set.elements, count);
	return ys_convert_to_marker(&set);
}

/* yottastore.string_set(elements text[]) */
Datum
ys_string_set(PG_FUNCTION_ARGS)
{
	return build_set(fcinfo, YS_TYPE_STRING_SET, TEXTOID);
}

/* yottastore.number_set(elements numeric[]) */
Datum
ys_number_set(PG_FUNCTION_ARGS)
{
	return build_set(fcinfo, YS_TYPE_NUMBER_SET, NUMERICOID);
}

/* yottastore.binary_set(elements bytea[]) */
Datum
ys_binary_set(PG_FUNCTION_ARGS)
{
	return build_set(fcinfo, YS_TYPE_BINARY_SET, BYTEAOID);
}

/* yottastore.binary(bytes bytea) */
Datum
ys_binary(PG_FUNCTION_ARGS)
{
	YsValue		value = bytes_value(YS_TYPE_BINARY, PG_GETARG_DATUM(0));

	return ys_convert_to_marker(&value);
}
