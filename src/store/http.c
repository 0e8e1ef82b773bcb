/*-------------------------------------------------------------------------
 * http.c
 *	  HTTP requests, many at once, in one reactor over libcurl's multi
 *	  interface in socket mode.
 *
 * libcurl says which sockets to watch (kept in an epoll descriptor, so that
 * one descriptor stands for all) and when to call it again.  The server's
 * signals are blocked around every call that may start a resolver thread.
 * Callbacks of libcurl never throw: they allocate without ERROR.
 *
 * Deadlines are the caller's: libcurl's own time-out would also run while
 * the backend is busy elsewhere with a reply waiting in the socket.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/wait.h"
#include "storage/fd.h"
#include "store/http.h"

#define FIRST_RESPONSE_SIZE		((size_t) 8 * 1024)
#define EVENTS_AT_ONCE			32
#define IDLE_HANDLES_MAX		32
#define CA_CACHE_SECONDS		60L /* then a replaced ca_file is noticed; libcurl's own is a day */

struct YsHttp
{
	YsHttpConfig config;
	CURLM	   *multi;
	int			epoll_fd;
	int64		timer_at;		/* libcurl wants to be called then; -1: no time set */
	int			nidle;
	CURL	   *idle[IDLE_HANDLES_MAX]; /* easy handles with the fixed options set */
};

struct YsHttpTransfer
{
	YsHttp	   *http;
	CURL	   *easy;
	struct curl_slist *headers;
	YsHttpRequest request;
	YsHttpResponse response;
	char	   *bytes;
	size_t		size;
	bool		allowed;		/* an address to connect to was */
	bool		headers_ended;	/* of the last answer; libcurl takes an end in their middle for success */
	char		reason[CURL_ERROR_SIZE];
};

/* ---- libcurl's callbacks ---- */

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	YsHttp	   *http = arg;
	struct epoll_event event = {0};

	(void) easy;
	(void) socket_arg;
	event.data.fd = fd;
	if (what == CURL_POLL_REMOVE)
	{
		/* already gone when libcurl has closed it */
		(void) epoll_ctl(http->epoll_fd, EPOLL_CTL_DEL, fd, &event);
		return 0;
	}
	event.events = ((what & CURL_POLL_IN) ? EPOLLIN : 0) | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0);

	/* Numbers of closed sockets come back, so what is watched is asked of epoll itself. */
	if (epoll_ctl(http->epoll_fd, EPOLL_CTL_MOD, fd, &event) != 0)
		(void) epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, fd, &event);
	return 0;
}

static int
on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	YsHttp	   *http = arg;

	(void) multi;
	http->timer_at = timeout_ms >= 0 ? ys_clock_ms() + timeout_ms : -1;
	return 0;
}

/*
 * Sockets count among the server's descriptors and are not inherited by its
 * children.  Here, and not where names are looked up, is known what will be
 * connected to.
 */
static curl_socket_t
on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	YsHttpTransfer *transfer = arg;
	const YsEndpointList *endpoints = transfer->http->config.endpoints;
	curl_socket_t fd;

	(void) purpose;
	if (endpoints != NULL && !ys_endpoints_have(endpoints, &address->addr))
	{
		if (!transfer->allowed)
			ys_endpoint_print(&address->addr, transfer->response.forbidden);
		return CURL_SOCKET_BAD;
	}
	transfer->allowed = true;
	transfer->response.forbidden[0] = '\0';
	if (!AcquireExternalFD())
		return CURL_SOCKET_BAD;
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (fd < 0)
	{
		ReleaseExternalFD();
		return CURL_SOCKET_BAD;
	}
	return fd;
}

static int
on_close_socket(void *arg, curl_socket_t fd)
{
	(void) arg;
	ReleaseExternalFD();
	return close(fd);
}

/* A connection stands and the request is about to be sent on it. */
static int
on_before_send(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	YsHttpTransfer *transfer = arg;

	(void) remote_ip;
	(void) local_ip;
	(void) remote_port;
	(void) local_port;

	/*
	 * The second time it is about to be sent again, because a kept connection
	 * died under it without an answer.  It may have arrived all the same.
	 */
	if (transfer->response.sent && !transfer->request.resend)
		return CURL_PREREQFUNC_ABORT;
	transfer->response.sent = true;
	transfer->response.len = 0;
	transfer->headers_ended = false;
	return CURL_PREREQFUNC_OK;
}

