/*-------------------------------------------------------------------------
 * convert_write.c
 *	  SQL datums as the store's values.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/memory.h"
#include "catalog/convert.h"

/* ---- numbers ---- */

/* The canonical text of any decimal text; false when the store cannot hold that number. */
static bool
canonical_number(const char *text, YsValue *value)
{
	YsArena		arena;
	YsText		canonical;

	/* the value keeps the arena's block, which is the caller's context's */
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ys_text_init(&canonical, &arena);
	if (!ys_number_canonical(text, strlen(text), &canonical))
		return false;
	if (canonical.failed)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));

	*value = ys_value_number(canonical.bytes, canonical.len);
	return ys_number_fits(canonical.bytes, canonical.len);
}

bool
ys_convert_is_number(const char *text)
{
	YsValue		value;

	return canonical_number(text, &value);
}

bool
ys_convert_from_numeric(Datum numeric, YsValue *value)
{
	/* NaN and infinity are no JSON numbers and refused as such */
	return canonical_number(DatumGetCString(DirectFunctionCall1(numeric_out, numeric)), value);
}

static void
refuse_number(const char *text)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the store cannot hold the number %s", text),
			 errdetail("Its numbers have at most %d significant digits, and their absolute values are "
					   "zero or from 1E%d to below 1E%d.",
					   YS_NUMBER_FITS_DIGITS, YS_NUMBER_FITS_MIN_POWER, YS_NUMBER_FITS_MAX_POWER + 1)));
}

YsValue
ys_convert_number_or_throw(Datum numeric)
{
	YsValue		value;

	if (!ys_convert_from_numeric(numeric, &value))
		refuse_number(DatumGetCString(DirectFunctionCall1(numeric_out, numeric)));
	return value;
}

static YsValue
integer_value(int64 integer)
{
	char	   *text = psprintf(INT64_FORMAT, integer);

	return ys_value_number(text, strlen(text));
}

static YsValue
float_value(Datum datum, Oid type)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];
	YsValue		value;

	if (type == FLOAT4OID)
		float_to_shortest_decimal_buf(DatumGetFloat4(datum), text);
	else
		double_to_shortest_decimal_buf(DatumGetFloat8(datum), text);
	if (!canonical_number(text, &value))
		refuse_number(text);
	return value;
}

/* ---- the rest ---- */

static YsValue
bytes_value(YsType type, Datum datum)
{
	text	   *bytes = DatumGetTextPP(datum);
	uint32		len = VARSIZE_ANY_EXHDR(bytes);
	char	   *copy = palloc(len + 1);

	memcpy(copy, VARDATA_ANY(bytes), len);
	copy[len] = '\0';
	return (YsValue) {.type = type, .len = len, .bytes = copy};
}

/* Without the padding, which only char(n) itself ignores. */
static YsValue
padded_value(Datum datum)
{
	YsValue		value = bytes_value(YS_TYPE_STRING, datum);

	while (value.len > 0 && value.bytes[value.len - 1] == ' ')
		value.len--;
	return value;
}

static void
refuse_infinite_time(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("the store cannot hold an infinite date or time")));
}

/* ISO 8601, whatever DateStyle and TimeZone are. */
static YsValue
time_value(Datum datum, Oid type)
{
	char	   *text = palloc(MAXDATELEN + 1);
	int			utc = 0;

	if (type == DATEOID ? DATE_NOT_FINITE(DatumGetDateADT(datum)) :
		TIMESTAMP_NOT_FINITE(DatumGetTimestamp(datum)))
		refuse_infinite_time();
	JsonEncodeDateTime(text, datum, type, type == TIMESTAMPTZOID ? &utc : NULL);
	return ys_value_string(text, strlen(text));
}

static YsValue
array_value(YsConverter *converter, Datum datum)
{
	ArrayType  *array = DatumGetArrayTypeP(datum);
	YsValue		list = {.type = YS_TYPE_LIST};
	YsValue    *elements;
	Datum	   *datums;
	bool	   *nulls;
	int			count;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the store cannot hold an array of %d dimensions", ARR_NDIM(array)),
				 errhint("Use a column of type jsonb for nested lists.")));
	deconstruct_array(array, converter->element->type, converter->typlen, converter->typbyval,
					  converter->typalign, &datums, &nulls, &count);
	elements = palloc(Max(count, 1) * sizeof(YsValue));
	for (int i = 0; i < count; i++)
		elements[i] = nulls[i] ? ys_value_null() :
			ys_convert_from_datum(converter->element, datums[i]);
	list.len = count;
	list.elements = elements;
	return list;
}

static YsValue
output_value(YsConverter *converter, Datum datum)
{
	char	   *text;

	if (!OidIsValid(converter->output.fn_oid))
	{
		Oid			function;
		bool		varlena;

		getTypeOutputInfo(converter->base, &function, &varlena);
		fmgr_info_cxt(function, &converter->output, converter->context);
	}
	text = OutputFunctionCall(&converter->output, datum);
	return ys_value_string(text, strlen(text));
}

YsValue
ys_convert_from_datum(YsConverter *converter, Datum datum)
{
	switch (converter->base)
	{
		case TEXTOID:
		case VARCHAROID:
			return bytes_value(YS_TYPE_STRING, datum);
		case BPCHAROID:
			return padded_value(datum);
		case INT2OID:
			return integer_value(DatumGetInt16(datum));
		case INT4OID:
			return integer_value(DatumGetInt32(datum));
		case INT8OID:
			return integer_value(DatumGetInt64(datum));
		case NUMERICOID:
			return ys_convert_number_or_throw(datum);
		case FLOAT4OID:
		case FLOAT8OID:
			return float_value(datum, converter->base);
		case BOOLOID:
			return ys_value_bool(DatumGetBool(datum));
		case BYTEAOID:
			return bytes_value(YS_TYPE_BINARY, datum);
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return time_value(datum, converter->base);
		case JSONBOID:
			return ys_convert_from_jsonb(datum, converter->form);
		case JSONOID:
			return ys_convert_from_jsonb(DirectFunctionCall1(jsonb_in,
															 CStringGetDatum(TextDatumGetCString(datum))),
										 YS_FORM_PLAIN);
		default:
			if (converter->element != NULL)
				return array_value(converter, datum);
			return output_value(converter, datum);
	}
}

uint32_t
ys_convert_key_max_bytes(bool is_sort_key)
{
	return is_sort_key ? YS_SORT_KEY_MAX_BYTES : YS_PARTITION_KEY_MAX_BYTES;
}

bool
ys_convert_key(YsConverter *converter, Datum datum, bool is_sort_key, YsValue *value)
{
	if (converter->base == NUMERICOID)
		return ys_convert_from_numeric(datum, value);
	*value = ys_convert_from_datum(converter, datum);
	return value->type == YS_TYPE_NUMBER ||
		(value->len > 0 && value->len <= ys_convert_key_max_bytes(is_sort_key));
}
