/*-------------------------------------------------------------------------
 * request.h
 *	  A request under way: attempts, retries, its end.  And the store they
 *	  all belong to.  Private to src/store.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_REQUEST_H
#define YS_STORE_REQUEST_H

#include "lib/ilist.h"

#include "store/api.h"
#include "store/credential.h"
#include "store/discovery.h"
#include "store/http.h"
#include "store/node.h"
#include "store/quota.h"

struct YsStore
{
	MemoryContext context;		/* of this struct, the reactor and all calls */
	const YsApi *api;
	YsStoreConfig config;		/* own copies */
	YsCredentials credentials;
	YsArena		arena;			/* of the copies and the lists */
	YsNodeList	nodes;
	YsDiscovery discovery;
	YsEndpointList endpoints;
	const YsEndpointList *allowed;	/* these; NULL: any */
	YsHttp	   *http;
	YsJsonReader *reader;
	YsQuota		quota;
	YsCost		stream_cost;	/* of reading change streams */
	void	   *notes;			/* the opener's, see ys_store_notes */
	dlist_head	calls;			/* oldest first */
	int64		admit_at;		/* monotonic us: when to look at what the limits hold back */
	int64		left_at;		/* monotonic us: when the store was last worked on */
};

typedef enum YsCallState
{
	YS_CALL_UNSENT,
	YS_CALL_HELD,				/* until the limits let it go; not charged the time */
	YS_CALL_IN_FLIGHT,			/* transfer is set */
	YS_CALL_BACKING_OFF,		/* until retry_at */
	YS_CALL_ENDED				/* error.code says how */
} YsCallState;

struct YsCall
{
	YsStore    *store;
	MemoryContext context;		/* child of the store's: deleting it cancels the call */
	dlist_node	link;
	bool		detached;		/* no longer one of the store's */
	void	   *tag;
	YsArena		arena;			/* of the message */
	YsMessage	message;

	YsCallState state;
	YsHttpTransfer *transfer;
	int			node;			/* the one asked last */
	uint64		failed_nodes;	/* in this round */
	uint64		untrusted_nodes;	/* for their certificates or ours */
	int			attempts;
	unsigned int serial;		/* of the credentials it was signed with */
	int			throttles;
	double		charged;		/* read units, before the reply says how many */
	bool		doubted;		/* an attempt may have been applied, whatever later ones were answered */
	int64		deadline;		/* monotonic ms; moves on while the caller is busy elsewhere */
	int64		attempt_ends;
	bool		cut_short;		/* an attempt with less time than it may take */
	int64		retry_at;
	int64		held_since;		/* monotonic ms */
	int64		sent_at;		/* monotonic us: this attempt */
	int64		absent;			/* us the caller was elsewhere during it */
	char		url[320];

	char	   *bytes;			/* the reply, when there is one */
	size_t		len;
	int64		answered_at;	/* by the node's clock, seconds since 1970; 0: it said nothing */
	YsError		error;			/* code YS_OK: success */
};

/* A reader that is freed with context; NULL and err when out of memory. */
extern YsJsonReader *ys_reader_create(MemoryContext context, YsError *err);

/* A call to print a message into; may throw on out of memory. */
extern YsCall *ys_call_create(YsStore *store);

/*
 * Send it, when printed is true and nothing is missing; else free it and
 * return NULL with err (which the printer has then filled already).
 */
extern YsCall *ys_call_send(YsCall *call, bool printed, YsError *err);

/*
 * Wait for its end.  False and err when it failed; the call stays in both
 * cases.  Throws as ys_wait does, and has then freed the call.
 */
extern bool ys_call_succeeds(YsCall *call, YsError *err);

/*
 * Everybody who reads a reply's items and units ends with this: the units are
 * counted and charged to the limits, and the reply learns what the call took.
 */
extern void ys_call_account(YsCall *call, YsReply *reply);

/* Of a page that is read item by item, units may come to light behind its items. */
extern void ys_call_consumed(YsCall *call, double units);

/* Give an ended call to another memory context, whose it then is alone. */
extern void ys_call_detach(YsCall *call, MemoryContext context);

/* Free the call; returns result, which may have come from its bytes. */
extern bool ys_call_finish(YsCall *call, bool result);

/* Do all that is due without waiting. */
extern void ys_store_work(YsStore *store);

/* Wait until something can be done again, and do it.  Throws as ys_wait does. */
extern void ys_store_rest(YsStore *store);

#endif							/* YS_STORE_REQUEST_H */
