/* Unix datagram sockets to chronyd, with a directory of the client's own beside the server's. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "socket.h"

#define OUTER_PREFIX "libchrony."
#define OUTER_RANDOM 12
#define INNER_RANDOM 16
#define SOCKET_NAME "sock"
/* The inner name begins with the process that made it; 62^4 is more than the largest PID. */
#define OWNER_LENGTH 4

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
#define ALPHABET_LENGTH 62

static bool fill_path(struct sockaddr_un *sun, const char *path)
{
  size_t length = strlen(path);

  memset(sun, 0, sizeof *sun);
  sun->sun_family = AF_UNIX;
  if (length >= sizeof sun->sun_path) {
    errno = EINVAL;
    return false;
  }
  memcpy(sun->sun_path, path, length);
  return true;
}

/* A socket that is connected to the server, which is tried so before anything is created. */
static int connect_unix(const struct sockaddr_un *server)
{
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  if (fd >= 0 && connect(fd, (const struct sockaddr *)server, sizeof *server) < 0) {
    chronyi_close_quietly(fd);
    return -1;
  }
  return fd;
}

/* Writes random characters, each as likely as the others. */
static bool write_random(char *text, size_t length)
{
  /* With some to spare for those that are passed over, so that one call is enough but for bad luck. */
  unsigned char bytes[OUTER_RANDOM + INNER_RANDOM + 4];
  size_t written = 0;

  while (written < length) {
    ssize_t got = getrandom(bytes, sizeof bytes, 0);
    ssize_t i;

    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    for (i = 0; i < got && written < length; i++) {
      /* 248 is the largest multiple of 62 in a byte. */
      if (bytes[i] < 248)
        text[written++] = alphabet[bytes[i] % ALPHABET_LENGTH];
    }
  }
  return true;
}

/* Writes this process's number, so that a forked child does not remove its parent's socket. */
static void write_owner(char *text)
{
  unsigned long pid = (unsigned long)getpid();
  int i;

  for (i = 0; i < OWNER_LENGTH; i++) {
    text[i] = alphabet[pid % ALPHABET_LENGTH];
    pid /= ALPHABET_LENGTH;
  }
}

/* The client's own place beside the server's socket. */
typedef struct {
  char outer[sizeof(((struct sockaddr_un *)0)->sun_path)];
  char inner[INNER_RANDOM + 1];
  struct sockaddr_un client;
  /* The part of the client's path that follows the outer directory. */
  const char *below;
  int outer_fd;
  mode_t outer_mode;
  bool outer_made;
  bool inner_made;
  bool bound;
} place;

static bool name_place(place *p, const char *server)
{
  size_t directory = (size_t)(strrchr(server, '/') - server);
  char random[OUTER_RANDOM + INNER_RANDOM - OWNER_LENGTH];
  char path[2 * sizeof p->client.sun_path];
  size_t outer_length = directory + sizeof "/" OUTER_PREFIX - 1 + OUTER_RANDOM;

  if (directory == 0 || directory >= sizeof p->outer) {
    errno = EINVAL;
    return false;
  }
  if (!write_random(random, sizeof random))
    return false;
  write_owner(p->inner);
  memcpy(p->inner + OWNER_LENGTH, random + OUTER_RANDOM, INNER_RANDOM - OWNER_LENGTH);

  snprintf(path, sizeof path, "%.*s/" OUTER_PREFIX "%.*s/%s/" SOCKET_NAME, (int)directory, server,
           OUTER_RANDOM, random, p->inner);
  if (!fill_path(&p->client, path))
    return false;
  /* Shorter than the path just checked. */
  memcpy(p->outer, path, outer_length);
  p->below = p->client.sun_path + outer_length + 1;
  return true;
}

