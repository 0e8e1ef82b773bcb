/*-------------------------------------------------------------------------
 * quarantine.h
 *	  The catalog of what could not be decoded or applied.
 *
 * Everything here runs SQL in the caller's transaction, as the extension's
 * owner, and throws.  Who writes has the policy's row locked.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_QUARANTINE_H
#define YS_CATALOG_QUARANTINE_H

#include "nodes/pg_list.h"
#include "stream/version.h"

/* One event, or, of neither stream, an item that was read from the store. */
typedef struct YsQuarantined
{
	int32		partition;		/* -1: no event of a topic */
	int64		offset;
	const char *shard_position; /* of the store's own stream: shard and sequence number; NULL: no such event */
	const char *key;			/* canonical text, or NULL */
	size_t		key_len;
	const char *payload;		/* NULL: the event had none */
	size_t		payload_len;
	bool		has_version;	/* of an event whose position can be used */
	YsVersion	version;
	const char *reason;
} YsQuarantined;

/*
 * Keep one.  An event already there (a replay) is left alone; one of a later epoch takes the place of the one
 * that was at its place in the stream, an event that of an item of its key, and an item that of the one kept
 * before; an item whose key an event is kept of that isn't superseded is not kept.  Returns whether there is one more.
 */
extern bool ys_quarantine_insert(int policy_id, const YsQuarantined *event);

/* One that was there and failed again: note why, and that it shall stay. */
extern void ys_quarantine_keep(int policy_id, const YsQuarantined *event);

/* Does a policy have anything of a known key that isn't superseded? */
extern bool ys_quarantine_has_current(int policy_id);

/* A row, or deletion, that was written: the item's state as of a version. */
typedef struct YsWritten
{
	const char *key;			/* canonical text */
	size_t		key_len;
	const YsVersion *version;
} YsWritten;

/*
 * What is kept of these keys and older is superseded: the index has what the items became.  Items, which have no
 * version, are older if the caller says so.
 */
extern void ys_quarantine_supersede(int policy_id, bool items, int count, const YsWritten *written);

/* Bytes that a policy has in quarantine: of payloads and keys. */
extern int64 ys_quarantine_bytes(int policy_id);

/* Forget one (quarantine_id), or with 0 all of a policy.  Returns how many. */
extern int64 ys_quarantine_discard_entries(int policy_id, int64 quarantine_id);

/* ---- trying again ---- */

/* What is tried again together, oldest first. */
typedef struct YsQuarantinePage
{
	int			count;
	int64	   *ids;
	YsQuarantined *entries;		/* without reason; payloads have YS_JSON_PADDING behind them */
} YsQuarantinePage;

/*
 * Read the next entries behind an id, or that one alone, in the current memory context; of items
 * or of events.  A page is of limited number and size.
 */
extern void ys_quarantine_read(int policy_id, bool items, int64 after, int64 only, YsQuarantinePage *page);

/* They are being tried again. */
extern void ys_quarantine_mark(const YsQuarantinePage *page);

/* Forget those of a page that were not kept again.  Returns how many. */
extern int64 ys_quarantine_release(const YsQuarantinePage *page);

#endif							/* YS_CATALOG_QUARANTINE_H */
