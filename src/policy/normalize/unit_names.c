/*-------------------------------------------------------------------------
 * unit_names.c
 *	  Finding a unit by any of its spellings: a hash of all of them.
 *
 * Spellings that several units have stand in the table once for each, in the
 * order of the units.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "policy/normalize/unit_table.h"

typedef struct Name
{
	const char *spelling;
	uint32_t	hash;			/* of the spelling in lower case */
	uint16_t	len;
	bool		exact;			/* its case counts */
	const YsUnit *unit;
} Name;

struct YsUnitNames
{
	int			count;
	Name	   *names;
	uint32_t	nslots;			/* a power of two */
	uint16_t   *slots;			/* number of a name + 1; 0: empty */
};

/* A spelling in the form that is looked up, with and without its case. */
typedef struct Key
{
	uint32_t	len;
	uint32_t	hash;
	char		folded[YS_UNIT_SPELLING];
	char		raw[YS_UNIT_SPELLING];
} Key;

#define HASH_START	UINT32_C(2166136261)

/* ASCII's and Latin-1's letters; those have two bytes, of which the second is changed. */
static inline char
fold(char c, char previous)
{
	if (previous == '\xC3' && (unsigned char) c >= 0x80 && (unsigned char) c <= 0x9E && c != '\x97')
		return (char) (c | 0x20);
	return ys_ascii_lower(c);
}

static inline uint32_t
next_hash(uint32_t hash, char folded)
{
	return (hash ^ (unsigned char) folded) * UINT32_C(16777619);
}

static bool
add(Key *key, char c)
{
	char		folded = fold(c, key->len > 0 ? key->raw[key->len - 1] : '\0');

	if (key->len == YS_UNIT_SPELLING)
		return false;
	key->raw[key->len] = c;
	key->folded[key->len++] = folded;
	key->hash = next_hash(key->hash, folded);
	return true;
}

/* Add ASCII's letters from p on, of which there is one; returns what follows them, or NULL: no room. */
static const char *
add_letters(Key *key, const char *p, const char *end)
{
	uint32_t	len = key->len;
	uint32_t	hash = key->hash;

	for (; p < end && ys_ascii_is_letter(*p); p++)
	{
		char		folded = ys_ascii_lower(*p);

		if (len == YS_UNIT_SPELLING)
			return NULL;
		key->raw[len] = *p;
		key->folded[len++] = folded;
		hash = next_hash(hash, folded);
	}
	key->len = len;
	key->hash = hash;
	return p;
}

static bool
is_letter(char c)
{
	return ys_ascii_is_letter(c) || (unsigned char) c >= 0x80;
}

static bool
is_tight(char c)
{
	return c == '/' || c == '.';
}

/* A run of white space, or a hyphen within a name, is one space, and none where it means nothing. */
static bool
add_space(Key *key, const char *p, const char *end)
{
	char		last = key->len > 0 ? key->raw[key->len - 1] : '/';

	if (p == end || is_tight(last) || is_tight(*p) || (ys_ascii_is_digit(last) && is_letter(*p)))
		return true;
	return add(key, ' ');
}

/* Bytes of a multiplication sign at p. */
static uint32_t
times_width(const char *p, const char *end)
{
	if (*p == '*')
		return 1;
	if (end - p >= 2 && p[0] == '\xC2' && p[1] == '\xB7')
		return 2;
	return end - p >= 3 && memcmp(p, "\xE2\x8B\x85", 3) == 0 ? 3 : 0;
}

/* False: longer than any spelling. */
static bool
make_key(YsSlice spelling, Key *key)
{
	const char *p = spelling.bytes;
	const char *end = p + spelling.len;

	key->len = 0;
	key->hash = HASH_START;
	while (p < end)
	{
		uint32_t	width;
		bool		ok;

		if (ys_ascii_is_letter(*p))
		{
			p = add_letters(key, p, end);
			ok = p != NULL;
		}
		else if ((width = ys_string_space(p, end)) > 0)
		{
			while (width > 0)
			{
				p += width;
				width = ys_string_space(p, end);
			}
			ok = add_space(key, p, end);
		}
		else if ((width = times_width(p, end)) > 0)
		{
			p += width;
			ok = add(key, '.');
		}
		else if (end - p >= 3 && memcmp(p, "\xE2\x80\x99", 3) == 0)
		{
			p += 3;
			ok = add(key, '\'');
		}
		else if (*p == '.' && key->len > 0 && is_letter(key->raw[key->len - 1]) && ys_string_space(p + 1, end) > 0)
		{
			p++;				/* of an abbreviation */
			continue;
		}
		else if (*p == '-' && key->len > 0 && is_letter(key->raw[key->len - 1]) && end - p > 1 &&
				 (is_letter(p[1]) || ys_ascii_is_digit(p[1])))
			ok = add_space(key, ++p, end);
		else
			ok = add(key, *p++);
		if (!ok)
			return false;
	}
	return true;
}

