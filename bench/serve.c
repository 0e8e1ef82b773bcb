/*-------------------------------------------------------------------------
 * serve.c
 *	  A store that answers from memory, as fast as loopback takes it: its sockets.
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE				/* strcasestr */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve.h"

/* A request is its headers and a short body. */
#define REQUEST_MAX		65536

typedef struct Connection
{
	int			fd;
	size_t		len;
	char		bytes[REQUEST_MAX + 1];
} Connection;

static Handler handler;

void
die(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	fputs("serve: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

char *
read_file(const char *name, size_t *len)
{
	FILE	   *file = fopen(name, "rb");
	char	   *bytes = NULL;
	size_t		size = 0;
	size_t		got = 0;

	if (file == NULL)
		die("%s: %s", name, strerror(errno));
	do
	{
		size = size * 2 + 65536;
		bytes = realloc(bytes, size + 1);
		if (bytes == NULL)
			die("out of memory");
		got += fread(bytes + got, 1, size - got, file);
	} while (got == size);
	if (ferror(file))
		die("%s: cannot be read", name);
	fclose(file);
	bytes[got] = '\0';
	*len = got;
	return bytes;
}

bool
send_all(int fd, struct iovec *parts, int nparts)
{
	while (nparts > 0)
	{
		ssize_t		sent = writev(fd, parts, nparts);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		while (nparts > 0 && (size_t) sent >= parts->iov_len)
		{
			sent -= (ssize_t) parts->iov_len;
			parts++;
			nparts--;
		}
		if (nparts > 0)
		{
			parts->iov_base = (char *) parts->iov_base + sent;
			parts->iov_len -= (size_t) sent;
		}
	}
	return true;
}

int
print_head(char *head, size_t size, const char *status, size_t len)
{
	return snprintf(head, size, "HTTP/1.1 %s\r\nContent-Type: application/x-amz-json-1.0\r\n"
					"Content-Length: %zu\r\n\r\n", status, len);
}

bool
answer(int fd, const char *status, const char *body)
{
	char		head[256];
	struct iovec parts[2] = {{head, 0}, {(void *) body, strlen(body)}};

	parts[0].iov_len = (size_t) print_head(head, sizeof(head), status, parts[1].iov_len);
	return send_all(fd, parts, 2);
}

const char *
behind(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	return p != NULL ? p + strlen(name) + strspn(p + strlen(name), "\": {") : NULL;
}

/* ---- connections ---- */

/* Receive until the request is whole; NULL: the other side is gone, or asks too much. */
static const char *
receive_request(Connection *connection, size_t *whole)
{
	for (;;)
	{
		const char *end;
		ssize_t		got;

		connection->bytes[connection->len] = '\0';
		end = strstr(connection->bytes, "\r\n\r\n");
		if (end != NULL)
		{
			const char *length = strcasestr(connection->bytes, "\r\nContent-Length:");

			*whole = (size_t) (end + 4 - connection->bytes);
			if (length != NULL && length < end)
				*whole += strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
			if (connection->len >= *whole)
				return end + 4;
		}
		got = recv(connection->fd, connection->bytes + connection->len,
				   REQUEST_MAX - connection->len, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return NULL;
		connection->len += (size_t) got;
	}
}

/* DynamoDB and its streams have their version before the dot. */
static void
handle(Connection *connection, const char *body, size_t whole, bool *open)
{
	char		following = connection->bytes[whole];
	const char *target;

	connection->bytes[whole] = '\0';
	target = strcasestr(connection->bytes, "\r\nX-Amz-Target:");
	target = target != NULL && target < body ? strchr(target, '.') : NULL;
	*open = target != NULL ? handler(connection->fd, target + 1, body) :
		answer(connection->fd, "400 Bad Request", "");
	connection->bytes[whole] = following;
}

static void *
serve(void *arg)
{
	Connection *connection = arg;
	const char *body;
	size_t		whole;
	bool		open = true;

	while (open && (body = receive_request(connection, &whole)) != NULL)
	{
		handle(connection, body, whole, &open);
		connection->len -= whole;
		memmove(connection->bytes, connection->bytes + whole, connection->len);
	}
	close(connection->fd);
	free(connection);
	return NULL;
}

static int
listen_somewhere(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t	len = sizeof(address);
	int			fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *) &address, len) != 0 || listen(fd, 16) != 0 ||
		getsockname(fd, (struct sockaddr *) &address, &len) != 0)
		die("cannot listen: %s", strerror(errno));
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static void *
accept_all(void *arg)
{
	int			listener = *(int *) arg;
	int			on = 1;

	/* a reader that goes away is no reason to end */
	signal(SIGPIPE, SIG_IGN);
	for (;;)
	{
		Connection *connection = calloc(1, sizeof(Connection));
		pthread_t	thread;

		if (connection == NULL)
			die("out of memory");
		connection->fd = accept(listener, NULL, NULL);
		if (connection->fd < 0)
			die("cannot accept: %s", strerror(errno));
		(void) setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (pthread_create(&thread, NULL, serve, connection) != 0)
			die("cannot start a thread");
		pthread_detach(thread);
	}
	return NULL;
}

void
serve_until_end(Handler answers)
{
	pthread_t	thread;
	char		ignored[64];
	int			listener;

	handler = answers;
	listener = listen_somewhere();
	if (pthread_create(&thread, NULL, accept_all, &listener) != 0)
		die("cannot start a thread");

	/* whoever started this closes its end by ending, too */
	while (read(STDIN_FILENO, ignored, sizeof(ignored)) > 0)
		;
}
