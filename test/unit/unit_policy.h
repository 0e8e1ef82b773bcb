/*-------------------------------------------------------------------------
 * unit_policy.h
 *	  What the tests of policies share: items and policies from JSON.
 *-------------------------------------------------------------------------
 */
#ifndef YS_TEST_UNIT_POLICY_H
#define YS_TEST_UNIT_POLICY_H

#include "unit.h"

#include "policy/policy.h"

typedef struct UnitDocument
{
	YsArena    *arena;
	YsValue		value;
	YsError		err;
} UnitDocument;

static inline bool
unit_read_typed(void *arg, YsJsonNode *root)
{
	UnitDocument *document = arg;

	return ys_value_from_typed_json(root, NULL, document->arena, &document->value, &document->err);
}

static inline YsValue
item_of(YsArena *arena, const char *json)
{
	UnitDocument document = {.arena = arena};
	YsJsonReader *reader = ys_json_reader_create();
	char	   *padded = unit_padded(json, strlen(json), ' ');
	bool		ok = ys_json_read(reader, padded, strlen(json), unit_read_typed, &document, &document.err);

	free(padded);
	ys_json_reader_destroy(reader);
	if (!ok)
		fail_msg("%s: %s", json, document.err.message);
	return document.value;
}

static inline YsPolicy *
policy_of(YsArena *arena, const char *json)
{
	YsError		err;
	YsPolicy   *policy = ys_policy_compile(json, strlen(json), arena, &err);

	if (policy == NULL)
		fail_msg("%s: %s", json, err.message);
	return policy;
}

#endif							/* YS_TEST_UNIT_POLICY_H */
