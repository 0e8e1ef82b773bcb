/*-------------------------------------------------------------------------
 * fuzz.c
 *	  What the targets share.
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "zones.h"

const FuzzTarget fuzz_targets[] = {
	{"path", fuzz_path},
	{"json", fuzz_json},
	{"date", fuzz_date},
	{"number", fuzz_number},
	{"location", fuzz_location},
	{"geojson", fuzz_geojson},
	{"policy", fuzz_policy},
	{"event", fuzz_event},
	{"suggest", fuzz_suggest},
};
const int	fuzz_ntargets = sizeof(fuzz_targets) / sizeof(fuzz_targets[0]);

char *
fuzz_copy(const char *bytes, size_t len)
{
	char	   *copy = malloc(len);

	if (len > 0)
		memcpy(copy, bytes, len);
	return copy;
}

char *
fuzz_padded(const char *bytes, size_t len)
{
	char	   *copy = malloc(len + YS_JSON_PADDING);

	if (len > 0)
		memcpy(copy, bytes, len);
	memset(copy + len, ' ', YS_JSON_PADDING);
	return copy;
}

void
fuzz_check_error(const YsError *err)
{
	FUZZ_CHECK(err->code != YS_OK, "no code");
	FUZZ_CHECK(err->message[0] != '\0', "no message");
	if (err->code == YS_ERR_INVALID_POLICY || err->code == YS_ERR_INVALID_PATH)
	{
		FUZZ_CHECK(err->detail[0] != '\0', "%s: no detail", err->message);
		FUZZ_CHECK(err->hint[0] != '\0', "%s: no hint", err->message);
	}
}

const YsPolicy *
fuzz_policy_of(FuzzField *field)
{
	static YsArena arena;
	YsError		err;

	if (arena.source.allocate == NULL)
		ys_arena_init(&arena, ys_arena_malloc, 0);
	if (field->policy == NULL)
		field->policy = corpus_compile(field->declaration, field->of_location, true, &arena, &err);
	FUZZ_CHECK(field->policy != NULL, "%s: %s", field->declaration, err.message);
	return field->policy;
}

const char *
fuzz_result(FuzzField *field, const YsValue *value, YsArena *arena)
{
	static const YsBindings bindings = {.find_zone = zones_find};
	const YsPolicy *policy = fuzz_policy_of(field);
	const char *result = corpus_result(policy, field->of_location, &bindings, value, arena);
	const char *again = corpus_result(policy, field->of_location, &bindings, value, arena);

	FUZZ_CHECK(strcmp(result, again) == 0, "%s: %s, then %s", field->declaration, result, again);
	FUZZ_CHECK(strchr("=!-", result[0]) != NULL, "%s: %s", field->declaration, result);
	return result;
}
