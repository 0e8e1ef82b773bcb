/*-------------------------------------------------------------------------
 * stream_worker_ahead.c
 *	  A lane's batches, made in a thread while others are applied.
 *
 * That takes an intake that can be taken from there, and policies of one source; it is done for the lane that is
 * shared, since each takes the memory of two batches.  While the worker keeps up with its stream there is no thread:
 * what has come is taken as it is needed.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "guc.h"
#include "worker/stream_worker_parts.h"

#define SURE_NUMBER		INT64CONST(999999999999999999)

/* The one source of a lane's policies; NULL: there are several, or none. */
static const YsSource *
only_source(const YsStreamWorker *worker, const YsLane *lane)
{
	const YsSource *source = NULL;
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		const YsFollow *follow = lfirst(lc);

		if (!ys_lane_has(worker, lane, follow))
			continue;
		if (source != NULL && source->relid != follow->source->relid)
			return NULL;
		source = follow->source;
	}
	return source;
}

/* Which keys surely fit a table's column? */
static YsKeyFit
fit_of(const YsConverter *column)
{
	if (column->type != column->base || column->base_typmod >= 0)
		return (YsKeyFit) {false};
	switch (column->base)
	{
		case TEXTOID:
		case VARCHAROID:
		case BYTEAOID:
			return (YsKeyFit) {true};
		case INT2OID:
			return (YsKeyFit) {true, PG_INT16_MIN, PG_INT16_MAX};
		case INT4OID:
			return (YsKeyFit) {true, PG_INT32_MIN, PG_INT32_MAX};
		case INT8OID:
		case NUMERICOID:
			return (YsKeyFit) {true, -SURE_NUMBER, SURE_NUMBER};
		default:
			return (YsKeyFit) {false};
	}
}

/* The same of all tables of a lane's policies. */
static void
find_fits(const YsStreamWorker *worker, const YsLane *lane, const YsSource *source, YsKeyFit *fits)
{
	bool		first = true;
	ListCell   *lc;

	foreach(lc, worker->follows)
	{
		const YsFollow *follow = lfirst(lc);

		if (!ys_lane_has(worker, lane, follow))
			continue;
		for (int k = 0; k < source->nkeys; k++)
		{
			const YsConverter *column = &follow->table->key_converters[k];
			YsKeyFit	fit = fit_of(column);

			if (first)
				fits[k] = fit;
			fits[k].sure = fits[k].sure && fit.sure;
			fits[k].min = Max(fits[k].min, fit.min);
			fits[k].max = Min(fits[k].max, fit.max);
		}
		first = false;
	}
}

/* The policies whose entries can be made there: those with functions take a transaction. */
static void
find_policies(const YsStreamWorker *worker, const YsLane *lane, YsAheadPolicies *policies)
{
	ListCell   *lc;

	policies->count = 0;
	foreach(lc, worker->follows)
	{
		const YsFollow *follow = lfirst(lc);

		if (!ys_lane_has(worker, lane, follow) || follow->bound->functions != NULL || policies->count == YS_AHEAD_POLICIES)
			continue;
		policies->each[policies->count].policy = follow->policy;
		policies->each[policies->count].bindings = &follow->bound->bindings;
		policies->count++;
	}
}

void
ys_lane_let_go(YsStreamWorker *worker)
{
	if (worker->shared.ahead != NULL && ys_ahead_is_busy(worker->shared.ahead))
		ys_lane_close(&worker->shared);
}

bool
ys_lane_looks_ahead(YsStreamWorker *worker, YsLane *lane)
{
	bool		can = worker->intake->ahead != NULL && lane == &worker->shared;
	const YsSource *source = can ? only_source(worker, lane) : NULL;
	YsEventReading reading;
	YsKeyFit	fits[2] = {{false}};

	if (lane->ahead == NULL)
		return source != NULL;
	if (source != NULL)
	{
		reading = ys_stream_reading(worker, lane, source, &worker->arena);
		find_fits(worker, lane, source, fits);
		if (ys_ahead_reads(lane->ahead, &reading, fits))
			return true;
	}
	if (ys_ahead_is_busy(lane->ahead))
		ys_lane_close(lane);
	else
	{
		ys_ahead_close(lane->ahead);
		lane->ahead = NULL;
	}
	return source != NULL;
}

static void
open_ahead(YsStreamWorker *worker, YsLane *lane)
{
	const YsSource *source = only_source(worker, lane);
	YsEventReading reading = ys_stream_reading(worker, lane, source, &worker->arena);
	YsKeyFit	fits[2] = {{false}};
	YsAheadSource from;

	find_fits(worker, lane, source, fits);
	worker->intake->ahead(lane, &from);
	lane->ahead = ys_ahead_open(lane->context, &from, &reading, fits);
}

/* While more is waiting, twice as much each time: a thread that is short of processors would not get far by itself. */
static YsAheadLimits
limits_of(const YsLane *lane)
{
	int64		ordinary = (int64) ys_guc_batch_memory * 1024;
	int64		most = Max((int64) ys_guc_backlog_memory * 1024, ordinary);
	int			most_events = Max(ys_guc_backlog_events, ys_guc_batch_events);

	return (YsAheadLimits) {
		.enough_events = (int) Min((int64) ys_guc_batch_events << lane->doublings, most_events),
		.enough_bytes = (size_t) Min(ordinary << lane->doublings, most),
		.kept_bytes = (size_t) ordinary,
		.most_events = most_events,
		.most_bytes = (size_t) most
	};
}

bool
ys_lane_take_ahead(YsStreamWorker *worker, YsLane *lane, YsEventBatch **batch, YsError *err)
{
	YsAheadLimits limits = limits_of(lane);
	YsAheadPolicies policies;
	bool		ok;

	if (lane->ahead == NULL)
		open_ahead(worker, lane);
	find_policies(worker, lane, &policies);
	ok = ys_ahead_take(lane->ahead, &limits, &policies, batch, err);
	worker->intake->taken(worker, lane, ok, (*batch)->count, (*batch)->messages);
	if (!ok)
		return false;
	if ((*batch)->count < ys_guc_batch_events && (*batch)->payload < limits.kept_bytes)
		lane->doublings = Max(lane->doublings - 1, 0);
	else
	{
		if (limits.enough_events < limits.most_events)
			lane->doublings++;
		limits = limits_of(lane);
		ys_ahead_begin(lane->ahead, &limits, &policies);
	}
	return true;
}
