/*-------------------------------------------------------------------------
 * watch.h
 *	  A descriptor that becomes readable when another does, or at a time: for
 *	  waits that are not ours and know only descriptors.
 *-------------------------------------------------------------------------
 */
#ifndef YS_BASE_WATCH_H
#define YS_BASE_WATCH_H

typedef struct YsWatch YsWatch;

/* Closed with context (a MemoryContext).  NULL: there are no descriptors left. */
extern YsWatch *ys_watch_create(void *context);

/*
 * From now on it is readable while fd is (-1: none), and once timeout_ms have
 * passed.  Forgets what was set before.  False: the system refuses.
 */
extern bool ys_watch_set(YsWatch *watch, int fd, long timeout_ms);

extern int	ys_watch_fd(const YsWatch *watch);

#endif							/* YS_BASE_WATCH_H */
