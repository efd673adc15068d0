// The HTTP/1.1 origin of the engine bench, in C so that it is not what limits a proxy.
//   web-origin PORT
// GET /1k and /1m answer as many bytes of 'x', GET /team-... 1 KB; POST /post wants 10,240 bytes of 'a' and answers 1 KB; /ws echoes WebSocket messages
// (RFC 6455). Whatever else comes is answered 400.
#include "listen.h"
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define HEAD 8192
#define POSTED 10240
#define EVENTS 256
#define WS_SMALL 126

enum state { READING_HEAD, READING_BODY, ECHOING };

struct answer {
	char *bytes;
	size_t length;
};

struct connection {
	int fd, closing, watching_out;
	enum state state;
	size_t wanted, have;
	const char *out;
	size_t left;
	char head[HEAD];
};

static struct connection *connections[MOST_FDS];
static struct answer kilobyte, megabyte, refusal, switching;
static char input[1 << 18];
static int epoll;

static struct answer make_answer(const char *status, size_t length)
{
	struct answer answer = { malloc(length + 512), 0 };
	char date[64];
	time_t now = time(NULL);

	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
	answer.length = sprintf(answer.bytes,
				"HTTP/1.1 %s\r\nServer: origin\r\nDate: %s\r\nContent-Type: text/plain\r\n"
				"Content-Length: %zu\r\n\r\n",
				status, date, length);
	memset(answer.bytes + answer.length, 'x', length);
	answer.length += length;
	return answer;
}

static void drop(struct connection *connection)
{
	close(connection->fd);
	connections[connection->fd] = NULL;
	free(connection);
}

static void watch(struct connection *connection, int out)
{
	struct epoll_event event = { .events = EPOLLIN | (out ? EPOLLOUT : 0), .data.fd = connection->fd };

	if (connection->watching_out == out)
		return;
	connection->watching_out = out;
	epoll_ctl(epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

/** 1: all is sent; 0: the socket is full; -1: the peer is gone. */
static int flush_out(struct connection *connection)
{
	while (connection->left > 0) {
		ssize_t sent = send(connection->fd, connection->out, connection->left, MSG_NOSIGNAL);

		if (sent < 0 && errno == EAGAIN) {
			watch(connection, 1);
			return 0;
		}
		if (sent < 0)
			return -1;
		connection->out += sent;
		connection->left -= sent;
	}
	watch(connection, 0);
	return connection->closing ? -1 : 1;
}

static int answer(struct connection *connection, const struct answer *with)
{
	connection->out = with->bytes;
	connection->left = with->length;
	connection->closing |= with == &refusal;
	connection->state = with == &switching ? ECHOING : READING_HEAD;
	connection->have = connection->wanted = 0;
	return flush_out(connection);
}

/* SHA-1 (FIPS 180-4) of less than 119 bytes, for the handshake of RFC 6455 alone. */
static void sha1(const char *text, uint32_t length, uint8_t digest[20])
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 }, w[80];
	uint8_t blocks[128] = { 0 };
	uint32_t size = length < 56 ? 64 : 128;

	memcpy(blocks, text, length);
	blocks[length] = 0x80;
	blocks[size - 2] = length >> 5;
	blocks[size - 1] = length << 3;
	for (uint32_t at = 0; at < size; at += 64) {
		uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

		for (int i = 0; i < 80; i++) {
			const uint8_t *p = blocks + at + 4 * i;
			uint32_t mixed = i < 16 ? 0 : w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], f, k, next;

			w[i] = i < 16 ? (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3] : mixed << 1 | mixed >> 31;
			f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
			k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
			next = (a << 5 | a >> 27) + f + e + k + w[i];
			e = d;
			d = c;
			c = b << 30 | b >> 2;
			b = a;
			a = next;
		}
		h[0] += a;
		h[1] += b;
		h[2] += c;
		h[3] += d;
		h[4] += e;
	}
	for (int i = 0; i < 20; i++)
		digest[i] = h[i / 4] >> (24 - 8 * (i & 3));
}

/** 101 with what section 4.2.2 of RFC 6455 makes of a key of 24 characters. */
static int switch_protocols(struct connection *connection, const char *key)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static char bytes[256];
	char text[61], accept[29] = { 0 };
	/* One zero byte beyond the digest: base64 takes three at a time. */
	uint8_t digest[21] = { 0 };

	snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	sha1(text, 60, digest);
	for (int i = 0; i < 28; i++) {
		const uint8_t *three = digest + i / 4 * 3;
		uint32_t bits = three[0] << 16 | three[1] << 8 | three[2];

		accept[i] = letters[bits >> (18 - 6 * (i & 3)) & 63];
	}
	accept[27] = '=';
	switching.bytes = bytes;
	switching.length = sprintf(bytes,
				   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
				   "Sec-WebSocket-Accept: %s\r\n\r\n",
				   accept);
	return answer(connection, &switching);
}

static int begins(const char *head, const char *with)
{
	return !strncmp(head, with, strlen(with));
}

