/*-------------------------------------------------------------------------
 * wait.h
 *	  The one interruptible wait: every external wait of the extension goes
 *	  through it.
 *-------------------------------------------------------------------------
 */
#ifndef YS_BASE_WAIT_H
#define YS_BASE_WAIT_H

#include "base/arena.h"

/* What is waited for: pg_stat_activity names it, from PostgreSQL 17 on. */
typedef enum YsWaitEvent
{
	YS_WAIT_OTHER,
	YS_WAIT_STORE,				/* an answer of the store */
	YS_WAIT_STORE_RETRY,		/* before the store is asked again */
	YS_WAIT_KAFKA,				/* brokers' answers and acknowledgements */
	YS_WAIT_STREAM,				/* a stream worker with nothing to do */
	YS_WAIT_RELAY,				/* a relay between two readings of its store's stream */
	YS_WAIT_SUPERVISOR,			/* launcher and supervisor between two rounds */
	YS_WAIT_INDEX,				/* index_wait */
	YS_WAIT_JOB					/* job_wait */
} YsWaitEvent;

/*
 * Wait until fd (an epoll or event descriptor; -1 for none) is readable, the
 * process latch is set, or timeout_ms has passed (-1: for ever).  Resets the
 * latch and runs CHECK_FOR_INTERRUPTS before returning, so it throws when
 * the query was cancelled; exits when the postmaster has died.  True when
 * fd is readable.
 */
extern bool ys_wait_for(YsWaitEvent event, int fd, long timeout_ms);

/*
 * From now on waits for a store run check when they wake, and at least every half second.  It may
 * throw, and then ends them.
 */
extern void ys_wait_check_store(void (*check) (void));

/* The same for what has no name. */
#define ys_wait(fd, timeout_ms)	ys_wait_for(YS_WAIT_OTHER, fd, timeout_ms)

/*
 * Block the server's signals around calls that may create threads (they
 * inherit the mask), and restore them: see kafka and curl.
 */
extern void ys_signals_block(void);
extern void ys_signals_restore(void);

/* Monotonic milliseconds, for deadlines, and microseconds, for measures. */
extern int64 ys_clock_ms(void);
extern int64 ys_clock_us(void);

/*
 * Jittered exponential backoff: the wait before attempt number attempt (1 is
 * the first retry), between half and all of base * 2^(attempt-1), at most
 * limit milliseconds.
 */
extern int ys_backoff_ms(int attempt, int base_ms, int limit_ms);

#endif							/* YS_BASE_WAIT_H */