/* The key without the point that ends an abbreviation; false when none does. */
static bool
drop_point(Key *key)
{
	char		before = key->len > 1 ? key->folded[key->len - 2] : '\0';

	if (before == '\0' || key->folded[key->len - 1] != '.')
		return false;

	/* A currency symbol is no abbreviation: its last byte continues one from U+2000 or U+00A0 on. */
	if (!ys_ascii_is_letter(before))
	{
		unsigned char lead = key->len > 2 ? (unsigned char) key->folded[key->len - 3] : 0;

		if (((unsigned char) before & 0xC0) != 0x80 || lead < 0xC3 || lead >= 0xE0)
			return false;
	}
	key->len--;
	key->hash = HASH_START;
	for (uint32_t i = 0; i < key->len; i++)
		key->hash = next_hash(key->hash, key->folded[i]);
	return true;
}

/* ---- the table ---- */

static int
count_spellings(const YsUnit *units, int count)
{
	int			spellings = 0;

	for (int i = 0; i < count; i++)
	{
		spellings++;
		for (const char *p = units[i].spellings; *p != '\0'; p++)
			spellings += *p == '|';
	}
	return spellings;
}

static void
add_name(YsUnitNames *names, const YsUnit *unit, const char *spelling, size_t len)
{
	Name	   *name = &names->names[names->count++];
	Key			key = {.hash = HASH_START};
	uint32_t	slot;

	name->exact = *spelling == '=';
	name->spelling = spelling + name->exact;
	name->len = (uint16_t) (len - name->exact);
	name->unit = unit;
	for (uint32_t i = 0; i < name->len; i++)
		(void) add(&key, name->spelling[i]);
	name->hash = key.hash;
	slot = name->hash & (names->nslots - 1);
	while (names->slots[slot] != 0)
		slot = (slot + 1) & (names->nslots - 1);
	names->slots[slot] = (uint16_t) names->count;
}

static void
add_names(YsUnitNames *names, const YsUnit *units, int count)
{
	for (int i = 0; i < count; i++)
	{
		for (const char *p = units[i].spellings; *p != '\0';)
		{
			size_t		len = strcspn(p, "|");

			add_name(names, &units[i], p, len);
			p += len + (p[len] == '|');
		}
	}
}

const YsUnitNames *
ys_unit_names(YsArena *arena)
{
	YsUnitNames *names = ys_arena_alloc_zero(arena, sizeof(YsUnitNames));
	int			count = count_spellings(ys_units, ys_nunits) +
		count_spellings(ys_currencies, ys_ncurrencies);

	if (names == NULL)
		return NULL;
	names->nslots = 64;
	while (names->nslots < (uint32_t) count * 2)
		names->nslots *= 2;
	names->names = ys_arena_alloc(arena, sizeof(Name) * (size_t) count);
	names->slots = ys_arena_alloc_zero(arena, sizeof(uint16_t) * names->nslots);
	if (names->names == NULL || names->slots == NULL)
		return NULL;
	add_names(names, ys_units, ys_nunits);
	add_names(names, ys_currencies, ys_ncurrencies);
	return names;
}

static bool
is_spelled(const Name *name, const Key *key)
{
	return name->hash == key->hash && name->len == key->len &&
		memcmp(name->spelling, name->exact ? key->raw : key->folded, key->len) == 0;
}

/* *several, unless it is NULL, says that units of more than one quantity are spelled so. */
static const YsUnit *
find(const YsUnitNames *names, const Key *key, const YsUnit *wanted, bool *several)
{
	const YsUnit *found = NULL;
	uint32_t	slot = key->hash & (names->nslots - 1);

	for (; names->slots[slot] != 0; slot = (slot + 1) & (names->nslots - 1))
	{
		const Name *name = &names->names[names->slots[slot] - 1];

		if (!is_spelled(name, key))
			continue;
		if (wanted != NULL && ys_unit_same_quantity(name->unit, wanted))
			return name->unit;
		if (found == NULL ||
			(wanted != NULL && ys_unit_is_currency(wanted) && !ys_unit_is_currency(found)))
			found = name->unit;
		else if (several != NULL)
			*several |= !ys_unit_same_quantity(found, name->unit);
	}
	return found;
}

const YsUnit *
ys_unit_find(const YsUnitNames *names, YsSlice spelling, const YsUnit *wanted)
{
	const YsUnit *unit;
	Key			key;

	if (names == NULL || spelling.len == 0 || !make_key(spelling, &key))
		return NULL;
	unit = find(names, &key, wanted, NULL);
	return unit != NULL || !drop_point(&key) ? unit : find(names, &key, wanted, NULL);
}

/* By the very name of one, which no other unit has. */
static const YsUnit *
find_name(const YsUnit *units, int count, YsSlice name)
{
	for (int i = 0; i < count; i++)
	{
		if (strlen(units[i].name) == name.len && memcmp(units[i].name, name.bytes, name.len) == 0)
			return &units[i];
	}
	return NULL;
}

const YsUnit *
ys_unit_declared(const YsUnitNames *names, YsSlice spelling, bool *several)
{
	const YsUnit *unit = find_name(ys_units, ys_nunits, spelling);
	Key			key;

	*several = false;
	if (unit == NULL)
		unit = find_name(ys_currencies, ys_ncurrencies, spelling);
	if (unit != NULL || spelling.len == 0 || !make_key(spelling, &key))
		return unit;
	unit = find(names, &key, NULL, several);
	return *several ? NULL : unit;
}
