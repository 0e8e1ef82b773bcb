/*-------------------------------------------------------------------------
 * synonym.c
 *	  Lists of words with their meanings, which users edit.
 *
 * One hash table for all lists, by list and folded word.  So that what has been
 * normalized stays as it is, meanings are words as well, and no meaning may
 * have another one.
 *-------------------------------------------------------------------------
 */
#include "policy/synonym.h"

#include <string.h>

#include "policy/normalize/boolean.h"
#include "policy/normalize/unicode.h"

/* For "%.*s": as much of a text as a message repeats. */
#define SHOW(text)		(int) ys_string_cut((text).bytes, (text).len, 60), (text).bytes

typedef struct Synonym
{
	YsSlice		list;
	YsSlice		key;			/* the folded word */
	YsSlice		word;
	YsSlice		meaning;
	uint32_t	hash;
} Synonym;

struct YsSynonyms
{
	YsArena    *arena;
	int			count;
	int			size;			/* of entries */
	Synonym    *entries;
	uint32_t	nslots;			/* a power of two, more than twice as many as entries */
	uint32_t   *slots;			/* entry + 1; 0 is an empty slot */
};

static bool
no_memory(YsError *err)
{
	return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory while reading synonyms");
}

static bool
same(YsSlice a, YsSlice b)
{
	return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

static uint32_t
hash_of(YsSlice list, YsSlice key)
{
	return ys_string_hash(list.bytes, list.len, false) * 31 + ys_string_hash(key.bytes, key.len, false);
}

/* Where the word is, or would be. */
static uint32_t *
find_slot(const YsSynonyms *synonyms, YsSlice list, YsSlice key, uint32_t hash)
{
	for (uint32_t slot = hash;; slot++)
	{
		uint32_t   *at = &synonyms->slots[slot & (synonyms->nslots - 1)];
		const Synonym *entry = *at > 0 ? &synonyms->entries[*at - 1] : NULL;

		if (entry == NULL ||
			(entry->hash == hash && same(entry->key, key) && same(entry->list, list)))
			return at;
	}
}

YsSynonyms *
ys_synonyms_create(YsArena *arena)
{
	YsSynonyms *synonyms = ys_arena_alloc_zero(arena, sizeof(YsSynonyms));

	if (synonyms != NULL)
		synonyms->arena = arena;
	return synonyms;
}

/* ---- adding ---- */

/* One more entry; its texts are copied. */
static bool
append(YsSynonyms *synonyms, const Synonym *synonym)
{
	YsArena    *arena = synonyms->arena;
	Synonym    *entry;

	if (synonyms->count == synonyms->size)
	{
		int			size = synonyms->size > 0 ? synonyms->size * 2 : 16;
		Synonym    *grown = ys_arena_alloc(arena, sizeof(Synonym) * (size_t) size);

		if (grown == NULL)
			return false;
		if (synonyms->count > 0)
			memcpy(grown, synonyms->entries, sizeof(Synonym) * (size_t) synonyms->count);
		synonyms->entries = grown;
		synonyms->size = size;
	}
	entry = &synonyms->entries[synonyms->count++];
	*entry = *synonym;
	entry->hash = hash_of(entry->list, entry->key);
	entry->list.bytes = ys_arena_copy(arena, entry->list.bytes, entry->list.len);
	entry->key.bytes = ys_arena_copy(arena, entry->key.bytes, entry->key.len);
	entry->word.bytes = ys_arena_copy(arena, entry->word.bytes, entry->word.len);
	entry->meaning.bytes = ys_arena_copy(arena, entry->meaning.bytes, entry->meaning.len);
	return entry->list.bytes != NULL && entry->key.bytes != NULL && entry->word.bytes != NULL &&
		entry->meaning.bytes != NULL;
}

/* May a word of the list have the meaning? */
static bool
check_meaning(YsSlice list, YsSlice word, YsSlice meaning, YsError *err)
{
	const char *p = meaning.bytes;
	bool		month = (meaning.len == 1 && p[0] >= '1' && p[0] <= '9') ||
		(meaning.len == 2 && p[0] == '1' && p[1] >= '0' && p[1] <= '2');
	bool		built_in;

	if (meaning.len == 0)
	{
		ys_error_set(err, YS_ERR_INVALID_POLICY, "synonym \"%.*s\" of list \"%.*s\" has no meaning",
					 SHOW(word), SHOW(list));
		ys_error_detail(err, "Its meaning is an empty string.");
		ys_error_hint(err, "Write what the column is to have in the word's place.");
		return false;
	}
	if (same(list, YS_SYNONYMS_MONTH) && !month)
	{
		ys_error_set(err, YS_ERR_INVALID_POLICY, "synonym \"%.*s\" does not mean a month", SHOW(word));
		ys_error_detail(err, "Its meaning is \"%.*s\".", SHOW(meaning));
		ys_error_hint(err, "The meanings of list \"month\" are 1 to 12.");
		return false;
	}
	if (same(list, YS_SYNONYMS_BOOLEAN) &&
		!same(meaning, (YsSlice) {"true", 4}) && !same(meaning, (YsSlice) {"false", 5}))
	{
		ys_error_set(err, YS_ERR_INVALID_POLICY, "synonym \"%.*s\" is neither true nor false", SHOW(word));
		ys_error_detail(err, "Its meaning is \"%.*s\".", SHOW(meaning));
		ys_error_hint(err, "The meanings of list \"boolean\" are true and false.");
		return false;
	}
	if (same(list, YS_SYNONYMS_BOOLEAN) && ys_boolean_word(word, &built_in) &&
		built_in != (meaning.bytes[0] == 't'))
	{
		ys_error_set(err, YS_ERR_INVALID_POLICY, "synonym \"%.*s\" means %s already", SHOW(word),
					 built_in ? "true" : "false");
		ys_error_detail(err, "It is one of the words that booleans know anyway.");
		ys_error_hint(err, "Leave it out; a text field with synonyms or a function can give it another meaning.");
		return false;
	}
	return true;
}

bool
ys_synonyms_add(YsSynonyms *synonyms, YsSlice list, YsSlice word, YsSlice meaning, YsError *err)
{
	char		key[YS_FOLD_MAX];
	int			len = ys_unicode_fold(word, key);

	if (synonyms->count == YS_SYNONYMS_MAX)
	{
		ys_error_set(err, YS_ERR_TOO_LARGE, "more than %d synonyms", YS_SYNONYMS_MAX);
		ys_error_detail(err, "The words of all lists count together.");
		ys_error_hint(err, "Remove those that documents no longer have.");
		return false;
	}
	if (list.len == 0)
	{
		ys_error_set(err, YS_ERR_INVALID_POLICY, "synonym \"%.*s\" is in a list without a name", SHOW(word));
		ys_error_detail(err, "The name of its list is an empty string.");
		ys_error_hint(err, "Name the list as the fields that use it do.");
		return false;
	}
	if (len <= 0)
	{
		ys_error_set(err, YS_ERR_INVALID_POLICY, "list \"%.*s\" of synonyms has a word that is %s", SHOW(list),
					 len == 0 ? "blank" : "too long");
		ys_error_detail(err, "Without white space, case and accents a word has 1 to %d bytes.", YS_FOLD_MAX);
		ys_error_hint(err, "Leave it out.");
		return false;
	}
	return check_meaning(list, word, meaning, err) &&
		(append(synonyms, &(Synonym) {list, {key, (uint32_t) len}, word, meaning, 0}) || no_memory(err));
}

/* ---- finishing ---- */

/* Enter a word into the table, or compare it with what is there. */
static bool
enter(YsSynonyms *synonyms, int number, YsError *err)
{
	const Synonym *entry = &synonyms->entries[number];
	uint32_t   *slot = find_slot(synonyms, entry->list, entry->key, entry->hash);
	const Synonym *other = *slot > 0 ? &synonyms->entries[*slot - 1] : NULL;

	if (other == NULL)
	{
		*slot = (uint32_t) number + 1;
		return true;
	}
	if (same(other->meaning, entry->meaning))
		return true;
	ys_error_set(err, YS_ERR_INVALID_POLICY, "synonym \"%.*s\" of list \"%.*s\" has two meanings",
				 SHOW(other->word), SHOW(entry->list));
	ys_error_detail(err, "It means \"%.*s\", and as \"%.*s\" it means \"%.*s\".", SHOW(other->meaning),
					SHOW(entry->word), SHOW(entry->meaning));
	ys_error_hint(err, "Words are the same whatever their case, accents and white space, and a "
				  "meaning means itself: keep one of the two.");
	return false;
}

bool
ys_synonyms_finish(YsSynonyms *synonyms, YsError *err)
{
	int			nwords = synonyms->count;

	for (int i = 0; i < nwords; i++)
	{
		const Synonym *entry = &synonyms->entries[i];
		char		key[YS_FOLD_MAX];
		int			len = ys_unicode_fold(entry->meaning, key);

		/* what can't be looked up can't be a word either */
		if (len > 0 &&
			!append(synonyms, &(Synonym) {entry->list, {key, (uint32_t) len}, entry->meaning,
							entry->meaning, 0}))
			return no_memory(err);
	}
	synonyms->nslots = 16;
	while (synonyms->nslots < (uint32_t) synonyms->count * 2 + 1)
		synonyms->nslots *= 2;
	synonyms->slots = ys_arena_alloc_zero(synonyms->arena, sizeof(uint32_t) * synonyms->nslots);
	if (synonyms->slots == NULL)
		return no_memory(err);
	for (int i = 0; i < synonyms->count; i++)
	{
		if (!enter(synonyms, i, err))
			return false;
	}
	return true;
}

bool
ys_synonyms_find(const YsSynonyms *synonyms, YsSlice list, YsSlice word, YsSlice *meaning)
{
	char		bytes[YS_FOLD_MAX];
	YsSlice		key = {bytes, 0};
	uint32_t	slot;
	int			len;

	if (synonyms == NULL || synonyms->count == 0)
		return false;
	len = ys_unicode_fold(word, bytes);
	if (len <= 0)
		return false;
	key.len = (uint32_t) len;
	slot = *find_slot(synonyms, list, key, hash_of(list, key));
	if (slot > 0)
		*meaning = synonyms->entries[slot - 1].meaning;
	return slot > 0;
}
