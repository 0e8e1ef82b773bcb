/*-------------------------------------------------------------------------
 * fuzz_policy.c
 *	  A policy's declaration in the first line, and an item to apply it to.
 *
 * Whatever is compiled can be applied to whatever is an item; what comes out
 * is what a second time gives, and what the item gives of which only what is wanted was
 * decoded, as for events and as for backfill; it can be printed; memory that runs out is
 * reported as that.
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "policy/area.h"
#include "policy/synonym.h"
#include "zones.h"

/* What declarations can name: made once. */
static const YsBindings *
bindings(void)
{
	static const char square[] = "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[40,0],[40,40],[0,40],[0,0]]]}";
	static YsArena arena;
	static YsBindings bindings;
	YsError		err;

	if (bindings.areas == NULL)
	{
		YsAreaMap  *map;
		YsSynonyms *synonyms;

		ys_arena_init(&arena, ys_arena_malloc, 0);
		map = ys_area_map_create(&arena);
		FUZZ_CHECK(ys_area_map_add(map, "x", 0, NULL, square, strlen(square), &err), "%s", err.message);
		FUZZ_CHECK(ys_area_map_finish(map, &err), "%s", err.message);
		synonyms = ys_synonyms_create(&arena);
		FUZZ_CHECK(ys_synonyms_add(synonyms, (YsSlice) {"kind", 4}, (YsSlice) {"a", 1}, (YsSlice) {"x", 1}, &err),
				   "%s", err.message);
		FUZZ_CHECK(ys_synonyms_finish(synonyms, &err), "%s", err.message);
		bindings = (YsBindings) {.areas = map, .synonyms = synonyms, .find_zone = zones_find};
	}
	return &bindings;
}

typedef struct Reading
{
	const YsAttributeFilter *filter;	/* of backfill */
	const YsPathTree *tree;		/* of events */
	YsArena    *arena;
	YsValue		item;
	YsError    *err;
} Reading;

static bool
build(void *arg, YsJsonNode *root)
{
	Reading    *reading = arg;

	if (reading->tree != NULL)
		return ys_value_from_typed_tree(root, reading->tree, reading->arena, &reading->item, reading->err);
	return ys_value_from_typed_json(root, reading->filter, reading->arena, &reading->item, reading->err);
}

static bool
read_typed(const char *bytes, size_t len, const YsAttributeFilter *filter, const YsPathTree *tree,
		   YsArena *arena, YsValue *item)
{
	static YsJsonReader *reader;
	char	   *copy = fuzz_padded(bytes, len);
	YsError		err;
	Reading		reading = {filter, tree, arena, ys_value_null(), &err};
	bool		ok;

	if (reader == NULL)
		reader = ys_json_reader_create();
	ok = ys_json_read(reader, copy, len, build, &reading, &err);
	free(copy);
	*item = reading.item;
	return ok;
}

static bool
read_plain(const char *bytes, size_t len, YsArena *arena, YsValue *item)
{
	const char *text = ys_arena_copy(arena, bytes, len);
	YsError		err;

	return strlen(text) == len && corpus_read(text, arena, item, &err) && item->type == YS_TYPE_MAP;
}

/* A document is JSON that can be read again. */
static void
print_document(const YsValue *document, YsArena *arena, YsText *text)
{
	YsText		json;
	YsValue		value;
	YsError		err;

	ys_text_init(&json, arena);
	ys_value_print_plain(&json, document);
	FUZZ_CHECK(ys_string_check(json.bytes, json.len) == NULL, "a document is no text: %s", json.bytes);
	if (!corpus_read(json.bytes, arena, &value, &err))
		FUZZ_CHECK(strstr(err.message, "more than once") != NULL, "%s: %s", err.message, json.bytes);
	ys_text_add(text, json.bytes, json.len);
}

/* A cell of several parts, each of which is text. */
static void
print_parts(const YsFieldInfo *field, const YsCell *cell, YsArena *arena, YsText *text)
{
	if (field->type == YS_FIELD_JSONB)
		print_document(cell->value, arena, text);
	for (uint32_t i = 0; field->type == YS_FIELD_TEXT_ARRAY && i < cell->ntexts; i++)
	{
		FUZZ_CHECK(ys_string_check(cell->texts[i].bytes, cell->texts[i].len) == NULL, "element %u is no text", i);
		ys_text_add_json_string(text, cell->texts[i].bytes, cell->texts[i].len);
	}
}

