/*-------------------------------------------------------------------------
 * read_json.h
 *	  Reading JSON that comes without the padding the reader asks for.
 *-------------------------------------------------------------------------
 */
#ifndef YS_POLICY_READ_JSON_H
#define YS_POLICY_READ_JSON_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

/* A copy of a document with padding behind it; NULL when the arena is exhausted. */
extern char *ys_policy_pad_json(YsArena *arena, const char *json, size_t len);

/*
 * Visit a copy of a document, made in arena, with a reader of its own.  As
 * ys_json_read, but what is malformed is reported under code.
 */
extern bool ys_policy_read_json(YsArena *arena, const char *json, size_t len,
								YsErrorCode code, YsJsonRootFn fn, void *arg, YsError *err);

/* Report what the JSON reader found malformed (YS_ERR_INVALID_DATA) under code, with a hint. */
extern void ys_policy_blame_json(YsError *err, YsErrorCode code);

#endif							/* YS_POLICY_READ_JSON_H */
