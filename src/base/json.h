/*-------------------------------------------------------------------------
 * json.h
 *	  The one JSON reader for hot paths: simdjson's on-demand parser behind a
 *	  C interface.
 *
 * A document is visited, not built: a callback receives each member or
 * element and reads it or leaves it alone, in which case it is skipped
 * without being decoded.  Nodes are valid only inside the callback they were
 * handed to, and each may be read once.  No exception and no allocation of
 * the server's leaves or enters this module.
 *
 * What is skipped is not validated beyond its structure.  Untrusted input
 * whose whole form matters must be read whole.
 *-------------------------------------------------------------------------
 */
#ifndef YS_BASE_JSON_H
#define YS_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#ifdef __cplusplus
extern "C"
{
#endif

/* Bytes that must be readable behind the end of every document. */
#define YS_JSON_PADDING		64

/* Deepest nesting that is followed; a deeper document is an error. */
#define YS_JSON_MAX_DEPTH	256

typedef enum YsJsonKind
{
	YS_JSON_OBJECT,
	YS_JSON_ARRAY,
	YS_JSON_STRING,
	YS_JSON_NUMBER,
	YS_JSON_BOOL,
	YS_JSON_NULL,
	YS_JSON_INVALID
} YsJsonKind;

typedef struct YsJsonReader YsJsonReader;
typedef struct YsJsonNode YsJsonNode;

/* A callback returns false to stop the visit; the visit then returns false. */
typedef bool (*YsJsonMemberFn) (void *arg, const char *name, size_t len, YsJsonNode *value);
typedef bool (*YsJsonElementFn) (void *arg, size_t index, YsJsonNode *value);
typedef bool (*YsJsonRootFn) (void *arg, YsJsonNode *root);

/* A reader keeps buffers for reuse: one per long-lived user.  NULL: no memory. */
extern YsJsonReader *ys_json_reader_create(void);
extern void ys_json_reader_destroy(YsJsonReader *reader);

/*
 * Visit one document.  bytes[0 .. len + YS_JSON_PADDING) must be readable.
 * False when the document is malformed (err says where and why) or when fn
 * returned false (err is left as fn left it).  Trailing garbage is an error.
 */
extern bool ys_json_read(YsJsonReader *reader, const char *bytes, size_t len,
						 YsJsonRootFn fn, void *arg, YsError *err);

/*
 * Read a document that is an object with a long array in it, element by
 * element.  begin hands every member but the array of that name to fn: those
 * before it, and, found from the document's end, those behind it, so that
 * they are known at once.  Without such an array all are, and no element
 * comes.  next hands one element to element_fn; *more is false when there was
 * none left, and then the members that begin missed have gone to member_fn
 * (where another array stands behind this one) and the document is valid to
 * its last byte.
 *
 * The document is the caller's to give: a string that is read gets a NUL in
 * the place of its closing quote.  Strings are valid until the next document.
 */
extern bool ys_json_begin_elements(YsJsonReader *reader, char *bytes, size_t len,
								   const char *name, YsJsonMemberFn fn, void *arg, YsError *err);
extern bool ys_json_next_element(YsJsonReader *reader, YsJsonRootFn element_fn,
								 YsJsonMemberFn member_fn, void *arg, bool *more, YsError *err);

extern YsJsonKind ys_json_kind(YsJsonNode *node);

/* Visits in document order.  Names come unescaped; duplicates come as often as they are there. */
extern bool ys_json_each_member(YsJsonNode *node, YsJsonMemberFn fn, void *arg, YsError *err);
extern bool ys_json_each_element(YsJsonNode *node, YsJsonElementFn fn, void *arg, YsError *err);

/* Unescaped bytes, valid until the reader's next document; may contain NUL. */
extern bool ys_json_string(YsJsonNode *node, const char **bytes, size_t *len, YsError *err);

/*
 * Most nodes of a typed document are objects of one string under a name of one
 * letter, like {"S":"x"}: read such a node at once, if it is one of tags.
 * YS_JSON_OTHER: it is something else, and nothing was read.
 */
typedef enum YsJsonTagged
{
	YS_JSON_TAGGED,
	YS_JSON_OTHER,
	YS_JSON_MALFORMED			/* err says why */
} YsJsonTagged;

extern YsJsonTagged ys_json_tagged_string(YsJsonNode *node, const char *tags, char *tag,
										  const char **bytes, size_t *len, YsError *err);

/* The number as written, checked against JSON's grammar: never through a double. */
extern bool ys_json_number(YsJsonNode *node, const char **bytes, size_t *len, YsError *err);
extern bool ys_json_bool(YsJsonNode *node, bool *value, YsError *err);

/* Is this text a number by JSON's grammar, and nothing else? */
extern bool ys_json_is_number(const char *text, size_t len);

/* The node's raw bytes as they stand in the document. */
extern bool ys_json_raw(YsJsonNode *node, const char **bytes, size_t *len, YsError *err);

#ifdef __cplusplus
}
#endif

#endif							/* YS_BASE_JSON_H */
