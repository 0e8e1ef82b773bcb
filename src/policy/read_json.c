/*-------------------------------------------------------------------------
 * read_json.c
 *	  Reading JSON that comes without the padding the reader asks for.
 *-------------------------------------------------------------------------
 */
#include "policy/read_json.h"

#include <string.h>

char *
ys_policy_pad_json(YsArena *arena, const char *json, size_t len)
{
	char	   *padded = len < SIZE_MAX - YS_JSON_PADDING ?
		ys_arena_alloc(arena, len + YS_JSON_PADDING) : NULL;

	if (padded == NULL)
		return NULL;
	if (len > 0)
		memcpy(padded, json, len);
	memset(padded + len, ' ', YS_JSON_PADDING);
	return padded;
}

bool
ys_policy_read_json(YsArena *arena, const char *json, size_t len,
					YsErrorCode code, YsJsonRootFn fn, void *arg, YsError *err)
{
	char	   *padded = ys_policy_pad_json(arena, json, len);
	YsJsonReader *reader = padded != NULL ? ys_json_reader_create() : NULL;
	bool		ok;

	if (reader == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory while reading JSON");
	ok = ys_json_read(reader, padded, len, fn, arg, err);
	if (!ok)
		ys_policy_blame_json(err, code);
	ys_json_reader_destroy(reader);
	return ok;
}

void
ys_policy_blame_json(YsError *err, YsErrorCode code)
{
	if (err == NULL || err->code != YS_ERR_INVALID_DATA)
		return;
	err->code = code;
	if (err->detail[0] == '\0')
		ys_error_detail(err, "It is to be JSON as RFC 8259 has it.");
	if (err->hint[0] == '\0')
		ys_error_hint(err, "Correct the JSON there.");
}