/* Room for len more bytes and the padding. */
static bool
make_room(YsHttpTransfer *transfer, size_t len)
{
	YsHttpResponse *response = &transfer->response;
	size_t		needed = response->len + len + YS_JSON_PADDING;
	size_t		wanted = Max(transfer->size * 2, FIRST_RESPONSE_SIZE);
	curl_off_t	announced = -1;
	char	   *larger;

	if (needed <= transfer->size)
		return true;
	if (transfer->size == 0 &&
		curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced) == CURLE_OK &&
		announced > 0 && (uint64) announced <= YS_HTTP_RESPONSE_MAX)
		wanted = (size_t) announced + YS_JSON_PADDING;
	wanted = Max(wanted, needed);

	larger = MemoryContextAllocExtended(transfer->request.context, wanted,
										MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
	if (larger == NULL)
		return false;
	if (transfer->bytes != NULL)
	{
		memcpy(larger, transfer->bytes, response->len);
		pfree(transfer->bytes);
	}
	transfer->bytes = larger;
	transfer->size = wanted;
	return true;
}

static size_t
on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	YsHttpTransfer *transfer = arg;
	YsHttpResponse *response = &transfer->response;
	size_t		len = size * count;

	if (response->len + len > YS_HTTP_RESPONSE_MAX)
		response->too_large = true;
	else if (!make_room(transfer, len))
		response->out_of_memory = true;
	else
	{
		memcpy(transfer->bytes + response->len, bytes, len);
		response->len += len;
		return len;
	}
	return CURL_WRITEFUNC_ERROR;
}

/* The time that a Date header tells; 0: it is none, or tells none. */
static int64
read_date(const char *line, size_t len)
{
	static const char name[] = "date:";
	char		value[64];
	size_t		name_len = sizeof(name) - 1;

	if (len <= name_len || len - name_len >= sizeof(value) ||
		pg_strncasecmp(line, name, name_len) != 0)
		return 0;
	memcpy(value, line + name_len, len - name_len);
	value[len - name_len] = '\0';
	return Max((int64) curl_getdate(value, NULL), 0);
}

/* Called with each whole header line, and with the empty one that ends them. */
static size_t
on_header(char *line, size_t size, size_t count, void *arg)
{
	YsHttpTransfer *transfer = arg;
	size_t		len = size * count;
	int64		date;

	if (len > 0 && (line[0] == '\r' || line[0] == '\n'))
		transfer->headers_ended = true;
	else if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		transfer->headers_ended = false;
	else if ((date = read_date(line, len)) > 0)
		transfer->response.date = date;
	return len;
}

/* ---- the reactor ---- */

static void
close_reactor(void *arg)
{
	YsHttp	   *http = arg;

	ys_signals_block();
	while (http->nidle > 0)
		curl_easy_cleanup(http->idle[--http->nidle]);
	if (http->multi != NULL)
		curl_multi_cleanup(http->multi);
	ys_signals_restore();
	http->multi = NULL;
	http->timer_at = -1;
	if (http->epoll_fd >= 0)
	{
		close(http->epoll_fd);
		ReleaseExternalFD();
	}
	http->epoll_fd = -1;
}

/* Once in a process's life: libcurl's own set-up. */
static bool
prepare_library(void)
{
	static bool prepared = false;

	if (!prepared)
	{
		ys_signals_block();
		prepared = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
		ys_signals_restore();
	}
	return prepared;
}

/* Descriptor and multi handle; what has been opened when it fails stays for close_reactor. */
static bool
open_reactor(YsHttp *http)
{
	if (AcquireExternalFD())
	{
		http->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		if (http->epoll_fd < 0)
			ReleaseExternalFD();
	}
	if (http->epoll_fd < 0 || !prepare_library())
		return false;
	http->multi = curl_multi_init();
	if (http->multi == NULL)
		return false;
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	return true;
}

