/*
 * What chronyd itself needs: the requests of a whole reading of its sources, sent and received by
 * nothing but C, with so many under way at a time.
 * Usage: window SERVER_SOCKET CLIENT_SOCKET SOURCES UNDER_WAY; prints nanoseconds for all of it.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MOST 65536

/* Command, length of the request (that of its reply), and whether it names a source by address. */
static const struct { int command, length, by_address; } pass[] = {
  { 15, 76, 0 }, { 34, 84, 0 }, { 67, 52, 1 }, { 57, 152, 1 }, { 69, 76, 0 },
};

static unsigned char addresses[MOST][20];

static void die(const char *what)
{
  perror(what);
  exit(1);
}

static struct sockaddr_un address(const char *path)
{
  struct sockaddr_un sun = { .sun_family = AF_UNIX };

  strncpy(sun.sun_path, path, sizeof sun.sun_path - 1);
  return sun;
}

static void ask(int fd, int command, int length, int by_address, uint32_t index)
{
  unsigned char request[1024] = { 6, 1, 0, 0, 0 };

  request[5] = (unsigned char)command;
  memcpy(request + 8, &index, sizeof index);
  if (by_address) {
    memcpy(request + 20, addresses[index], sizeof addresses[index]);
  } else {
    request[22] = (unsigned char)(index >> 8);
    request[23] = (unsigned char)index;
  }
  if (send(fd, request, (size_t)length, 0) < 0)
    die("send");
}

int main(int argc, char **argv)
{
  struct sockaddr_un server, client;
  struct timespec start, end;
  struct timeval patience = { .tv_sec = 5 };
  unsigned char reply[1024];
  uint32_t sources, window, sent, taken;
  size_t i;
  int fd;

  if (argc != 5)
    return 2;
  server = address(argv[1]);
  client = address(argv[2]);
  sources = (uint32_t)strtoul(argv[3], NULL, 10);
  window = (uint32_t)strtoul(argv[4], NULL, 10);
  if (sources > MOST)
    return 2;
  fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&client, sizeof client) < 0 ||
      chmod(argv[2], 0666) < 0 || connect(fd, (struct sockaddr *)&server, sizeof server) < 0 ||
      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0)
    die("socket");

  clock_gettime(CLOCK_MONOTONIC, &start);
  for (i = 0; i < sizeof pass / sizeof *pass; i++) {
    for (sent = taken = 0; taken < sources; taken++) {
      for (; sent < sources && sent < taken + window; sent++)
        ask(fd, pass[i].command, pass[i].length, pass[i].by_address, sent);
      if (recv(fd, reply, sizeof reply, 0) < 28 || memcmp(reply + 16, &taken, 4) != 0 || reply[9])
        die("recv");
      if (pass[i].command == 34)
        memcpy(addresses[taken], reply + 32, sizeof addresses[taken]);
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  unlink(argv[2]);
  printf("%.0f\n", (double)(end.tv_sec - start.tv_sec) * 1e9 +
                   (double)(end.tv_nsec - start.tv_nsec));
  return 0;
}
