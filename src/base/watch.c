/*-------------------------------------------------------------------------
 * watch.c
 *	  A descriptor that becomes readable when another does, or at a time.
 *
 * It is an epoll descriptor that holds the other one, which may be such itself, and a timer.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/watch.h"
#include "storage/fd.h"

struct YsWatch
{
	int			epoll_fd;
	int			timer_fd;
	int			watched;		/* -1: none */
};

static void
close_descriptor(int fd)
{
	if (fd < 0)
		return;
	close(fd);
	ReleaseExternalFD();
}

static void
close_watch(void *arg)
{
	YsWatch    *watch = arg;

	close_descriptor(watch->timer_fd);
	close_descriptor(watch->epoll_fd);
	watch->timer_fd = watch->epoll_fd = -1;
}

static bool
add(const YsWatch *watch, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 || errno == EEXIST;
}

/* What has been opened when it fails stays for close_watch. */
static bool
open_watch(YsWatch *watch)
{
	if (!AcquireExternalFD())
		return false;
	watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (watch->epoll_fd < 0 || !AcquireExternalFD())
	{
		if (watch->epoll_fd < 0)
			ReleaseExternalFD();
		return false;
	}
	watch->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (watch->timer_fd < 0)
		ReleaseExternalFD();
	return watch->timer_fd >= 0 && add(watch, watch->timer_fd);
}

YsWatch *
ys_watch_create(void *context)
{
	YsWatch    *watch = MemoryContextAlloc(context, sizeof(YsWatch));

	*watch = (YsWatch) {.epoll_fd = -1, .timer_fd = -1, .watched = -1};
	ys_handle_own(context, watch, close_watch);
	if (open_watch(watch))
		return watch;
	close_watch(watch);
	return NULL;
}

bool
ys_watch_set(YsWatch *watch, int fd, long timeout_ms)
{
	struct itimerspec at = {
		.it_value.tv_sec = timeout_ms / 1000,
		/* a time of nothing would stop the timer */
		.it_value.tv_nsec = Max(timeout_ms % 1000 * 1000000L, 1),
	};

	/* a descriptor that was closed is gone by itself, and its number may be another's now */
	if (watch->watched >= 0 && watch->watched != fd)
		(void) epoll_ctl(watch->epoll_fd, EPOLL_CTL_DEL, watch->watched, &(struct epoll_event) {0});
	watch->watched = fd;
	return (fd < 0 || add(watch, fd)) && timerfd_settime(watch->timer_fd, 0, &at, NULL) == 0;
}

int
ys_watch_fd(const YsWatch *watch)
{
	return watch->epoll_fd;
}
