/* A static OpenAI-compatible provider: every gateway under test talks to this one.
 *
 *   POST .../chat/completions   a fixed chat.completion, or a fixed event stream when the body has "stream": true
 *   GET  .../models             the one model it serves
 *   GET  /count                 how many chat completions it has answered
 *   anything else               404
 *
 * One thread, level-triggered epoll, one fixed buffer per connection, one write per answer. It costs a few
 * microseconds a request, so that the load generator and this server together never limit what they measure.
 *
 * usage: upstream PORT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_FD = 4096, BUFFER = 256 * 1024, ANSWER = 8192, EVENTS = 256 };

typedef struct {
    size_t used;
    char data[BUFFER];
} Connection;

typedef struct {
    size_t size;
    char data[ANSWER];
} Answer;

static Connection *connections[MAX_FD];
static Answer plain, streamed, models, missing;
static unsigned long answered;

static const char TEXT[] = "Restart the worker first, then compare the queue depth with the value from before the "
                           "deploy. If it still grows, roll back; the migration is additive, so that is safe.";

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void whole_answer(Answer *answer, const char *status, const char *body) {
    answer->size = (size_t)snprintf(answer->data, ANSWER,
        "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);
}

static void add_event(Answer *answer, const char *event) {
    answer->size += (size_t)snprintf(answer->data + answer->size, ANSWER - answer->size,
        "%zx\r\ndata: %s\n\n\r\n", strlen(event) + strlen("data: \n\n"), event);
}

static void add_delta(Answer *answer, const char *delta, const char *finish, const char *usage) {
    char event[1024];
    snprintf(event, sizeof event,
        "{\"id\":\"chatcmpl-static\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
        "\"model\":\"static-model\",\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":%s}]%s}",
        delta, finish, usage);
    add_event(answer, event);
}

static void build_answers(void) {
    static const char usage[] = "\"usage\":{\"prompt_tokens\":231,\"completion_tokens\":38,\"total_tokens\":269}";
    char body[ANSWER], part[160];

    snprintf(body, sizeof body,
        "{\"id\":\"chatcmpl-static\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"static-model\","
        "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},"
        "\"finish_reason\":\"stop\"}],%s}", TEXT, usage);
    whole_answer(&plain, "200 OK", body);
    whole_answer(&models, "200 OK",
        "{\"object\":\"list\",\"data\":[{\"id\":\"static-model\",\"object\":\"model\",\"created\":1700000000,"
        "\"owned_by\":\"static\"}]}");
    whole_answer(&missing, "404 Not Found", "{\"error\":{\"message\":\"no such route\",\"type\":\"not_found\"}}");

    streamed.size = (size_t)snprintf(streamed.data, ANSWER,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    add_delta(&streamed, "{\"role\":\"assistant\",\"content\":\"\"}", "null", "");
    for (size_t at = 0; at < strlen(TEXT); at += 32) {
        snprintf(part, sizeof part, "{\"content\":\"%.32s\"}", TEXT + at);
        add_delta(&streamed, part, "null", "");
    }
    snprintf(part, sizeof part, ",%s", usage);
    add_delta(&streamed, "{}", "\"stop\"", part);
    add_event(&streamed, "[DONE]");
    streamed.size += (size_t)snprintf(streamed.data + streamed.size, ANSWER - streamed.size, "0\r\n\r\n");
}

/* The value of a request's Content-Length; -1 for a chunked body, which this server does not read. */
static long body_length(const char *head, const char *end) {
    static const char length[] = "\r\ncontent-length:", chunked[] = "\r\ntransfer-encoding:";
    long found = 0;
    for (const char *line = head; (line = memmem(line, (size_t)(end - line), "\r\n", 2)) != NULL; line += 2) {
        if ((size_t)(end - line) < sizeof chunked) break;
        if (strncasecmp(line, length, sizeof length - 1) == 0) found = strtol(line + sizeof length - 1, NULL, 10);
        if (strncasecmp(line, chunked, sizeof chunked - 1) == 0) return -1;
    }
    return found;
}

static bool wants_stream(const char *body, size_t size) {
    const char *end = body + size, *at = memmem(body, size, "\"stream\"", 8);
    if (at == NULL) return false;
    for (at += 8; at < end && (*at == ' ' || *at == ':'); at++) {}
    return end - at >= 4 && memcmp(at, "true", 4) == 0;
}

static const Answer *answer_for(const char *head, size_t head_size, const char *body, size_t size) {
    static Answer count;
    const char *line_end = memmem(head, head_size, "\r\n", 2);
    size_t line = (size_t)(line_end - head);
    if (strncmp(head, "POST ", 5) == 0 && memmem(head, line, "/chat/completions ", 18) != NULL) {
        answered++;
        return wants_stream(body, size) ? &streamed : &plain;
    }
    if (strncmp(head, "GET /count ", 11) == 0) {
        char number[32];
        snprintf(number, sizeof number, "%lu", answered);
        whole_answer(&count, "200 OK", number);
        return &count;
    }
    return strncmp(head, "GET ", 4) == 0 && memmem(head, line, "/models ", 8) != NULL ? &models : &missing;
}

/* Answers every complete request in the buffer; false when the connection must be closed. */
static bool serve(int fd, Connection *connection) {
    size_t at = 0;
    while (at < connection->used) {
        const char *head = connection->data + at;
        const char *blank = memmem(head, connection->used - at, "\r\n\r\n", 4);
        if (blank == NULL) break;
        size_t head_size = (size_t)(blank + 4 - head);
        long length = body_length(head, blank + 2);
        if (length < 0 || head_size + (size_t)length > BUFFER) {
            fprintf(stderr, "upstream: a chunked or oversized request body; closing the connection\n");
            return false;
        }
        if (head_size + (size_t)length > connection->used - at) break;
        const Answer *answer = answer_for(head, head_size, blank + 4, (size_t)length);
        if (write(fd, answer->data, answer->size) != (ssize_t)answer->size) return false;
        at += head_size + (size_t)length;
    }
    memmove(connection->data, connection->data + at, connection->used - at);
    connection->used -= at;
    return true;
}

static bool readable(int fd, Connection *connection) {
    ssize_t got = read(fd, connection->data + connection->used, BUFFER - connection->used);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    connection->used += (size_t)got;
    return serve(fd, connection);
}

static void admit(int poll, int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (fd < 0) return;
    if (fd >= MAX_FD || (connections[fd] == NULL && (connections[fd] = malloc(sizeof(Connection))) == NULL)) {
        close(fd);
        return;
    }
    connections[fd]->used = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
}

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) die("socket");
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1024) < 0) die("bind");
    return fd;
}

int main(int argc, char **argv) {
    if (argc != 2) return fprintf(stderr, "usage: upstream PORT\n"), 2;
    signal(SIGPIPE, SIG_IGN);
    build_answers();
    int listener = listen_on(atoi(argv[1])), poll = epoll_create1(0);
    struct epoll_event ready[EVENTS], event = {.events = EPOLLIN, .data.fd = listener};
    if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event) < 0) die("epoll");
    for (;;) {
        int count = epoll_wait(poll, ready, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = ready[i].data.fd;
            if (fd == listener) admit(poll, listener);
            else if (!readable(fd, connections[fd])) close(fd);
        }
    }
}
