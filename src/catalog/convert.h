/*-------------------------------------------------------------------------
 * convert.h
 *	  Between the store's values and SQL datums.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_CONVERT_H
#define YS_CATALOG_CONVERT_H

#include "fmgr.h"
#include "store/value.h"

/* How values become datums of one type and back; look up once, use for many rows. */
typedef struct YsConverter YsConverter;
struct YsConverter
{
	Oid			type;			/* as declared, and below domains: */
	int32		typmod;
	Oid			base;
	int32		base_typmod;
	bool		is_enum;
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

extern void ys_converter_init(YsConverter *converter, Oid type, int32 typmod, MemoryContext context);

/*
 * The datum of a value in the current memory context.  False when the value's
 * type or form doesn't fit the column (the caller makes it NULL or an error);
 * value NULL (absent) and the type NULL are *isnull.  Throws on out of memory, when a
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

/*
 * Whole documents.  to: false when a string in it has U+0000, or a number is
 * beyond numeric.
 */
extern bool ys_convert_to_jsonb(const YsValue *value, Datum *jsonb);
extern YsValue ys_convert_from_jsonb(Datum jsonb);

/* The store type a key column of this SQL type has: text/varchar → S, integers and numeric → N, bytea → B. */
extern bool ys_convert_key_type(Oid type, YsType *store_type);

/* ---- between convert*.c ---- */

/* False: the number is beyond numeric. */
extern bool ys_convert_to_numeric(const YsValue *value, Datum *numeric);

/* False: the store cannot hold it. */
extern bool ys_convert_from_numeric(Datum numeric, YsValue *value);
extern YsValue ys_convert_number_or_throw(Datum numeric);

/* ISO 8601 text to date, timestamp or timestamptz (type); false when it is something else. */
extern bool ys_convert_to_time(Oid type, const YsValue *value, Datum *datum);

#endif							/* YS_CATALOG_CONVERT_H */
