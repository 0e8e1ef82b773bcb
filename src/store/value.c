/*-------------------------------------------------------------------------
 * value.c
 *	  Making values and looking into them.
 *-------------------------------------------------------------------------
 */
#include "store/value_internal.h"

#include <string.h>

static YsValue
make_scalar(YsType type, const char *bytes, size_t len)
{
	YsValue		value;

	memset(&value, 0, sizeof(value));
	value.type = type;
	value.len = (uint32_t) len;
	value.bytes = bytes;
	return value;
}

YsValue
ys_value_string(const char *bytes, size_t len)
{
	return make_scalar(YS_TYPE_STRING, bytes, len);
}

YsValue
ys_value_number(const char *text, size_t len)
{
	return make_scalar(YS_TYPE_NUMBER, text, len);
}

YsValue
ys_value_null(void)
{
	return make_scalar(YS_TYPE_NULL, NULL, 0);
}

YsValue
ys_value_bool(bool boolean)
{
	YsValue		value = make_scalar(YS_TYPE_BOOL, NULL, 0);

	value.boolean = boolean;
	return value;
}

static const char *const tags[] = {
	[YS_TYPE_STRING] = "S",
	[YS_TYPE_NUMBER] = "N",
	[YS_TYPE_BINARY] = "B",
	[YS_TYPE_BOOL] = "BOOL",
	[YS_TYPE_NULL] = "NULL",
	[YS_TYPE_MAP] = "M",
	[YS_TYPE_LIST] = "L",
	[YS_TYPE_STRING_SET] = "SS",
	[YS_TYPE_NUMBER_SET] = "NS",
	[YS_TYPE_BINARY_SET] = "BS"
};

const char *
ys_value_tag(YsType type)
{
	return tags[type];
}

bool
ys_value_type_of_tag(const char *tag, size_t len, YsType *type)
{
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
	{
		if (strlen(tags[i]) == len && memcmp(tags[i], tag, len) == 0)
		{
			*type = (YsType) i;
			return true;
		}
	}
	return false;
}

static bool
copy_members(const YsValue *map, YsArena *arena, YsValue *copy)
{
	copy->members = ys_arena_alloc(arena, sizeof(YsMember) * map->len);
	for (uint32_t i = 0; copy->members != NULL && i < map->len; i++)
	{
		const YsMember *member = &map->members[i];

		copy->members[i].name = ys_arena_copy(arena, member->name, member->name_len);
		copy->members[i].name_len = member->name_len;
		if (copy->members[i].name == NULL ||
			!ys_value_copy(&member->value, arena, &copy->members[i].value))
			return false;
	}
	return copy->members != NULL;
}

static bool
copy_elements(const YsValue *list, YsArena *arena, YsValue *copy)
{
	copy->elements = ys_arena_alloc(arena, sizeof(YsValue) * list->len);
	for (uint32_t i = 0; copy->elements != NULL && i < list->len; i++)
	{
		if (!ys_value_copy(&list->elements[i], arena, &copy->elements[i]))
			return false;
	}
	return copy->elements != NULL;
}

/* Recursion is bounded by whatever bounded the value's depth. */
bool
ys_value_copy(const YsValue *value, YsArena *arena, YsValue *copy)
{
	*copy = *value;
	switch (value->type)
	{
		case YS_TYPE_STRING:
		case YS_TYPE_NUMBER:
		case YS_TYPE_BINARY:
			copy->bytes = ys_arena_copy(arena, value->bytes, value->len);
			return copy->bytes != NULL;
		case YS_TYPE_BOOL:
		case YS_TYPE_NULL:
			return true;
		case YS_TYPE_MAP:
			return copy_members(value, arena, copy);
		default:
			return copy_elements(value, arena, copy);
	}
}

const YsValue *
ys_value_member(const YsValue *map, const char *name, size_t len)
{
	if (map->type != YS_TYPE_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->len; i++)
	{
		const YsMember *member = &map->members[i];

		if (member->name_len == len && memcmp(member->name, name, len) == 0)
			return &member->value;
	}
	return NULL;
}

bool
ys_value_no_memory(YsError *err)
{
	return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "no memory left to hold a document");
}
