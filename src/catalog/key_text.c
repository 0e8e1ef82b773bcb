/*-------------------------------------------------------------------------
 * key_text.c
 *	  Keys of items, kept as text, as values.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/key_text.h"

typedef struct KeyTextArg
{
	YsArena    *arena;
	YsValue    *key;
	YsError    *err;
} KeyTextArg;

static bool
read_key_text(void *arg, YsJsonNode *root)
{
	KeyTextArg *key = arg;

	return ys_value_from_typed_json(root, NULL, key->arena, key->key, key->err);
}

bool
ys_key_from_text(const char *text, YsArena *arena, YsValue *key, YsError *err)
{
	size_t		len = strlen(text);
	char	   *padded = palloc0(len + YS_JSON_PADDING);
	YsJsonReader *reader = ys_json_reader_create();
	KeyTextArg	arg = {arena, key, err};
	bool		ok;

	if (reader == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
	memcpy(padded, text, len);
	ok = ys_json_read(reader, padded, len, read_key_text, &arg, err);
	ys_json_reader_destroy(reader);
	pfree(padded);
	return ok;
}
