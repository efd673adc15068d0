// The gRPC origin of the engine bench: HTTP/2 by prior knowledge (RFC 9113), in C so that it is not what limits a proxy.
//   grpc-origin PORT
// Every unary call with the message that grpc-message.ts makes gets the same message and grpc-status 0; any other call gets
// grpc-status 13. Request headers are not read: the bench proves them before the load, with another origin.
#include "listen.h"
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#define EVENTS 256
#define FRAME_HEAD 9
#define FRAME_MOST 16384
/* Must match MESSAGE_BYTES of grpc-message.ts. */
#define MESSAGE 64
#define PREFIX 5
#define BODY (PREFIX + MESSAGE)
/* Streams open at once on one connection: more than any proxy of the bench opens. */
#define STREAMS 4096
#define OUT (1 << 18)
#define WINDOW_STEP 32768

enum frame { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION };
enum flag { END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8 };

struct connection {
	int fd, greeted;
	/* The peer keeps a header table; what we told of ours; our fields are in it. */
	int table, table_told, indexed;
	/* What we may send, and what the peer has sent since we last gave it more. */
	int64_t window;
	uint32_t taken, have;
	/* Answers that wait for the window, as a ring of stream numbers and statuses. */
	uint32_t waiting[STREAMS], first, count;
	uint8_t failed[STREAMS];
	/* Bytes of the request body of stream number / 2 modulo STREAMS. */
	uint16_t bodies[STREAMS];
	uint8_t broken[STREAMS];
	uint8_t in[FRAME_HEAD + FRAME_MOST];
};

static struct connection *connections[MOST_FDS];
static uint8_t input[1 << 18], out[OUT], message[BODY];
static uint32_t out_length;
static int epoll;

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
#define PREFACE (sizeof preface - 1)

static void put(const void *bytes, uint32_t length)
{
	memcpy(out + out_length, bytes, length);
	out_length += length;
}

static void put_u32(uint32_t value)
{
	uint8_t bytes[] = { value >> 24, value >> 16, value >> 8, value };

	put(bytes, 4);
}

static void put_head(uint32_t length, enum frame type, int flags, uint32_t stream)
{
	uint8_t bytes[] = { length >> 16, length >> 8, length, type, flags };

	put(bytes, 5);
	put_u32(stream);
}

static uint32_t get_u32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

static int flush_out(struct connection *connection)
{
	/* A closed loop keeps at most some hundred answers in flight: the socket's buffer holds them. */
	int sent = out_length == 0 || send(connection->fd, out, out_length, MSG_NOSIGNAL) == (ssize_t)out_length;

	out_length = 0;
	return sent ? 1 : -1;
}

/* HPACK (RFC 7541): the two fields that repeat are indexed where the peer keeps a table, literals where it does not. */
static void put_answer(struct connection *connection, uint32_t stream)
{
	static const uint8_t type[] = "\x10" "application/grpc", status[] = "\x0bgrpc-status\x01" "0";
	const char *literal = connection->table ? "\x5f" : "\x0f\x10", *begin = connection->table ? "" : "\x20";
	int known = connection->indexed;

	if (connection->table_told)
		begin = "";
	connection->table_told = 1;
	/* Number 8 of the static table is :status 200, 31 content-type; 63 and 62 are what we had indexed. */
	put_head(strlen(begin) + 1 + (known ? 1 : strlen(literal) + sizeof type - 1), HEADERS, END_HEADERS, stream);
	put(begin, strlen(begin));
	put("\x88", 1);
	if (known) {
		put("\xbf", 1);
	} else {
		put(literal, strlen(literal));
		put(type, sizeof type - 1);
	}
	put_head(BODY, DATA, 0, stream);
	put(message, BODY);
	put_head(known ? 1 : sizeof status, HEADERS, END_HEADERS | END_STREAM, stream);
	put(known ? "\xbe" : connection->table ? "\x40" : "\0", 1);
	if (!known)
		put(status, sizeof status - 1);
	connection->indexed = connection->table;
	connection->window -= BODY;
}

/* Without a message, so that the bytes that the load generator counts tell of it. */
static void put_failure(uint32_t stream)
{
	static const char block[] = "\x88\x0f\x10\x10" "application/grpc" "\0\x0bgrpc-status\x02" "13";

	put_head(sizeof block - 1, HEADERS, END_HEADERS | END_STREAM, stream);
	put(block, sizeof block - 1);
}

static int answer_waiting(struct connection *connection)
{
	while (connection->count > 0 && connection->window >= BODY) {
		uint32_t at = connection->first++ % STREAMS;

		connection->count--;
		if (out_length > OUT - 1024 && flush_out(connection) < 0)
			return -1;
		if (connection->failed[at])
			put_failure(connection->waiting[at]);
		else
			put_answer(connection, connection->waiting[at]);
	}
	return 1;
}

