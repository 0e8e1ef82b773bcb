/*-------------------------------------------------------------------------
 * fuzz_json.c
 *	  A document, read in all the ways there are: whatever is accepted is
 *	  printed and read again as the same.
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

typedef bool (*ReadFn) (YsJsonNode *node, YsArena *arena, YsValue *value, YsError *err);
typedef void (*PrintFn) (YsText *text, const YsValue *value);

typedef struct Reading
{
	ReadFn		read;
	YsArena    *arena;
	YsValue		value;
	YsError    *err;
} Reading;

static bool
build(void *arg, YsJsonNode *root)
{
	Reading    *reading = arg;

	return reading->read(root, reading->arena, &reading->value, reading->err);
}

static bool
read_item(YsJsonNode *node, YsArena *arena, YsValue *value, YsError *err)
{
	return ys_value_from_typed_json(node, NULL, arena, value, err);
}

static bool
read_some(YsJsonNode *node, YsArena *arena, YsValue *value, YsError *err)
{
	static const char *names[] = {"a", "id"};
	static const uint32_t lens[] = {1, 2};
	static const YsAttributeFilter filter = {2, names, lens};

	return ys_value_from_typed_json(node, &filter, arena, value, err);
}

static bool
read_document(YsJsonReader *reader, ReadFn read, const char *bytes, size_t len, YsArena *arena,
			  YsValue *value)
{
	YsError		err;
	Reading		reading = {read, arena, ys_value_null(), &err};
	char	   *copy = fuzz_padded(bytes, len);
	bool		ok;

	memset(&err, 0, sizeof(err));
	ok = ys_json_read(reader, copy, len, build, &reading, &err);
	free(copy);
	if (!ok)
		fuzz_check_error(&err);
	*value = reading.value;
	return ok;
}

/* Read, print, read and print; true when the bytes were accepted. */
static bool
check_round_trip(YsJsonReader *reader, ReadFn read, PrintFn print, const char *bytes, size_t len,
				 YsArena *arena)
{
	YsText		texts[2];

	for (int i = 0; i < 2; i++)
	{
		YsValue		value;

		if (!read_document(reader, read, bytes, len, arena, &value))
		{
			FUZZ_CHECK(i == 0, "printed and not read: %.*s", (int) len, bytes);
			return false;
		}
		ys_text_init(&texts[i], arena);
		print(&texts[i], &value);
		if (texts[i].failed)
			return true;
		bytes = texts[i].bytes;
		len = texts[i].len;
	}
	FUZZ_CHECK(texts[0].len == texts[1].len && memcmp(texts[0].bytes, texts[1].bytes, texts[0].len) == 0,
			   "%s became %s", texts[0].bytes, texts[1].bytes);
	return true;
}

/* Reading some attributes gives those that reading all gives. */
static void
check_filter(YsJsonReader *reader, const char *bytes, size_t len, YsArena *arena)
{
	YsValue		all;
	YsValue		some;
	uint32_t	found = 0;

	if (!read_document(reader, read_item, bytes, len, arena, &all))
		return;
	FUZZ_CHECK(read_document(reader, read_some, bytes, len, arena, &some), "not read with a filter");
	for (uint32_t i = 0; i < all.len; i++)
	{
		const YsMember *member = &all.members[i];

		found += (member->name_len == 1 && member->name[0] == 'a') ||
			(member->name_len == 2 && memcmp(member->name, "id", 2) == 0);
	}
	FUZZ_CHECK(found == some.len, "%u attributes instead of %u", some.len, found);
}

/* ---- element by element ---- */

typedef struct Elements
{
	YsArena    *arena;
	YsError    *err;
	uint32_t	count;
} Elements;

static bool
take_element(void *arg, YsJsonNode *node)
{
	Elements   *elements = arg;
	YsValue		value;

	elements->count++;
	return ys_value_from_typed_element(node, NULL, elements->arena, &value, elements->err);
}

static bool
take_member(void *arg, const char *name, size_t len, YsJsonNode *node)
{
	Elements   *elements = arg;
	YsValue		value;

	(void) name;
	(void) len;
	return ys_value_from_plain_json(node, elements->arena, &value, elements->err);
}

static void
check_elements(YsJsonReader *reader, const char *bytes, size_t len, YsArena *arena)
{
	char	   *copy = fuzz_padded(bytes, len);
	YsError		err;
	Elements	elements = {arena, &err, 0};
	bool		more = true;
	bool		ok = ys_json_begin_elements(reader, copy, len, "Items", take_member, &elements, &err);

	while (ok && more)
		ok = ys_json_next_element(reader, take_element, take_member, &elements, &more, &err);
	free(copy);
	if (ok)
	{
		YsValue		document;

		/* Plain JSON has a limit on numbers and duplicates that elements need not meet. */
		if (read_document(reader, ys_value_from_plain_json, bytes, len, arena, &document))
		{
			const YsValue *items = ys_value_member(&document, "Items", 5);

			FUZZ_CHECK(document.type == YS_TYPE_MAP, "elements of no object");
			FUZZ_CHECK(elements.count == (items != NULL && items->type == YS_TYPE_LIST ? items->len : 0),
					   "%u elements", elements.count);
		}
	}
}

void
fuzz_json(const char *bytes, size_t len)
{
	static YsJsonReader *reader;
	YsArena		arena;

	if (reader == NULL)
		reader = ys_json_reader_create();
	ys_arena_init(&arena, ys_arena_malloc, FUZZ_MEMORY);
	check_round_trip(reader, ys_value_from_plain_json, ys_value_print_plain, bytes, len, &arena);
	if (check_round_trip(reader, read_item, ys_value_print_item, bytes, len, &arena))
		check_filter(reader, bytes, len, &arena);
	check_elements(reader, bytes, len, &arena);
	ys_arena_free(&arena);
}
