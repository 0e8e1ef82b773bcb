/*-------------------------------------------------------------------------
 * convert.c
 *	  The store's values as SQL datums.
 *
 * A value whose type or form doesn't fit the column is no error here: the
 * caller decides.  So nothing is handed to an input function that could throw
 * before it was found to be acceptable, as far as the type has a path of its
 * own below.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "base/memory.h"
#include "catalog/convert.h"
#include "compat.h"
#include "policy/normalize/date.h"

#define UUID_TEXT_LEN	36

/* Integers of so many digits fit 64 bits whatever they are. */
#define INT64_SAFE_DIGITS	18

/* A number's exponent of more digits than this is beyond numeric. */
#define EXPONENT_DIGITS		4

void
ys_converter_init(YsConverter *converter, Oid type, int32 typmod, MemoryContext context)
{
	Oid			element;

	memset(converter, 0, sizeof(*converter));
	converter->type = type;
	converter->typmod = typmod;
	converter->context = context;
	converter->base_typmod = typmod;
	converter->base = getBaseTypeAndTypmod(type, &converter->base_typmod);
	converter->is_enum = type_is_enum(converter->base);

	element = get_element_type(converter->base);
	if (OidIsValid(element))
	{
		get_typlenbyvalalign(element, &converter->typlen, &converter->typbyval,
							 &converter->typalign);
		converter->element = MemoryContextAlloc(context, sizeof(YsConverter));
		ys_converter_init(converter->element, element, converter->base_typmod, context);
	}
}

bool
ys_convert_key_type(Oid type, YsType *store_type)
{
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
			*store_type = YS_TYPE_STRING;
			return true;
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
			*store_type = YS_TYPE_NUMBER;
			return true;
		case BYTEAOID:
			*store_type = YS_TYPE_BINARY;
			return true;
		default:
			return false;
	}
}

/* ---- numbers ---- */

/* False: not integral, or out of range. */
static bool
parse_int64(const char *text, uint32_t len, int64 *result)
{
	const char *p = text;
	const char *end = text + len;
	bool		negative = *p == '-';
	int64		value = 0;

	if (negative)
		p++;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
	{
		if (pg_mul_s64_overflow(value, 10, &value) ||
			pg_sub_s64_overflow(value, *p - '0', &value))
			return false;
	}
	if (p < end)
		return false;
	/* summed up as a negative number, whose range is the larger */
	if (!negative && value == PG_INT64_MIN)
		return false;
	*result = negative ? value : -value;
	return true;
}

static bool
number_to_int64(const YsValue *value, int64 *result)
{
	YsArena		arena;
	YsText		canonical;
	bool		ok;

	if (value->type != YS_TYPE_NUMBER)
		return false;
	if (parse_int64(value->bytes, value->len, result))
		return true;
	/* 12.0 and 1E3 are integers too */
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ys_text_init(&canonical, &arena);
	ok = ys_number_canonical(value->bytes, value->len, &canonical) && !canonical.failed &&
		parse_int64(canonical.bytes, canonical.len, result);
	ys_arena_free(&arena);
	return ok;
}

static bool
number_to_integer(const YsValue *value, int64 min, int64 max, int64 *result)
{
	return number_to_int64(value, result) && *result >= min && *result <= max;
}

/* Digits with at most one point among them, few enough for an integer: without numeric_in. */
static bool
parse_short_decimal(const YsValue *value, Datum *numeric)
{
	const char *p = value->bytes;
	const char *end = p + value->len;
	const char *point = NULL;
	int64		digits = 0;

	if (value->len > INT64_SAFE_DIGITS)
		return false;
	if (p < end && *p == '-')
		p++;
	for (; p < end; p++)
	{
		if (*p >= '0' && *p <= '9')
			digits = digits * 10 + (*p - '0');
		else if (*p == '.' && point == NULL)
			point = p;
		else
			return false;
	}
	if (value->len > 0 && value->bytes[0] == '-')
		digits = -digits;
	*numeric = NumericGetDatum(point == NULL ? int64_to_numeric(digits) :
							   int64_div_fast_to_numeric(digits, end - point - 1));
	return true;
}

