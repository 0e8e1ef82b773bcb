/*-------------------------------------------------------------------------
 * shape.c
 *	  Comparing, changing and restoring values of the store.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/base64.h"

#include "catalog/convert.h"
#include "catalog/shape.h"

/* ---- equality ---- */

static bool
equal_maps(const YsValue *a, const YsValue *b)
{
	for (uint32_t i = 0; i < a->len; i++)
	{
		const YsMember *member = &a->members[i];

		/* the common case first: the same order */
		if (member->name_len == b->members[i].name_len &&
			memcmp(member->name, b->members[i].name, member->name_len) == 0)
		{
			if (!ys_shape_equal(&member->value, &b->members[i].value))
				return false;
		}
		else if (!ys_shape_equal(&member->value,
								 ys_value_member(b, member->name, member->name_len)))
			return false;
	}
	return true;
}

static bool
equal_sets(const YsValue *a, const YsValue *b)
{
	for (uint32_t i = 0; i < a->len; i++)
	{
		bool		found = false;

		for (uint32_t j = 0; j < b->len && !found; j++)
			found = ys_shape_equal(&a->elements[i], &b->elements[(i + j) % b->len]);
		if (!found)
			return false;
	}
	return true;
}

bool
ys_shape_equal(const YsValue *a, const YsValue *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->type != b->type)
		return false;
	if (a->type == YS_TYPE_NUMBER)
		return ys_number_compare(a->bytes, a->len, b->bytes, b->len) == 0;
	if (a->len != b->len)
		return false;
	switch (a->type)
	{
		case YS_TYPE_STRING:
		case YS_TYPE_BINARY:
			return memcmp(a->bytes, b->bytes, a->len) == 0;
		case YS_TYPE_NUMBER:
		case YS_TYPE_NULL:
			return true;
		case YS_TYPE_BOOL:
			return a->boolean == b->boolean;
		case YS_TYPE_MAP:
			return equal_maps(a, b);
		case YS_TYPE_LIST:
			for (uint32_t i = 0; i < a->len; i++)
				if (!ys_shape_equal(&a->elements[i], &b->elements[i]))
					return false;
			return true;
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			return equal_sets(a, b);
	}
	return false;
}

