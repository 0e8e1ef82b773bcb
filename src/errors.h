/*-------------------------------------------------------------------------
 * errors.h
 *	  From a YsError to ereport: the one place where lower layers' errors are
 *	  raised.
 *-------------------------------------------------------------------------
 */
#ifndef YS_ERRORS_H
#define YS_ERRORS_H

#include "base/error.h"

/* The SQLSTATE (as MAKE_SQLSTATE packs it) of a lower layer's error. */
extern int	ys_error_sqlstate(YsErrorCode code);

/* Raise err at elevel, with its detail and hint.  Returns only below ERROR. */
extern void ys_error_report(int elevel, const YsError *err);

/* The same at ERROR, for callers whose compiler must know it doesn't return. */
extern _Noreturn void ys_error_throw(const YsError *err);

#endif							/* YS_ERRORS_H */