static void finish(struct connection *connection, uint32_t stream)
{
	uint32_t slot = stream / 2 % STREAMS, at = (connection->first + connection->count) % STREAMS;

	connection->waiting[at] = stream;
	connection->failed[at] = connection->broken[slot] || connection->bodies[slot] != BODY;
	connection->count += connection->count < STREAMS;
}

static void take_data(struct connection *connection, uint32_t stream, const uint8_t *bytes, uint32_t length)
{
	uint32_t slot = stream / 2 % STREAMS, have = connection->bodies[slot];

	if (have + length > BODY || memcmp(message + have, bytes, length))
		connection->broken[slot] = 1;
	else
		connection->bodies[slot] = have + length;
}

static void take_settings(struct connection *connection, const uint8_t *bytes, uint32_t length)
{
	for (; length >= 6; bytes += 6, length -= 6)
		if (bytes[0] == 0 && bytes[1] == 1)
			connection->table = get_u32(bytes + 2) >= 4096;
	put_head(0, SETTINGS, ACK, 0);
}

static int take_frame(struct connection *connection, const uint8_t *frame, uint32_t length)
{
	uint32_t stream = get_u32(frame + 5) & 0x7fffffff, padding;
	const uint8_t *bytes = frame + FRAME_HEAD;
	int flags = frame[4];

	if (frame[3] == GOAWAY)
		return 1;
	if (frame[3] == SETTINGS && !(flags & ACK))
		take_settings(connection, bytes, length);
	if (frame[3] == PING && !(flags & ACK)) {
		put_head(8, PING, ACK, 0);
		put(bytes, 8);
	}
	if (frame[3] == WINDOW_UPDATE && stream == 0)
		connection->window += get_u32(bytes) & 0x7fffffff;
	if (frame[3] == HEADERS) {
		connection->bodies[stream / 2 % STREAMS] = 0;
		connection->broken[stream / 2 % STREAMS] = 0;
	}
	if (frame[3] == DATA) {
		connection->taken += length;
		padding = flags & PADDED ? bytes[0] + 1u : 0;
		if (padding > length)
			return -1;
		take_data(connection, stream, bytes + (padding > 0), length - padding);
	}
	if ((frame[3] == HEADERS || frame[3] == DATA) && flags & END_STREAM)
		finish(connection, stream);
	if (connection->taken >= WINDOW_STEP) {
		put_head(4, WINDOW_UPDATE, 0, 0);
		put_u32(connection->taken);
		connection->taken = 0;
	}
	return answer_waiting(connection);
}

/** Takes what is whole of `bytes` and returns how much that was; -1 for what is no HTTP/2. */
static int64_t take(struct connection *connection, const uint8_t *bytes, uint32_t count)
{
	uint32_t at = 0, length;

	if (!connection->greeted) {
		if (count < PREFACE)
			return 0;
		if (memcmp(bytes, preface, PREFACE))
			return -1;
		connection->greeted = 1;
		put_head(6, SETTINGS, 0, 0);
		put("\0\x03", 2);
		put_u32(1000);
		at = PREFACE;
	}
	while (count - at >= FRAME_HEAD) {
		length = bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2];
		if (length > FRAME_MOST)
			return -1;
		if (count - at < FRAME_HEAD + length)
			break;
		if (out_length > OUT - 1024 && flush_out(connection) < 0)
			return -1;
		if (take_frame(connection, bytes + at, length) < 0)
			return -1;
		at += FRAME_HEAD + length;
	}
	return at;
}

static int receive(struct connection *connection)
{
	ssize_t got;
	int64_t used;
	uint32_t count = connection->have;

	memcpy(input, connection->in, count);
	got = recv(connection->fd, input + count, sizeof input - count, 0);
	if (got <= 0)
		return got < 0 && errno == EAGAIN ? 1 : -1;
	count += got;
	used = take(connection, input, count);
	if (used < 0 || count - (uint32_t)used > sizeof connection->in)
		return -1;
	connection->have = count - used;
	memcpy(connection->in, input + used, connection->have);
	return flush_out(connection);
}

static void accept_all(int listener)
{
	int fd;

	while ((fd = accept_next(epoll, listener)) >= 0) {
		connections[fd] = calloc(1, sizeof **connections);
		connections[fd]->fd = fd;
		connections[fd]->table = 1;
		connections[fd]->window = 65535;
	}
}

int main(int count, char **words)
{
	struct epoll_event events[EVENTS];
	int listener;

	if (count != 2) {
		fprintf(stderr, "usage: grpc-origin PORT\n");
		return 2;
	}
	memcpy(message, "\0\0\0\0\x40\x0a\x3e", 7);
	memset(message + 7, 'g', BODY - 7);
	epoll = epoll_create1(0);
	listener = listen_on(epoll, atoi(words[1]), "grpc-origin");
	for (;;) {
		int ready = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < ready; i++) {
			int fd = events[i].data.fd;

			if (fd == listener) {
				accept_all(listener);
			} else if (receive(connections[fd]) < 0) {
				close(fd);
				free(connections[fd]);
				connections[fd] = NULL;
				out_length = 0;
			}
		}
	}
}
