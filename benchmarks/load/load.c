// A load generator for fan-out: many sockets in rooms, one of each room sends, every delivery is counted.
//
//     load -p PORT[,PORT] -n SOCKETS -r ROOMS -w IN_FLIGHT -W WARM_UP -d SECONDS [-V values] [-P pid,pid] script
//
// One process, one epoll: it has to cost far less than the server that it measures, so it says what it cost.
// The script is a list of steps that each socket takes before it counts as ready, then how a message is sent:
//     S:bytes     send as they are (\r and \n are escapes)          F:text   send as a masked text frame
//     W:bytes     wait until these were received
//     MF:text     a message is this text as a frame                 MS:text  a message is these bytes
// After the wait for \r\n\r\n a script of frames waits for whole frames that contain the bytes. What may stand in a text:
// %R the room's number, %C the socket's, %1 … %9 the columns of its line of the file of -V, %M the marker by which a
// delivery is known, %I a name of the message that occurs once. Prints one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STEPS = 64, COLUMNS = 9, RING = 4096, MARKER = 30, BUCKETS = 1000000, TEXT = 16384, PORTS = 8, PIDS = 8 };
enum { GIVEN_UP_AFTER = 3, HANDSHAKES_WITHIN = 240 }; // seconds
enum kind { SEND, FRAME, WAIT };
enum opcode { WORDS = 1, PING = 9, PONG = 10 };

struct step { enum kind kind; char *text; };
struct client {
    int fd, id, room, step, connected, upgraded, ready, stalled;
    char *kept; // received and not yet understood
    size_t kept_size;
    char *values[COLUMNS];
};
struct room {
    uint32_t sent, done, forgotten; // messages: those before `forgotten` are no longer waited for
    int listeners, sender;
    uint64_t last;
    uint32_t heard[RING];
};

static struct step steps[STEPS];
static int step_count, message_is_frame = 1;
static char *message_text;
static struct client *clients;
static struct room *rooms;
static int client_count = 200, room_count = 1, in_flight = 1, warm_up = 1, duration = 5, padding = 80, at_once = 64;
static int stalled_count, ports[PORTS], port_count, pids[PIDS], pid_count, waits_for_go;
static int poller, ready_count, ended_count, handshaking, next_client, measuring, sending;
static uint64_t deliveries, messages, lost;
static uint32_t *delays; // in steps of 10 µs
static char input[1 << 18];

