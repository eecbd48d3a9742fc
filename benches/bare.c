/*
 * The floor under tracking(): the same request and reply, sent and received by nothing but C.
 * Usage: bare SERVER_SOCKET CLIENT_SOCKET COUNT; prints nanoseconds per exchange.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

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

int main(int argc, char **argv)
{
  unsigned char request[104] = { 6, 1, 0, 0, 0, 33 }, reply[1024];
  struct sockaddr_un server, client;
  struct timespec start, end;
  struct timeval patience = { .tv_sec = 5 };
  uint32_t sequence;
  long count, i;
  int fd;

  if (argc != 4)
    return 2;
  server = address(argv[1]);
  client = address(argv[2]);
  count = strtol(argv[3], NULL, 10);
  fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&client, sizeof client) < 0 ||
      chmod(argv[2], 0666) < 0 || connect(fd, (struct sockaddr *)&server, sizeof server) < 0 ||
      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0)
    die("socket");

  clock_gettime(CLOCK_MONOTONIC, &start);
  for (i = 0; i < count; i++) {
    sequence = (uint32_t)i;
    memcpy(request + 8, &sequence, sizeof sequence);
    if (send(fd, request, sizeof request, 0) < 0)
      die("send");
    if (recv(fd, reply, sizeof reply, 0) != 104 || memcmp(reply + 16, request + 8, 4) != 0)
      die("recv");
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  unlink(argv[2]);
  printf("%.1f\n", ((double)(end.tv_sec - start.tv_sec) * 1e9 +
                    (double)(end.tv_nsec - start.tv_nsec)) / (double)count);
  return 0;
}
