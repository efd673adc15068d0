// What the origins have in common: a listener on loopback and the connections that wait at it.
#pragma once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_FDS 65536

/* A listener that `epoll` watches. Ends the program, by its name, when there can be none. */
static int listen_on(int epoll, int port, const char *program)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct epoll_event event = { .events = EPOLLIN };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) {
		perror(program);
		exit(1);
	}
	event.data.fd = listener;
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	return listener;
}

/* The next connection that waits, watched for input; -1 when none does. Its number is below MOST_FDS. */
static int accept_next(int epoll, int listener)
{
	int fd, yes = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= MOST_FDS)
		close(fd);
	if (fd >= 0) {
		struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
	return fd;
}