static uint64_t now(void) {
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    return (uint64_t)moment.tv_sec * 1000000000u + (uint64_t)moment.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static char *unescaped(const char *text) {
    char *copy = malloc(strlen(text) + 1), *end = copy;
    for (; *text; text++) {
        if (text[0] == '\\' && (text[1] == 'r' || text[1] == 'n')) *end++ = *++text == 'r' ? '\r' : '\n';
        else *end++ = *text;
    }
    *end = 0;
    return copy;
}

static int filled(const char *text, const struct client *client, const char *marker, const char *name, char *out) {
    char *end = out;
    for (; *text; text++) {
        if (text[0] != '%') { *end++ = *text; continue; }
        char what = *++text;
        if (what == 'R') end += sprintf(end, "%d", client->room);
        else if (what == 'C') end += sprintf(end, "%d", client->id);
        else if (what == 'M') end = stpcpy(end, marker);
        else if (what == 'I') end = stpcpy(end, name);
        else if (what >= '1' && what <= '9' && client->values[what - '1']) end = stpcpy(end, client->values[what - '1']);
        else { *end++ = '%'; *end++ = what; }
    }
    *end = 0;
    return (int)(end - out);
}

static void write_all(struct client *client, const char *bytes, size_t size) {
    while (size) {
        ssize_t sent = send(client->fd, bytes, size, MSG_NOSIGNAL);
        if (sent > 0) { bytes += sent; size -= (size_t)sent; }
        else if (errno == EAGAIN) usleep(50);
        else return; // its end is read
    }
}

static void write_frame(struct client *client, enum opcode opcode, const char *text, size_t size) {
    static char frame[TEXT + 8];
    size_t head = 2;
    frame[0] = (char)(0x80 | opcode);
    if (size < 126) frame[1] = (char)(0x80 | size);
    else { frame[1] = (char)(0x80 | 126); frame[2] = (char)(size >> 8); frame[3] = (char)(size & 255); head = 4; }
    const char mask[4] = {0x37, 0x11, 0x5a, 0x0f};
    memcpy(frame + head, mask, 4);
    head += 4;
    for (size_t place = 0; place < size; place++) frame[head + place] = text[place] ^ mask[place & 3];
    write_all(client, frame, head + size);
}

static void send_message(int number) {
    static char marker[TEXT / 2], out[TEXT];
    char name[64];
    struct room *room = &rooms[number];
    struct client *sender = &clients[room->sender];
    uint64_t moment = now();
    int size = sprintf(marker, "~T%016lx%04x%08x", (unsigned long)moment, (unsigned)number, room->sent);
    memset(marker + size, 'x', (size_t)padding);
    marker[size + padding] = 0;
    sprintf(name, "load-%d-%04x-%08x", (int)getpid(), (unsigned)number, room->sent);
    size = filled(message_text, sender, marker, name, out);
    room->heard[room->sent % RING] = 0;
    room->sent++;
    room->last = moment;
    messages += (uint64_t)measuring;
    if (message_is_frame) write_frame(sender, WORDS, out, (size_t)size);
    else write_all(sender, out, (size_t)size);
}

static uint64_t hexadecimal(const char *text, int length) {
    uint64_t value = 0;
    for (int place = 0; place < length; place++) {
        int sign = text[place];
        value = value * 16 + (uint64_t)(sign <= '9' ? sign - '0' : (sign | 32) - 'a' + 10);
    }
    return value;
}

static void delivered(const char *marker) {
    uint64_t sent_at = hexadecimal(marker + 2, 16), moment = now();
    uint64_t number = hexadecimal(marker + 18, 4);
    uint32_t message = (uint32_t)hexadecimal(marker + 22, 8);
    if (number >= (uint64_t)room_count) return;
    struct room *room = &rooms[number];
    room->last = moment;
    if (measuring) {
        uint64_t delay = (moment - sent_at) / 10000;
        deliveries++;
        delays[delay < BUCKETS ? delay : BUCKETS - 1]++;
    }
    if (message < room->forgotten || message >= room->sent) return;
    if (++room->heard[message % RING] < (uint32_t)room->listeners) return;
    room->done++;
    while (sending && room->sent - room->done < (uint32_t)in_flight) send_message((int)number);
}

// The size of the whole frame that `data` begins with, its payload given; 0 while something of it is missing.
static size_t whole_frame(const char *data, size_t size, const char **payload, size_t *length) {
    const unsigned char *frame = (const unsigned char *)data;
    size_t head = 2, bytes;
    if (size < head) return 0;
    *length = frame[1] & 127;
    if (*length >= 126) {
        bytes = *length == 126 ? 2 : 8;
        head += bytes;
        if (size < head) return 0;
        *length = 0;
        for (size_t one = 0; one < bytes; one++) *length = *length << 8 | frame[2 + one];
    }
    *payload = data + head;
    return size - head < *length ? 0 : head + *length;
}

// How many bytes of `data` were understood: whole frames, or with plain bytes all but the beginning of a marker.
static size_t understood(struct client *client, const char *data, size_t size) {
    size_t place = 0, length, whole;
    const char *found, *payload;
    if (!message_is_frame) {
        while ((found = memchr(data + place, '~', size - place))) {
            place = (size_t)(found - data);
            if (size - place < MARKER) return place;
            if (found[1] == 'T') { delivered(found); place += MARKER; }
            else place++;
        }
        return size;
    }
    while ((whole = whole_frame(data + place, size - place, &payload, &length))) {
        if ((data[place] & 15) == PING) write_frame(client, PONG, payload, length);
        else if ((found = memmem(payload, length, "~T", 2))) delivered(found);
        place += whole;
    }
    return place;
}

static void keep(struct client *client, const char *data, size_t size) {
    if (!size) { free(client->kept); client->kept = NULL; client->kept_size = 0; return; }
    if (client->kept != data) {
        client->kept = realloc(client->kept, size);
        memmove(client->kept, data, size);
    }
    client->kept_size = size;
}

static void forget(struct client *client, size_t used) {
    memmove(client->kept, client->kept + used, client->kept_size - used);
    client->kept_size -= used;
}

static void become_ready(struct client *client) {
    client->ready = 1;
    ready_count++;
    handshaking--;
    if (client->stalled) { epoll_ctl(poller, EPOLL_CTL_DEL, client->fd, NULL); return; }
    forget(client, understood(client, client->kept, client->kept_size));
    keep(client, client->kept, client->kept_size);
}

// Whether what a step waits for was received; it is forgotten then, with all before it.
static int was_received(struct client *client, const char *text) {
    size_t length, whole;
    const char *payload;
    if (!client->upgraded) {
        char *found = client->kept_size ? memmem(client->kept, client->kept_size, text, strlen(text)) : NULL;
        if (!found) return 0;
        forget(client, (size_t)(found - client->kept) + strlen(text));
        client->upgraded = message_is_frame && !strcmp(text, "\r\n\r\n");
        return 1;
    }
    while ((whole = whole_frame(client->kept, client->kept_size, &payload, &length))) {
        int found = memmem(payload, length, text, strlen(text)) != NULL;
        forget(client, whole);
        if (found) return 1;
    }
    return 0;
}

static void take_steps(struct client *client) {
    static char out[TEXT];
    for (; client->step < step_count; client->step++) {
        struct step *step = &steps[client->step];
        if (step->kind == WAIT) {
            if (was_received(client, step->text)) continue;
            return;
        }
        int size = filled(step->text, client, "", "", out);
        if (step->kind == FRAME) write_frame(client, WORDS, out, (size_t)size);
        else write_all(client, out, (size_t)size);
    }
    become_ready(client);
}

static void end_client(struct client *client, const char *why) {
    if (++ended_count <= 3) fprintf(stderr, "Socket %d ended at step %d: %s\n", client->id, client->step, why);
    if (!client->ready) handshaking--;
    close(client->fd);
    client->fd = -1;
}

static void receive(struct client *client) {
    for (int time = 0; time < 4; time++) {
        size_t before = client->ready ? client->kept_size : 0;
        if (before > sizeof input / 2) { end_client(client, "a frame of absurd length"); return; }
        memcpy(input, client->kept, before);
        ssize_t got = recv(client->fd, input + before, sizeof input - before, 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) { end_client(client, got ? strerror(errno) : "closed by the server"); return; }
        size_t size = before + (size_t)got;
        if (client->ready) {
            size_t used = understood(client, input, size);
            keep(client, input + used, size - used);
        } else {
            client->kept = realloc(client->kept, client->kept_size + size);
            memcpy(client->kept + client->kept_size, input, size);
            client->kept_size += size;
            take_steps(client);
        }
        if (client->stalled && client->ready) return;
        if (size < sizeof input) return;
    }
}

static void begin_client(void) {
    struct client *client = &clients[next_client];
    int yes = 1, small = 4096;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (client->fd < 0) fail("socket");
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (client->stalled) setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)ports[next_client % port_count])};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(client->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS) fail("connect");
    struct epoll_event event = {.events = EPOLLOUT, .data.u32 = (uint32_t)next_client};
    epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event);
    next_client++;
    handshaking++;
}

