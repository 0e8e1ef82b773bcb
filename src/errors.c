/*-------------------------------------------------------------------------
 * errors.c
 *	  From a YsError to ereport: SQLSTATEs and the one reporter.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "errors.h"

int
ys_error_sqlstate(YsErrorCode code)
{
	switch (code)
	{
		case YS_OK:
			return ERRCODE_SUCCESSFUL_COMPLETION;
		case YS_ERR_INVALID_OPTION:
			return ERRCODE_INVALID_PARAMETER_VALUE;
		case YS_ERR_INVALID_PATH:
			return ERRCODE_SYNTAX_ERROR;
		case YS_ERR_INVALID_POLICY:
			return ERRCODE_INVALID_PARAMETER_VALUE;
		case YS_ERR_INVALID_GEOJSON:
			return ERRCODE_INVALID_TEXT_REPRESENTATION;
		case YS_ERR_INVALID_DATA:
			return ERRCODE_DATA_EXCEPTION;
		case YS_ERR_TOO_LARGE:
			return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		case YS_ERR_OUT_OF_MEMORY:
			return ERRCODE_OUT_OF_MEMORY;
		case YS_ERR_UNREACHABLE:
			return ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
		case YS_ERR_TIMEOUT:
			return ERRCODE_CONNECTION_FAILURE;
		case YS_ERR_REFUSED:
			return ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
		case YS_ERR_NOT_ALLOWED:
			return ERRCODE_INSUFFICIENT_PRIVILEGE;
		case YS_ERR_TABLE_NOT_FOUND:
			return ERRCODE_FDW_TABLE_NOT_FOUND;
		case YS_ERR_TABLE_EXISTS:
			return ERRCODE_DUPLICATE_TABLE;
		case YS_ERR_CONDITION_FAILED:
			return ERRCODE_T_R_SERIALIZATION_FAILURE;
		case YS_ERR_THROTTLED:
			return ERRCODE_CONFIGURATION_LIMIT_EXCEEDED;
		case YS_ERR_UNKNOWN_OUTCOME:
			return ERRCODE_T_R_STATEMENT_COMPLETION_UNKNOWN;
		case YS_ERR_TRIMMED:
			return ERRCODE_NO_DATA_FOUND;
		case YS_ERR_EXPIRED_ITERATOR:
		case YS_ERR_REMOTE:
			return ERRCODE_FDW_ERROR;
	}
	return ERRCODE_INTERNAL_ERROR;
}

void
ys_error_report(int elevel, const YsError *err)
{
	ereport(elevel,
			(errcode(ys_error_sqlstate(err->code)),
			 errmsg("%s", err->message),
			 err->detail[0] != '\0' ? errdetail("%s", err->detail) : 0,
			 err->hint[0] != '\0' ? errhint("%s", err->hint) : 0));
}

void
ys_error_throw(const YsError *err)
{
	ys_error_report(ERROR, err);
	pg_unreachable();
}
