/*-------------------------------------------------------------------------
 * fuzz_suggest.c
 *	  A sample of items, one a line, typed or plain: its profile, and the
 *	  policy that is suggested.
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "policy/path.h"
#include "policy/suggest/suggest.h"

#define MAX_ITEMS	64

typedef struct Reading
{
	YsArena    *arena;
	YsValue		item;
	YsError    *err;
} Reading;

static bool
build(void *arg, YsJsonNode *root)
{
	Reading    *reading = arg;

	return ys_value_from_typed_json(root, NULL, reading->arena, &reading->item, reading->err);
}

static bool
read_item(const char *bytes, size_t len, YsArena *arena, YsValue *item)
{
	static YsJsonReader *reader;
	char	   *copy = fuzz_padded(bytes, len);
	YsError		err;
	Reading		reading = {arena, ys_value_null(), &err};
	const char *text;
	bool		ok;

	if (reader == NULL)
		reader = ys_json_reader_create();
	ok = ys_json_read(reader, copy, len, build, &reading, &err);
	free(copy);
	*item = reading.item;
	if (ok)
		return true;
	text = ys_arena_copy(arena, bytes, len);
	return strlen(text) == len && corpus_read(text, arena, item, &err) && item->type == YS_TYPE_MAP;
}

/* Each path is one, leads to a value of some item, and what is told of it holds. */
static void
check_path(const YsPathProfile *profile, int nitems, const YsValue *items, YsArena *arena)
{
	YsPath		path;
	YsError		err;
	YsValue		example;
	int			found = 0;

	FUZZ_CHECK(ys_path_parse(profile->path, strlen(profile->path), arena, &path, &err), "%s", err.message);
	for (int i = 0; i < nitems; i++)
		found += ys_path_get(&path, &items[i]) != NULL;
	FUZZ_CHECK(found >= profile->items && profile->items > 0, "%s: %d items have it, not %d", profile->path, found,
			   (int) profile->items);
	FUZZ_CHECK(profile->values >= profile->items, "%s: more items than values", profile->path);
	FUZZ_CHECK(profile->cardinality >= 0 && profile->cardinality <= profile->values + profile->values / 5 + 1,
			   "%s: %d different ones of %d", profile->path, (int) profile->cardinality, (int) profile->values);
	for (int i = 0; i < profile->nexamples; i++)
		FUZZ_CHECK(corpus_read(profile->examples[i], arena, &example, &err), "%s: %s", profile->examples[i],
				   err.message);
}

static bool
profile_all(int nitems, const YsValue *items, YsArena *arena, YsArena *scratch)
{
	static const char *const keys[] = {"id"};
	static const char *const reserved[] = {"area", "id", "location"};
	static const YsSuggestion suggestion = {
		.policy = "p", .source = "s", .table = "vehicles", .level = "country",
		.nkeys = 1, .keys = keys, .nreserved = 3, .reserved = reserved
	};
	YsProfile  *profile = ys_profile_create(arena);
	YsText		sql;
	bool		ok = profile != NULL;

	for (int i = 0; ok && i < nitems; i++)
		ok = ys_profile_add(profile, &items[i]);
	if (ok && ys_profile_finish(profile))
	{
		FUZZ_CHECK(ys_profile_items(profile) == nitems, "%d items", (int) ys_profile_items(profile));
		for (int i = 0; i < ys_profile_path_count(profile); i++)
			check_path(ys_profile_path(profile, i), nitems, items, scratch);
		ys_text_init(&sql, arena);
		ok = ys_suggest_print(profile, &suggestion, &sql);
		if (ok)
			FUZZ_CHECK(ys_string_check(sql.bytes, sql.len) == NULL, "no text: %s", sql.bytes);
	}
	if (profile != NULL)
		ys_profile_free(profile);
	return ok;
}

void
fuzz_suggest(const char *bytes, size_t len)
{
	YsValue		items[MAX_ITEMS];
	int			nitems = 0;
	YsArena		arena;
	YsArena		profile;

	ys_arena_init(&arena, ys_arena_malloc, FUZZ_MEMORY);
	while (len > 0 && nitems < MAX_ITEMS)
	{
		const char *end = memchr(bytes, '\n', len);
		size_t		line = end != NULL ? (size_t) (end - bytes) : len;

		if (read_item(bytes, line, &arena, &items[nitems]))
			nitems++;
		bytes += end != NULL ? line + 1 : line;
		len -= end != NULL ? line + 1 : line;
	}
	ys_arena_init(&profile, ys_arena_malloc, FUZZ_MEMORY);
	FUZZ_CHECK(profile_all(nitems, items, &profile, &arena), "out of memory");
	ys_arena_free(&profile);
	ys_arena_init(&profile, ys_arena_malloc, 100 * 1024);
	(void) profile_all(nitems, items, &profile, &arena);
	ys_arena_free(&profile);
	ys_arena_free(&arena);
}
