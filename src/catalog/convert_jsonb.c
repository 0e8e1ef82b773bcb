/*-------------------------------------------------------------------------
 * convert_jsonb.c
 *	  The store's values as jsonb, plain and typed.
 *
 * The plain form says less than the store's: sets are arrays and binary is
 * base64 text there.  The typed form says all of it, as the store's own API
 * does: {"SS": ["a", "b"]}.  convert_from_jsonb.c goes back.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/memory.h"
#include "catalog/convert.h"
#include "catalog/shape.h"

/*
 * The bytes are written in the order of the value's own tree, as
 * JsonbValueToJsonb would have them, without building its tree first:
 * containers start at multiples of four and hold one JEntry a child (an
 * object's keys first, sorted by length, then bytes), then the children.
 */

/* Members up to which an object is sorted on the stack. */
#define FEW_MEMBERS		32

/* Names from this length on are counted together when they are sorted. */
#define LONG_NAME		23

typedef struct Key
{
	uint64		rank;			/* length and first bytes: mostly enough to compare */
	const YsMember *member;
} Key;

/* Writes a member's or element's value; false when jsonb can't hold it. */
typedef bool (*WriteFn) (StringInfo out, const YsValue *value, JEntry *entry);

static bool write_plain(StringInfo out, const YsValue *value, JEntry *entry);

static inline char *
reserve(StringInfo out, uint32 len)
{
	char	   *place;

	if (out->maxlen - out->len <= (int64) len)
		enlargeStringInfo(out, len);
	place = out->data + out->len;
	out->len += len;
	return place;
}

/* Returns how many bytes that took. */
static inline uint32
align_to_int(StringInfo out)
{
	uint32		padding = INTALIGN(out->len) - out->len;

	memset(reserve(out, padding), 0, padding);
	return padding;
}

/* The bits of the zero bytes among those of a word; there may be others above a zero byte's. */
static inline uint64
zero_bytes(uint64 word)
{
	const uint64 ones = UINT64CONST(0x0101010101010101);

	return (word - ones) & ~word & (ones << 7);
}

/* Copy bytes; has there been no NUL?  Most strings are short: two calls would take longer. */
static inline bool
copy_text(char *to, const char *from, uint32 len)
{
	uint64		zeros = 0;
	uint64		word;
	uint32		at = 0;

	if (len > 64)
	{
		memcpy(to, from, len);
		return memchr(from, '\0', len) == NULL;
	}
	if (len < 8)
	{
		for (; at < len; at++)
		{
			to[at] = from[at];
			zeros |= from[at] == '\0';
		}
		return zeros == 0;
	}
	/* the last word may overlap the one before it */
	for (;; at = Min(at + 8, len - 8))
	{
		memcpy(&word, from + at, 8);
		memcpy(to + at, &word, 8);
		zeros |= zero_bytes(word);
		if (at + 8 == len)
			return zeros == 0;
	}
}

static inline bool
write_string(StringInfo out, const char *bytes, uint32 len, JEntry *entry)
{
	*entry = JENTRY_ISSTRING | len;
	return copy_text(reserve(out, len), bytes, len);
}

static bool
write_base64(StringInfo out, const YsValue *value, JEntry *entry)
{
	YsArena		arena;
	YsText		text;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ys_text_init(&text, &arena);
	ys_base64_encode(&text, value->bytes, value->len);
	if (text.failed)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	(void) write_string(out, text.bytes != NULL ? text.bytes : "", text.len, entry);
	ys_arena_free(&arena);
	return true;
}

static bool
write_number(StringInfo out, const YsValue *value, JEntry *entry)
{
	uint32		padding = align_to_int(out);
	Datum		datum;
	uint32		size;

	if (!ys_convert_to_numeric(value, &datum))
		return false;
	size = VARSIZE(DatumGetPointer(datum));
	memcpy(reserve(out, size), DatumGetPointer(datum), size);
	pfree(DatumGetPointer(datum));
	*entry = JENTRY_ISNUMERIC | (padding + size);
	return true;
}

