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
 * each gets every n-th page.  A table named "<anything>_late<n>_<count>" answers n
 * milliseconds late.  The last page is an
 * empty one without a key.  Whatever attributes are asked for, whole items
 * are sent, so that every reader gets the same bytes.  What is no Scan gets
 * an error.  Signatures are not looked at.
 *-------------------------------------------------------------------------
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve.h"

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

static Page *pages;
static int	npages;

/* ---- pages ---- */

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

/* Which page of how many is asked for stands in the table's name and the start key. */
static bool
answer_scan(int fd, const char *operation, const char *body)
{
	const char *table = behind(body, "\"TableName\"");
	const char *start = behind(body, "\"ExclusiveStartKey\"");
	const char *segment = behind(body, "\"Segment\"");
	const char *segments = behind(body, "\"TotalSegments\"");
	long		number = segment != NULL ? strtol(segment, NULL, 10) : 0;
	long		step = segments != NULL ? strtol(segments, NULL, 10) : 1;
	long		count = 0;
	const char *late = NULL;

	if (strncmp(operation, "Scan\r", 5) != 0)
		return answer(fd, "400 Bad Request", NO_SCAN);
	if (table != NULL)
	{
		const char *end = strchr(table, '"');

		while (end != NULL && end > table && end[-1] != '_')
			end--;
		if (end != NULL && end > table)
		{
			count = strtol(end, NULL, 10);
			late = strstr(table, "_late");
			if (late != NULL && late < end)
				(void) usleep((useconds_t) strtol(late + strlen("_late"), NULL, 10) * 1000);
		}
	}
	if (count <= 0)
		return answer(fd, "400 Bad Request", NO_TABLE);
	if (start != NULL && (start = behind(start, "\"S\"")) != NULL)
		number = strtol(start, NULL, 10);
	if (number < 0 || number >= count * npages)
		return answer(fd, "200 OK", EMPTY_PAGE);
	return answer_page(fd, number, number + step);
}

int
main(int argc, char **argv)
{
	npages = argc - 1;
	if (npages < 1)
		die("no page was named");
	pages = calloc((size_t) npages, sizeof(Page));
	if (pages == NULL)
		die("out of memory");
	for (int i = 0; i < npages; i++)
		load_page(&pages[i], argv[i + 1]);
	serve_until_end(answer_scan);
	return 0;
}
