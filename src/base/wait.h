/*-------------------------------------------------------------------------
 * wait.h
 *	  The one interruptible wait: every external wait of the extension goes
 *	  through it.
 *-------------------------------------------------------------------------
 */
#ifndef YS_BASE_WAIT_H
#define YS_BASE_WAIT_H

#include "base/arena.h"

/*
 * Wait until fd (an epoll or event descriptor; -1 for none) is readable, the
 * process latch is set, or timeout_ms has passed (-1: for ever).  Resets the
 * latch and runs CHECK_FOR_INTERRUPTS before returning, so it throws when
 * the query was cancelled; exits when the postmaster has died.  True when
 * fd is readable.
 */
extern bool ys_wait(int fd, long timeout_ms);

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
