/*-------------------------------------------------------------------------
 * shape.c
 *	  Comparing, changing and restoring values of the store.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/memory.h"
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

/* ---- sets and binary ---- */

/* By value, then by place. */
static int
compare_places(const void *a, const void *b)
{
	const YsValue *left = *(const YsValue *const *) a;
	const YsValue *right = *(const YsValue *const *) b;
	int			order = ys_shape_order(left, right);

	return order != 0 ? order : left < right ? -1 : left > right;
}

uint32_t
ys_shape_distinct(YsValue *elements, uint32_t count)
{
	const YsValue **sorted = palloc(Max(count, 1) * sizeof(YsValue *));
	bool	   *repeated = palloc0(Max(count, 1) * sizeof(bool));
	uint32_t	left = 0;

	for (uint32_t i = 0; i < count; i++)
		sorted[i] = &elements[i];
	qsort(sorted, count, sizeof(YsValue *), compare_places);
	for (uint32_t i = 1; i < count; i++)
		repeated[sorted[i] - elements] = ys_shape_order(sorted[i - 1], sorted[i]) == 0;
	for (uint32_t i = 0; i < count; i++)
		if (!repeated[i])
			elements[left++] = elements[i];
	pfree(sorted);
	pfree(repeated);
	return left;
}

bool
ys_shape_decode_binary(const YsValue *string, YsValue *binary)
{
	YsArena		arena;
	const char *bytes;
	uint32_t	len;
	YsError		err;
	bool		ok;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ok = ys_base64_decode(&arena, string->bytes, string->len, &bytes, &len, &err);
	if (!ok && err.code == YS_ERR_OUT_OF_MEMORY)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	if (ok)
	{
		char	   *copy = palloc(len + 1);

		memcpy(copy, bytes, len + 1);
		*binary = (YsValue) {.type = YS_TYPE_BINARY, .len = len, .bytes = copy};
	}
	ys_arena_free(&arena);
	return ok;
}

/* ---- restoring types ---- */

/* Is there anything in it that plain JSON has no word for? */
static bool
is_odd(const YsValue *old)
{
	switch (old->type)
	{
		case YS_TYPE_BINARY:
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			return true;
		case YS_TYPE_MAP:
			for (uint32_t i = 0; i < old->len; i++)
				if (is_odd(&old->members[i].value))
					return true;
			return false;
		case YS_TYPE_LIST:
			for (uint32_t i = 0; i < old->len; i++)
				if (is_odd(&old->elements[i]))
					return true;
			return false;
		default:
			return false;
	}
}

bool
ys_shape_to_set(const YsValue *list, YsType type, bool decode, YsValue *set)
{
	YsType		element = type == YS_TYPE_STRING_SET ? YS_TYPE_STRING :
		type == YS_TYPE_NUMBER_SET ? YS_TYPE_NUMBER : YS_TYPE_BINARY;
	YsValue    *elements = palloc(Max(list->len, 1) * sizeof(YsValue));

	for (uint32_t i = 0; i < list->len; i++)
	{
		elements[i] = list->elements[i];
		if (elements[i].type != element &&
			!(decode && type == YS_TYPE_BINARY_SET && elements[i].type == YS_TYPE_STRING &&
			  ys_shape_decode_binary(&list->elements[i], &elements[i])))
			return false;
	}
	*set = (YsValue) {
		.type = type, .len = ys_shape_distinct(elements, list->len), .elements = elements
	};
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

/* An element of the old list that reads as this, from that place on; none: old->len. */
static uint32_t
find_alike(const YsValue *element, uint32_t from, const YsValue *old, const YsValue *shown,
		   const bool *taken)
{
	for (uint32_t i = 0; i < old->len; i++)
	{
		uint32_t	at = (from + i) % old->len;

		if (!taken[at] && ys_shape_equal(element, &shown[at]))
			return at;
	}
	return old->len;
}

/*
 * Elements have no names: each is what read the same before, wherever it stood, and only
 * if nothing did is it like what had its place, unless that is elsewhere now.
 */
static YsValue
list_like(const YsValue *plain, const YsValue *old)
{
	YsValue		list = *plain;
	YsValue    *shown = palloc(Max(old->len, 1) * sizeof(YsValue));
	bool	   *taken = palloc0(Max(old->len, 1) * sizeof(bool));
	bool	   *found = palloc0(Max(plain->len, 1) * sizeof(bool));

	for (uint32_t i = 0; i < old->len; i++)
		taken[i] = !ys_shape_plain(&old->elements[i], &shown[i]);
	list.elements = palloc(Max(plain->len, 1) * sizeof(YsValue));
	for (uint32_t i = 0; i < plain->len; i++)
	{
		uint32_t	at = find_alike(&plain->elements[i], i, old, shown, taken);

		found[i] = at < old->len;
		if (found[i])
		{
			list.elements[i] = old->elements[at];
			taken[at] = true;
		}
	}
	for (uint32_t i = 0; i < plain->len; i++)
		if (!found[i])
			list.elements[i] = ys_shape_like(&plain->elements[i],
											 i < old->len && !taken[i] ? &old->elements[i] : NULL);
	return list;
}

YsValue
ys_shape_like(const YsValue *plain, const YsValue *old)
{
	YsValue		restored;

	if (old == NULL || !is_odd(old))
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
			if (plain->type == YS_TYPE_LIST &&
				ys_shape_to_set(plain, old->type, true, &restored))
				return restored;
			return *plain;
		case YS_TYPE_BINARY:
			if (plain->type == YS_TYPE_STRING && ys_shape_decode_binary(plain, &restored))
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

	if (!ys_convert_to_jsonb(value, YS_FORM_PLAIN, &jsonb))
		return false;
	*plain = ys_convert_from_jsonb(jsonb, YS_FORM_PLAIN);
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
