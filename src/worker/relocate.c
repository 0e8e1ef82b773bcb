/*-------------------------------------------------------------------------
 * relocate.c
 *	  Moving rows to the area they belong to, after areas were edited.
 *
 * A row says by itself where it belongs: what its item named, and its
 * location, are among its columns.  The store isn't asked, and the row's
 * version stays.  Rows written meanwhile are placed by the same areas.
 */
#include "postgres.h"

#include "base/memory.h"
#include "catalog/index_places.h"
#include "guc.h"
#include "worker/relocate.h"
#include "worker/transaction.h"

/* Most rows in one transaction: what comes from the stream waits no longer than that. */
#define PAGE_ROWS	1000

/* Where a row belongs by the areas there are now. */
static const char *
area_of(const YsFollow *follow, const YsPlace *place, YsArena *arena)
{
	const char *area = ys_policy_area_of(follow->policy, &follow->bound->bindings, place->area_value,
										 place->area_value_len, place->located, place->lat, place->lon,
										 arena);

	if (area == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return area;
}

/* Those of a page that are moved in one subtransaction. */
typedef struct MoveArg
{
	YsIndexTable *table;
	YsPlacePage page;
	int64		moved;
} MoveArg;

static void
move(void *arg)
{
	MoveArg    *some = arg;

	some->moved = ys_places_move(some->table, &some->page);
}

/*
 * Move what shall be elsewhere of count rows of a page, halving it around what the table refuses.  Errors that
 * are not a row's are thrown.
 */
static void
move_bisecting(YsRelocation *relocation, const YsPlacePage *page, int first, int count)
{
	MoveArg		some = {.table = relocation->follow->table, .page = *page};
	int			moving = 0;
	ErrorData  *error;

	some.page.places = palloc(sizeof(YsPlace) * page->count);
	memcpy(some.page.places, page->places, sizeof(YsPlace) * page->count);
	for (int i = 0; i < page->count; i++)
	{
		if (i < first || i >= first + count)
			some.page.places[i].new_area = NULL;
		moving += some.page.places[i].new_area != NULL;
	}
	error = moving > 0 ? ys_transaction_try(move, &some) : NULL;
	pfree(some.page.places);
	if (error == NULL)
		relocation->moved += some.moved;
	else if (ys_error_is_systemic(error))
		ReThrowError(error);
	else if (count > 1)
	{
		move_bisecting(relocation, page, first, count / 2);
		move_bisecting(relocation, page, first + count / 2, count - count / 2);
	}
	else if (relocation->refused++ == 0)
		relocation->reason = error->message;
}

void
ys_relocation_step(void *arg)
{
	YsRelocation *relocation = arg;
	const YsFollow *follow = relocation->follow;
	YsPlacePage page;
	const char ***areas;
	int			count = 0;
	YsArena		arena;

	ys_arena_init_context(&arena, CurrentMemoryContext, 0);
	ys_index_table_follow_names(follow->table);
	ys_places_read(follow->table, relocation->next_key, Min(ys_guc_batch_events, PAGE_ROWS), &page);
	areas = palloc(sizeof(char **) * Max(page.count, 1));
	for (int i = 0; i < page.count; i++)
	{
		YsPlace    *place = &page.places[i];

		if (!place->present)
			continue;
		place->new_area = area_of(follow, place, &arena);
		areas[count++] = &place->new_area;
	}
	relocation->missing = ys_index_table_place(follow->table, count, areas);
	if (relocation->missing != NIL)
		return;

	for (int i = 0; i < page.count; i++)
	{
		YsPlace    *place = &page.places[i];

		if (place->present && strcmp(place->new_area, place->area) == 0)
			place->new_area = NULL;
	}
	relocation->seen = count;
	move_bisecting(relocation, &page, 0, page.count);
	relocation->next_key = page.last_key;
}
