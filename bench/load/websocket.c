// The WebSocket load of the engine bench: every connection has one message in flight, and compares its echo byte by byte.
//   websocket PORT CONNECTIONS SECONDS    one line of JSON
// A message is 134 bytes on the wire: a masked binary frame (RFC 6455 section 5.2) of 126 bytes that tells its connection and turn.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_CONNECTIONS 4096
#define PAYLOAD 126
#define SENT (8 + PAYLOAD)
#define ECHOED (4 + PAYLOAD)
#define SLOWEST_US 1000000

struct connection {
	int fd;
	uint32_t number, turn, have;
	uint64_t start;
	uint8_t wanted[ECHOED], got[ECHOED];
};

static struct connection connections[MOST_CONNECTIONS];
static uint32_t latencies[SLOWEST_US + 1];
static uint64_t messages, errors;
static const char *error = "";

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static int fail(const char *why)
{
	errors++;
	error = why;
	return -1;
}

static int send_message(struct connection *connection)
{
	uint8_t frame[SENT] = { 0x82, 0x80 | 126, 0, PAYLOAD }, *mask = frame + 4, *payload = connection->wanted + 4;
	uint32_t key = (connection->number * 2654435761u) ^ (connection->turn * 40503u);

	memcpy(connection->wanted, "\x82\x7e\0\x7e", 4);
	memcpy(payload, &connection->number, 4);
	memcpy(payload + 4, &connection->turn, 4);
	memset(payload + 8, 'a' + connection->turn % 26, PAYLOAD - 8);
	memcpy(mask, &key, 4);
	for (int i = 0; i < PAYLOAD; i++)
		frame[8 + i] = payload[i] ^ mask[i & 3];
	connection->turn++;
	connection->have = 0;
	connection->start = now_ns();
	return send(connection->fd, frame, SENT, MSG_NOSIGNAL) == SENT ? 0 : fail("a message could not be sent");
}

static int open_connection(struct connection *connection, int port)
{
	static const char handshake[] = "GET /ws HTTP/1.1\r\nHost: bench.example\r\nUpgrade: websocket\r\n"
					"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
					"Sec-WebSocket-Version: 13\r\n\r\n";
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	char head[4096];
	size_t have = 0;
	int yes = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connection->fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(connection->fd, (void *)&address, sizeof address))
		return fail("could not connect");
	if (send(connection->fd, handshake, sizeof handshake - 1, MSG_NOSIGNAL) < 0)
		return fail("the handshake could not be sent");
	/* No echo can follow yet: the head ends what comes. */
	while (have < 4 || memcmp(head + have - 4, "\r\n\r\n", 4)) {
		ssize_t got = recv(connection->fd, head + have, sizeof head - 1 - have, 0);

		if (got <= 0)
			return fail("the handshake was not answered");
		have += got;
	}
	head[have] = 0;
	if (strncmp(head, "HTTP/1.1 101 ", 13) || !strstr(head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
		return fail("the handshake was refused");
	return 0;
}

static int receive(struct connection *connection)
{
	ssize_t got = recv(connection->fd, connection->got + connection->have, ECHOED - connection->have, MSG_DONTWAIT);
	uint64_t us;

	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got <= 0)
		return fail("a connection was cut");
	connection->have += got;
	if (connection->have < ECHOED)
		return 0;
	if (memcmp(connection->got, connection->wanted, ECHOED))
		return fail("an echo differs from its message");
	us = (now_ns() - connection->start) / 1000;
	latencies[us < SLOWEST_US ? us : SLOWEST_US]++;
	messages++;
	return send_message(connection);
}

static uint32_t percentile(double part)
{
	uint64_t seen = 0;

	for (uint32_t us = 0; us <= SLOWEST_US; us++)
		if ((seen += latencies[us]) > messages * part)
			return us;
	return 0;
}

int main(int count, char **words)
{
	struct epoll_event events[256];
	int epoll = epoll_create1(0), port, many;
	uint64_t start, end;

	if (count != 4 || (many = atoi(words[2])) < 1 || many > MOST_CONNECTIONS) {
		fprintf(stderr, "usage: websocket PORT CONNECTIONS SECONDS\n");
		return 2;
	}
	port = atoi(words[1]);
	for (int i = 0; i < many; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &connections[i] };

		connections[i].number = i;
		if (!open_connection(&connections[i], port))
			epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
		else
			connections[i].fd = -1;
	}
	start = now_ns();
	end = start + (uint64_t)(atof(words[3]) * 1e9);
	for (int i = 0; i < many; i++)
		if (connections[i].fd >= 0)
			send_message(&connections[i]);
	while (now_ns() < end) {
		int ready = epoll_wait(epoll, events, 256, 100);

		for (int i = 0; i < ready; i++) {
			struct connection *connection = events[i].data.ptr;

			if (receive(connection) < 0)
				epoll_ctl(epoll, EPOLL_CTL_DEL, connection->fd, NULL);
		}
	}
	printf("{\"requests\":%llu,\"seconds\":%.6f,\"errors\":%llu,\"error\":\"%s\",\"p50us\":%u,\"p99us\":%u}\n",
	       (unsigned long long)messages, (now_ns() - start) / 1e9, (unsigned long long)errors, error,
	       percentile(0.5), percentile(0.99));
	return 0;
}
