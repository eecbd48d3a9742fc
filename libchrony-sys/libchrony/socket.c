/* Sockets to chronyd: the search order, the forms of addresses, UDP. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "socket.h"

#define DEFAULT_PORT 323

void chronyi_close_quietly(int fd)
{
  int saved = errno;

  close(fd);
  errno = saved;
}

/* Reads a port of 1 to 65535 in decimal digits; 0 for anything else. */
static uint16_t parse_port(const char *text)
{
  unsigned long port = 0;

  for (; *text; text++) {
    if (*text < '0' || *text > '9')
      return 0;
    port = port * 10 + (unsigned long)(*text - '0');
    if (port > 65535)
      return 0;
  }
  return (uint16_t)port;
}

/* Reads an IPv6 address with an optional zone (fe80::1%eth0); it may be changed on the way. */
static bool parse_inet6(char *text, struct sockaddr_in6 *sin6)
{
  char *zone = strchr(text, '%');

  if (zone) {
    *zone++ = '\0';
    sin6->sin6_scope_id = if_nametoindex(zone);
    if (sin6->sin6_scope_id == 0)
      return false;
  }
  sin6->sin6_family = AF_INET6;
  return inet_pton(AF_INET6, text, &sin6->sin6_addr) == 1;
}

/* Cuts the port off an address; false where the form is wrong. */
static bool split_port(char *text, uint16_t *port)
{
  char *last = strrchr(text, ':');
  size_t colons = 0;
  size_t length = strlen(text);
  const char *c;

  for (c = text; *c; c++)
    colons += *c == ':';

  if (text[0] == '[' && text[length - 1] == ']') {
    text[length - 1] = '\0';
    return colons > 0;
  }
  if (colons == 1 || (text[0] == '[' && colons >= 3)) {
    *port = parse_port(last + 1);
    if (*port == 0)
      return false;
    *last = '\0';
    if (text[0] == '[') {
      if (last[-1] != ']')
        return false;
      last[-1] = '\0';
    }
    return true;
  }
  return text[0] != '[';
}

static int connect_udp(const struct sockaddr *address, socklen_t length)
{
  int fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  if (fd < 0)
    return -1;
  if (connect(fd, address, length) < 0) {
    chronyi_close_quietly(fd);
    return -1;
  }
  return fd;
}

static int open_udp(const char *address)
{
  struct sockaddr_in sin;
  struct sockaddr_in6 sin6;
  uint16_t port = DEFAULT_PORT;
  char text[256];
  size_t length = strlen(address);
  bool bracketed = address[0] == '[';

  memset(&sin, 0, sizeof sin);
  memset(&sin6, 0, sizeof sin6);
  if (length == 0 || length >= sizeof text)
    goto invalid;
  memcpy(text, address, length + 1);
  if (!split_port(text, &port))
    goto invalid;

  if (inet_pton(AF_INET, text, &sin.sin_addr) == 1) {
    sin.sin_family = AF_INET;
    sin.sin_port = htons(port);
    return connect_udp((const struct sockaddr *)&sin, sizeof sin);
  }
  if (parse_inet6(text + bracketed, &sin6)) {
    sin6.sin6_port = htons(port);
    return connect_udp((const struct sockaddr *)&sin6, sizeof sin6);
  }

invalid:
  errno = EINVAL;
  return -1;
}

int chrony_open_socket(const char *address)
{
  static const char *const search[] = {
    "/var/run/chrony/chronyd.sock",
    "127.0.0.1:323",
    "[::1]:323"
  };
  size_t i;
  int fd = -1;

  if (address && *address)
    return *address == '/' ? chronyi_open_unix(address) : open_udp(address);

  for (i = 0; i < sizeof search / sizeof search[0] && fd < 0; i++)
    fd = *search[i] == '/' ? chronyi_open_unix(search[i]) : open_udp(search[i]);
  return fd;
}

void chrony_close_socket(int fd)
{
  int saved = errno;

  if (fd < 0)
    return;
  chronyi_remove_client_path(fd);
  close(fd);
  errno = saved;
}