YsHttp *
ys_http_open(MemoryContext context, const YsHttpConfig *config, YsError *err)
{
	YsHttp	   *http = MemoryContextAllocZero(context, sizeof(YsHttp));

	http->config = *config;
	http->timer_at = -1;
	http->epoll_fd = -1;
	ys_handle_own(context, http, close_reactor);
	if (open_reactor(http))
		return http;
	if (http->epoll_fd < 0)
	{
		ys_error_set(err, YS_ERR_UNREACHABLE, "could not open a descriptor for the store's sockets");
		ys_error_hint(err, "Raise \"max_files_per_process\" or the system's limit of open files.");
	}
	else
		ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "could not initialize libcurl");
	return NULL;
}

void
ys_http_disconnect(YsHttp *http)
{
	close_reactor(http);
}

int
ys_http_fd(const YsHttp *http)
{
	return http->epoll_fd;
}

long
ys_http_timeout_ms(const YsHttp *http)
{
	if (http->timer_at < 0)
		return -1;
	return (long) Max(http->timer_at - ys_clock_ms(), 0);
}

/* ---- transfers ---- */

/* An easy handle with all that no request changes; NULL when out of memory. */
static CURL *
make_handle(const YsHttp *http)
{
	const YsHttpConfig *config = &http->config;
	CURL	   *easy = curl_easy_init();
	bool		ok;

	if (easy == NULL)
		return NULL;
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_SECONDS);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);

	/*
	 * Large bodies are announced, and many servers don't answer that: don't
	 * wait for it.  A header that keeps libcurl from announcing them would be
	 * signed, though it isn't sent.
	 */
	curl_easy_setopt(easy, CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long) config->connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_before_send);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);

	/* Cancelling must not wait for a resolver thread. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);

	/* The environment of the server process has no say in where a request goes. */
	ok = curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
	if (ok && config->ca_file != NULL)
		ok = curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file) == CURLE_OK;
	if (ok && config->client_cert_file != NULL)
		ok = curl_easy_setopt(easy, CURLOPT_SSLCERT, config->client_cert_file) == CURLE_OK &&
			curl_easy_setopt(easy, CURLOPT_SSLKEY, config->client_key_file) == CURLE_OK;
	if (!ok)
	{
		curl_easy_cleanup(easy);
		return NULL;
	}
	return easy;
}

/* Let go of what a transfer holds of libcurl; the handle is kept for the next one. */
static void
release_transfer(YsHttpTransfer *transfer)
{
	YsHttp	   *http = transfer->http;

	curl_multi_remove_handle(http->multi, transfer->easy);
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, NULL);
	curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, NULL);
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
	if (http->nidle < IDLE_HANDLES_MAX)
		http->idle[http->nidle++] = transfer->easy;
	else
		curl_easy_cleanup(transfer->easy);
	transfer->easy = NULL;
}

/* Have the request signed when it is to be; handles are used again with other credentials. */
static bool
sign_transfer(YsHttpTransfer *transfer)
{
	const YsHttpConfig *config = &transfer->http->config;
	const YsHttpRequest *request = &transfer->request;
	CURL	   *easy = transfer->easy;
	bool		sign = request->access_key_id != NULL;
	char		signing[128];

	snprintf(signing, sizeof(signing), "%s:%s:%s", config->provider, config->region, config->service);
	if (!sign)
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_NONE);
	return curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, sign ? signing : NULL) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_USERNAME, request->access_key_id) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_PASSWORD, request->secret_access_key) == CURLE_OK;
}

/* Hand the handle to the reactor and let it begin.  False when out of memory. */
static bool
add_transfer(YsHttpTransfer *transfer)
{
	YsHttp	   *http = transfer->http;
	const YsHttpRequest *request = &transfer->request;
	CURL	   *easy;
	int			running;

	easy = http->nidle > 0 ? http->idle[--http->nidle] : make_handle(http);
	if (easy == NULL)
		return false;
	transfer->easy = easy;
	for (int i = 0; i < request->nheaders; i++)
	{
		struct curl_slist *longer = curl_slist_append(transfer->headers, request->headers[i]);

		if (longer == NULL)
		{
			release_transfer(transfer);
			return false;
		}
		transfer->headers = longer;
	}
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	if (request->body == NULL)
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	else
	{
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body_len);
	}
	if (!sign_transfer(transfer) ||
		curl_easy_setopt(easy, CURLOPT_URL, request->url) != CURLE_OK ||
		curl_multi_add_handle(http->multi, easy) != CURLM_OK)
	{
		release_transfer(transfer);
		return false;
	}

	/* On a kept connection this already sends it: the store works while the caller does. */
	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	return true;
}

