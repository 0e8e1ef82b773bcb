/*-------------------------------------------------------------------------
 * value.h
 *	  A store's value as a tree in an arena: the currency of all layers.
 *
 * The ten types are DynamoDB's.  Numbers stay decimal text: they are never
 * put through a double.  Bytes carry a length and may contain NUL; they are
 * also NUL-terminated for convenience.  Members keep the document's order.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_VALUE_H
#define YS_STORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

/* Deepest document the store itself accepts is 32; we follow one that is deeper this far. */
#define YS_VALUE_MAX_DEPTH	40

/* One byte: a batch of documents is many values. */
typedef enum __attribute__((packed)) YsType
{
	YS_TYPE_STRING,				/* S */
	YS_TYPE_NUMBER,				/* N: decimal text */
	YS_TYPE_BINARY,				/* B: raw bytes, not base64 */
	YS_TYPE_BOOL,
	YS_TYPE_NULL,
	YS_TYPE_MAP,				/* M */
	YS_TYPE_LIST,				/* L */
	YS_TYPE_STRING_SET,			/* SS: elements are YS_TYPE_STRING */
	YS_TYPE_NUMBER_SET,
	YS_TYPE_BINARY_SET
} YsType;

typedef struct YsMember YsMember;

typedef struct YsValue
{
	YsType		type;
	bool		boolean;		/* BOOL */
	uint32_t	len;			/* bytes, members or elements */
	union
	{
		const char *bytes;		/* STRING, NUMBER, BINARY */
		YsMember   *members;	/* MAP */
		struct YsValue *elements;	/* LIST and the sets */
	};
} YsValue;

struct YsMember
{
	const char *name;
	uint32_t	name_len;
	YsValue		value;
};

/* ---- paths, parsed (policy/path.h has their grammar) ---- */

#define YS_PATH_EVERY		(-1)	/* [*] */

typedef struct YsPathStep
{
	const char *name;			/* NULL: a list position */
	uint32_t	name_len;
	int			index;			/* list position, or YS_PATH_EVERY */
} YsPathStep;

typedef struct YsPath
{
	int			nsteps;
	const YsPathStep *steps;	/* the first is always a name */
} YsPath;

/* ---- building (all return NULL / false when the arena is exhausted) ---- */
extern YsValue ys_value_string(const char *bytes, size_t len);	/* borrows bytes */
extern YsValue ys_value_number(const char *text, size_t len);	/* borrows text */
extern YsValue ys_value_null(void);
extern YsValue ys_value_bool(bool value);

/* The type's name in typed JSON: "S", "BOOL", "NS". */
extern const char *ys_value_tag(YsType type);

/* The other way; false: there is no such type. */
extern bool ys_value_type_of_tag(const char *tag, size_t len, YsType *type);

/* A copy that has all its bytes in arena; false when that is exhausted. */
extern bool ys_value_copy(const YsValue *value, YsArena *arena, YsValue *copy);

/* Is it a list or a set? */
static inline bool
ys_value_has_elements(const YsValue *value)
{
	return value->type == YS_TYPE_LIST || value->type == YS_TYPE_STRING_SET ||
		value->type == YS_TYPE_NUMBER_SET || value->type == YS_TYPE_BINARY_SET;
}

/* Member of a map by name, or NULL. */
extern const YsValue *ys_value_member(const YsValue *map, const char *name, size_t len);

/* ---- typed JSON: {"a":{"S":"x"}, ...} ---- */

/*
 * Which top-level attributes to keep; NULL or count 0 keeps all.  Names that
 * are not kept are skipped undecoded.
 */
typedef struct YsAttributeFilter
{
	int			count;
	const char **names;
	const uint32_t *lens;
} YsAttributeFilter;

/*
 * Decode an item (a JSON object of typed attributes) into a MAP in arena.  Names that the filter
 * has are its own.
 * Refused with YS_ERR_INVALID_DATA: an unknown type tag, a number that is not
 * one (or has over 1,000 digits), bad base64, a duplicate attribute, nesting
 * over YS_VALUE_MAX_DEPTH.  U+0000 in a string is kept: whoever turns it
 * into text refuses it per value.
 */
extern bool ys_value_from_typed_json(YsJsonNode *node, const YsAttributeFilter *filter,
									 YsArena *arena, YsValue *item, YsError *err);

