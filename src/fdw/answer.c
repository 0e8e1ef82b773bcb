/*-------------------------------------------------------------------------
 * answer.c
 *	  Executing foreign scans that an index answers.
 *
 * Keys come first from beside the plan (answer_beside.h), and then from the plan below, in the order in which it
 * returns them.  What they are is decided once in an execution, by what the
 * policy is in the query's own snapshot: so that a snapshot that is kept goes on to see
 * the index that it has.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define YS_COMPAT_EXPLAIN
#include "base/memory.h"
#include "catalog/key_text.h"
#include "catalog/policy_cache.h"
#include "compat.h"
#include "errors.h"
#include "fdw/answer.h"
#include "fdw/answer_beside.h"
#include "fdw/answer_obstacle.h"
#include "fdw/answer_order.h"
#include "fdw/fdw.h"
#include "fdw/row.h"
#include "fdw/scan.h"
#include "fdw/written.h"
#include "guc.h"

/* A key that was asked for. */
typedef struct Asked
{
	YsWindowKey *key;
	YsOrderPlace *place;		/* at which it came by the index's order; NULL: it did not */
} Asked;

struct YsAnswer
{
	ForeignScanState *node;
	const YsSource *source;
	const char *policy;
	int			by;				/* YS_BY_… */
	const List *partitions;		/* of the index that the plan knows */
	YsFreshnessGoal *goal;
	MemoryContext context;		/* as long as the execution */
	MemoryContext key_context;

	bool		decided;
	bool		uses_index;
	YsObstacle	obstacle;		/* when it is decided that it doesn't */
	YsFreshness freshness;
	YsBeside   *beside;

	YsWindow   *window;
	int			next_beside;
	bool		ended;			/* all keys have been read */
	Asked		ring[YS_WINDOW_ROWS_MAX];	/* keys that were asked for, in their order */
	int			first;
	int			count;
	YsWindowKey *current;		/* the current item's */
	YsAnswerOrder *order;		/* NULL: all rows are wanted */

	int64		found;			/* keys that the index has returned */
	int64		gone;			/* and the store has no item of */
};

bool
ys_is_answered(const ForeignScan *plan)
{
	return list_nth(plan->fdw_private, YS_SCAN_ANSWER) != NIL;
}

YsAnswer *
ys_answer_create(ForeignScanState *node, const YsSource *source, const YsFetchRequest *request)
{
	YsAnswer   *answer = palloc0(sizeof(YsAnswer));
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	List	   *private = list_nth(plan->fdw_private, YS_SCAN_ANSWER);

	answer->node = node;
	answer->source = source;
	answer->policy = strVal(list_nth(private, YS_ANSWER_POLICY));
	answer->by = intVal(list_nth(private, YS_ANSWER_BY));
	answer->partitions = list_nth(private, YS_ANSWER_PARTITIONS);
	answer->goal = ys_answer_goal(plan, source);
	answer->context = CurrentMemoryContext;
	answer->key_context = AllocSetContextCreate(CurrentMemoryContext, "yottastore index keys",
												ALLOCSET_SMALL_SIZES);
	answer->beside = ys_beside_create(source);
	answer->window = ys_window_create(get_hash_memory_limit(), plan->scan.plan.plan_width);
	ys_window_expect(answer->window, intVal(list_nth(private, YS_ANSWER_WANTED)));
	ys_window_open(answer->window, request, false, NULL);
	if (list_nth(private, YS_ANSWER_SORT) != NIL)
		answer->order = ys_answer_order_create(node, list_nth(private, YS_ANSWER_SORT), plan->fdw_exprs);
	return answer;
}

/* ---- the index, or the store ---- */

static void
refuse(const YsAnswer *answer)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("index policy \"%s\" cannot answer for foreign table \"%s\"", answer->policy,
					get_rel_name(answer->source->relid)),
			 errdetail("The reason: %s.", ys_obstacle_text(&answer->obstacle, answer->policy)),
			 errhint("%s", answer->obstacle.hint)));
}

static bool
stale_is_error(const YsSource *source)
{
	return ys_guc_on_stale == YS_ON_STALE_DEFAULT ? source->stale_is_error :
		ys_guc_on_stale == YS_ON_STALE_ERROR;
}

