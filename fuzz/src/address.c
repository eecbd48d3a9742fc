/*
 * socket.c and unix.c on system calls that touch nothing: they count what is made and removed, look
 * at every path, and fail where they are told to.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* What an opening did, as Rust reads it. */
typedef struct {
  int descriptors;
  int directories;
  int files;
  int calls;
  int family;
  unsigned int port;
  unsigned int scope;
  unsigned char ip[16];
  char server[128];
} outcome;

static outcome seen;
static struct sockaddr_un bound;
static int failing;
static unsigned int random_state;

/* Whether this call, counted from 1, is the one to fail. */
static int fails(void)
{
  if (++seen.calls != failing)
    return 0;
  errno = EACCES;
  return 1;
}

static void look_at(const char *path)
{
  if (strlen(path) >= sizeof bound.sun_path || path[0] != '/')
    abort();
}

static int fake_descriptor(void)
{
  return fails() ? -1 : 1000 + seen.descriptors++;
}

static int fake_close(int fd)
{
  if (fd < 1000)
    abort();
  seen.descriptors--;
  return 0;
}

static int fake_connect(const struct sockaddr *address, socklen_t length)
{
  struct sockaddr_un sun;
  struct sockaddr_in sin;
  struct sockaddr_in6 sin6;

  seen.family = address->sa_family;
  if (address->sa_family == AF_UNIX && length == sizeof sun) {
    memcpy(&sun, address, sizeof sun);
    look_at(sun.sun_path);
    strcpy(seen.server, sun.sun_path);
  } else if (address->sa_family == AF_INET && length == sizeof sin) {
    memcpy(&sin, address, sizeof sin);
    memcpy(seen.ip, &sin.sin_addr, 4);
    seen.port = ntohs(sin.sin_port);
  } else if (address->sa_family == AF_INET6 && length == sizeof sin6) {
    memcpy(&sin6, address, sizeof sin6);
    memcpy(seen.ip, &sin6.sin6_addr, 16);
    seen.port = ntohs(sin6.sin6_port);
    seen.scope = sin6.sin6_scope_id;
  } else {
    abort();
  }
  return fails() ? -1 : 0;
}

static int fake_bind(const struct sockaddr *address, socklen_t length)
{
  if (fails())
    return -1;
  if (length != sizeof bound)
    abort();
  memcpy(&bound, address, sizeof bound);
  look_at(bound.sun_path);
  seen.files++;
  return 0;
}

/* The name of the client's socket while it is bound; a UDP socket has none that matters here. */
static int fake_getsockname(struct sockaddr *address, socklen_t *length)
{
  if (fails())
    return -1;
  memcpy(address, &bound, sizeof bound);
  *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(bound.sun_path) + 1);
  return 0;
}

static int fake_mkdir(const char *name)
{
  if (fails())
    return -1;
  if (strlen(name) == 0)
    abort();
  seen.directories++;
  return 0;
}

/* Removing never fails here, so that what is left was not removed. */
static int fake_rmdir(const char *name)
{
  if (strlen(name) == 0)
    abort();
  seen.directories--;
  return 0;
}

static int fake_unlink(const char *path)
{
  look_at(path);
  if (strcmp(path, bound.sun_path) != 0)
    abort();
  memset(&bound, 0, sizeof bound);
  seen.files--;
  return 0;
}

/* Below the outer directory; the socket is named by the end of its path. */
static int fake_unlinkat(const char *name, int flags)
{
  size_t whole = strlen(bound.sun_path), end = strlen(name);

  if (flags & AT_REMOVEDIR)
    return fake_rmdir(name);
  if (end == 0 || end >= whole || strcmp(bound.sun_path + whole - end, name) != 0 ||
      bound.sun_path[whole - end - 1] != '/')
    abort();
  memset(&bound, 0, sizeof bound);
  seen.files--;
  return 0;
}

/* Every other time with a bit that is to be given. */
static int fake_fstat(struct stat *status)
{
  if (fails())
    return -1;
  memset(status, 0, sizeof *status);
  status->st_mode = S_IFDIR | (seen.calls % 2 ? 0711 : 0710);
  status->st_uid = geteuid();
  return 0;
}

static ssize_t fake_random(void *to, size_t length)
{
  unsigned char *bytes = to;
  size_t i;

  if (fails())
    return -1;
  for (i = 0; i < length; i++) {
    random_state = random_state * 1103515245 + 12345;
    bytes[i] = (unsigned char)(random_state >> 16);
  }
  return (ssize_t)length;
}

static unsigned int fake_zone(const char *name)
{
  return strcmp(name, "lo") == 0 ? 1 : 0;
}

#define socket(family, type, protocol) fake_descriptor()
#define open(path, flags) (look_at(path), fake_descriptor())
#define close(fd) fake_close(fd)
#define connect(fd, address, length) ((void)(fd), fake_connect(address, length))
#define bind(fd, address, length) fake_bind(address, length)
#define getsockname(fd, address, length) ((void)(fd), fake_getsockname(address, length))
#define mkdir(path, mode) (look_at(path), fake_mkdir(path))
#define mkdirat(fd, name, mode) fake_mkdir(name)
#define rmdir(path) (look_at(path), fake_rmdir(path))
#define unlink(path) fake_unlink(path)
#define unlinkat(fd, name, flags) fake_unlinkat(name, flags)
#define chmod(path, mode) (look_at(path), fails() ? -1 : 0)
#define fchmod(fd, mode) (fails() ? -1 : 0)
#define fchmodat(fd, name, mode, flags) (fails() ? -1 : 0)
#define fstat(fd, status) fake_fstat(status)
#define fstatat(fd, name, status, flags) fake_fstat(status)
#define getrandom(to, length, flags) fake_random(to, length)
#define if_nametoindex(name) fake_zone(name)

/* Beside the library's own. */
#define chrony_open_socket fuzz_open_socket
#define chrony_close_socket fuzz_close_socket
#define chronyi_close_quietly fuzz_close_quietly
#define chronyi_open_unix fuzz_open_unix
#define chronyi_remove_client_path fuzz_remove_client_path

#include "socket.c"
#include "unix.c"

/* Opens an address; fail: the number of the system call that fails, 0 for none. Gives errno. */
int fuzz_open(const char *address, int fail, int *fd, outcome *result)
{
  memset(&seen, 0, sizeof seen);
  memset(&bound, 0, sizeof bound);
  failing = fail;
  random_state = 1;
  errno = 0;
  *fd = fuzz_open_socket(address);
  *result = seen;
  return errno;
}

/* Closes what was opened last. */
void fuzz_close(int fd, outcome *result)
{
  failing = 0;
  fuzz_close_socket(fd);
  *result = seen;
}
