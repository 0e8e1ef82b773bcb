/*-------------------------------------------------------------------------
 * sample.h
 *	  Some items of a store's table, from all over it.
 *-------------------------------------------------------------------------
 */
#ifndef YS_FDW_SAMPLE_H
#define YS_FDW_SAMPLE_H

#include "store/store.h"

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
 * Into how many segments to cut a table so that a page holds most of them
 * whole: by its size as the store tells it (0 or less: it doesn't), and
 * checked on random segments.  Throws the store's errors.
 */
extern int	ys_sample_segments(YsStore *store, const char *table, int64 size_bytes);

#endif							/* YS_FDW_SAMPLE_H */
