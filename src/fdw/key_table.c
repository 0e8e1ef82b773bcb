/*-------------------------------------------------------------------------
 * key_table.c
 *	  Hash tables by the canonical text of an item's key.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "fdw/key_table.h"

static uint32
hash_text(const void *key, Size size)
{
	const char *text = *(const char *const *) key;

	return hash_bytes((const unsigned char *) text, strlen(text));
}

static int
compare_texts(const void *a, const void *b, Size size)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

HTAB *
ys_key_table_create(const char *name, Size entry_size, MemoryContext context)
{
	HASHCTL		ctl = {
		.keysize = sizeof(const char *),
		.entrysize = entry_size,
		.hash = hash_text,
		.match = compare_texts,
		.hcxt = context
	};

	return hash_create(name, 256, &ctl, HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
}