bool
ys_convert_to_numeric(const YsValue *value, Datum *numeric)
{
	const char *exponent;

	if (value->type != YS_TYPE_NUMBER)
		return false;
	if (parse_short_decimal(value, numeric))
		return true;
	exponent = memchr(value->bytes, 'e', value->len);
	if (exponent == NULL)
		exponent = memchr(value->bytes, 'E', value->len);
	if (exponent != NULL)
	{
		exponent++;
		if (*exponent == '+' || *exponent == '-')
			exponent++;
		if (value->bytes + value->len - exponent > EXPONENT_DIGITS)
			return false;
	}
	*numeric = DirectFunctionCall3(numeric_in, CStringGetDatum(pnstrdup(value->bytes, value->len)),
								   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	return true;
}

/* Rounded to the scale, as an assignment would; false when it has too many digits before the point. */
static bool
number_to_scaled_numeric(const YsValue *value, int32 typmod, Datum *result)
{
	int			precision = ((typmod - VARHDRSZ) >> 16) & 0xffff;
	int			scale = (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;
	char		limit[16];
	Datum		unscaled;
	Datum		rounded;
	Datum		bound;

	if (!ys_convert_to_numeric(value, &unscaled))
		return false;
	rounded = DirectFunctionCall1(numeric_abs,
								  DirectFunctionCall2(numeric_round, unscaled,
													  Int32GetDatum(scale)));
	snprintf(limit, sizeof(limit), "1e%d", precision - scale);
	bound = DirectFunctionCall3(numeric_in, CStringGetDatum(limit),
								ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	if (DatumGetBool(DirectFunctionCall2(numeric_ge, rounded, bound)))
		return false;
	*result = DirectFunctionCall2(numeric, unscaled, Int32GetDatum(typmod));
	return true;
}

/* ---- strings ---- */

/* The value as text the server can hold. */
static bool
is_text(const YsValue *value)
{
	return value->type == YS_TYPE_STRING && memchr(value->bytes, '\0', value->len) == NULL;
}

/* Does a string fit char(n) or varchar(n)? */
static bool
fits_length(const YsValue *value, int32 typmod)
{
	return typmod < (int32) VARHDRSZ ||
		value->len <= typmod - VARHDRSZ ||
		pg_mbstrlen_with_len(value->bytes, value->len) <= typmod - VARHDRSZ;
}

static bool
is_uuid(const YsValue *value)
{
	if (value->len != UUID_TEXT_LEN)
		return false;
	for (int i = 0; i < UUID_TEXT_LEN; i++)
	{
		bool		hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? value->bytes[i] != '-' : !isxdigit((unsigned char) value->bytes[i]))
			return false;
	}
	return true;
}

/* What the type's input function makes of a string. */
static bool
string_to_datum(YsConverter *converter, const YsValue *value, Datum *datum)
{
	char	   *text;

	if (!is_text(value))
		return false;
	text = pnstrdup(value->bytes, value->len);
	if (converter->base == UUIDOID && !is_uuid(value))
		return false;
	if (converter->is_enum &&
		(value->len >= NAMEDATALEN ||
		 !SearchSysCacheExists2(ENUMTYPOIDNAME, ObjectIdGetDatum(converter->base),
								CStringGetDatum(text))))
		return false;
	if (!OidIsValid(converter->input.fn_oid))
	{
		Oid			function;

		getTypeInputInfo(converter->base, &function, &converter->ioparam);
		fmgr_info_cxt(function, &converter->input, converter->context);
	}
	return ys_input_call_compat(&converter->input, text, converter->ioparam,
								converter->base_typmod, datum);
}

bool
ys_convert_to_time(Oid type, const YsValue *value, Datum *datum)
{
	YsSlice		text = {value->bytes, value->len};
	int64_t		usecs;

	if (value->type != YS_TYPE_STRING || !ys_date_parse_strict(text, &usecs))
		return false;
	*datum = type == DATEOID ? Int32GetDatum(ys_date_of(usecs)) : Int64GetDatum(usecs);
	return true;
}

/* ---- arrays ---- */

/* A list or a set as an array of one dimension; false when an element doesn't fit. */
static bool
elements_to_array(YsConverter *converter, const YsValue *value, Datum *datum)
{
	Datum	   *datums;
	bool	   *nulls;
	int			lower = 1;
	int			count = value->len;

	if (value->type != YS_TYPE_LIST && value->type != YS_TYPE_STRING_SET &&
		value->type != YS_TYPE_NUMBER_SET && value->type != YS_TYPE_BINARY_SET)
		return false;
	if (count == 0)
	{
		*datum = PointerGetDatum(construct_empty_array(converter->element->type));
		return true;
	}
	datums = palloc(count * sizeof(Datum));
	nulls = palloc(count * sizeof(bool));
	for (int i = 0; i < count; i++)
		if (!ys_convert_to_datum(converter->element, &value->elements[i], &datums[i], &nulls[i]))
			return false;
	*datum = PointerGetDatum(construct_md_array(datums, nulls, 1, &count, &lower,
												converter->element->type, converter->typlen,
												converter->typbyval, converter->typalign));
	return true;
}

/* ---- one value ---- */

static bool
convert_integer(const YsValue *value, Oid type, Datum *datum)
{
	int64		min = type == INT2OID ? PG_INT16_MIN : type == INT4OID ? PG_INT32_MIN : PG_INT64_MIN;
	int64		max = type == INT2OID ? PG_INT16_MAX : type == INT4OID ? PG_INT32_MAX : PG_INT64_MAX;
	int64		integer;

	if (!number_to_integer(value, min, max, &integer))
		return false;
	*datum = type == INT2OID ? Int16GetDatum(integer) :
		type == INT4OID ? Int32GetDatum(integer) : Int64GetDatum(integer);
	return true;
}

/* The nearest one, rounded once; false when it is out of range. */
static bool
convert_float(const YsValue *value, Oid type, Datum *datum)
{
	if (value->type != YS_TYPE_NUMBER)
		return false;
	if (type == FLOAT4OID)
	{
		float		number = strtof(value->bytes, NULL);

		*datum = Float4GetDatum(number);
		return !isinf(number);
	}
	else
	{
		double		number = strtod(value->bytes, NULL);

		*datum = Float8GetDatum(number);
		return !isinf(number);
	}
}

static bool
convert_text(const YsValue *value, Oid type, int32 typmod, Datum *datum)
{
	if (!is_text(value) || !fits_length(value, typmod))
		return false;
	if (type == BPCHAROID)
		*datum = DirectFunctionCall3(bpcharin, CStringGetDatum(value->bytes),
									 ObjectIdGetDatum(InvalidOid), Int32GetDatum(typmod));
	else
		*datum = PointerGetDatum(cstring_to_text_with_len(value->bytes, value->len));
	return true;
}

static bool
convert_json(const YsValue *value, Datum *datum)
{
	Jsonb	   *jsonb;

	if (!ys_convert_to_jsonb(value, YS_FORM_PLAIN, datum))
		return false;
	jsonb = DatumGetJsonbP(*datum);
	*datum = CStringGetTextDatum(JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb)));
	return true;
}

