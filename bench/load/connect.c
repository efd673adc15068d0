// Load of the connect scenario. A connect() on loopback takes some 20 microseconds, so this is C: nothing else may add to it.
//   connect serve PORT                        accepts and closes, for ever
//   connect call ADDRESS PORT WARM SECONDS    connect() and close with RST (no TIME_WAIT, no port shortage), then one line of JSON
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 4000000

static uint32_t latencies[MOST];

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static int by_value(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

static int serve(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) {
		perror("serve");
		return 1;
	}
	puts("serving");
	fflush(stdout);
	for (;;) {
		int accepted = accept(listener, NULL, NULL);

		if (accepted >= 0)
			close(accepted);
	}
}

static int call(const char *host, int port, double warm, double seconds)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	uint64_t begin = now_ns() + (uint64_t)(warm * 1e9), end = begin + (uint64_t)(seconds * 1e9), before;
	uint32_t count = 0, errors = 0;
	int last_errno = 0;

	if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
		fprintf(stderr, "call: %s is no IPv4 address\n", host);
		return 1;
	}
	while ((before = now_ns()) < end && count < MOST) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		uint64_t start = now_ns();
		int failed = connect(fd, (void *)&address, sizeof address);
		uint64_t took = now_ns() - start;

		if (failed) {
			errors++;
			last_errno = errno;
		} else if (start >= begin) {
			latencies[count++] = took;
		}
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close(fd);
	}
	qsort(latencies, count, sizeof *latencies, by_value);
	printf("{\"connects\":%u,\"errors\":%u,\"error\":\"%s\",\"seconds\":%.6f,\"p50us\":%.3f,\"p99us\":%.3f}\n", count,
	       errors, errors ? strerror(last_errno) : "", (before - begin) / 1e9, latencies[count / 2] / 1e3,
	       latencies[(uint32_t)(count * 0.99)] / 1e3);
	return 0;
}

int main(int count, char **words)
{
	if (count == 3 && !strcmp(words[1], "serve"))
		return serve(atoi(words[2]));
	if (count == 6 && !strcmp(words[1], "call"))
		return call(words[2], atoi(words[3]), atof(words[4]), atof(words[5]));
	fprintf(stderr, "usage: connect serve PORT | connect call ADDRESS PORT WARM SECONDS\n");
	return 2;
}
