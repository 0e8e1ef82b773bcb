/*-------------------------------------------------------------------------
 * convert.h
 *	  Between the store's values and SQL datums.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_CONVERT_H
#define YS_CATALOG_CONVERT_H

#include "fmgr.h"
#include "store/value.h"

/* How a document, or a value in it, is written as jsonb. */
typedef enum YsForm
{
	YS_FORM_PLAIN,				/* as any JSON: {"tags": ["a"]} */
	YS_FORM_TYPED,				/* each value beside its type: {"M": {"tags": {"SS": ["a"]}}} */
	YS_FORM_TYPED_ITEM			/* an item's attributes so: {"tags": {"SS": ["a"]}} */
} YsForm;

/* How values become datums of one type and back; look up once, use for many rows. */
typedef struct YsConverter YsConverter;
struct YsConverter
{
	Oid			type;			/* as declared, and below domains: */
	int32		typmod;
	Oid			base;
	int32		base_typmod;
	bool		is_enum;
	YsForm		form;			/* of jsonb */
	YsConverter *element;		/* of an array's elements, else NULL */
	int16		typlen;
	bool		typbyval;
	char		typalign;
	Oid			ioparam;		/* for types without a path of their own */
	FmgrInfo	input;			/* looked up on first use */
	FmgrInfo	output;
	void	   *domain;			/* domain_check's cache */
	MemoryContext context;		/* the lookups live here */
};

/* The form of jsonb is the plain one: who wants another sets it. */
extern void ys_converter_init(YsConverter *converter, Oid type, int32 typmod, MemoryContext context);

/*
 * The datum of a value in the current memory context.  False when the value's
 * type or form doesn't fit the column (the caller makes it NULL or an error);
 * value NULL (absent) and, except in typed form, the type NULL are *isnull.  Throws on out of memory, when a
 * domain's constraint does not hold, and, before PostgreSQL 16, what the
 * input function of a type without a path of its own throws.
 */
extern bool ys_convert_to_datum(YsConverter *converter, const YsValue *value,
								Datum *datum, bool *isnull);

/*
 * The value of a datum (not NULL), allocated in the current memory context.
 * Throws on what the store cannot hold: a number of over 38 digits, NaN, infinity, a document
 * nested too deep.
 */
extern YsValue ys_convert_from_datum(YsConverter *converter, Datum datum);

/* The same for a key's value to look for; false when no item can have such a key. */
extern bool ys_convert_key(YsConverter *converter, Datum datum, bool is_sort_key, YsValue *value);

/* The longest a key may be. */
extern uint32_t ys_convert_key_max_bytes(bool is_sort_key);

/* ---- jsonb ---- */

/*
 * In plain documents names of this beginning are reserved: an object with one of the names
 * below as its only member is a set or binary, "$yottastore:$yottastore:x" is the attribute
 * "$yottastore:x", and all others are refused.
 */
#define YS_RESERVED_PREFIX		"$yottastore:"
#define YS_RESERVED_LEN			(sizeof(YS_RESERVED_PREFIX) - 1)

static inline bool
ys_convert_is_reserved(const char *name, uint32 len)
{
	return len >= YS_RESERVED_LEN && name[0] == YS_RESERVED_PREFIX[0] &&
		memcmp(name, YS_RESERVED_PREFIX, YS_RESERVED_LEN) == 0;
}

/*
 * To jsonb: false when a string has U+0000 or, in plain form, a number is
 * beyond numeric.  An item is a map.  From jsonb: throws on what the store cannot
 * hold, and ERRCODE_INVALID_PARAMETER_VALUE on what is not of the form.
 */
extern bool ys_convert_to_jsonb(const YsValue *value, YsForm form, Datum *jsonb);
extern YsValue ys_convert_from_jsonb(Datum jsonb, YsForm form);

/* A set or binary (its bytes decoded) as the object that stands for it in plain documents. */
extern Datum ys_convert_to_marker(const YsValue *value);

/* The store type a key column of this SQL type has: text/varchar → S, integers and numeric → N, bytea → B. */
extern bool ys_convert_key_type(Oid type, YsType *store_type);

/* ---- between convert*.c ---- */

/* False: the number is beyond numeric. */
extern bool ys_convert_to_numeric(const YsValue *value, Datum *numeric);

/* False: the store cannot hold it. */
extern bool ys_convert_from_numeric(Datum numeric, YsValue *value);
extern YsValue ys_convert_number_or_throw(Datum numeric);

/* Is this text a number the store can hold? */
extern bool ys_convert_is_number(const char *text);

/* ISO 8601 text to date, timestamp or timestamptz (type); false when it is something else. */
extern bool ys_convert_to_time(Oid type, const YsValue *value, Datum *datum);

#endif							/* YS_CATALOG_CONVERT_H */