YsHttpTransfer *
ys_http_start(YsHttp *http, const YsHttpRequest *request)
{
	YsHttpTransfer *transfer;
	bool		ok;

	if (http->multi == NULL && !open_reactor(http))
	{
		close_reactor(http);
		return NULL;
	}
	transfer = MemoryContextAllocExtended(request->context, sizeof(YsHttpTransfer),
										  MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO);
	if (transfer == NULL)
		return NULL;
	transfer->http = http;
	transfer->request = *request;
	ys_signals_block();
	ok = add_transfer(transfer);
	ys_signals_restore();
	if (!ok)
	{
		pfree(transfer);
		return NULL;
	}
	return transfer;
}

static void
free_transfer(YsHttpTransfer *transfer)
{
	ys_signals_block();
	release_transfer(transfer);
	ys_signals_restore();
}

bool
ys_http_cancel(YsHttpTransfer *transfer)
{
	bool		sent = transfer->response.sent;

	free_transfer(transfer);
	if (transfer->bytes != NULL)
		pfree(transfer->bytes);
	pfree(transfer);
	return sent;
}

/* Why a transfer failed, for a reader of messages. */
static const char *
reason_of(const YsHttpTransfer *transfer, CURLcode result)
{
	/* the one callback that aborts is on_before_send */
	if (result == CURLE_ABORTED_BY_CALLBACK)
		return "the connection was closed without an answer";
	return transfer->reason[0] != '\0' ? transfer->reason : curl_easy_strerror(result);
}

/* Is it for certificates that no connection came about, the node's or our own? */
static bool
is_untrusted(CURLcode result)
{
	return result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CERTPROBLEM ||
		result == CURLE_SSL_CACERT_BADFILE || result == CURLE_SSL_ISSUER_ERROR ||
		result == CURLE_SSL_CLIENTCERT;
}

/* A transfer has ended: say how, and forget it.  The response's bytes stay in the context. */
static void
finish_transfer(YsHttpTransfer *transfer, CURLcode result)
{
	YsHttpResponse response = transfer->response;
	YsHttpRequest request = transfer->request;
	long		status = 0;

	if (result == CURLE_OK && !transfer->headers_ended)
		result = CURLE_PARTIAL_FILE;
	if (result == CURLE_OK && make_room(transfer, 0))
	{
		curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
		response.status = (int) status;
		memset(transfer->bytes + response.len, 0, YS_JSON_PADDING);
		response.bytes = transfer->bytes;
	}
	else
	{
		response.untrusted = is_untrusted(result);
		response.out_of_memory |= result == CURLE_OUT_OF_MEMORY || result == CURLE_OK;
		strlcpy(response.reason, reason_of(transfer, result), sizeof(response.reason));
		if (transfer->bytes != NULL)
			pfree(transfer->bytes);
	}
	free_transfer(transfer);
	pfree(transfer);
	request.done(request.owner, &response);
}

/* Tell libcurl what happened to its sockets and its time. */
static void
drive_library(YsHttp *http)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int			running;
	int			count;

	ys_signals_block();
	do
	{
		count = epoll_wait(http->epoll_fd, events, EVENTS_AT_ONCE, 0);
		for (int i = 0; i < count; i++)
		{
			int			mask = 0;

			if (events[i].events & EPOLLIN)
				mask |= CURL_CSELECT_IN;
			if (events[i].events & EPOLLOUT)
				mask |= CURL_CSELECT_OUT;
			if (events[i].events & (EPOLLERR | EPOLLHUP))
				mask |= CURL_CSELECT_ERR;
			curl_multi_socket_action(http->multi, events[i].data.fd, mask, &running);
		}
	} while (count == EVENTS_AT_ONCE);
	if (http->timer_at >= 0 && http->timer_at <= ys_clock_ms())
	{
		http->timer_at = -1;
		curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
	ys_signals_restore();
}

void
ys_http_work(YsHttp *http)
{
	CURLMsg    *message;
	int			left;

	if (http->multi == NULL)
		return;
	drive_library(http);
	while ((message = curl_multi_info_read(http->multi, &left)) != NULL)
	{
		CURLcode	result = message->data.result;
		char	   *transfer = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		finish_transfer((YsHttpTransfer *) transfer, result);
	}
}