/* All of an entry as text. */
static const char *
print_entry(const YsPolicy *policy, const YsEntry *entry, YsArena *arena)
{
	YsText		text;
	YsText		rejected;
	YsValue		value;
	YsError		err;
	char		part[128];

	ys_text_init(&text, arena);
	ys_text_init(&rejected, arena);
	for (int i = 0; i < ys_policy_field_count(policy); i++)
	{
		const YsFieldInfo *field = ys_policy_field(policy, i);
		const YsCell *cell = &entry->cells[i];

		FUZZ_CHECK(cell->path < field->npaths && cell->format < field->nformats, "path %d format %d",
				   cell->path, cell->format);
		snprintf(part, sizeof(part), "%s %d%d%d %d %d ", field->name, cell->present, cell->seen,
				 cell->coerced, cell->path, cell->format);
		ys_text_add_cstring(&text, part);
		if (cell->present && (field->type == YS_FIELD_TEXT || field->type == YS_FIELD_NUMERIC))
		{
			ys_text_add_json_string(&text, cell->bytes, cell->len);
			ys_text_add_cstring(&text, "\n");
		}
		else if (cell->present)
			print_parts(field, cell, arena, &text);
	}
	snprintf(part, sizeof(part), "%d %.17g %.17g ", entry->located, entry->lat, entry->lon);
	ys_text_add_cstring(&text, part);
	ys_text_add_cstring(&text, entry->area);
	ys_text_add_cstring(&text, entry->refused_by != NULL ? entry->refused_by : "");
	FUZZ_CHECK(ys_entry_print_rejected(entry, &rejected), "rejections not printed");
	FUZZ_CHECK(strlen(rejected.bytes) == rejected.len && corpus_read(rejected.bytes, arena, &value, &err),
			   "rejections are no JSON: %s", rejected.bytes);
	ys_text_add(&text, rejected.bytes, rejected.len);
	if (entry->area_value != NULL)
		ys_text_add_json_string(&text, entry->area_value, entry->area_value_len);
	if (entry->attributes != NULL)
		print_document(entry->attributes, arena, &text);
	return text.bytes;
}

static const char *
apply(const YsPolicy *policy, const YsValue *item, YsArena *arena)
{
	YsEntry		entry;
	YsError		err;

	FUZZ_CHECK(ys_policy_apply(policy, bindings(), item, arena, &entry, &err), "%s", err.message);
	return print_entry(policy, &entry, arena);
}

static void
apply_all(const YsPolicy *policy, const char *bytes, size_t len, YsArena *arena)
{
	YsArena		little;
	YsEntry		entry;
	YsValue		item;
	YsValue		part;
	YsError		err;
	bool		typed = read_typed(bytes, len, NULL, NULL, arena, &item);
	const char *one;
	const char *other;

	if (!typed && !read_plain(bytes, len, arena, &item))
		return;
	one = apply(policy, &item, arena);
	other = apply(policy, &item, arena);
	FUZZ_CHECK(strcmp(one, other) == 0, "%s, then %s", one, other);
	if (typed)
	{
		FUZZ_CHECK(read_typed(bytes, len, ys_policy_attributes(policy), NULL, arena, &part), "not read by attributes");
		other = apply(policy, &part, arena);
		FUZZ_CHECK(strcmp(one, other) == 0, "%s, but of its attributes %s", one, other);
		FUZZ_CHECK(read_typed(bytes, len, NULL, ys_policy_tree(policy), arena, &part), "not read by paths");
		other = apply(policy, &part, arena);
		FUZZ_CHECK(strcmp(one, other) == 0, "%s, but of its paths %s", one, other);
	}

	memset(&err, 0, sizeof(err));
	ys_arena_init(&little, ys_arena_malloc, 8 * 1024);
	if (!ys_policy_apply(policy, bindings(), &item, &little, &entry, &err))
		FUZZ_CHECK(err.code == YS_ERR_OUT_OF_MEMORY, "%s", err.message);
	ys_arena_free(&little);
}

void
fuzz_policy(const char *bytes, size_t len)
{
	const char *end = len > 0 ? memchr(bytes, '\n', len) : NULL;
	size_t		line = end != NULL ? (size_t) (end - bytes) : len;
	char	   *declaration = fuzz_copy(bytes, line);
	YsArena		arena;
	YsArena		little;
	YsPolicy   *policy;
	YsError		err;

	memset(&err, 0, sizeof(err));
	ys_arena_init(&arena, ys_arena_malloc, FUZZ_MEMORY);
	policy = ys_policy_compile(declaration, line, &arena, &err);
	if (policy == NULL)
		fuzz_check_error(&err);
	else if (end != NULL)
		apply_all(policy, end + 1, len - line - 1, &arena);
	ys_arena_init(&little, ys_arena_malloc, 64 * 1024);
	if (ys_policy_compile(declaration, line, &little, &err) == NULL)
		FUZZ_CHECK(policy == NULL || err.code == YS_ERR_OUT_OF_MEMORY, "%s", err.message);
	ys_arena_free(&little);
	free(declaration);
	ys_arena_free(&arena);
}