/* ---- containers ---- */

typedef struct Container
{
	StringInfo	out;
	int			start;			/* before the padding, which belongs to it */
	int			entry_at;		/* the next child's JEntry */
	int			nentries;
	uint32		total;			/* of the children so far */
} Container;

static void
refuse_size(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("document is too large for jsonb"),
			 errdetail("An object or array in it is over %u bytes.", JENTRY_OFFLENMASK)));
}

static Container
begin_container(StringInfo out, uint32 flags, uint32 count, uint32 nentries)
{
	Container	container = {.out = out, .start = out->len};
	uint32		header = flags | count;

	(void) align_to_int(out);
	memcpy(reserve(out, sizeof(header)), &header, sizeof(header));
	container.entry_at = out->len;
	(void) reserve(out, nentries * sizeof(JEntry));
	return container;
}

/* Every so often an entry says where its child ends, and not how long it is. */
static inline void
add_entry(Container *container, JEntry entry)
{
	container->total += JBE_OFFLENFLD(entry);
	if (container->total > JENTRY_OFFLENMASK)
		refuse_size();
	if (container->nentries++ % JB_OFFSET_STRIDE == 0)
		entry = (entry & JENTRY_TYPEMASK) | container->total | JENTRY_HAS_OFF;
	memcpy(container->out->data + container->entry_at, &entry, sizeof(entry));
	container->entry_at += sizeof(entry);
}

static void
end_container(const Container *container, JEntry *entry)
{
	uint32		size = container->out->len - container->start;

	if (size > JENTRY_OFFLENMASK)
		refuse_size();
	*entry = JENTRY_ISCONTAINER | size;
}

static inline Key
make_key(const YsMember *member)
{
	Key			key = {.rank = 0, .member = member};

	if (member->name_len >= sizeof(key.rank))
		memcpy(&key.rank, member->name, sizeof(key.rank));
	else
		memcpy(&key.rank, member->name, member->name_len);
	key.rank = pg_ntoh64(key.rank) >> 16 | (uint64) Min(member->name_len, PG_UINT16_MAX) << 48;
	return key;
}

/* Order of length, then bytes, then place in the document. */
static inline int
compare_keys(const Key *a, const Key *b)
{
	int			order;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->member->name_len != b->member->name_len)
		return a->member->name_len < b->member->name_len ? -1 : 1;
	order = memcmp(a->member->name, b->member->name, a->member->name_len);
	if (order != 0)
		return order;
	return a->member < b->member ? -1 : a->member > b->member;
}

static int
compare_key_pointers(const void *a, const void *b)
{
	return compare_keys(a, b);
}

static inline bool
same_name(const Key *a, const Key *b)
{
	return a->rank == b->rank && a->member->name_len == b->member->name_len &&
		memcmp(a->member->name, b->member->name, a->member->name_len) == 0;
}

