/*-------------------------------------------------------------------------
 * apply.h
 *	  One batch of change events, one transaction: rows, locator, quarantine,
 *	  counters and positions, all or nothing.
 *-------------------------------------------------------------------------
 */
#ifndef YS_WORKER_APPLY_H
#define YS_WORKER_APPLY_H

#include "catalog/quarantine.h"
#include "stream/event_batch.h"
#include "stream/kafka.h"
#include "worker/follow.h"

/*
 * Apply the messages that the policy hasn't seen yet (offsets below its
 * positions are skipped; no event may be keys_only) and advance its positions, in one transaction of its own;
 * new areas get their partitions first.  Where quarantine has no room for all of it, part of
 * it is applied, up to the event that does not fit, and the policy paused.  On an error that is the whole system's the
 * policy is paused with the reason and its positions stay.  Messages of one
 * partition must be in order.  entry_number is of the policy's entry among those that the events have, if they have any;
 * -1: the policy has none there.  Throws on what a restart may mend.
 */
extern void ys_apply_batch(YsFollow *follow, int count, const YsDecoded *decoded, int entry_number);

/* What was read from the store, strongly. */
typedef struct YsRead
{
	int			nitems;
	const YsValue *items;
	int			ngone;
	const YsValue *gone;		/* keys; those that are of none of the items are deleted */
	void		(*save) (void *arg, int64 written); /* notes the progress, in the transaction of the last of it */
	void	   *save_arg;
} YsRead;

/*
 * Write what was read, under the floor of the policy's epoch: only where the index knows nothing
 * of this epoch yet, together with the progress that save notes.  The same otherwise.
 */
extern void ys_apply_read(YsFollow *follow, const YsRead *read);

/* What is tried again: events as they were decoded, with their entries, and items read anew. */
typedef struct YsRetry
{
	int			ndecoded;
	const YsDecoded *decoded;
	const YsMessage *messages;	/* that they are of */
	const YsQuarantined *entries;	/* of the messages, in their order */
	int			nitems;
	const YsValue *items;
} YsRetry;

/*
 * Apply these in the current transaction, each event under the version it has, unless the index
 * knows of something newer.  What fails is kept in quarantine with its new reason.  The caller
 * has the table and the policy's row locked.  Throws what would pause the policy.
 */
extern void ys_apply_retry(YsFollow *follow, const YsRetry *retry);

/*
 * Make the partitions of areas that have none, each in a transaction of its own.  NULL, or why
 * one of them can't be made, palloc'd.
 */
extern ErrorData *ys_apply_add_areas(YsFollow *follow, const List *areas);

#endif							/* YS_WORKER_APPLY_H */