/* Makes the directories, reachable but not readable for others, so that the inner name is secret. */
static bool make_directories(place *p)
{
  struct stat status;

  if (mkdir(p->outer, 0711) < 0)
    return false;
  p->outer_made = true;
  p->outer_fd = open(p->outer, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (p->outer_fd < 0 || fstat(p->outer_fd, &status) < 0)
    return false;
  /* Whoever owns the parent may have put something else there. */
  if (!S_ISDIR(status.st_mode) || (status.st_mode & 0777 & ~0711U) != 0 ||
      status.st_uid != geteuid()) {
    errno = EPROTO;
    return false;
  }
  p->outer_mode = status.st_mode & 07777;
  if (mkdirat(p->outer_fd, p->inner, 0711) < 0)
    return false;
  p->inner_made = true;
  return true;
}

/* Gives the socket its path; the modes make the result independent of the umask. */
static bool bind_client(place *p, int fd)
{
  struct stat inner;

  if (bind(fd, (const struct sockaddr *)&p->client, sizeof p->client) < 0)
    return false;
  p->bound = true;
  /* Most umasks leave the directories as they are to be. Another thread may have changed it between the
     two, so that the inner one is looked at as well, which costs less than setting its mode. */
  return fchmodat(p->outer_fd, p->below, 0666, 0) == 0 &&
         fstatat(p->outer_fd, p->inner, &inner, AT_SYMLINK_NOFOLLOW) == 0 &&
         ((inner.st_mode & 07777) == 0711 || fchmodat(p->outer_fd, p->inner, 0711, 0) == 0) &&
         (p->outer_mode == 0711 || fchmod(p->outer_fd, 0711) == 0);
}

static void remove_place(const place *p)
{
  int saved = errno;

  if (p->bound)
    unlinkat(p->outer_fd, p->below, 0);
  if (p->inner_made)
    unlinkat(p->outer_fd, p->inner, AT_REMOVEDIR);
  if (p->outer_made)
    rmdir(p->outer);
  errno = saved;
}

int chronyi_open_unix(const char *path)
{
  struct sockaddr_un server;
  place p;
  int fd;

  memset(&p, 0, sizeof p);
  p.outer_fd = -1;
  if (!fill_path(&server, path))
    return -1;
  /* Connected first and bound then: chronyd sees only where it is bound. */
  fd = connect_unix(&server);
  if (fd < 0)
    return -1;
  if (!name_place(&p, path) || !make_directories(&p) || !bind_client(&p, fd)) {
    remove_place(&p);
    chronyi_close_quietly(fd);
    fd = -1;
  }
  if (p.outer_fd >= 0)
    chronyi_close_quietly(p.outer_fd);
  return fd;
}

static bool is_alphanumeric(const char *text, size_t length)
{
  return strspn(text, alphabet) >= length;
}

/*
 * The client path where it has the form that chronyi_open_unix gives in this process; its two last
 * slashes are returned. Anything else that is bound belongs to somebody else.
 */
static bool is_own_path(char *path, char **outer_end, char **inner_end)
{
  char owner[OWNER_LENGTH];
  char *last = strrchr(path, '/');
  char *inner, *outer;
  size_t length = strlen(path);
  const size_t inner_length = INNER_RANDOM + sizeof "/" SOCKET_NAME - 1;
  const size_t outer_length = sizeof OUTER_PREFIX - 1 + OUTER_RANDOM + 1 + inner_length;

  if (!last || length < outer_length + 2 || strcmp(last, "/" SOCKET_NAME) != 0)
    return false;
  inner = path + length - inner_length;
  outer = path + length - outer_length;
  write_owner(owner);
  if (outer[-1] != '/' || inner[-1] != '/' || !is_alphanumeric(inner, INNER_RANDOM) ||
      strncmp(outer, OUTER_PREFIX, sizeof OUTER_PREFIX - 1) != 0 ||
      !is_alphanumeric(outer + sizeof OUTER_PREFIX - 1, OUTER_RANDOM) ||
      memcmp(inner, owner, sizeof owner) != 0)
    return false;
  *inner_end = last;
  *outer_end = inner - 1;
  return true;
}

void chronyi_remove_client_path(int fd)
{
  struct sockaddr_un sun;
  socklen_t length = sizeof sun;
  char path[sizeof sun.sun_path + 1];
  char *outer_end, *inner_end;
  size_t path_length;

  memset(&sun, 0, sizeof sun);
  if (getsockname(fd, (struct sockaddr *)&sun, &length) < 0 || sun.sun_family != AF_UNIX ||
      length <= offsetof(struct sockaddr_un, sun_path) || length > sizeof sun)
    return;
  path_length = length - offsetof(struct sockaddr_un, sun_path);
  memcpy(path, sun.sun_path, path_length);
  path[path_length] = '\0';

  if (!is_own_path(path, &outer_end, &inner_end) || unlink(path) < 0)
    return;
  *inner_end = '\0';
  if (rmdir(path) < 0)
    return;
  *outer_end = '\0';
  rmdir(path);
}