int
ys_shape_order(const YsValue *a, const YsValue *b)
{
	int			order;

	if (a->type == YS_TYPE_NUMBER)
		return ys_number_compare(a->bytes, a->len, b->bytes, b->len);
	order = memcmp(a->bytes, b->bytes, Min(a->len, b->len));
	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* ---- restoring types ---- */

static bool
decode_binary(const YsValue *text, YsValue *binary)
{
	int			size = pg_b64_dec_len(text->len);
	char	   *bytes = palloc(size + 1);
	/* the type of the destination differs between server versions */
	int			len = pg_b64_decode(text->bytes, text->len, (void *) bytes, size);

	/* the decoder skips white space; what was encoded has none */
	if (len < 0 || (len + 2) / 3 * 4 != (int) text->len)
		return false;
	bytes[len] = '\0';
	*binary = (YsValue) {.type = YS_TYPE_BINARY, .len = len, .bytes = bytes};
	return true;
}

/* A list as a set of that type; false when it has other elements, twice the same, or none. */
static bool
list_to_set(const YsValue *list, YsType type, YsValue *set)
{
	YsType		element = type == YS_TYPE_NUMBER_SET ? YS_TYPE_NUMBER : YS_TYPE_STRING;
	YsValue    *elements = palloc(Max(list->len, 1) * sizeof(YsValue));

	for (uint32_t i = 0; i < list->len; i++)
	{
		elements[i] = list->elements[i];
		if (elements[i].type != element ||
			(type == YS_TYPE_BINARY_SET && !decode_binary(&list->elements[i], &elements[i])))
			return false;
		for (uint32_t j = 0; j < i; j++)
			if (ys_shape_equal(&elements[i], &elements[j]))
				return false;
	}
	*set = (YsValue) {.type = type, .len = list->len, .elements = elements};
	return list->len > 0;
}

static YsValue
map_like(const YsValue *plain, const YsValue *old)
{
	YsValue		map = *plain;

	map.members = palloc(Max(plain->len, 1) * sizeof(YsMember));
	for (uint32_t i = 0; i < plain->len; i++)
	{
		const YsMember *member = &plain->members[i];

		map.members[i] = *member;
		map.members[i].value = ys_shape_like(&member->value,
											 ys_value_member(old, member->name,
															 member->name_len));
	}
	return map;
}

/* Elements have no names: each is compared to what had its place. */
static YsValue
list_like(const YsValue *plain, const YsValue *old)
{
	YsValue		list = *plain;

	list.elements = palloc(Max(plain->len, 1) * sizeof(YsValue));
	for (uint32_t i = 0; i < plain->len; i++)
		list.elements[i] = ys_shape_like(&plain->elements[i],
										 i < old->len ? &old->elements[i] : NULL);
	return list;
}

YsValue
ys_shape_like(const YsValue *plain, const YsValue *old)
{
	YsValue		restored;

	if (old == NULL)
		return *plain;
	switch (old->type)
	{
		case YS_TYPE_MAP:
			return plain->type == YS_TYPE_MAP ? map_like(plain, old) : *plain;
		case YS_TYPE_LIST:
			return plain->type == YS_TYPE_LIST ? list_like(plain, old) : *plain;
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			if (plain->type == YS_TYPE_LIST && list_to_set(plain, old->type, &restored))
				return restored;
			return *plain;
		case YS_TYPE_BINARY:
			if (plain->type == YS_TYPE_STRING && decode_binary(plain, &restored))
				return restored;
			return *plain;
		default:
			return *plain;
	}
}

bool
ys_shape_plain(const YsValue *value, YsValue *plain)
{
	Datum		jsonb;

	if (!ys_convert_to_jsonb(value, &jsonb))
		return false;
	*plain = ys_convert_from_jsonb(jsonb);
	return true;
}

/* ---- changing ---- */

static bool set_below(const YsValue *old, const YsPath *path, int step, const YsValue *value,
					  YsValue *result);

static bool
set_member(const YsValue *old, const YsPath *path, int step, const YsValue *value,
		   YsValue *result)
{
	const YsPathStep *name = &path->steps[step];
	uint32_t	count = old != NULL ? old->len : 0;
	uint32_t	at = 0;
	const YsValue *member;
	YsMember   *members = palloc((count + 1) * sizeof(YsMember));

	if (count > 0)
		memcpy(members, old->members, count * sizeof(YsMember));
	while (at < count && !(members[at].name_len == name->name_len &&
						   memcmp(members[at].name, name->name, name->name_len) == 0))
		at++;
	member = at < count ? &old->members[at].value : NULL;
	*result = (YsValue) {.type = YS_TYPE_MAP, .len = count, .members = members};

	if (value == NULL && step + 1 == path->nsteps)
	{
		if (member != NULL)
		{
			memmove(&members[at], &members[at + 1], (count - at - 1) * sizeof(YsMember));
			result->len--;
		}
		return true;
	}
	if (value == NULL && member == NULL)
		return true;
	if (member == NULL)
	{
		members[at].name = name->name;
		members[at].name_len = name->name_len;
		result->len++;
	}
	return set_below(member, path, step + 1, value, &members[at].value);
}

/* Past the end of a list means behind its last element, as for the store. */
static bool
set_element(const YsValue *old, const YsPath *path, int step, const YsValue *value,
			YsValue *result)
{
	uint32_t	count = old != NULL ? old->len : 0;
	uint32_t	at = Min((uint32_t) path->steps[step].index, count);
	YsValue    *elements = palloc((count + 1) * sizeof(YsValue));

	if (count > 0)
		memcpy(elements, old->elements, count * sizeof(YsValue));
	*result = (YsValue) {.type = YS_TYPE_LIST, .len = count, .elements = elements};

	if (value == NULL && at == count)
		return true;
	if (value == NULL && step + 1 == path->nsteps)
	{
		memmove(&elements[at], &elements[at + 1], (count - at - 1) * sizeof(YsValue));
		result->len--;
		return true;
	}
	if (at == count)
		result->len++;
	return set_below(at < count ? &old->elements[at] : NULL, path, step + 1, value, &elements[at]);
}

static bool
set_below(const YsValue *old, const YsPath *path, int step, const YsValue *value, YsValue *result)
{
	bool		is_name;

	if (step == path->nsteps)
	{
		*result = *value;
		return true;
	}
	is_name = path->steps[step].name != NULL;
	if (old != NULL && old->type == YS_TYPE_NULL)
		old = NULL;
	if (old != NULL && old->type != (is_name ? YS_TYPE_MAP : YS_TYPE_LIST))
	{
		/* nothing to remove there */
		*result = *old;
		return value == NULL;
	}
	if (old == NULL && value == NULL)
	{
		*result = ys_value_null();
		return true;
	}
	return is_name ? set_member(old, path, step, value, result) :
		set_element(old, path, step, value, result);
}

bool
ys_shape_set(const YsValue *item, const YsPath *path, const YsValue *value, YsValue *result)
{
	return set_below(item, path, 0, value, result);
}
