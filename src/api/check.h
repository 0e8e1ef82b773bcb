/*-------------------------------------------------------------------------
 * check.h
 *	  What several SQL functions check about their arguments and caller.
 *-------------------------------------------------------------------------
 */
#ifndef YS_API_CHECK_H
#define YS_API_CHECK_H

#include "fmgr.h"
#include "foreign/foreign.h"

#include "catalog/policy.h"
#include "catalog/source.h"

/* Throws unless the first count arguments, named for the message, are not NULL; those without a name may be. */
extern void ys_check_not_null(FunctionCallInfo fcinfo, const char *const *names, int count);

/*
 * The stream server of that name.  Throws when there is none, it is no stream,
 * or the caller doesn't own the source (a foreign table) or may not use the server.
 */
extern ForeignServer *ys_check_source_and_stream(Oid source, const char *stream);

/*
 * Throws when the caller doesn't own the source, or the store's table has no stream that can be
 * followed.  Asks the store.
 */
extern void ys_check_store_stream(const YsSource *source);

/* The policy of that name; throws when there is none. */
extern YsPolicyRow *ys_check_policy(const char *name);

/*
 * The policy of that name, which the caller must own.  NULL, with a NOTICE,
 * when there is none and missing_ok.
 */
extern YsPolicyRow *ys_check_own_policy(const char *name, bool missing_ok);

/* Throws unless the caller may read the items of a foreign table. */
extern void ys_check_may_read(Oid source);

/* A number of items to sample, or thrown as none. */
extern int64 ys_check_sample(int32 sample);

/* A value as its type prints it. */
extern char *ys_check_show(Oid type, Datum value);

#endif							/* YS_API_CHECK_H */
