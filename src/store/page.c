/*-------------------------------------------------------------------------
 * page.c
 *	  A page of items, decoded one by one.
 *
 * The page takes over the call its bytes came with, so that they stay when
 * the store gives up its calls at the end of a failed transaction: whoever
 * reads the page frees them by closing it, or with the memory context.  It has
 * a JSON reader of its own, since the store's reads other answers meanwhile.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/request.h"
#include "utils/memutils.h"

struct YsPage
{
	MemoryContext context;
	YsJsonReader *reader;
	YsCall	   *call;			/* taken over; NULL: no page is open */
	YsArena    *arena;
	YsReply    *reply;
};

YsPage *
ys_page_create(void *context, YsError *err)
{
	YsPage	   *page = MemoryContextAllocZero((MemoryContext) context, sizeof(YsPage));

	page->context = (MemoryContext) context;
	page->reader = ys_reader_create(page->context, err);
	return page->reader != NULL ? page : NULL;
}

bool
ys_page_open(YsPage *page, YsCall *call, YsArena *arena, YsReply *reply, YsError *err)
{
	const YsApi *api = call->store->api;
	bool		ok;

	ys_page_close(page);
	memset(reply, 0, sizeof(*reply));
	ok = ys_call_succeeds(call, err) &&
		api->begin_page(page->reader, call->bytes, call->len, arena, reply, err);
	ys_call_account(call, reply);
	if (!ok)
		return ys_call_finish(call, false);
	ys_call_detach(call, page->context);
	page->call = call;
	page->arena = arena;
	page->reply = reply;
	return true;
}

bool
ys_page_next(YsPage *page, const YsAttributeFilter *filter, YsArena *item_arena, YsValue *item,
			 bool *more, YsError *err)
{
	double		units = page->reply->units;
	bool		ok;

	ok = page->call->store->api->next_item(page->reader, filter, page->arena, page->reply,
										   item_arena, item, more, err);
	if (page->reply->units != units)
		ys_call_consumed(page->call, page->reply->units - units);
	return ok;
}

void
ys_page_close(YsPage *page)
{
	YsCall	   *call = page->call;

	page->call = NULL;
	if (call != NULL)
		ys_call_cancel(call);
}
