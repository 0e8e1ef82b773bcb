/*-------------------------------------------------------------------------
 * table.c
 *	  Listing, describing, creating and dropping the store's tables.
 *
 * The store creates and drops in the background: that waits until it shows.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/memory.h"
#include "base/wait.h"
#include "store/request.h"

/* How long a table may take to come, or to go. */
#define CHANGE_DEADLINE_MS	(5 * 60 * 1000)

#define POLL_BASE_MS		20
#define POLL_LIMIT_MS		2000

bool
ys_store_list_tables(YsStore *store, YsArena *arena, int *ntables, const char ***tables,
					 YsError *err)
{
	const char *after = NULL;

	*ntables = 0;
	*tables = NULL;
	do
	{
		YsCall	   *call = ys_call_create(store);

		store->api->list_tables(&call->message, after);
		call = ys_call_send(call, true, err);
		if (call == NULL)
			return false;
		if (!ys_call_finish(call, ys_call_succeeds(call, err) &&
							store->api->read_tables(call->bytes, call->len, arena, ntables,
													tables, &after, err)))
			return false;
	} while (after != NULL);
	return true;
}

bool
ys_store_describe_table(YsStore *store, const char *table, YsArena *arena,
						YsTableInfo *info, YsError *err)
{
	YsCall	   *call = ys_call_create(store);

	store->api->describe_table(&call->message, table);
	call = ys_call_send(call, true, err);
	if (call == NULL)
		return false;
	return ys_call_finish(call, ys_call_succeeds(call, err) &&
						  store->api->read_table(call->bytes, call->len, arena, info, err));
}

/* Wait a little longer each time; false when it has been long enough. */
static bool
pause_polling(int attempt, int64 deadline, const char *table, YsError *err)
{
	int			pause = ys_backoff_ms(attempt, POLL_BASE_MS, POLL_LIMIT_MS);
	int64		until = ys_clock_ms() + pause;

	if (until > deadline)
		return ys_error_set(err, YS_ERR_TIMEOUT,
							"store table \"%s\" is still being changed after %d seconds", table,
							CHANGE_DEADLINE_MS / 1000);
	for (int64 now = ys_clock_ms(); now < until; now = ys_clock_ms())
		(void) ys_wait_for(YS_WAIT_STORE_RETRY, -1, (long) (until - now));
	return true;
}

/* Poll the table until it is there and active, or is no more. */
static bool
await_table(YsStore *store, const char *table, bool there, YsError *err)
{
	int64		deadline = ys_clock_ms() + CHANGE_DEADLINE_MS;
	YsError		own;

	if (err == NULL)
		err = &own;
	for (int attempt = 1;; attempt++)
	{
		YsArena		arena;
		YsTableInfo info;
		bool		described;
		bool		missing;

		ys_arena_init_context(&arena, CurrentMemoryContext, 0);
		described = ys_store_describe_table(store, table, &arena, &info, err);
		ys_arena_free(&arena);
		missing = !described && err->code == YS_ERR_TABLE_NOT_FOUND;
		if (there ? described && info.active : missing)
			return true;

		/* just created, or dropped, it may not be so for every node yet */
		if (!described && !missing)
			return false;
		if (!pause_polling(attempt, deadline, table, err))
			return false;
	}
}

bool
ys_store_create_table(YsStore *store, const char *table, const YsTableInfo *info, bool stream,
					  YsError *err)
{
	YsCall	   *call = ys_call_create(store);

	store->api->create_table(&call->message, table, info, stream);
	call = ys_call_send(call, true, err);
	return call != NULL && ys_call_finish(call, ys_call_succeeds(call, err)) &&
		await_table(store, table, true, err);
}

bool
ys_store_drop_table(YsStore *store, const char *table, YsError *err)
{
	YsCall	   *call = ys_call_create(store);

	store->api->delete_table(&call->message, table);
	call = ys_call_send(call, true, err);
	return call != NULL && ys_call_finish(call, ys_call_succeeds(call, err)) &&
		await_table(store, table, false, err);
}
