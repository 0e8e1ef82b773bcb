/*-------------------------------------------------------------------------
 * control.c
 *	  Requests and replies about tables and streams as jansson's objects.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/dynamodb/control.h"
#include "store/dynamodb/dynamodb.h"

/* Far over any description; a page of shards has 100. */
#define CONTROL_REPLY_MAX	((size_t) 4 * 1024 * 1024)

static int
add_bytes(const char *bytes, size_t len, void *text)
{
	ys_text_add(text, bytes, len);
	return 0;
}

void
ys_control_print(YsMessage *message, json_t *request)
{
	if (request == NULL || json_dump_callback(request, add_bytes, &message->body, JSON_COMPACT) != 0)
		message->body.failed = true;
	json_decref(request);
}

json_t *
ys_control_load(const char *bytes, size_t len, YsError *err)
{
	json_error_t why;
	json_t	   *reply;

	if (len > CONTROL_REPLY_MAX)
	{
		ys_error_set(err, YS_ERR_TOO_LARGE, "the store's reply is over %zu bytes", CONTROL_REPLY_MAX);
		ys_error_detail(err, "No description of a table or a stream is as long.");
		ys_error_hint(err, YS_HINT_NODES);
		return NULL;
	}
	reply = json_loadb(bytes, len, 0, &why);
	if (reply == NULL && json_error_code(&why) == json_error_out_of_memory)
		ys_dynamodb_no_memory(err);
	else if (reply == NULL)
	{
		ys_error_set(err, YS_ERR_INVALID_DATA, "the store's reply cannot be understood");
		ys_error_detail(err, "It is wrong in this: %s, at byte %d.", why.text, why.position);
		ys_error_hint(err, YS_HINT_NODES);
	}
	return reply;
}

bool
ys_control_refuse(const char *operation, YsError *err)
{
	ys_error_set(err, YS_ERR_INVALID_DATA, "the store's reply to %s cannot be understood", operation);
	ys_error_detail(err, "A member is missing, or is not of its type.");
	ys_error_hint(err, YS_HINT_NODES);
	return false;
}

bool
ys_control_copy(YsArena *arena, const json_t *object, const char *name, const char **copy)
{
	const json_t *string = json_object_get(object, name);

	*copy = NULL;
	if (json_is_string(string))
		*copy = ys_arena_copy(arena, json_string_value(string), json_string_length(string));
	return *copy != NULL || !json_is_string(string);
}
