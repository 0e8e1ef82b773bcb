/*-------------------------------------------------------------------------
 * serve_pages.c
 *	  Serves recorded Scan pages over HTTP, as fast as loopback takes them.
 *
 *	serve_pages FILE...
 *
 * Each file is the body of one page as DynamoDB Local gave it, with a
 * LastEvaluatedKey.  It listens on a free loopback port, prints it, and
 * serves until its standard input ends.
 *
 * A Scan of a table named "<anything>_<count>" goes <count> times around the
 * pages.  The key's value is replaced by the number of the page that is next,
 * in as many digits as the value has bytes, so a page is sent from where it
 * stands in memory and only the key is written anew.  Of a Scan in segments,
 * each gets every n-th page.  The last page is an
 * empty one without a key.  Whatever attributes are asked for, whole items
 * are sent, so that every reader gets the same bytes.  What is no Scan gets
 * an error.  Signatures are not looked at.
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE				/* strcasestr */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* A request is its headers and a short body. */
#define REQUEST_MAX		16384

#define EMPTY_PAGE		"{\"Items\":[],\"Count\":0,\"ScannedCount\":0}"
#define NO_SCAN			"{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}"
#define NO_TABLE		"{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\"}"

typedef struct Page
{
	char	   *bytes;
	size_t		len;
	size_t		key_at;			/* the key's value */
	size_t		key_len;
} Page;

typedef struct Connection
{
	int			fd;
	size_t		len;
	char		bytes[REQUEST_MAX + 1];
} Connection;

static Page *pages;
static int	npages;

static void
die(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	fputs("serve_pages: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* ---- pages ---- */

static char *
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

/* The last key is {"name":{"S":"value"}}: find the value. */
static void
load_page(Page *page, const char *name)
{
	const char *key = NULL;
	const char *quote = NULL;

	page->bytes = read_file(name, &page->len);
	for (const char *p = page->bytes; (p = strstr(p, "\"LastEvaluatedKey\":{\"")) != NULL; p++)
		key = p;
	if (key != NULL)
		key = strstr(key, ":{\"S\":\"");
	if (key != NULL)
		quote = strchr(key += strlen(":{\"S\":\""), '"');
	if (quote == NULL)
		die("%s: no page with a last key that is one string", name);
	page->key_at = (size_t) (key - page->bytes);
	page->key_len = (size_t) (quote - key);
}

/* ---- answers ---- */

static bool
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

static int
print_head(char *head, size_t size, const char *status, size_t len)
{
	return snprintf(head, size, "HTTP/1.1 %s\r\nContent-Type: application/x-amz-json-1.0\r\n"
					"Content-Length: %zu\r\n\r\n", status, len);
}

static bool
answer(int fd, const char *status, const char *body)
{
	char		head[256];
	struct iovec parts[2] = {{head, 0}, {(void *) body, strlen(body)}};

	parts[0].iov_len = (size_t) print_head(head, sizeof(head), status, parts[1].iov_len);
	return send_all(fd, parts, 2);
}

static bool
answer_page(int fd, long number, long next)
{
	const Page *page = &pages[number % npages];
	char		head[256];
	char		key[64];
	struct iovec parts[4];

	parts[0] = (struct iovec) {head, (size_t) print_head(head, sizeof(head), "200 OK", page->len)};
	parts[1] = (struct iovec) {page->bytes, page->key_at};
	parts[2] = (struct iovec) {key, page->key_len};
	parts[3] = (struct iovec) {page->bytes + page->key_at + page->key_len,
							   page->len - page->key_at - page->key_len};
	if (snprintf(key, sizeof(key), "%0*ld", (int) page->key_len, next) != (int) page->key_len)
		return answer(fd, "500 Internal Server Error", EMPTY_PAGE);
	return send_all(fd, parts, 4);
}

/* What follows a name and its punctuation in a request's body; NULL: the name isn't there. */
static const char *
behind(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	return p != NULL ? p + strlen(name) + strspn(p + strlen(name), "\": {") : NULL;
}

/* Which page of how many is asked for stands in the table's name and the start key. */
static bool
answer_scan(int fd, const char *body)
{
	const char *table = behind(body, "\"TableName\"");
	const char *start = behind(body, "\"ExclusiveStartKey\"");
	const char *segment = behind(body, "\"Segment\"");
	const char *segments = behind(body, "\"TotalSegments\"");
	long		number = segment != NULL ? strtol(segment, NULL, 10) : 0;
	long		step = segments != NULL ? strtol(segments, NULL, 10) : 1;
	long		count = 0;

	if (table != NULL)
	{
		const char *end = strchr(table, '"');

		while (end != NULL && end > table && end[-1] != '_')
			end--;
		if (end != NULL && end > table)
			count = strtol(end, NULL, 10);
	}
	if (count <= 0)
		return answer(fd, "400 Bad Request", NO_TABLE);
	if (start != NULL && (start = behind(start, "\"S\"")) != NULL)
		number = strtol(start, NULL, 10);
	if (number < 0 || number >= count * npages)
		return answer(fd, "200 OK", EMPTY_PAGE);
	return answer_page(fd, number, number + step);
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

static void *
serve(void *arg)
{
	Connection *connection = arg;
	const char *body;
	size_t		whole;
	bool		open = true;

	while (open && (body = receive_request(connection, &whole)) != NULL)
	{
		char		following = connection->bytes[whole];

		connection->bytes[whole] = '\0';
		if (strcasestr(connection->bytes, "X-Amz-Target: DynamoDB_20120810.Scan\r\n") != NULL)
			open = answer_scan(connection->fd, body);
		else
			open = answer(connection->fd, "400 Bad Request", NO_SCAN);
		connection->bytes[whole] = following;
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

int
main(int argc, char **argv)
{
	pthread_t	thread;
	char		ignored[64];
	int			listener;

	npages = argc - 1;
	if (npages < 1)
		die("no page was named");
	pages = calloc((size_t) npages, sizeof(Page));
	if (pages == NULL)
		die("out of memory");
	for (int i = 0; i < npages; i++)
		load_page(&pages[i], argv[i + 1]);
	listener = listen_somewhere();
	if (pthread_create(&thread, NULL, accept_all, &listener) != 0)
		die("cannot start a thread");

	/* whoever started this closes its end by ending, too */
	while (read(STDIN_FILENO, ignored, sizeof(ignored)) > 0)
		;
	return 0;
}