static void wait_for_events(int milliseconds) {
    static struct epoll_event events[512];
    int count = epoll_wait(poller, events, 512, milliseconds);
    for (int place = 0; place < count; place++) {
        struct client *client = &clients[events[place].data.u32];
        if (client->fd < 0) continue;
        if (client->connected) { receive(client); continue; }
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error) { end_client(client, strerror(error)); continue; }
        client->connected = 1;
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)client->id};
        epoll_ctl(poller, EPOLL_CTL_MOD, client->fd, &event);
        take_steps(client);
    }
}

// Messages that somebody never got are counted as lost and not waited for any longer.
static void give_up(uint64_t moment) {
    for (int number = 0; number < room_count; number++) {
        struct room *room = &rooms[number];
        if (moment - room->last < GIVEN_UP_AFTER * 1000000000ull) continue;
        for (uint32_t message = room->sent - (uint32_t)in_flight; message != room->sent; message++)
            if (message >= room->forgotten && room->heard[message % RING] < (uint32_t)room->listeners)
                lost += (uint32_t)room->listeners - room->heard[message % RING];
        room->done = room->forgotten = room->sent;
        for (int one = 0; one < in_flight; one++) send_message(number);
    }
}

static double cpu_of(int pid) {
    char path[64], line[1024];
    unsigned long user = 0, system = 0;
    sprintf(path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    if (fgets(line, sizeof line, file))
        sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    fclose(file);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double cpu_of_servers(void) {
    double seconds = 0;
    for (int place = 0; place < pid_count; place++) seconds += cpu_of(pids[place]);
    return seconds;
}

static double cpu_of_mine(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int numbers(char *text, int *into, int most) {
    int count = 0;
    for (char *one = strtok(text, ","); one && count < most; one = strtok(NULL, ",")) into[count++] = atoi(one);
    return count;
}

static void read_script(const char *path) {
    static char line[TEXT];
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        if (!strncmp(line, "MF:", 3) || !strncmp(line, "MS:", 3)) {
            message_is_frame = line[1] == 'F';
            message_text = unescaped(line + 3);
        } else if (line[0] && line[1] == ':' && step_count < STEPS) {
            steps[step_count].kind = line[0] == 'S' ? SEND : line[0] == 'F' ? FRAME : WAIT;
            steps[step_count++].text = unescaped(line + 2);
        }
    }
    fclose(file);
}

static void read_values(const char *path) {
    static char line[TEXT];
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    for (int number = 0; number < client_count && fgets(line, sizeof line, file); number++) {
        line[strcspn(line, "\n")] = 0;
        int column = 0;
        for (char *one = strtok(line, "\t"); one && column < COLUMNS; one = strtok(NULL, "\t"))
            clients[number].values[column++] = strdup(one);
    }
    fclose(file);
}

static double delay_of(double share) { // milliseconds
    uint64_t counted = 0;
    for (int bucket = 0; bucket < BUCKETS; bucket++)
        if ((counted += delays[bucket]) >= (uint64_t)(share * (double)deliveries)) return (bucket + 1) / 100.0;
    return 0;
}

static void connect_all(void) {
    uint64_t began = now(), end = began + HANDSHAKES_WITHIN * 1000000000ull;
    while (ready_count + ended_count < client_count && now() < end) {
        while (handshaking < at_once && next_client < client_count) begin_client();
        wait_for_events(100);
    }
    double seconds = (double)(now() - began) / 1e9;
    printf("{\"ready\": %d, \"connects_per_second\": %.1f", ready_count, ready_count / seconds);
    if (ready_count < client_count) { printf("}\n"); exit(1); }
    if (waits_for_go) {
        // told on a line of its own, and listened to in the meantime
        printf("}\n");
        fflush(stdout);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
        epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &event);
        char answer;
        for (int told = 0; !told;) {
            struct epoll_event one;
            if (epoll_wait(poller, &one, 1, 1000) < 1) continue;
            if (one.data.u32 == UINT32_MAX) told = read(STDIN_FILENO, &answer, 1) >= 0;
            else if (clients[one.data.u32].fd >= 0) receive(&clients[one.data.u32]);
        }
        epoll_ctl(poller, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
        printf("{\"ready\": %d", ready_count);
    }
}

static void send_and_count(void) {
    uint64_t begin = now() + (uint64_t)warm_up * 1000000000u, end = begin + (uint64_t)duration * 1000000000u;
    uint64_t looked = now(), moment, began = 0;
    double servers = 0, mine = 0;
    sending = 1;
    for (int number = 0; number < room_count; number++)
        for (int one = 0; one < in_flight; one++) send_message(number);
    while ((moment = now()) < end) {
        if (!measuring && moment >= begin) {
            measuring = 1;
            servers = cpu_of_servers();
            mine = cpu_of_mine();
            began = now();
        }
        if (moment - looked > 500000000u) { looked = moment; give_up(moment); }
        wait_for_events(50);
    }
    double seconds = (double)(now() - began) / 1e9;
    servers = cpu_of_servers() - servers;
    mine = cpu_of_mine() - mine;
    printf(", \"deliveries_per_second\": %.1f, \"messages_per_second\": %.2f, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"lost\": %lu",
        (double)deliveries / seconds, (double)messages / seconds, delay_of(0.5), delay_of(0.99), (unsigned long)lost);
    printf(", \"ended\": %d, \"generator_cpu\": %.3f, \"server_cpu\": %.3f, \"server_us_per_delivery\": %.3f",
        ended_count, mine / seconds, servers / seconds, deliveries ? 1e6 * servers / (double)deliveries : 0.0);
}

int main(int count, char **arguments) {
    const char *values = NULL;
    for (int option; (option = getopt(count, arguments, "p:n:r:w:W:d:x:k:s:V:P:g")) > 0;) switch (option) {
        case 'p': port_count = numbers(optarg, ports, PORTS); break;
        case 'n': client_count = atoi(optarg); break;
        case 'r': room_count = atoi(optarg); break;
        case 'w': in_flight = atoi(optarg); break;
        case 'W': warm_up = atoi(optarg); break;
        case 'd': duration = atoi(optarg); break;
        case 'x': padding = atoi(optarg); break;
        case 'k': at_once = atoi(optarg); break;
        case 's': stalled_count = atoi(optarg); break; // the last ones read nothing once they are ready
        case 'V': values = optarg; break;
        case 'P': pid_count = numbers(optarg, pids, PIDS); break;
        case 'g': waits_for_go = 1; break; // a line on standard input begins it
        default: return 2;
    }
    if (optind >= count || !port_count) { fprintf(stderr, "load -p PORT [options] script\n"); return 2; }
    read_script(arguments[optind]);
    struct rlimit files = {65536, 65536};
    setrlimit(RLIMIT_NOFILE, &files);
    clients = calloc((size_t)client_count, sizeof *clients);
    rooms = calloc((size_t)room_count, sizeof *rooms);
    delays = calloc(BUCKETS, sizeof *delays);
    poller = epoll_create1(0);
    for (int number = 0; number < client_count; number++) {
        struct client *client = &clients[number];
        struct room *room = &rooms[number % room_count];
        client->id = number;
        client->fd = -1;
        client->room = number % room_count;
        client->stalled = number >= client_count - stalled_count;
        if (!room->listeners) room->sender = number;
        room->listeners += !client->stalled;
    }
    if (values) read_values(values);
    connect_all();
    if (duration) send_and_count();
    printf("}\n");
    return 0;
}
