/*-------------------------------------------------------------------------
 * answer_obstacle.c
 *	  Why an index can't answer, and what is to be done about it.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "catalog/policy_cache.h"
#include "fdw/answer.h"
#include "fdw/answer_obstacle.h"
#include "fdw/written.h"

#define ANOTHER_TRANSACTION "Begin another transaction, or use READ COMMITTED: the snapshot of this one stays."

/* what DETAIL says to call takes its time */
#define UNTIL_THEN "yottastore.on_stale says what is done until then."

/* Is it what the session itself has written that the index lacks? */
static bool
asks_for_own(const YsSource *source, const YsFreshnessGoal *goal)
{
	return goal->up_to == ys_written_last(source);
}

static char *
how_far(const YsSource *source, const YsFreshness *freshness, const YsFreshnessGoal *goal)
{
	if (!freshness->has_watermarks && goal->trouble != NULL)
		return psprintf("where its topic ends is not known: %s", goal->trouble);
	if (!freshness->has_watermarks)
		return "how far it is behind is not known";
	return psprintf("it is complete up to %s, %.3f seconds before %s%s",
					timestamptz_to_str(freshness->up_to),
					(double) (goal->up_to - freshness->up_to) / USECS_PER_SEC,
					asks_for_own(source, goal) ? "this session has written to the table" : "what is asked for",
					ys_freshness_is_unfed(freshness) ? ", and no relay feeds its stream any more" : "");
}

static YsObstacle
be_late(const YsSource *source, const YsFreshness *freshness, const YsFreshnessGoal *goal)
{
	const char *how = how_far(source, freshness, goal);
	bool		own = asks_for_own(source, goal);

	if (IsolationUsesXactSnapshot())
		return (YsObstacle) {
			.why = psprintf("%s, by the transaction's snapshot", how),
			.hint = own ? ANOTHER_TRANSACTION " Or have yottastore.on_stale say otherwise." :
			ANOTHER_TRANSACTION " Or have yottastore.max_staleness or yottastore.on_stale say otherwise.",
		};
	return (YsObstacle) {
		.why = how,
		.is_late = true,
		.hint = own ?
		"yottastore.index_lag shows how the index gets on; yottastore.staleness_timeout says how long a statement waits for it "
		"(functions that are not volatile don't), and yottastore.on_stale what is done then." :
		"yottastore.index_lag shows how the index gets on; yottastore.max_staleness and yottastore.on_stale say "
		"what is done meanwhile. Functions that are not volatile don't wait for it.",
	};
}

/* Areas can't be looked up. */
static YsObstacle
find_of_areas(const YsCachedPolicy *policy, const YsFreshness *freshness)
{
	const char *shown = "yottastore.index_progress shows how far that is. " UNTIL_THEN;

	if (ys_policy_area_level(policy->policy) == NULL)
		return (YsObstacle) {0};
	if (freshness->relocating)
		return (YsObstacle) {.why = "its rows are being moved to the areas they belong to now", .hint = shown};
	if (!freshness->areas_noted || freshness->areas != ys_policy_cache_areas(policy))
		return (YsObstacle) {.why = "areas were edited, and its rows are yet to be moved", .hint = shown};
	if (!freshness->areas_reached)
		return (YsObstacle) {
			.why = "areas were edited, and not all of its rows were moved: call yottastore.index_relocate_start",
			.hint = UNTIL_THEN,
		};
	return (YsObstacle) {0};
}

/* Computed columns go by something that was edited. */
static YsObstacle
find_of_edited(const char *name, int by, const YsFreshness *freshness)
{
	const YsCachedPolicy *policy = by != 0 ? ys_policy_cache_find(name) : NULL;
	YsObstacle	obstacle = {0};

	if (policy == NULL)
		return obstacle;
	if (by & YS_BY_AREA)
		obstacle = find_of_areas(policy, freshness);
	if (obstacle.why == NULL && (by & YS_BY_SYNONYMS) &&
		(freshness->synonyms_mixed || freshness->synonyms != ys_policy_cache_synonyms(policy)))
		obstacle = (YsObstacle) {
			.why = "synonyms were edited since its rows were made: call yottastore.index_rebuild_start",
			.hint = UNTIL_THEN,
		};
	if (obstacle.why == NULL && (by & YS_BY_FUNCTIONS) &&
		(freshness->functions_mixed || freshness->functions != ys_policy_cache_functions(policy)))
		obstacle = (YsObstacle) {
			.why = "a function was replaced since its rows were made: call yottastore.index_rebuild_start",
			.hint = UNTIL_THEN,
		};
	return obstacle;
}

YsObstacle
ys_obstacle_find(const char *policy, const YsSource *source, int by, bool exists,
				 const YsFreshness *freshness, const YsFreshnessGoal *goal)
{
	const char *options = "Option \"field\" of the foreign table's computed columns names it.";
	YsObstacle	obstacle;

	if (!exists)
		return (YsObstacle) {.why = "it does not exist", .hint = options};
	if (freshness->source != source->relid)
		return (YsObstacle) {.why = psprintf("it is of %s", ys_source_title(freshness->source)), .hint = options};
	if (strcmp(freshness->store_table, source->table) != 0)
		return (YsObstacle) {
			.why = psprintf("its rows are of store table \"%s\": call yottastore.index_resync_start", freshness->store_table),
			.hint = UNTIL_THEN,
		};
	if (freshness->phase != YS_PHASE_LIVE)
	{
		const char *hint = ys_phase_hint(freshness->phase);

		return (YsObstacle) {
			.why = psprintf("it is %s%s%s", ys_phase_name(freshness->phase), freshness->reason != NULL ? ": " : "",
							freshness->reason != NULL ? freshness->reason : ""),
			.hint = hint != NULL ? hint : "yottastore.index_progress shows how far it is. " UNTIL_THEN,
		};
	}
	if (freshness->lost_keys)
		return ys_obstacle_of_quarantine();
	obstacle = find_of_edited(policy, by, freshness);
	if (obstacle.why == NULL && !ys_freshness_reaches(freshness, goal))
		obstacle = be_late(source, freshness, goal);
	return obstacle;
}

YsObstacle
ys_obstacle_of_quarantine(void)
{
	return (YsObstacle) {
		.why = "its quarantine has events that may be about any item",
		.hint = "Their item_key in yottastore.quarantine is NULL, or no key of the table: call yottastore.quarantine_retry or yottastore.quarantine_discard.",
	};
}

YsObstacle
ys_obstacle_of_time(const char *why)
{
	return (YsObstacle) {
		.why = why,
		.hint = IsolationUsesXactSnapshot() ? ANOTHER_TRANSACTION : "Run the statement again: it is planned, and has its snapshot, anew.",
	};
}

const char *
ys_obstacle_text(const YsObstacle *obstacle, const char *policy)
{
	const char *trouble = obstacle->is_late ? ys_freshness_trouble(policy) : NULL;

	/* that nobody feeds the stream any more may have been said */
	return trouble != NULL && strstr(obstacle->why, trouble) == NULL ? psprintf("%s; %s", obstacle->why, trouble) : obstacle->why;
}
