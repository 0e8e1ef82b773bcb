/*-------------------------------------------------------------------------
 * change.c
 *	  Changing one item of the store.
 *
 * The first attempt is made from what the statement has read, without reading
 * again: its condition names the values as the columns show them.  When it
 * fails, that may be because the store's values are of other types than they
 * look (a set shown as an array), so the item is read and compared as the
 * columns show it: if it still reads the same, the write is repeated under
 * the exact values, else the race is lost.
 *
 * Paths of many columns make an expression longer than the store takes.  The
 * item is read then, and written attribute by attribute, of which there may be any
 * number; each that is looked at is guarded as a whole.
 *
 * A write whose outcome is unknown is resolved by a strong read: applied, or
 * still applicable and repeated, or left unknown.  The store may get the first
 * one after that read: so when a repeated one's condition fails it is resolved likewise.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/memory.h"
#include "errors.h"
#include "fdw/change.h"
#include "fdw/written.h"

/* Attempts, each of which found the item changed in what the statement doesn't depend on. */
#define MAX_ATTEMPTS	10

typedef enum Outcome
{
	OUTCOME_APPLIED,
	OUTCOME_CONDITION_FAILED,
	OUTCOME_UNKNOWN,
	OUTCOME_TOO_LONG			/* not sent */
} Outcome;

/*
 * The item as it is now; NULL: there is none.  When it cannot be read, throws
 * unresolved, the error that made it necessary, or if that is NULL the new one.
 */
static const YsValue *
read_item(YsChange *change, YsArena *arena, const YsError *unresolved)
{
	YsReply		reply;
	YsError		err;
	YsCall	   *call = ys_store_get_item(change->store, change->source->table, &change->key, NULL,
										 true, &err);

	if (call == NULL || !ys_store_wait(call, NULL, arena, &reply, &err))
		ys_error_throw(unresolved != NULL ? unresolved : &err);
	ys_cost_add(change->cost, &reply);
	return reply.nitems > 0 ? &reply.items[0] : NULL;
}

static YsCall *
send(YsChange *change, const YsChangePlan *plan, YsError *err)
{
	const YsExpr **args = palloc(plan->nterms * sizeof(YsExpr *));
	YsExpr		condition = {.kind = YS_EXPR_AND, .nargs = plan->nterms, .args = args};

	for (int i = 0; i < plan->nterms; i++)
		args[i] = &plan->terms[i];
	if (change->is_delete)
		return ys_store_delete_item(change->store, change->source->table, &change->key, &condition,
									change->want_item ? YS_RETURN_OLD : YS_RETURN_NONE, err);
	return ys_store_update_item(change->store, change->source->table, &change->key,
								plan->nassignments, plan->assignments, &condition,
								change->want_item ? YS_RETURN_NEW : YS_RETURN_NONE, err);
}

/* doubted: an attempt before had an unknown outcome, whose error err is and stays. */
static Outcome
write_once(YsChange *change, const YsChangePlan *plan, YsArena *arena, bool doubted,
		   YsError *err)
{
	YsReply		reply;
	YsError		why;
	YsCall	   *call = send(change, plan, &why);
	bool		applied;

	if (call == NULL && why.code == YS_ERR_TOO_LARGE && !change->whole_attributes)
		return OUTCOME_TOO_LONG;
	if (call == NULL)
		ys_error_throw(&why);
	ys_written_begin(change->source);
	applied = ys_store_wait(call, NULL, arena, &reply, &why);
	ys_cost_add(change->cost, &reply);
	if (applied)
	{
		ys_written_end(change->source, true);
		if (reply.nitems > 0)
			change->item = reply.items[0];
		return OUTCOME_APPLIED;
	}
	if (why.code == YS_ERR_UNKNOWN_OUTCOME)
	{
		*err = why;
		return OUTCOME_UNKNOWN;
	}
	/* what made it fail may be the attempt before, applied late */
	if (why.code == YS_ERR_CONDITION_FAILED && doubted)
		return OUTCOME_UNKNOWN;
	ys_written_end(change->source, false);
	if (why.code != YS_ERR_CONDITION_FAILED)
		ys_error_throw(&why);
	return OUTCOME_CONDITION_FAILED;
}

/* After an unknown outcome: true when the write was applied, false when it is to be repeated. */
static bool
resolve(YsChange *change, const YsChangePlan *plan, const YsValue *known, const YsError *err)
{
	bool		applied;

	if (change->is_delete)
		applied = known == NULL;
	else
		applied = known != NULL && ys_change_applied(plan, known);
	if (!applied && (known == NULL || !ys_change_applicable(plan, known)))
		ys_error_throw(err);
	/* what has been deleted can't be shown any more */
	if (applied && known == NULL && change->want_item && !change->key_will_do)
		ys_error_throw(err);
	ys_written_end(change->source, applied);
	if (applied && known != NULL)
		change->item = *known;
	return applied;
}

bool
ys_change_apply(YsChange *change)
{
	const YsValue *known = NULL;
	bool		doubted = false;
	YsArena		arena;
	YsError		err;

	/* its blocks go with the caller's context */
	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	change->item = change->key;
	if (!ys_change_can_guess(change))
	{
		known = read_item(change, &arena, NULL);
		if (known == NULL)
			return false;
	}
	for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++)
	{
		YsChangePlan plan;
		Outcome		outcome;

		if (known != NULL && !ys_change_still_holds(change, known))
			break;
		ys_change_plan(change, known, &plan);
		if (!change->is_delete && plan.nassignments == 0)
		{
			if (known == NULL && !change->want_item)
				return true;
			if (known != NULL)
			{
				change->item = *known;
				return true;
			}
			known = read_item(change, &arena, NULL);
			if (known == NULL)
				return false;
			continue;
		}
		outcome = write_once(change, &plan, &arena, doubted, &err);
		if (outcome == OUTCOME_APPLIED)
			return true;
		/* a condition on nothing but its existence tells that there is none */
		if (outcome == OUTCOME_CONDITION_FAILED && plan.nterms == 1)
			return false;
		change->whole_attributes = change->whole_attributes || outcome == OUTCOME_TOO_LONG;
		known = read_item(change, &arena, outcome == OUTCOME_UNKNOWN ? &err : NULL);
		if (outcome == OUTCOME_UNKNOWN)
		{
			if (resolve(change, &plan, known, &err))
				return true;
			doubted = true;
		}
		else if (known == NULL)
			return false;
	}
	ys_written_lost_race(change->source, &change->key);
}
