/*-------------------------------------------------------------------------
 * http.h
 *	  HTTP requests, many at once, in one reactor: the only user of libcurl.
 *
 * A reactor belongs to one store.  It never waits and never throws: its
 * owner waits for ys_http_fd to become readable, at most ys_http_timeout_ms,
 * and then calls ys_http_work, which calls done of each transfer that ended.
 *-------------------------------------------------------------------------
 */
#ifndef YS_STORE_HTTP_H
#define YS_STORE_HTTP_H

#include "base/endpoint.h"

typedef struct YsHttp YsHttp;
typedef struct YsHttpTransfer YsHttpTransfer;

/* All strings are borrowed and must outlive the reactor. */
typedef struct YsHttpConfig
{
	const char *provider;		/* of the signature: "aws:amz" */
	const char *region;
	const char *service;
	const char *ca_file;		/* PEM, or NULL for the system's */
	const char *client_cert_file;	/* PEM, or NULL for none */
	const char *client_key_file;
	const YsEndpointList *endpoints;	/* no others are connected to; NULL: any */
	int			connect_timeout_ms;
} YsHttpConfig;

typedef struct YsHttpResponse
{
	int			status;			/* 0: no whole response came */
	char	   *bytes;			/* YS_JSON_PADDING readable behind len; in the request's context */
	size_t		len;
	int64		date;			/* of the node's clock, seconds since 1970; 0: it said none */
	bool		sent;			/* a connection stood, and sending began */
	bool		untrusted;		/* by certificates: trying again changes nothing */
	bool		too_large;		/* over YS_HTTP_RESPONSE_MAX */
	bool		out_of_memory;
	char		forbidden[YS_ENDPOINT_TEXT];	/* no address was allowed; this is one of them */
	char		reason[256];	/* why there is no response, in libcurl's words */
} YsHttpResponse;

#define YS_HTTP_RESPONSE_MAX	((size_t) 64 * 1024 * 1024)
#define YS_HTTP_HEADERS_MAX		4

typedef struct YsHttpRequest
{
	const char *url;
	int			nheaders;
	const char *headers[YS_HTTP_HEADERS_MAX];	/* "name: value"; copied */
	const char *access_key_id;	/* what it is signed with; NULL: it is not */
	const char *secret_access_key;
	const char *body;			/* must outlive the transfer; NULL: a GET */
	size_t		body_len;
	MemoryContext context;		/* of the transfer and its response */
	bool		resend;			/* libcurl may send it again when a kept connection turns out dead */
	void		(*done) (void *owner, const YsHttpResponse *response);
	void	   *owner;
} YsHttpRequest;

/* The reactor is freed with context.  NULL and err when there is no memory or descriptor. */
extern YsHttp *ys_http_open(MemoryContext context, const YsHttpConfig *config, YsError *err);

/* Start a transfer; NULL when out of memory.  done is never called from in here. */
extern YsHttpTransfer *ys_http_start(YsHttp *http, const YsHttpRequest *request);

/* Give a transfer up that has not ended; done is not called.  True when sending had begun. */
extern bool ys_http_cancel(YsHttpTransfer *transfer);

/*
 * Close all connections, and the descriptor that stands for them, while no
 * transfer is under way.  The next one opens what it needs.
 */
extern void ys_http_disconnect(YsHttp *http);

/* -1: there is nothing to wait for. */
extern int	ys_http_fd(const YsHttp *http);

/* How long a wait may last before ys_http_work has to be called; -1: for ever. */
extern long ys_http_timeout_ms(const YsHttp *http);

/* Do all that can be done without waiting. */
extern void ys_http_work(YsHttp *http);

#endif							/* YS_STORE_HTTP_H */