static void
decide(YsAnswer *answer)
{
	Snapshot	snapshot = answer->node->ss.ps.state->es_snapshot;
	bool		exists = ys_freshness_read(answer->policy, snapshot, &answer->freshness);

	answer->obstacle = ys_obstacle_find(answer->policy, answer->source, answer->by, exists, &answer->freshness, answer->goal);
	/* rows that a rebuild has put in the place of others are there for later snapshots only */
	if (answer->obstacle.why == NULL && !ys_freshness_is_of_now(&answer->freshness))
		answer->obstacle = ys_obstacle_of_time("its rows were made anew after the snapshot was taken");
	if (answer->obstacle.why == NULL && !ys_beside_read_quarantine(answer->beside, &answer->freshness, snapshot))
		answer->obstacle = ys_obstacle_of_quarantine();
	if (answer->obstacle.why == NULL)
		answer->obstacle = ys_obstacle_of_time(ys_beside_read(answer->beside, &answer->freshness, answer->partitions, snapshot));
	answer->uses_index = answer->obstacle.why == NULL;
	answer->decided = true;
	if (!answer->uses_index && stale_is_error(answer->source))
		refuse(answer);
}

bool
ys_answer_begin(YsAnswer *answer)
{
	MemoryContext old = MemoryContextSwitchTo(answer->context);

	if (!answer->decided)
		decide(answer);
	if (answer->order != NULL)
		ys_window_expect(answer->window, ys_answer_order_begin(answer->order));
	MemoryContextSwitchTo(old);
	return answer->uses_index;
}

const char *
ys_answer_why_not(const YsAnswer *answer, const YsSource *source, const char **hint)
{
	bool		computed = false;

	*hint = NULL;
	if (answer != NULL)
	{
		*hint = answer->obstacle.hint;
		return psprintf("The index of policy \"%s\" is not used: %s.", answer->policy,
						ys_obstacle_text(&answer->obstacle, answer->policy));
	}
	for (int i = 0; i < source->natts; i++)
		computed = computed || source->columns[i].kind == YS_COLUMN_FIELD;
	if (!computed)
		return NULL;
	if (!ys_guc_index_scan)
	{
		*hint = "Set yottastore.index_scan to on.";
		return "Indexes of policies are not used: \"yottastore.index_scan\" is off.";
	}
	*hint = "Add a condition on a computed column.";
	return "No policy's index answers: there is no condition that it looks up, and no order whose first rows it finds.";
}

/* ---- keys ---- */

static Asked *
ask_for(YsAnswer *answer, const YsValue *key)
{
	Asked	   *asked = &answer->ring[(answer->first + answer->count++) % YS_WINDOW_ROWS_MAX];

	*asked = (Asked) {.key = ys_window_add(answer->window, key)};
	return asked;
}

static void
ask_for_beside(YsAnswer *answer, const char *text)
{
	YsArena		arena;
	YsMember	members[2];
	YsValue		key;

	ys_arena_init_context(&arena, answer->key_context, 0);
	if (ys_beside_key(answer->source, text, &arena, members, &key))
		(void) ask_for(answer, &key);
}

/* Ask for the item of a row that the index has returned. */
static void
ask_for_row(YsAnswer *answer, TupleTableSlot *slot)
{
	const YsSource *source = answer->source;
	YsMember	members[2];
	YsValue		key;
	Asked	   *asked;

	answer->found++;
	slot_getallattrs(slot);
	if (!ys_beside_row_key(answer->beside, slot->tts_values, slot->tts_isnull, members, &key) ||
		ys_beside_has(answer->beside, &key))
		return;
	asked = ask_for(answer, &key);
	if (answer->order != NULL)
		asked->place = ys_answer_order_place(answer->order, slot, source->nkeys);
}

/* Rows of the index come by a plan, which may not run in memory that goes with each row. */
static TupleTableSlot *
next_row(YsAnswer *answer)
{
	MemoryContext old = MemoryContextSwitchTo(answer->node->ss.ps.state->es_query_cxt);
	TupleTableSlot *slot = ExecProcNode(outerPlanState(answer->node));

	MemoryContextSwitchTo(old);
	return slot;
}

