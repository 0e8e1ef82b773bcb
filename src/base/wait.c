/*-------------------------------------------------------------------------
 * wait.c
 *	  The one interruptible wait, the signal mask around libraries that
 *	  create threads, and the clock.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>
#include <time.h>

#include "base/wait.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/wait_event.h"

#include "compat.h"

static const char *const event_names[] = {
	[YS_WAIT_STORE] = "YottastoreStore",
	[YS_WAIT_STORE_RETRY] = "YottastoreStoreRetry",
	[YS_WAIT_KAFKA] = "YottastoreKafka",
	[YS_WAIT_STREAM] = "YottastoreStreamMain",
	[YS_WAIT_RELAY] = "YottastoreRelayMain",
	[YS_WAIT_SUPERVISOR] = "YottastoreSupervisorMain",
	[YS_WAIT_INDEX] = "YottastoreIndexWait",
	[YS_WAIT_JOB] = "YottastoreJobWait",
};

/* See ys_wait_check_store. */
#define CHECK_MS	500L
static void (*store_check) (void) = NULL;

static sigset_t mask_before;
static int	block_depth = 0;

/* The server's number of an event, which all its processes share. */
static uint32
wait_event_number(YsWaitEvent event)
{
	static uint32 numbers[lengthof(event_names)];

	if (event == YS_WAIT_OTHER)
		return PG_WAIT_EXTENSION;
	if (numbers[event] == 0)
		numbers[event] = ys_wait_event_new_compat(event_names[event]);
	return numbers[event];
}

bool
ys_wait_for(YsWaitEvent event, int fd, long timeout_ms)
{
	bool		checks = store_check != NULL && (event == YS_WAIT_STORE || event == YS_WAIT_STORE_RETRY);
	int			events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH;
	int			happened;

	/* who asked for more waits again */
	if (checks && (timeout_ms < 0 || timeout_ms > CHECK_MS))
		timeout_ms = CHECK_MS;

	if (fd >= 0)
		events |= WL_SOCKET_READABLE;
	if (timeout_ms >= 0)
		events |= WL_TIMEOUT;

	happened = WaitLatchOrSocket(MyLatch, events, fd >= 0 ? fd : PGINVALID_SOCKET,
								 timeout_ms >= 0 ? Min(timeout_ms, PG_INT32_MAX) : -1L,
								 wait_event_number(event));
	if (happened & WL_LATCH_SET)
		ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (checks)
		store_check();
	return (happened & WL_SOCKET_READABLE) != 0;
}

void
ys_wait_check_store(void (*check) (void))
{
	store_check = check;
}

void
ys_signals_block(void)
{
	if (block_depth++ == 0)
		sigprocmask(SIG_SETMASK, &BlockSig, &mask_before);
}

void
ys_signals_restore(void)
{
	Assert(block_depth > 0);
	if (--block_depth == 0)
		sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

int64
ys_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64
ys_clock_ms(void)
{
	return ys_clock_us() / 1000;
}
