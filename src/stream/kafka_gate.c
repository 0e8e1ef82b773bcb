/*-------------------------------------------------------------------------
 * kafka_gate.c
 *	  Which addresses a client connects to.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <librdkafka/rdkafka.h>
#include <netdb.h>
#include <pthread.h>

#include "stream/kafka_gate.h"

struct YsKafkaGate
{
	YsArena		arena;
	YsEndpointList allowed;		/* read only, once the gate is open */
	pthread_mutex_t lock;		/* of what follows */
	bool		refused;
	struct sockaddr_storage address;
	char		broker[YS_BROKER_NAME];
};

static void *
allocate(void *owner, size_t size)
{
	(void) owner;
	return malloc(size);
}

static void
release(void *owner, void *block)
{
	(void) owner;
	free(block);
}

YsKafkaGate *
ys_kafka_gate_open(const char *allowed, YsError *err)
{
	YsArenaSource source = {allocate, release, NULL};
	YsKafkaGate *gate = calloc(1, sizeof(YsKafkaGate));

	if (gate == NULL)
	{
		ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");
		return NULL;
	}
	ys_arena_init(&gate->arena, source, 0);
	pthread_mutex_init(&gate->lock, NULL);
	if (!ys_endpoints_parse(allowed, &gate->arena, &gate->allowed, err))
	{
		ys_kafka_gate_close(gate);
		return NULL;
	}
	return gate;
}

void
ys_kafka_gate_close(YsKafkaGate *gate)
{
	if (gate == NULL)
		return;
	pthread_mutex_destroy(&gate->lock);
	ys_arena_free(&gate->arena);
	free(gate);
}

/* ---- called by the library's threads: nothing of the server's may be used here ---- */

/* Of a name's addresses leave those that are allowed, or all when none is: connecting says so. */
static void
leave_allowed(const YsKafkaGate *gate, struct addrinfo **found)
{
	struct addrinfo **link = found;
	bool		any = false;

	for (const struct addrinfo *a = *found; a != NULL; a = a->ai_next)
		any = any || ys_endpoints_have(&gate->allowed, a->ai_addr);
	while (any && *link != NULL)
	{
		struct addrinfo *one = *link;

		if (ys_endpoints_have(&gate->allowed, one->ai_addr))
			link = &one->ai_next;
		else
		{
			*link = one->ai_next;
			one->ai_next = NULL;
			freeaddrinfo(one);
		}
	}
}

static int
on_resolve(const char *host, const char *service, const struct addrinfo *hints,
		   struct addrinfo **found, void *opaque)
{
	int			result;

	if (host == NULL && service == NULL)
	{
		freeaddrinfo(*found);
		return 0;
	}
	result = getaddrinfo(host, service, hints, found);
	if (result == 0)
		leave_allowed(opaque, found);
	return result;
}

static int
on_connect(int fd, const struct sockaddr *address, int address_len, const char *id, void *opaque)
{
	YsKafkaGate *gate = opaque;

	if (ys_endpoints_have(&gate->allowed, address))
		/* what is under way goes on by itself: the socket does not block */
		return connect(fd, address, (socklen_t) address_len) == 0 || errno == EINPROGRESS ? 0 : errno;

	pthread_mutex_lock(&gate->lock);
	gate->refused = true;
	memcpy(&gate->address, address, Min((size_t) address_len, sizeof(gate->address)));
	strlcpy(gate->broker, id, sizeof(gate->broker));
	pthread_mutex_unlock(&gate->lock);
	return EACCES;
}

/* ---- */

void
ys_kafka_gate_install(YsKafkaGate *gate, rd_kafka_conf_t *conf)
{
	rd_kafka_conf_set_opaque(conf, gate);
	rd_kafka_conf_set_resolve_cb(conf, on_resolve);
	rd_kafka_conf_set_connect_cb(conf, on_connect);
}

bool
ys_kafka_gate_refused(YsKafkaGate *gate, char address[YS_ENDPOINT_TEXT], char broker[YS_BROKER_NAME])
{
	struct sockaddr_storage found;
	bool		refused;

	if (gate == NULL)
		return false;
	pthread_mutex_lock(&gate->lock);
	refused = gate->refused;
	found = gate->address;
	strlcpy(broker, gate->broker, YS_BROKER_NAME);
	pthread_mutex_unlock(&gate->lock);
	if (refused)
		ys_endpoint_print((struct sockaddr *) &found, address);
	return refused;
}
