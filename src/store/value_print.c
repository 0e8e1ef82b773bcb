/*-------------------------------------------------------------------------
 * value_print.c
 *	  From values to JSON text: typed, plain, and the canonical key.
 *
 * Values come from decoders that bound their depth, so that printing may
 * recurse.
 *-------------------------------------------------------------------------
 */
#include "store/value_internal.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE	((size_t) 256)

/* ---- text ---- */

void
ys_text_init(YsText *text, YsArena *arena)
{
	memset(text, 0, sizeof(*text));
	text->arena = arena;
}

/* Make room for len more bytes and a NUL. */
static bool
reserve(YsText *text, size_t len)
{
	size_t		size = text->size > 0 ? text->size : FIRST_SIZE / 2;
	char	   *grown;

	if (text->failed)
		return false;
	if (len < text->size - text->len)
		return true;
	if (len > SIZE_MAX / 4 || size > SIZE_MAX / 4)
	{
		text->failed = true;
		return false;
	}
	do
		size *= 2;
	while (len >= size - text->len);
	grown = ys_arena_alloc(text->arena, size);
	if (grown == NULL)
	{
		text->failed = true;
		return false;
	}
	if (text->len > 0)
		memcpy(grown, text->bytes, text->len);
	text->bytes = grown;
	text->size = size;
	return true;
}

void
ys_text_add(YsText *text, const char *bytes, size_t len)
{
	if (!reserve(text, len))
		return;
	if (len > 0)
		memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
	text->bytes[text->len] = '\0';
}

void
ys_text_add_cstring(YsText *text, const char *string)
{
	ys_text_add(text, string, strlen(string));
}

static void
add_escape(YsText *text, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char		escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 0x0F]};
	size_t		len = 2;

	switch (c)
	{
		case '"':
		case '\\':
			escape[1] = (char) c;
			break;
		case '\b':
			escape[1] = 'b';
			break;
		case '\f':
			escape[1] = 'f';
			break;
		case '\n':
			escape[1] = 'n';
			break;
		case '\r':
			escape[1] = 'r';
			break;
		case '\t':
			escape[1] = 't';
			break;
		default:
			len = 6;
	}
	ys_text_add(text, escape, len);
}

void
ys_text_add_json_string(YsText *text, const char *bytes, size_t len)
{
	size_t		start = 0;

	ys_text_add(text, "\"", 1);
	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) bytes[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		ys_text_add(text, bytes + start, i - start);
		add_escape(text, c);
		start = i + 1;
	}
	ys_text_add(text, bytes + start, len - start);
	ys_text_add(text, "\"", 1);
}

/* ---- typed ---- */

typedef void (*PrintFn) (YsText *text, const YsValue *value);

static void
print_base64(YsText *text, const YsValue *value)
{
	ys_text_add(text, "\"", 1);
	ys_base64_encode(text, value->bytes, value->len);
	ys_text_add(text, "\"", 1);
}

/* A string, number or binary as the JSON string of the typed form. */
static void
print_typed_scalar(YsText *text, const YsValue *value)
{
	if (value->type == YS_TYPE_BINARY)
		print_base64(text, value);
	else
		ys_text_add_json_string(text, value->bytes, value->len);
}

static void
print_members(YsText *text, const YsValue *map, PrintFn print)
{
	ys_text_add(text, "{", 1);
	for (uint32_t i = 0; i < map->len; i++)
	{
		if (i > 0)
			ys_text_add(text, ",", 1);
		ys_text_add_json_string(text, map->members[i].name, map->members[i].name_len);
		ys_text_add(text, ":", 1);
		print(text, &map->members[i].value);
	}
	ys_text_add(text, "}", 1);
}

static void
print_elements(YsText *text, const YsValue *list, PrintFn print)
{
	ys_text_add(text, "[", 1);
	for (uint32_t i = 0; i < list->len; i++)
	{
		if (i > 0)
			ys_text_add(text, ",", 1);
		print(text, &list->elements[i]);
	}
	ys_text_add(text, "]", 1);
}

void
ys_value_print_typed(YsText *text, const YsValue *value)
{
	static const char *const tags[] = {
		[YS_TYPE_STRING] = "{\"S\":",
		[YS_TYPE_NUMBER] = "{\"N\":",
		[YS_TYPE_BINARY] = "{\"B\":",
		[YS_TYPE_BOOL] = "{\"BOOL\":",
		[YS_TYPE_NULL] = "{\"NULL\":",
		[YS_TYPE_MAP] = "{\"M\":",
		[YS_TYPE_LIST] = "{\"L\":",
		[YS_TYPE_STRING_SET] = "{\"SS\":",
		[YS_TYPE_NUMBER_SET] = "{\"NS\":",
		[YS_TYPE_BINARY_SET] = "{\"BS\":"
	};

	ys_text_add_cstring(text, tags[value->type]);
	switch (value->type)
	{
		case YS_TYPE_STRING:
		case YS_TYPE_NUMBER:
		case YS_TYPE_BINARY:
			print_typed_scalar(text, value);
			break;
		case YS_TYPE_BOOL:
			ys_text_add_cstring(text, value->boolean ? "true" : "false");
			break;
		case YS_TYPE_NULL:
			ys_text_add(text, "true", 4);
			break;
		case YS_TYPE_MAP:
			print_members(text, value, ys_value_print_typed);
			break;
		case YS_TYPE_LIST:
			print_elements(text, value, ys_value_print_typed);
			break;
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			print_elements(text, value, print_typed_scalar);
			break;
	}
	ys_text_add(text, "}", 1);
}

