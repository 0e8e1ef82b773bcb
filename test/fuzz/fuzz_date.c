/*-------------------------------------------------------------------------
 * fuzz_date.c
 *	  Two bytes choose formats, the rest is the value; or, behind a '?',
 *	  a format stands in the first line.
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "zones.h"

#define FORMAT(format)	{"{\"type\": \"timestamp\", \"formats\": [" format "]}", false, NULL}

static FuzzField single[] = {
	FORMAT("\"ISO\""), FORMAT("\"DD/MM/YYYY\""), FORMAT("\"MM/DD/YYYY\""), FORMAT("\"DD Mon YYYY\""),
	FORMAT("\"epoch_s\""), FORMAT("\"epoch_ms\""), FORMAT("\"epoch_us\""),
	FORMAT("\"auto\""), FORMAT("\"RFC2822\""), FORMAT("\"SQL\""), FORMAT("\"epoch\""),
	FORMAT("\"Day DD Month YYYY HH12:MI AM TZ\""), FORMAT("\"IYYY-IW-ID\""), FORMAT("\"YYYYDDD\""),
	FORMAT("\"DD.MM.YY HH24:MI:SS\""), FORMAT("\"YYYYMMDDHH24MI\""), FORMAT("\"MM-DD-YY\""),
};

#define NSINGLE		((int) (sizeof(single) / sizeof(single[0])))

static FuzzField any_moment = FORMAT("\"auto\"");
static FuzzField iso_day = {"{\"type\": \"date\"}", false, NULL};
static FuzzField iso_moment = {"{\"type\": \"timestamp\"}", false, NULL};

/* The text inside the brackets of a declaration's formats. */
static const char *
formats_of(const FuzzField *field, int *len)
{
	const char *start = strchr(field->declaration, '[') + 1;

	*len = (int) (strchr(start, ']') - start);
	return start;
}

/* A field that has the formats of both, in order. */
static FuzzField *
both(int first, int second)
{
	static FuzzField pairs[NSINGLE][NSINGLE];
	static char declarations[NSINGLE][NSINGLE][160];
	FuzzField  *field = &pairs[first][second];
	int			first_len;
	int			second_len;
	const char *a = formats_of(&single[first], &first_len);
	const char *b = formats_of(&single[second], &second_len);

	if (field->declaration == NULL)
	{
		snprintf(declarations[first][second], sizeof(declarations[first][second]),
				 "{\"type\": \"timestamp\", \"formats\": [%.*s, %.*s]}", first_len, a, second_len, b);
		field->declaration = declarations[first][second];
	}
	return field;
}

/* What was accepted prints as a moment that reads as itself, and so does its day. */
static void
check_moment(const char *result, YsArena *arena)
{
	YsValue		printed;
	const char *again;

	if (result[0] != '=')
		return;
	printed = ys_value_string(result + 1, strlen(result + 1));
	again = fuzz_result(&iso_moment, &printed, arena);
	FUZZ_CHECK(strcmp(result, again) == 0, "%s became %s", result, again);
	again = fuzz_result(&any_moment, &printed, arena);
	FUZZ_CHECK(strcmp(result, again) == 0, "%s became %s by auto", result, again);
	again = fuzz_result(&iso_day, &printed, arena);
	FUZZ_CHECK(again[0] == '=' && strncmp(result, again, strlen(again)) == 0, "%s on day %s", result, again);
}

/* Of two formats the first that accepts a value decides. */
static void
check_pair(int first, int second, const YsValue *value, YsArena *arena)
{
	const char *one = fuzz_result(&single[first], value, arena);
	const char *other = fuzz_result(&single[second], value, arena);
	const char *together = fuzz_result(both(first, second), value, arena);
	const char *wanted = one[0] == '=' ? one : other;

	check_moment(one, arena);
	check_moment(other, arena);
	if (wanted[0] == '=')
		FUZZ_CHECK(strcmp(together, wanted) == 0, "%s and %s, but together %s", one, other, together);
	else
		FUZZ_CHECK(together[0] == wanted[0], "%s and %s, but together %s", one, other, together);
}

static void
check_format(const char *bytes, size_t len, YsArena *arena)
{
	static const YsBindings bindings = {.find_zone = zones_find};
	const char *end = memchr(bytes, '\n', len);
	size_t		format = end != NULL ? (size_t) (end - bytes) : len;
	YsText		text;
	YsValue		value;
	YsError		err;
	const YsPolicy *policy;

	ys_text_init(&text, arena);
	ys_text_add_cstring(&text, "{\"type\": \"timestamp\", \"formats\": [");
	ys_text_add_json_string(&text, bytes, format);
	ys_text_add_cstring(&text, "]}");
	policy = corpus_compile(text.bytes, false, true, arena, &err);
	if (policy == NULL)
	{
		fuzz_check_error(&err);
		return;
	}
	if (end != NULL)
	{
		value = ys_value_string(end + 1, len - format - 1);
		check_moment(corpus_result(policy, false, &bindings, &value, arena), arena);
	}
}

void
fuzz_date(const char *bytes, size_t len)
{
	YsArena		arena;
	char	   *copy = fuzz_copy(bytes, len);

	ys_arena_init(&arena, ys_arena_malloc, FUZZ_MEMORY);
	if (len > 0 && copy[0] == '?')
		check_format(copy + 1, len - 1, &arena);
	else if (len >= 2)
	{
		YsValue		value = ys_value_string(copy + 2, len - 2);
		int			first = (unsigned char) copy[0] % NSINGLE;
		int			second = (unsigned char) copy[1] % NSINGLE;

		check_pair(first, second, &value, &arena);
		if (ys_json_is_number(copy + 2, len - 2))
		{
			value = ys_value_number(copy + 2, len - 2);
			check_pair(first, second, &value, &arena);
		}
	}
	free(copy);
	ys_arena_free(&arena);
}
