/*-------------------------------------------------------------------------
 * error.h
 *	  The error every lower layer returns instead of throwing.
 *
 * Lower layers never ereport: they fill a YsError and return false or NULL.
 * src/errors.c owns the map from YsErrorCode to SQLSTATE and is the only
 * place that raises one.  Messages are one lower-case line; detail and hint
 * are whole sentences.  None of them may carry a secret or a raw document.
 *-------------------------------------------------------------------------
 */
#ifndef YS_BASE_ERROR_H
#define YS_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C"
{
#endif

typedef enum YsErrorCode
{
	YS_OK = 0,
	YS_ERR_INVALID_OPTION,		/* an option's value cannot be used */
	YS_ERR_INVALID_PATH,		/* bad path syntax */
	YS_ERR_INVALID_POLICY,		/* bad field, format, normalizer or area declaration */
	YS_ERR_INVALID_GEOJSON,		/* boundary that cannot be read */
	YS_ERR_INVALID_DATA,		/* bytes that are not what they should be */
	YS_ERR_TOO_LARGE,			/* over a documented limit */
	YS_ERR_OUT_OF_MEMORY,
	YS_ERR_UNREACHABLE,			/* no node or broker answered */
	YS_ERR_TIMEOUT,				/* the deadline passed */
	YS_ERR_REFUSED,				/* credentials or permission refused by the remote side */
	YS_ERR_NOT_ALLOWED,			/* an address that may not be connected to */
	YS_ERR_TABLE_NOT_FOUND,
	YS_ERR_TABLE_EXISTS,
	YS_ERR_CONDITION_FAILED,	/* a conditional write whose condition did not hold */
	YS_ERR_THROTTLED,			/* still throttled at the deadline */
	YS_ERR_UNKNOWN_OUTCOME,		/* a write that may or may not have been applied */
	YS_ERR_TRIMMED,				/* stream data older than the source still keeps */
	YS_ERR_EXPIRED_ITERATOR,
	YS_ERR_REMOTE				/* any other error reported by the remote side */
} YsErrorCode;

typedef struct YsError
{
	YsErrorCode code;
	char		message[256];
	char		detail[512];
	char		hint[256];
} YsError;

#ifdef __GNUC__
#define YS_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define YS_PRINTF(f, a)
#endif

/*
 * Fill err (which may be NULL) and return false, so that a caller can write
 * "return ys_error_set(err, ...)".  Clears detail and hint.  Text that does
 * not fit is cut at a UTF-8 character boundary.
 */
extern bool ys_error_set(YsError *err, YsErrorCode code, const char *format,...) YS_PRINTF(3, 4);
extern void ys_error_detail(YsError *err, const char *format,...) YS_PRINTF(2, 3);
extern void ys_error_hint(YsError *err, const char *format,...) YS_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif

#endif							/* YS_BASE_ERROR_H */