/* Ask for one item more, if a key is left. */
static void
read_key(YsAnswer *answer)
{
	MemoryContext old;
	TupleTableSlot *slot = NULL;

	MemoryContextReset(answer->key_context);
	if (answer->next_beside >= list_length(answer->beside->keys))
	{
		slot = next_row(answer);
		if (TupIsNull(slot))
		{
			answer->ended = true;
			return;
		}
	}
	old = MemoryContextSwitchTo(answer->key_context);
	if (slot != NULL)
		ask_for_row(answer, slot);
	else
	{
		answer->found += answer->next_beside >= answer->beside->quarantined;
		ask_for_beside(answer, list_nth(answer->beside->keys, answer->next_beside++));
	}
	MemoryContextSwitchTo(old);
}

static void
leave_item(YsAnswer *answer)
{
	if (answer->current != NULL)
		ys_window_release(answer->window, answer->current);
	answer->current = NULL;
}

/* ---- items ---- */

/* Is all that comes from this key on of no use any more? */
static bool
has_enough(YsAnswer *answer, Asked *asked)
{
	bool		enough;

	if (asked->place == NULL)
		return false;
	enough = ys_answer_order_reached(answer->order, asked->place);
	ys_answer_order_free(answer->order, asked->place);
	asked->place = NULL;
	return enough;
}

static void
forget_keys(YsAnswer *answer)
{
	leave_item(answer);
	answer->first = 0;
	answer->count = 0;
	ys_window_reset(answer->window);
}

/* The next key in order becomes the current one; false: there is none. */
static bool
next_key(YsAnswer *answer)
{
	Asked	   *asked;

	leave_item(answer);
	/* the next one may tell that no more are wanted */
	while (!answer->ended && answer->count == 0)
		read_key(answer);
	if (answer->count == 0)
		return false;
	asked = &answer->ring[answer->first];
	if (has_enough(answer, asked))
	{
		forget_keys(answer);
		answer->ended = true;
		return false;
	}
	while (!answer->ended && answer->count < YS_WINDOW_ROWS_MAX && ys_window_has_room(answer->window))
		read_key(answer);
	answer->current = asked->key;
	answer->first = (answer->first + 1) % YS_WINDOW_ROWS_MAX;
	answer->count--;
	return true;
}

const YsValue *
ys_answer_next(YsAnswer *answer)
{
	while (next_key(answer))
	{
		YsWindowItems items;

		ys_window_await(answer->window, answer->current);
		items = ys_window_items(answer->current);
		if (items.count > 0)
			return items.items;
		answer->gone++;
	}
	return NULL;
}

bool
ys_answer_counts(const YsAnswer *answer)
{
	return answer->order != NULL;
}

void
ys_answer_note(YsAnswer *answer, TupleTableSlot *slot)
{
	ys_answer_order_note(answer->order, slot);
}

void
ys_answer_reset(YsAnswer *answer)
{
	forget_keys(answer);
	if (answer->order != NULL)
		ys_answer_order_reset(answer->order);
	answer->next_beside = 0;
	answer->ended = false;
}

/* ---- EXPLAIN ---- */

const YsFetchCounters *
ys_answer_counters(const YsAnswer *answer)
{
	return ys_window_fetch_counters(answer->window);
}

void
ys_answer_explain(const YsAnswer *answer, const ForeignScan *plan, ExplainState *es)
{
	List	   *private = list_nth(plan->fdw_private, YS_SCAN_ANSWER);

	ExplainPropertyText("Index Policy", strVal(list_nth(private, YS_ANSWER_POLICY)), es);
	if (answer == NULL || !answer->decided)
		return;
	if (answer->freshness.has_watermarks)
		ExplainPropertyText("Index Complete Up To", timestamptz_to_str(answer->freshness.up_to), es);
	if (!answer->uses_index)
	{
		ExplainPropertyText("Index Not Used", answer->obstacle.why, es);
		return;
	}
	ExplainPropertyInteger("Index Keys", NULL, answer->found, es);
	if (answer->beside->quarantined > 0 || es->verbose || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyInteger("Quarantined Keys", NULL, answer->beside->quarantined, es);
	ExplainPropertyInteger("Items Gone", NULL, answer->gone, es);
}
