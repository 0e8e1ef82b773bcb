/*-------------------------------------------------------------------------
 * endpoint.c
 *	  The addresses that may be connected to: reading the list, looking one up.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>

#include "base/endpoint.h"

#define V4_BITS		32
#define V6_BITS		128

/* ---- reading the list ---- */

static bool
refuse_endpoint(YsError *err, const char *text, size_t len, const char *why)
{
	ys_error_set(err, YS_ERR_INVALID_OPTION, "invalid list of addresses");
	ys_error_detail(err, "In \"%.*s\": %s.", (int) Min(len, 200), text, why);
	ys_error_hint(err, "Write addresses and networks like 10.1.0.0/16, 192.0.2.7:8000, fd00::/8, "
				  "[::1]:8000, separated by commas.");
	return false;
}

/* Digits and nothing else as a number up to most; -1 when they are not. */
static int
read_number(const char *text, size_t len, int most)
{
	int			number = 0;

	if (len == 0 || len > 5)
		return -1;
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number <= most ? number : -1;
}

/* Are all bits behind those that count zero?  If not, the writer meant something else. */
static bool
is_network(const YsEndpoint *endpoint, int all_bits)
{
	for (int bit = endpoint->bits; bit < all_bits; bit++)
		if (endpoint->address[bit / 8] & (0x80 >> (bit % 8)))
			return false;
	return true;
}

/* An address with its number of bits, without brackets and port. */
static bool
parse_network(const char *text, size_t len, YsEndpoint *endpoint, const char **why)
{
	const char *slash = memchr(text, '/', len);
	size_t		address_len = slash != NULL ? (size_t) (slash - text) : len;
	char		address[INET6_ADDRSTRLEN];
	int			all_bits;

	*why = "it is not an IPv4 or IPv6 address";
	if (address_len == 0 || address_len >= sizeof(address))
		return false;
	memcpy(address, text, address_len);
	address[address_len] = '\0';
	endpoint->family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(endpoint->family, address, endpoint->address) != 1)
		return false;

	all_bits = endpoint->family == AF_INET6 ? V6_BITS : V4_BITS;
	endpoint->bits = all_bits;
	if (slash != NULL)
		endpoint->bits = read_number(slash + 1, len - address_len - 1, all_bits);
	*why = "the number of bits is none of such an address";
	if (endpoint->bits < 0)
		return false;
	*why = "the address has bits set behind those that count";
	return is_network(endpoint, all_bits);
}

/* One of the list, without the blanks around it. */
static bool
parse_endpoint(const char *text, size_t len, YsEndpoint *endpoint, YsError *err)
{
	const char *network = text;
	size_t		network_len = len;
	const char *port = NULL;
	const char *why;

	memset(endpoint, 0, sizeof(*endpoint));
	if (text[0] == '[')
	{
		const char *end = memchr(text, ']', len);

		if (end == NULL)
			return refuse_endpoint(err, text, len, "a bracket is not closed");
		network++;
		network_len = end - network;
		if (end + 1 < text + len)
			port = end + 1;
		if (memchr(network, ':', network_len) == NULL || (port != NULL && *port != ':'))
			return refuse_endpoint(err, text, len, "brackets hold an IPv6 address, and a port follows");
	}
	else
	{
		const char *colon = memchr(text, ':', len);

		/* more than one: it is an IPv6 address */
		if (colon != NULL && memchr(colon + 1, ':', text + len - colon - 1) == NULL)
		{
			port = colon;
			network_len = colon - text;
		}
	}

	if (!parse_network(network, network_len, endpoint, &why))
		return refuse_endpoint(err, text, len, why);
	if (port != NULL)
	{
		endpoint->port = read_number(port + 1, text + len - port - 1, 65535);
		if (endpoint->port <= 0)
			return refuse_endpoint(err, text, len, "the port is not a number from 1 to 65535");
	}
	return true;
}

bool
ys_endpoints_parse(const char *text, YsArena *arena, YsEndpointList *list, YsError *err)
{
	const char *next = text;
	int			most = 1;

	list->count = 0;
	list->endpoints = NULL;
	if (text[strspn(text, " \t\r\n")] == '\0')
		return true;
	for (const char *c = text; *c != '\0'; c++)
		most += *c == ',';
	list->endpoints = ys_arena_alloc(arena, most * sizeof(YsEndpoint));
	if (list->endpoints == NULL)
		return ys_error_set(err, YS_ERR_OUT_OF_MEMORY, "out of memory");

	for (;;)
	{
		const char *end = next + strcspn(next, ",");
		const char *last = end;

		while (next < last && isspace((unsigned char) *next))
			next++;
		while (last > next && isspace((unsigned char) last[-1]))
			last--;
		if (next == last)
			return refuse_endpoint(err, text, strlen(text), "an address is empty");
		if (!parse_endpoint(next, last - next, &list->endpoints[list->count], err))
			return false;
		list->count++;
		if (*end == '\0')
			return true;
		next = end + 1;
	}
}

/* ---- looking one up ---- */

/* The address's family, bytes and port as an endpoint; false when it is of another family. */
static bool
take_address(const struct sockaddr *address, YsEndpoint *endpoint)
{
	memset(endpoint, 0, sizeof(*endpoint));
	endpoint->family = address->sa_family;
	if (address->sa_family == AF_INET)
	{
		const struct sockaddr_in *v4 = (const struct sockaddr_in *) address;

		memcpy(endpoint->address, &v4->sin_addr, 4);
		endpoint->port = ntohs(v4->sin_port);
		return true;
	}
	if (address->sa_family == AF_INET6)
	{
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) address;

		endpoint->port = ntohs(v6->sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		{
			endpoint->family = AF_INET;
			memcpy(endpoint->address, v6->sin6_addr.s6_addr + 12, 4);
		}
		else
			memcpy(endpoint->address, v6->sin6_addr.s6_addr, 16);
		return true;
	}
	return false;
}

static bool
same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
	int			rest = bits % 8;

	return memcmp(a, b, bits / 8) == 0 &&
		(rest == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - rest)) == 0);
}

bool
ys_endpoints_have(const YsEndpointList *list, const struct sockaddr *address)
{
	YsEndpoint	wanted;

	if (!take_address(address, &wanted))
		return false;
	for (int i = 0; i < list->count; i++)
	{
		const YsEndpoint *listed = &list->endpoints[i];

		if (listed->family == wanted.family && (listed->port == 0 || listed->port == wanted.port) &&
			same_bits(listed->address, wanted.address, listed->bits))
			return true;
	}
	return false;
}

void
ys_endpoint_print(const struct sockaddr *address, char text[YS_ENDPOINT_TEXT])
{
	char		host[INET6_ADDRSTRLEN];
	YsEndpoint	endpoint;

	if (!take_address(address, &endpoint) ||
		inet_ntop(endpoint.family, endpoint.address, host, sizeof(host)) == NULL)
		strlcpy(text, "an address of another kind", YS_ENDPOINT_TEXT);
	else
		snprintf(text, YS_ENDPOINT_TEXT, endpoint.family == AF_INET6 ? "[%s]:%d" : "%s:%d", host,
				 endpoint.port);
}
