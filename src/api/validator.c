/*-------------------------------------------------------------------------
 * validator.c
 *	  SQL functions that check the options of the foreign-data wrappers.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "fmgr.h"

#include "catalog/server.h"

PG_FUNCTION_INFO_V1(ys_store_validator);
PG_FUNCTION_INFO_V1(ys_stream_validator);

/* yottastore.store_validator(options text[], catalog oid) */
Datum
ys_store_validator(PG_FUNCTION_ARGS)
{
	ys_option_validate(YS_WRAPPER_STORE, untransformRelOptions(PG_GETARG_DATUM(0)),
					   PG_GETARG_OID(1));
	PG_RETURN_VOID();
}

/* yottastore.stream_validator(options text[], catalog oid) */
Datum
ys_stream_validator(PG_FUNCTION_ARGS)
{
	ys_option_validate(YS_WRAPPER_STREAM, untransformRelOptions(PG_GETARG_DATUM(0)),
					   PG_GETARG_OID(1));
	PG_RETURN_VOID();
}
