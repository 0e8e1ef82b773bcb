/*-------------------------------------------------------------------------
 * sample.h
 *	  Some items of a store's table, from all over it.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_SAMPLE_H
#define YS_CATALOG_SAMPLE_H

#include "catalog/source.h"

/* Segments read side by side. */
#define YS_SAMPLE_IN_FLIGHT	8

typedef struct YsSampleRequest
{
	YsStore    *store;
	const char *table;
	const YsAttributeFilter *filter;	/* attributes wanted; NULL: all */
	int			segments;		/* that the table is cut into */
	int64		pages;			/* at most so many */
	int64		items;			/* at most so many; 0: all that the pages have */
} YsSampleRequest;

typedef struct YsSample
{
	int64		items;
	int64		pages;
	int			segments;		/* begun */
	bool		whole;			/* the table was read to its end */
} YsSample;

/* Gets each item, good until it returns, in the memory context of the caller of ys_sample_read. */
typedef void (*YsSampleFn) (void *arg, const YsValue *item);

/* Read a sample with eventual consistency.  Throws the store's errors. */
extern YsSample ys_sample_read(const YsSampleRequest *request, YsSampleFn fn, void *arg);

/*
 * The same from all over the table: it is cut so that a page holds most segments
 * whole, by its size as the store tells it (0 or less: it doesn't), checked on random
 * segments; request->segments is then how many there are.
 */
extern YsSample ys_sample_spread(YsSampleRequest *request, int64 size_bytes, YsSampleFn fn, void *arg);

/* The same of a foreign table, as a user, with at most so many items. */
extern YsSample ys_sample_source(const YsSource *source, Oid userid, int64 items, YsSampleFn fn, void *arg);

#endif							/* YS_CATALOG_SAMPLE_H */
