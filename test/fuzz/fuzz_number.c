/*-------------------------------------------------------------------------
 * fuzz_number.c
 *	  A byte chooses the declaration, the rest is the number.
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include <math.h>

#include "policy/normalize/number.h"

static FuzzField fields[] = {
	{"{\"type\": \"numeric\"}", false, NULL},
	{"{\"type\": \"numeric\", \"unit\": \"km\"}", false, NULL},
	{"{\"type\": \"numeric\", \"unit\": \"mi\"}", false, NULL},
	{"{\"type\": \"numeric\", \"unit\": \"kg\"}", false, NULL},
	{"{\"type\": \"numeric\", \"unit\": \"l\"}", false, NULL},
	{"{\"type\": \"numeric\", \"unit\": \"h\", \"locale\": \"de\"}", false, NULL},
	{"{\"type\": \"numeric\", \"unit\": \"\xC2\xB0" "C\"}", false, NULL},
	{"{\"type\": \"numeric\", \"unit\": \"l/100km\", \"locale\": \"fr-CH\"}", false, NULL},
	{"{\"type\": \"numeric\", \"unit\": \"mpg\"}", false, NULL},
	{"{\"type\": \"numeric\", \"unit\": \"INR\", \"locale\": \"en-IN\"}", false, NULL},
	{"{\"type\": \"numeric\", \"unit\": \"CHF\", \"locale\": \"de-CH\"}", false, NULL},
	{"{\"type\": \"numeric\", \"locale\": \"plain\"}", false, NULL},
};

#define NFIELDS		((int) (sizeof(fields) / sizeof(fields[0])))

static void
check(FuzzField *field, const YsValue *value, YsArena *arena)
{
	const char *result = fuzz_result(field, value, arena);
	size_t		len = strlen(result + 1);
	YsValue		number;
	YsValue		string;
	const char *again;
	YsDecimal	decimal;
	YsSlice		rest;
	char		text[YS_DECIMAL_TEXT];

	if (result[0] != '=')
		return;
	FUZZ_CHECK(ys_json_is_number(result + 1, len), "%s is no number", result);
	FUZZ_CHECK(ys_decimal_parse((YsSlice) {result + 1, (uint32_t) len}, &decimal, &rest) == NULL, "%s", result);
	FUZZ_CHECK(rest.len == 0 && ys_decimal_print(&decimal, text) == len && memcmp(text, result + 1, len) == 0,
			   "%s is not canonical", result);
	number = ys_value_number(result + 1, len);
	again = fuzz_result(field, &number, arena);
	FUZZ_CHECK(strcmp(result, again) == 0, "%s became %s", result, again);

	/* as text it is another number to no convention: it is the same, or refused */
	string = ys_value_string(result + 1, len);
	again = fuzz_result(&fields[0], &string, arena);
	FUZZ_CHECK(again[0] == '!' || strcmp(result, again) == 0, "%s became %s", result, again);
}

/* A JSON number's value, by the C library. */
static void
check_value(const YsValue *value, YsArena *arena)
{
	const char *result = fuzz_result(&fields[0], value, arena);
	const char *text = ys_arena_copy(arena, value->bytes, value->len);
	long double wanted = strtold(text, NULL);
	long double got = strtold(result + 1, NULL);

	FUZZ_CHECK(result[0] == '=' || strcmp(result, "!" YS_NUMBER_OUT_OF_RANGE) == 0, "%s: %s", text, result);
	if (result[0] == '=')
		FUZZ_CHECK(fabsl(got - wanted) <= fabsl(wanted) * 1e-17L, "%s: %s", text, result);
}

void
fuzz_number(const char *bytes, size_t len)
{
	YsArena		arena;
	char	   *copy = fuzz_copy(bytes, len);

	ys_arena_init(&arena, ys_arena_malloc, FUZZ_MEMORY);
	if (len >= 1)
	{
		FuzzField  *field = &fields[(unsigned char) copy[0] % NFIELDS];
		YsValue		value = ys_value_string(copy + 1, len - 1);

		check(field, &value, &arena);
		if (len < 1000 && ys_json_is_number(copy + 1, len - 1))
		{
			value = ys_value_number(copy + 1, len - 1);
			check(field, &value, &arena);
			check_value(&value, &arena);
		}
	}
	free(copy);
	ys_arena_free(&arena);
}
