/*-------------------------------------------------------------------------
 * freshness.h
 *	  How far a policy's index is, and waiting until it is far enough.
 *
 * With watermarks in the stream (a relay's) the answer is exact: every topic
 * partition has been applied up to a watermark.  Where no relay of this database
 * feeds the stream and no watermark has been seen it is by offsets: all that was
 * in the topic at a moment has been applied; what a producer had not yet sent by
 * then is not waited for.
 *
 * A watermark is a moment of the clock of the server that runs the relay,
 * which this one is unless the topic is fed from elsewhere.  The store's clock
 * has no part in it once the relay has read all there is.
 *-------------------------------------------------------------------------
 */
#ifndef YS_CATALOG_FRESHNESS_H
#define YS_CATALOG_FRESHNESS_H

#include "catalog/policy.h"
#include "catalog/waiters.h"
#include "utils/snapshot.h"

/* What a policy's index is at one moment; in the memory context it was read in. */
typedef struct YsFreshness
{
	int			policy_id;
	char	   *name;
	YsPhase		phase;
	char	   *reason;			/* of the phase, or NULL */
	Oid			owner;
	Oid			source;
	Oid			stream;			/* InvalidOid: the store's own */
	Oid			index_table;
	int			count;			/* of positions */
	YsPolicyPosition *positions;
	bool		has_watermarks; /* all of them */
	TimestampTz up_to;			/* then: the oldest */
	bool		relocating;		/* rows are being moved to the areas they belong to now */
	bool		areas_noted;	/* it is known which areas rows, or a job, go by: */
	uint64		areas;			/* their fingerprint */
	bool		areas_reached;	/* all rows are where they belong by these */
	uint64		synonyms;		/* the fingerprint of those that rows are written by, */
	bool		synonyms_mixed; /* and some were by others */
	uint64		functions;		/* the same of the functions that fields' values go through */
	bool		functions_mixed;
	bool		lost_keys;		/* its quarantine has events that may be about any item */
	int			epoch;			/* raised when rows are made anew */
	char	   *store_table;	/* whose items the rows are of */
	bool		quarantines;	/* and events or items of known keys, whose row the index doesn't have */
} YsFreshness;

/* What an index shall have applied. */
typedef struct YsFreshnessGoal
{
	TimestampTz up_to;			/* changes until then */
	bool		ends_known;		/* without watermarks: where the topic ended then, or later */
	int			nends;
	YsPartitionOffsets *ends;
	char	   *trouble;		/* why that can't be known, by the last look; or NULL */
} YsFreshnessGoal;

/*
 * Read what the policy of that name is: as snapshot has it, or, NULL, as it is now.  False when there
 * is none.
 */
extern bool ys_freshness_read(const char *policy, Snapshot snapshot, YsFreshness *freshness);

/* Are its rows, which its snapshot may not see, still those that it was read of?  Its table must be locked. */
extern bool ys_freshness_is_of_now(const YsFreshness *freshness);

/* Is it LIVE and has reached the goal?  Asks nobody. */
extern bool ys_freshness_reaches(const YsFreshness *freshness, const YsFreshnessGoal *goal);

/*
 * Does nobody say any more how far a stream is, since it said so at that moment?  It is long ago, and no relay of this
 * database feeds the stream.
 */
extern bool ys_freshness_is_last(TimestampTz watermark, Oid stream);

/* The same of a policy that has watermarks. */
extern bool ys_freshness_is_unfed(const YsFreshness *freshness);

/*
 * Look where the topic ends, if that is what tells when the goal is reached and its moment has come; once.
 * In the current memory context.  Asks the brokers, for at most so long (0: as long as is usual); false and err when they
 * can't be asked.
 */
extern bool ys_freshness_find_ends(const YsFreshness *freshness, YsFreshnessGoal *goal, long timeout_ms, YsError *err);

/*
 * Wait for at most that long until the policy reaches the goal.  False when it does not, or can't before something
 * else happens to it, or when where its topic ends can't be known, of which goal has the reason.  Sees what others
 * commit meanwhile: not for transactions that must not.
 */
extern bool ys_freshness_await(const char *policy, YsFreshnessGoal *goal, long timeout_ms);

/*
 * What keeps the index from getting on, as yottastore.index_lag says; NULL: nothing that is known.  In the current memory
 * context.
 */
extern char *ys_freshness_trouble(const char *policy);

/* Be one of those that wait for it, until ys_waiters_leave. */
extern void ys_freshness_join(const YsFreshness *freshness, YsWaiting *waiting);

/* The keys of what is in quarantine and not superseded, as canonical text, each once: a list of strings. */
extern List *ys_freshness_quarantined_keys(int policy_id, Snapshot snapshot);

#endif							/* YS_CATALOG_FRESHNESS_H */