void
ys_value_print_item(YsText *text, const YsValue *map)
{
	print_members(text, map, ys_value_print_typed);
}

/* ---- plain ---- */

/* By value if they are numbers, then by their bytes. */
static int
compare_elements(const void *a, const void *b)
{
	const YsValue *left = a;
	const YsValue *right = b;
	uint32_t	shorter = left->len < right->len ? left->len : right->len;
	int			order = 0;

	if (left->type == YS_TYPE_NUMBER)
		order = ys_number_compare(left->bytes, left->len, right->bytes, right->len);
	if (order == 0 && shorter > 0)
		order = memcmp(left->bytes, right->bytes, shorter);
	return order != 0 ? order : (left->len > right->len) - (left->len < right->len);
}

bool
ys_value_sort_set(const YsValue *set, YsArena *arena, YsValue *list)
{
	*list = (YsValue) {.type = YS_TYPE_LIST, .len = set->len};
	if (set->len == 0)
		return true;
	list->elements = ys_arena_alloc(arena, set->len * sizeof(YsValue));
	if (list->elements == NULL)
		return false;
	memcpy(list->elements, set->elements, set->len * sizeof(YsValue));
	qsort(list->elements, list->len, sizeof(YsValue), compare_elements);
	return true;
}

static void
print_sorted(YsText *text, const YsValue *set)
{
	YsValue		sorted;

	if (ys_value_sort_set(set, text->arena, &sorted))
		print_elements(text, &sorted, ys_value_print_plain);
	else
		text->failed = true;
}

void
ys_value_print_plain(YsText *text, const YsValue *value)
{
	switch (value->type)
	{
		case YS_TYPE_STRING:
			ys_text_add_json_string(text, value->bytes, value->len);
			break;
		case YS_TYPE_NUMBER:
			ys_text_add(text, value->bytes, value->len);
			break;
		case YS_TYPE_BINARY:
			print_base64(text, value);
			break;
		case YS_TYPE_BOOL:
			ys_text_add_cstring(text, value->boolean ? "true" : "false");
			break;
		case YS_TYPE_NULL:
			ys_text_add(text, "null", 4);
			break;
		case YS_TYPE_MAP:
			print_members(text, value, ys_value_print_plain);
			break;
		case YS_TYPE_LIST:
			print_elements(text, value, ys_value_print_plain);
			break;
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			print_sorted(text, value);
			break;
	}
}

/* ---- the canonical key ---- */

/* Print one key attribute, typed; numbers in canonical form. */
static bool
print_key_value(YsText *text, const char *name, const YsValue *value, YsError *err)
{
	if (value == NULL)
		return ys_error_set(err, YS_ERR_INVALID_DATA, "item lacks key attribute \"%s\"", name);
	if (value->type != YS_TYPE_STRING && value->type != YS_TYPE_NUMBER &&
		value->type != YS_TYPE_BINARY)
		return ys_error_set(err, YS_ERR_INVALID_DATA,
							"key attribute \"%s\" is neither a string, a number nor binary", name);
	if (value->len == 0)
		return ys_error_set(err, YS_ERR_INVALID_DATA, "key attribute \"%s\" is empty", name);
	if (value->type != YS_TYPE_NUMBER)
	{
		ys_value_print_typed(text, value);
		return true;
	}
	ys_text_add_cstring(text, "{\"N\":\"");
	if (!ys_number_canonical(value->bytes, value->len, text))
		return ys_error_set(err, YS_ERR_INVALID_DATA,
							"key attribute \"%s\" is not a number", name);
	ys_text_add(text, "\"}", 2);
	return true;
}

bool
ys_value_canonical_key(YsText *text, const YsValue *item, int count,
					   const char *const *names, YsError *err)
{
	ys_text_add(text, "{", 1);
	for (int i = 0; i < count; i++)
	{
		size_t		len = strlen(names[i]);

		if (i > 0)
			ys_text_add(text, ",", 1);
		ys_text_add_json_string(text, names[i], len);
		ys_text_add(text, ":", 1);
		if (!print_key_value(text, names[i], ys_value_member(item, names[i], len), err))
			return false;
	}
	ys_text_add(text, "}", 1);
	return !text->failed || ys_value_no_memory(err);
}