/** `head` ends with its empty line and a zero byte. */
static int act_on_head(struct connection *connection)
{
	const char *head = connection->head, *length, *key;

	connection->closing = strcasestr(head, "\r\nconnection: close\r\n") != NULL;
	if (begins(head, "GET /1k ") || begins(head, "GET /team-"))
		return answer(connection, &kilobyte);
	if (begins(head, "GET /1m "))
		return answer(connection, &megabyte);
	if (begins(head, "POST /post ") && (length = strcasestr(head, "\r\ncontent-length:"))) {
		connection->wanted = strtoul(length + 17, NULL, 10);
		connection->have = 0;
		connection->state = READING_BODY;
		return connection->wanted == POSTED ? 1 : answer(connection, &refusal);
	}
	if (begins(head, "GET /ws ") && strcasestr(head, "\r\nupgrade: websocket\r\n") &&
	    (key = strcasestr(head, "\r\nsec-websocket-key: ")) && strcspn(key + 21, "\r") == 24)
		return switch_protocols(connection, key + 21);
	return answer(connection, &refusal);
}

/** A masked message of up to 64 KB comes back unmasked. What is not whole yet waits in `head`. Returns as flush_out. */
static int echo(struct connection *connection, const uint8_t *bytes, size_t count)
{
	static uint8_t messages[HEAD + sizeof input], echoes[HEAD + sizeof input];
	size_t at = 0, out = 0;

	memcpy(messages, connection->head, connection->have);
	memcpy(messages + connection->have, bytes, count);
	count += connection->have;
	while (count - at >= 8) {
		const uint8_t *message = messages + at, *mask;
		size_t length = message[1] & 127, before = 2;

		if (!(message[1] & 128) || length > WS_SMALL)
			return -1;
		if (length == WS_SMALL) {
			length = message[2] << 8 | message[3];
			before = 4;
		}
		if (count - at < before + 4 + length)
			break;
		mask = message + before;
		echoes[out++] = message[0];
		echoes[out++] = message[1] & 127;
		if (before == 4) {
			echoes[out++] = message[2];
			echoes[out++] = message[3];
		}
		for (size_t i = 0; i < length; i++)
			echoes[out++] = mask[4 + i] ^ mask[i & 3];
		at += before + 4 + length;
	}
	if (count - at > HEAD)
		return -1;
	connection->have = count - at;
	memcpy(connection->head, messages + at, connection->have);
	// A client has one small message in flight: there is always room for its echo.
	return out == 0 || send(connection->fd, echoes, out, MSG_NOSIGNAL) == (ssize_t)out ? 1 : -1;
}

/** Takes what came. Returns -1 when the connection is over. Bytes beyond a request that is being answered are not expected. */
static int receive(struct connection *connection, const char *bytes, size_t count)
{
	while (count > 0) {
		if (connection->state == ECHOING)
			return echo(connection, (const void *)bytes, count);
		if (connection->state == READING_BODY) {
			size_t part = connection->wanted - connection->have;

			part = part < count ? part : count;
			if (bytes[0] != 'a' || memcmp(bytes, bytes + 1, part - 1))
				return answer(connection, &refusal);
			connection->have += part;
			bytes += part;
			count -= part;
			if (connection->have == connection->wanted && answer(connection, &kilobyte) < 0)
				return -1;
			continue;
		}
		size_t old = connection->have, part = HEAD - 1 - old < count ? HEAD - 1 - old : count, used;
		char *end;

		memcpy(connection->head + old, bytes, part);
		end = memmem(connection->head, old + part, "\r\n\r\n", 4);
		if (end == NULL) {
			connection->have += part;
			return connection->have == HEAD - 1 ? answer(connection, &refusal) : 1;
		}
		end[4] = 0;
		used = end + 4 - connection->head - old;
		bytes += used;
		count -= used;
		if (act_on_head(connection) < 0)
			return -1;
	}
	return 1;
}

static void accept_all(int listener)
{
	int fd;

	while ((fd = accept_next(epoll, listener)) >= 0) {
		connections[fd] = calloc(1, sizeof **connections);
		connections[fd]->fd = fd;
	}
}

int main(int count, char **words)
{
	struct epoll_event events[EVENTS];
	int listener;

	if (count != 2) {
		fprintf(stderr, "usage: web-origin PORT\n");
		return 2;
	}
	kilobyte = make_answer("200 OK", 1024);
	megabyte = make_answer("200 OK", 1 << 20);
	refusal = make_answer("400 Bad Request", 0);
	epoll = epoll_create1(0);
	listener = listen_on(epoll, atoi(words[1]), "web-origin");
	for (;;) {
		int ready = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < ready; i++) {
			int fd = events[i].data.fd, over = 0;
			struct connection *connection = connections[fd];
			ssize_t got;

			if (fd == listener) {
				accept_all(listener);
				continue;
			}
			if (events[i].events & EPOLLOUT)
				over = flush_out(connection);
			if (over >= 0 && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
				got = recv(fd, input, sizeof input, 0);
				over = got > 0 ? receive(connection, input, got) : got == 0 || errno != EAGAIN ? -1 : 0;
			}
			if (over < 0)
				drop(connection);
		}
	}
}