/* The same, of what places (NULL: all) want; of lists all elements, and of sets. */
typedef struct YsPathTree YsPathTree;
extern bool ys_value_from_typed_tree(YsJsonNode *node, const YsPathTree *places,
									   YsArena *arena, YsValue *item, YsError *err);

/*
 * The same inside ys_json_next_element, whose strings are used where they
 * stand: names and strings live until the reader's next document.
 */
extern bool ys_value_from_typed_element(YsJsonNode *node, const YsAttributeFilter *filter,
										YsArena *arena, YsValue *item, YsError *err);

/* One typed value, {"S":"x"}, as in an item. */
extern bool ys_value_from_typed_node(YsJsonNode *node, YsArena *arena, YsValue *value, YsError *err);

/* Plain JSON (no type tags): string→S, number→N, true→BOOL, null→NULL, object→M, array→L. */
extern bool ys_value_from_plain_json(YsJsonNode *node, YsArena *arena, YsValue *value, YsError *err);

/* An object so, of what places (NULL: all) want. */
extern bool ys_value_from_plain_tree(YsJsonNode *node, const YsPathTree *places,
									 YsArena *arena, YsValue *item, YsError *err);

/* Text growing in an arena, for printing. */
typedef struct YsText
{
	YsArena    *arena;
	char	   *bytes;			/* NUL-terminated once anything was added */
	size_t		len;
	size_t		size;
	bool		failed;			/* out of memory: sticky */
} YsText;

extern void ys_text_init(YsText *text, YsArena *arena);
extern void ys_text_add(YsText *text, const char *bytes, size_t len);
extern void ys_text_add_cstring(YsText *text, const char *string);
extern void ys_text_add_json_string(YsText *text, const char *bytes, size_t len);	/* with quotes */

/* Print one value as typed JSON ({"S":"x"}), or a map's members as an item ({"a":{"S":"x"}}). */
extern void ys_value_print_typed(YsText *text, const YsValue *value);
extern void ys_value_print_item(YsText *text, const YsValue *map);

/* Print as plain JSON: sets as sorted arrays, binary as base64. */
extern void ys_value_print_plain(YsText *text, const YsValue *value);

/* The elements of a set as a list, in the order in which plain JSON has them; false: no memory. */
extern bool ys_value_sort_set(const YsValue *set, YsArena *arena, YsValue *list);

extern void ys_base64_encode(YsText *text, const char *bytes, size_t len);

/*
 * Decode strict base64 (padded, no white space, one spelling of each value)
 * into arena, with a NUL behind.  Fills err when it isn't, or when the arena
 * is exhausted.
 */
extern bool ys_base64_decode(YsArena *arena, const char *text, size_t len,
							 const char **bytes, uint32_t *bytes_len, YsError *err);

/* ---- keys ---- */

/*
 * The canonical text of a key: typed JSON of the key's attributes in the given
 * order (partition key first), without spaces, numbers in canonical form.
 * Equal keys have equal canonical text.  It is the Kafka message key.
 */
extern bool ys_value_canonical_key(YsText *text, const YsValue *item, int count,
								   const char *const *names, YsError *err);

/*
 * Canonical decimal: no plus sign, no leading or trailing zeros, no exponent
 * when it can be written with at most 40 digits, "-0" is "0".  False when the
 * text is no JSON number.
 */
extern bool ys_number_canonical(const char *text, size_t len, YsText *out);

/* Can the store hold a number: of at most 38 significant digits, zero or from 1E-130 to below 1E126?  False, too, for none. */
extern bool ys_number_fits(const char *text, size_t len);

#define YS_NUMBER_FITS_DIGITS		38
#define YS_NUMBER_FITS_MIN_POWER	(-130)	/* of ten, of the first digit */
#define YS_NUMBER_FITS_MAX_POWER	125

/* How long a key attribute can be that is no number; none is empty. */
#define YS_PARTITION_KEY_MAX_BYTES	2048
#define YS_SORT_KEY_MAX_BYTES		1024

/* Order by numeric value: <0, 0, >0.  Both must be JSON numbers. */
extern int	ys_number_compare(const char *a, size_t alen, const char *b, size_t blen);

#endif							/* YS_STORE_VALUE_H */
