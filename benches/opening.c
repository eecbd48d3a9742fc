/*
 * A new connection for each reading of tracking, by nothing but C and one libchrony, whichever is named.
 * Usage: opening LIBRARY SERVER_SOCKET COUNT; prints nanoseconds for one.
 */
#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chrony.h"

/* The functions of the library that was named. */
#define FUNCTIONS(use) \
  use(chrony_open_socket) \
  use(chrony_close_socket) \
  use(chrony_init_session) \
  use(chrony_deinit_session) \
  use(chrony_needs_response) \
  use(chrony_process_response) \
  use(chrony_request_record) \
  use(chrony_get_record_number_fields) \
  use(chrony_get_field_index) \
  use(chrony_get_field_type) \
  use(chrony_get_field_uinteger) \
  use(chrony_get_field_float) \
  use(chrony_get_field_timespec) \
  use(chrony_get_field_string)

#define DECLARE(name) static __typeof__(name) *its_##name;
FUNCTIONS(DECLARE)

static void die(const char *what)
{
  perror(what);
  exit(1);
}

static void load(const char *path)
{
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
#define FIND(name) \
  if (!(its_##name = (__typeof__(its_##name))dlsym(library, #name))) \
    die(#name);
  FUNCTIONS(FIND)
}

/* Every field that the typed report has, found by its name as the wrapper finds it. */
static double read_fields(chrony_session *s)
{
  static const char *const names[] = {
    "reference ID", "address", "stratum", "leap status", "reference time", "current correction",
    "last offset", "RMS offset", "frequency offset", "residual frequency", "skew", "root delay",
    "root dispersion", "last update interval"
  };
  const char *text;
  double sum = 0;
  size_t i;

  for (i = 0; i < sizeof names / sizeof names[0]; i++) {
    int field = its_chrony_get_field_index(s, names[i]);

    if (field < 0)
      die(names[i]);
    switch (its_chrony_get_field_type(s, field)) {
      case CHRONY_TYPE_UINTEGER:
        sum += (double)its_chrony_get_field_uinteger(s, field);
        break;
      case CHRONY_TYPE_FLOAT:
        sum += its_chrony_get_field_float(s, field);
        break;
      case CHRONY_TYPE_TIMESPEC:
        sum += (double)its_chrony_get_field_timespec(s, field).tv_sec;
        break;
      case CHRONY_TYPE_STRING:
        text = its_chrony_get_field_string(s, field);
        sum += text ? (double)strlen(text) : 0;
        break;
      default:
        die(names[i]);
    }
  }
  return sum;
}

static double read_tracking(const char *server)
{
  struct pollfd poller = { .events = POLLIN };
  chrony_session *s;
  double sum;

  poller.fd = its_chrony_open_socket(server);
  if (poller.fd < 0)
    die("open");
  if (its_chrony_init_session(&s, poller.fd) != CHRONY_OK ||
      its_chrony_request_record(s, "tracking", 0) != CHRONY_OK)
    die("request");
  while (its_chrony_needs_response(s)) {
    if (poll(&poller, 1, 5000) != 1 || its_chrony_process_response(s) != CHRONY_OK)
      die("response");
  }
  if (its_chrony_get_record_number_fields(s) == 0)
    die("record");
  sum = read_fields(s);
  its_chrony_deinit_session(s);
  its_chrony_close_socket(poller.fd);
  return sum;
}

int main(int argc, char **argv)
{
  struct timespec start, end;
  volatile double sum = 0;
  long count, i;

  if (argc != 4)
    return 2;
  load(argv[1]);
  count = strtol(argv[3], NULL, 10);
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (i = 0; i < count; i++)
    sum += read_tracking(argv[2]);
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.1f\n", ((double)(end.tv_sec - start.tv_sec) * 1e9 +
                    (double)(end.tv_nsec - start.tv_nsec)) / (double)count);
  return 0;
}