/* Sort by counting lengths, and what is of one length, which is little, by insertion. */
static void
sort_few(const YsValue *map, Key *keys)
{
	uint8		places[LONG_NAME + 2] = {0};	/* of the next key of a length, one up */

	for (uint32 i = 0; i < map->len; i++)
		places[Min(map->members[i].name_len, LONG_NAME) + 1]++;
	for (int i = 1; i <= LONG_NAME; i++)
		places[i] += places[i - 1];
	for (uint32 i = 0; i < map->len; i++)
		keys[places[Min(map->members[i].name_len, LONG_NAME)]++] = make_key(&map->members[i]);
	for (uint32 i = 1; i < map->len; i++)
	{
		Key			key = keys[i];
		uint32		at = i;

		for (; at > 0 && compare_keys(&key, &keys[at - 1]) < 0; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
}

/* Sort a map's members into keys, which has room for them; of equal names the last stays. */
static uint32
sort_members(const YsValue *map, Key *keys)
{
	uint32		count = 0;

	if (map->len > FEW_MEMBERS)
	{
		for (uint32 i = 0; i < map->len; i++)
			keys[i] = make_key(&map->members[i]);
		qsort(keys, map->len, sizeof(Key), compare_key_pointers);
	}
	else
		sort_few(map, keys);
	for (uint32 i = 0; i < map->len; i++)
	{
		if (count > 0 && same_name(&keys[count - 1], &keys[i]))
			count--;
		keys[count++] = keys[i];
	}
	return count;
}

/*
 * In the plain form an object whose one member has a reserved name stands for a set or binary, so
 * that a document's own names of that kind are shown with one prefix more.
 */
static bool
has_reserved_name(const YsValue *map)
{
	for (uint32 i = 0; i < map->len; i++)
		if (ys_convert_is_reserved(map->members[i].name, map->members[i].name_len))
			return true;
	return false;
}

static YsValue
escape_names(const YsValue *map)
{
	YsValue		escaped = *map;

	escaped.members = palloc(map->len * sizeof(YsMember));
	for (uint32 i = 0; i < map->len; i++)
	{
		const YsMember *member = &map->members[i];
		char	   *name;

		escaped.members[i] = *member;
		if (!ys_convert_is_reserved(member->name, member->name_len))
			continue;
		name = palloc(YS_RESERVED_LEN + member->name_len);
		memcpy(name, YS_RESERVED_PREFIX, YS_RESERVED_LEN);
		memcpy(name + YS_RESERVED_LEN, member->name, member->name_len);
		escaped.members[i].name = name;
		escaped.members[i].name_len = YS_RESERVED_LEN + member->name_len;
	}
	return escaped;
}

static bool
write_map(StringInfo out, const YsValue *map, WriteFn write, JEntry *entry)
{
	Key			few[FEW_MEMBERS];
	Key		   *keys = map->len > FEW_MEMBERS ? palloc(map->len * sizeof(Key)) : few;
	YsValue		escaped;
	uint32		count;
	Container	container;
	JEntry		child;
	bool		ok = true;

	if (write == write_plain && has_reserved_name(map))
	{
		escaped = escape_names(map);
		map = &escaped;
	}
	count = sort_members(map, keys);
	container = begin_container(out, JB_FOBJECT, count, 2 * count);
	for (uint32 i = 0; i < count && ok; i++)
	{
		ok = write_string(out, keys[i].member->name, keys[i].member->name_len, &child);
		add_entry(&container, child);
	}
	for (uint32 i = 0; i < count && ok; i++)
	{
		ok = write(out, &keys[i].member->value, &child);
		if (ok)
			add_entry(&container, child);
	}
	if (keys != few)
		pfree(keys);
	end_container(&container, entry);
	return ok;
}

static bool
write_list(StringInfo out, const YsValue *list, WriteFn write, JEntry *entry)
{
	Container	container = begin_container(out, JB_FARRAY, list->len, list->len);
	JEntry		child;

	for (uint32 i = 0; i < list->len; i++)
	{
		if (!write(out, &list->elements[i], &child))
			return false;
		add_entry(&container, child);
	}
	end_container(&container, entry);
	return true;
}

static int
compare_elements(const void *a, const void *b)
{
	return ys_shape_order(a, b);
}

/* A set has no order: sorting gives equal sets equal jsonb. */
static bool
write_set(StringInfo out, const YsValue *set, WriteFn write, JEntry *entry)
{
	YsValue		sorted = *set;
	bool		ok;

	sorted.elements = palloc(Max(set->len, 1) * sizeof(YsValue));
	if (set->len > 0)
		memcpy(sorted.elements, set->elements, set->len * sizeof(YsValue));
	qsort(sorted.elements, set->len, sizeof(YsValue), compare_elements);
	ok = write_list(out, &sorted, write, entry);
	pfree(sorted.elements);
	return ok;
}

/* ---- the two forms of a value; depth is bounded by what the decoder accepted ---- */

static bool
write_plain(StringInfo out, const YsValue *value, JEntry *entry)
{
	switch (value->type)
	{
		case YS_TYPE_STRING:
			return write_string(out, value->bytes, value->len, entry);
		case YS_TYPE_NUMBER:
			return write_number(out, value, entry);
		case YS_TYPE_BINARY:
			return write_base64(out, value, entry);
		case YS_TYPE_BOOL:
			*entry = value->boolean ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE;
			return true;
		case YS_TYPE_NULL:
			*entry = JENTRY_ISNULL;
			return true;
		case YS_TYPE_MAP:
			return write_map(out, value, write_plain, entry);
		case YS_TYPE_LIST:
			return write_list(out, value, write_plain, entry);
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			return write_set(out, value, write_plain, entry);
		default:
			elog(ERROR, "value of unknown type %d", (int) value->type);
	}
}

static bool write_typed(StringInfo out, const YsValue *value, JEntry *entry);

/* What stands beside a value's type: numbers are strings, null is true. */
static bool
write_content(StringInfo out, const YsValue *value, JEntry *entry)
{
	switch (value->type)
	{
		case YS_TYPE_NUMBER:
			return write_string(out, value->bytes, value->len, entry);
		case YS_TYPE_NULL:
			*entry = JENTRY_ISBOOL_TRUE;
			return true;
		case YS_TYPE_MAP:
			return write_map(out, value, write_typed, entry);
		case YS_TYPE_LIST:
			return write_list(out, value, write_typed, entry);
		case YS_TYPE_STRING_SET:
		case YS_TYPE_NUMBER_SET:
		case YS_TYPE_BINARY_SET:
			return write_set(out, value, write_content, entry);
		default:
			return write_plain(out, value, entry);
	}
}

/* An object of one member, whose name is written as it is. */
static bool
write_single(StringInfo out, const char *name, const YsValue *value, WriteFn write, JEntry *entry)
{
	Container	container = begin_container(out, JB_FOBJECT, 1, 2);
	JEntry		child;

	(void) write_string(out, name, strlen(name), &child);
	add_entry(&container, child);
	if (!write(out, value, &child))
		return false;
	add_entry(&container, child);
	end_container(&container, entry);
	return true;
}

static bool
write_typed(StringInfo out, const YsValue *value, JEntry *entry)
{
	return write_single(out, ys_value_tag(value->type), value, write_content, entry);
}

bool
ys_convert_to_jsonb(const YsValue *value, YsForm form, Datum *jsonb)
{
	StringInfoData out;
	JEntry		entry;
	bool		ok;

	initStringInfo(&out);
	(void) reserve(&out, VARHDRSZ);
	if (form == YS_FORM_TYPED_ITEM)
		ok = write_map(&out, value, write_typed, &entry);
	else if (form == YS_FORM_TYPED)
		ok = write_typed(&out, value, &entry);
	else if (value->type >= YS_TYPE_MAP)
		ok = write_plain(&out, value, &entry);
	else
	{
		/* a scalar is kept as an array of one */
		Container	container = begin_container(&out, JB_FARRAY | JB_FSCALAR, 1, 1);

		ok = write_plain(&out, value, &entry);
		if (ok)
			add_entry(&container, entry);
	}
	if (!ok)
	{
		pfree(out.data);
		return false;
	}
	SET_VARSIZE(out.data, out.len);
	*jsonb = PointerGetDatum(out.data);
	return true;
}

Datum
ys_convert_to_marker(const YsValue *value)
{
	StringInfoData out;
	JEntry		entry;

	initStringInfo(&out);
	(void) reserve(&out, VARHDRSZ);
	if (!write_single(&out, psprintf("%s%s", YS_RESERVED_PREFIX, ys_value_tag(value->type)), value,
					  write_plain, &entry))
		elog(ERROR, "a value of SQL is none of jsonb");
	SET_VARSIZE(out.data, out.len);
	return PointerGetDatum(out.data);
}
