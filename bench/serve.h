/*-------------------------------------------------------------------------
 * serve.h
 *	  A store that answers from memory, as fast as loopback takes it: its sockets.
 *-------------------------------------------------------------------------
 */
#ifndef BENCH_SERVE_H
#define BENCH_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

extern void die(const char *format,...) __attribute__((noreturn, format(printf, 1, 2)));

/* A file's bytes, with a NUL behind them. */
extern char *read_file(const char *name, size_t *len);

/* The head of an answer of so many bytes; returns its length. */
extern int	print_head(char *head, size_t size, const char *status, size_t len);

/* False: the other side is gone. */
extern bool send_all(int fd, struct iovec *parts, int nparts);
extern bool answer(int fd, const char *status, const char *body);

/* What follows a name and its punctuation in a request's body; NULL: the name isn't there. */
extern const char *behind(const char *text, const char *name);

/* Answers one request, whose operation is behind the target's dot; false: the connection is no use any more. */
typedef bool (*Handler) (int fd, const char *operation, const char *body);

/*
 * Listen on a free loopback port, print it, and serve, each connection by a thread, until standard
 * input ends.
 */
extern void serve_until_end(Handler handler);

#endif							/* BENCH_SERVE_H */
