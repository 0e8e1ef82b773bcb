/*-------------------------------------------------------------------------
 * convert.h
 *	  Between the store's values and SQL datums.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_CONVERT_H
#define YS_CATALOG_CONVERT_H

#include "fmgr.h"
#include "store/value.h"

/* How values become datums of one type; look up once, use for many rows. */
typedef struct YsConverter
{
	Oid			type;
	int32		typmod;
	Oid			input;			/* type input function, for types without a path of their own */
	Oid			ioparam;
	Oid			output;
	bool		varlena;
	MemoryContext context;		/* the lookups live here */
	FmgrInfo	input_flinfo;
	FmgrInfo	output_flinfo;
} YsConverter;

extern void ys_converter_init(YsConverter *converter, Oid type, int32 typmod, MemoryContext context);

/*
 * The datum of a value in the current memory context.  False when the value's type or form
 * doesn't fit the column (the caller makes it NULL or an error); NULL type
 * and absent values are *isnull.  Throws only on out of memory.
 */
extern bool ys_convert_to_datum(YsConverter *converter, const YsValue *value,
								Datum *datum, bool *isnull);

/* The value of a datum (not NULL), allocated in the current memory context. Throws on what the store cannot hold. */
extern YsValue ys_convert_from_datum(YsConverter *converter, Datum datum);

/* Whole documents. */
extern Datum ys_convert_to_jsonb(const YsValue *value);
extern YsValue ys_convert_from_jsonb(Datum jsonb);

/* The store type a key column of this SQL type has: text/varchar → S, integers and numeric → N, bytea → B. */
extern bool ys_convert_key_type(Oid type, YsType *store_type);

#endif							/* YS_CATALOG_CONVERT_H */