static bool
convert_base(YsConverter *converter, const YsValue *value, Datum *datum)
{
	switch (converter->base)
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return convert_text(value, converter->base, converter->base_typmod, datum);
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return convert_integer(value, converter->base, datum);
		case NUMERICOID:
			if (converter->base_typmod >= (int32) VARHDRSZ)
				return number_to_scaled_numeric(value, converter->base_typmod, datum);
			return ys_convert_to_numeric(value, datum);
		case FLOAT4OID:
		case FLOAT8OID:
			return convert_float(value, converter->base, datum);
		case BOOLOID:
			*datum = BoolGetDatum(value->boolean);
			return value->type == YS_TYPE_BOOL;
		case BYTEAOID:
			if (value->type != YS_TYPE_BINARY)
				return false;
			*datum = PointerGetDatum(cstring_to_text_with_len(value->bytes, value->len));
			return true;
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			if (!ys_convert_to_time(converter->base, value, datum))
				return false;
			if (converter->base_typmod >= 0)
				*datum = DirectFunctionCall2(timestamp_scale, *datum,
											 Int32GetDatum(converter->base_typmod));
			return true;
		case JSONBOID:
			return ys_convert_to_jsonb(value, converter->form, datum);
		case JSONOID:
			return convert_json(value, datum);
		default:
			if (converter->element != NULL)
				return elements_to_array(converter, value, datum);
			return string_to_datum(converter, value, datum);
	}
}

bool
ys_convert_to_datum(YsConverter *converter, const YsValue *value, Datum *datum, bool *isnull)
{
	*datum = (Datum) 0;
	*isnull = value == NULL ||
		(value->type == YS_TYPE_NULL && converter->form == YS_FORM_PLAIN);
	if (*isnull)
		return true;
	if (!convert_base(converter, value, datum))
	{
		*isnull = true;
		return false;
	}
	if (converter->base != converter->type)
		domain_check(*datum, false, converter->type, &converter->domain, converter->context);
	return true;
}
