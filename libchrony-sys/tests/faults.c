/*
 * Opens a socket again and again, each time with the next of its system calls failing, until none
 * fails: after a failure errno must be that of the call, and no descriptor and no file may be left. That
 * with a umask that leaves the directories as they are to be, and with one after which they are changed.
 * Linked with --wrap for each call below. Argument: the path of a server alone in its directory.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "chrony.h"

static int calls_until_failure;

static int fails(void)
{
  if (calls_until_failure == 0 || --calls_until_failure > 0)
    return 0;
  errno = EXDEV;
  return 1;
}

#define FAILING(name, parameters, arguments) \
  int __real_##name parameters; \
  int __wrap_##name parameters; \
  int __wrap_##name parameters { return fails() ? -1 : __real_##name arguments; }

FAILING(socket, (int domain, int type, int protocol), (domain, type, protocol))
FAILING(connect, (int fd, const struct sockaddr *a, socklen_t l), (fd, a, l))
FAILING(bind, (int fd, const struct sockaddr *a, socklen_t l), (fd, a, l))
FAILING(mkdir, (const char *path, mode_t mode), (path, mode))
FAILING(mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode))
FAILING(open, (const char *path, int flags), (path, flags))
FAILING(fstat, (int fd, struct stat *status), (fd, status))
FAILING(fstatat, (int fd, const char *path, struct stat *status, int flags), (fd, path, status, flags))
FAILING(fchmod, (int fd, mode_t mode), (fd, mode))
FAILING(fchmodat, (int fd, const char *path, mode_t mode, int flags), (fd, path, mode, flags))

ssize_t __real_getrandom(void *buffer, size_t length, unsigned int flags);
ssize_t __wrap_getrandom(void *buffer, size_t length, unsigned int flags);
ssize_t __wrap_getrandom(void *buffer, size_t length, unsigned int flags)
{
  return fails() ? -1 : __real_getrandom(buffer, length, flags);
}

/* What cleans up must not be what errno tells about. */
#define SPOILING(name, parameters, arguments) \
  int __real_##name parameters; \
  int __wrap_##name parameters; \
  int __wrap_##name parameters { int r = __real_##name arguments; errno = EBADMSG; return r; }

SPOILING(close, (int fd), (fd))
SPOILING(unlink, (const char *path), (path))
SPOILING(unlinkat, (int fd, const char *path, int flags), (fd, path, flags))
SPOILING(rmdir, (const char *path), (path))

static int entries(const char *path)
{
  DIR *directory = opendir(path);
  int count = 0;

  if (!directory)
    return -1;
  while (readdir(directory))
    count++;
  closedir(directory);
  return count;
}

/* Gives the number of calls that opening makes, or 0 where something was wrong. */
static int fail_each(const char *address, const char *directory)
{
  int before = entries(directory), descriptors = entries("/proc/self/fd");
  int step, fd;

  for (step = 1;; step++) {
    calls_until_failure = step;
    errno = 0;
    fd = chrony_open_socket(address);
    if (fd >= 0)
      break;
    if (errno != EXDEV) {
      printf("step %d: errno is %d\n", step, errno);
      return 0;
    }
    calls_until_failure = 0;
    if (entries(directory) != before || entries("/proc/self/fd") != descriptors) {
      printf("step %d: something is left\n", step);
      return 0;
    }
  }
  calls_until_failure = 0;

  errno = ERANGE;
  chrony_close_socket(fd);
  if (errno != ERANGE || entries(directory) != before ||
      entries("/proc/self/fd") != descriptors) {
    printf("closing: errno is %d, or something is left\n", errno);
    return 0;
  }
  return step - 1;
}

int main(int argc, char **argv)
{
  char directory[256];
  int usual, strict;

  if (argc != 2 || strlen(argv[1]) >= sizeof directory)
    return 2;
  strcpy(directory, argv[1]);
  *strrchr(directory, '/') = '\0';
  umask(022);
  usual = fail_each(argv[1], directory);
  umask(077);
  strict = fail_each(argv[1], directory);
  if (usual == 0 || strict == 0)
    return 1;
  printf("%d %d\n", usual, strict);
  return 0;
}
