/* Sessions: requests, replies, and what is asked next. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "session.h"

chrony_err chrony_init_session(chrony_session **s, int fd)
{
  chrony_session *session;

  if (!s)
    return CHRONY_INVALID_ARGUMENT;
  session = calloc(1, sizeof *session);
  if (!session)
    return CHRONY_NO_MEMORY;
  session->fd = fd;
  session->start = CHRONYI_REPLY_HEADER;
  session->state = CHRONYI_IDLE;
  *s = session;
  return CHRONY_OK;
}

void chrony_deinit_session(chrony_session *s)
{
  free(s);
}

int chrony_get_fd(chrony_session *s)
{
  return s ? s->fd : -1;
}

bool chrony_needs_response(chrony_session *s)
{
  return s && s->state == CHRONYI_REQUEST_SENT;
}

int chrony_get_number_supported_reports(void)
{
  return chronyi_number_reports();
}

const char *chrony_get_report_name(int report)
{
  const chronyi_report *found = chronyi_get_report(report);

  return found ? found->name : NULL;
}

int chrony_get_report_number_records(chrony_session *s)
{
  return s ? s->number_records : 0;
}

static void forget_record(chrony_session *s)
{
  s->layout = NULL;
  s->hidden = false;
  s->start = CHRONYI_REPLY_HEADER;
}

static chrony_err get_random(uint32_t *value)
{
  ssize_t got;

  do {
    got = getrandom(value, sizeof *value, 0);
  } while (got < 0 && errno == EINTR);
  return got == (ssize_t)sizeof *value ? CHRONY_OK : CHRONY_RANDOM_FAILED;
}

static chrony_err send_request(chrony_session *s, const chronyi_report *request,
                               const unsigned char *argument)
{
  unsigned char message[CHRONYI_MESSAGE_MAX];
  size_t length;
  ssize_t sent;
  chrony_err err;

  s->state = CHRONYI_IDLE;
  if (request->argument != CHRONYI_ASK_ADDRESS)
    s->asked = 0;
  err = get_random(&s->sequence);
  if (err != CHRONY_OK)
    return err;

  length = chronyi_format_request(message, request, s->sequence, argument);
  do {
    sent = send(s->fd, message, length, 0);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0)
    return CHRONY_SEND_FAILED;

  s->request = request;
  s->state = CHRONYI_REQUEST_SENT;
  return CHRONY_OK;
}

static chrony_err send_by_index(chrony_session *s, const chronyi_report *request, int record)
{
  unsigned char argument[4];

  chronyi_store_u32(argument, (uint32_t)record);
  return send_request(s, request, argument);
}

static chrony_err send_by_table(chrony_session *s, const chronyi_report *request, int first)
{
  unsigned char argument[16];

  chronyi_format_table(argument, first);
  return send_request(s, request, argument);
}

static uint32_t report_bit(const chronyi_report *report)
{
  return (uint32_t)1 << (report - chronyi_get_report(0));
}

/* Asks for a report by the address of a source; a source without one has an empty record. */
static chrony_err send_by_address(chrony_session *s, const chronyi_report *request,
                                  const unsigned char *address)
{
  unsigned int family = chronyi_address_family(address);
  chrony_err err;

  if (family < CHRONYI_FAMILY_INET4 || family > CHRONYI_FAMILY_ID) {
    s->hidden = true;
    s->state = CHRONYI_RESPONSE_ACCEPTED;
    return CHRONY_OK;
  }

  memmove(s->address, address, sizeof s->address);
  err = send_request(s, request, s->address);
  if (err == CHRONY_OK)
    s->asked |= report_bit(request);
  /* What is left of a first step is no record; one from before stays, as after any failed request. */
  else if (address != s->address)
    forget_record(s);
  return err;
}

static const unsigned char *record_data(const chrony_session *s)
{
  return s->message + CHRONYI_REPLY_HEADER;
}

/* Whether the current record, seen by the application or not, is that of a report's only layout. */
static bool holds_record_of(const chrony_session *s, const chronyi_report *report)
{
  return s->layout == &report->layouts[0];
}

chrony_err chrony_request_report_number_records(chrony_session *s, const char *report_name)
{
  const chronyi_report *report = chronyi_find_report(report_name);
  chrony_err err;

  if (!s)
    return CHRONY_INVALID_ARGUMENT;
  if (!report)
    return CHRONY_UNKNOWN_REPORT;
  if (!report->counted) {
    s->number_records = 1;
    return CHRONY_OK;
  }

  s->follow_up = NULL;
  if (chronyi_is_clients(report)) {
    err = send_by_table(s, report, 0);
    /* No record of the part that will come is shown yet. */
    s->record = -1;
  } else {
    err = send_request(s, chronyi_count_request(), NULL);
  }
  if (err == CHRONY_OK)
    s->number_records = 0;
  return err;
}

/* The address, which is the second field of a sourcestats record. */
static const unsigned char *sourcestats_address(const chrony_session *s)
{
  return record_data(s) + chronyi_field_offset(s->layout, 1);
}

/* The address of a source where it need not be looked up for this report; otherwise NULL. An address
   that was looked up serves each report once: after that the list of sources may be another. */
static const unsigned char *known_address(const chrony_session *s, const chronyi_report *report,
                                          int record)
{
  if (s->state != CHRONYI_RESPONSE_ACCEPTED || s->record != record)
    return NULL;
  if (holds_record_of(s, chronyi_sourcestats()))
    return sourcestats_address(s);
  if (s->request->argument == CHRONYI_ASK_ADDRESS && !(s->asked & report_bit(report)))
    return s->address;
  return NULL;
}

chrony_err chrony_request_record(chrony_session *s, const char *report_name, int record)
{
  const chronyi_report *report = chronyi_find_report(report_name);
  const unsigned char *known;
  chrony_err err;

  if (!s)
    return CHRONY_INVALID_ARGUMENT;
  if (!report)
    return CHRONY_UNKNOWN_REPORT;
  if (record < 0 || (!report->counted && record != 0))
    return CHRONY_INVALID_ARGUMENT;

  if (chronyi_is_clients(report) && chronyi_holds_client(s, record)) {
    chronyi_show_client(s, record);
    return CHRONY_OK;
  }

  known = known_address(s, report, record);
  s->follow_up = NULL;
  s->record = record;
  switch (report->argument) {
    case CHRONYI_ASK_PLAIN:
      return send_request(s, report, NULL);
    case CHRONYI_ASK_INDEX:
      return send_by_index(s, report, record);
    case CHRONYI_ASK_ADDRESS:
      if (known)
        return send_by_address(s, report, known);
      err = send_by_index(s, chronyi_sourcestats(), record);
      if (err == CHRONY_OK)
        s->follow_up = report;
      return err;
    case CHRONYI_ASK_TABLE:
      return send_by_table(s, report, record);
  }
  return CHRONY_INVALID_ARGUMENT;
}

/* Whether a datagram answers the pending request; its version is judged later. */
static bool is_answer(const chrony_session *s, size_t length)
{
  const unsigned char *m = s->message;

  return length >= CHRONYI_REPLY_HEADER && m[1] == 2 && m[2] == 0 && m[3] == 0 &&
         chronyi_load_u16(m + 4) == s->request->command &&
         chronyi_load_u32(m + 16) == s->sequence;
}

static chrony_err judge_status(uint16_t status)
{
  switch (status) {
    case CHRONYI_STATUS_SUCCESS:
      return CHRONY_OK;
    case CHRONYI_STATUS_UNAUTHORIZED:
      return CHRONY_UNAUTHORIZED;
    case CHRONYI_STATUS_INVALID:
      return CHRONY_OLD_SERVER;
    case CHRONYI_STATUS_NOT_ENABLED:
    case CHRONYI_STATUS_NO_RTC:
      return CHRONY_DISABLED;
    case CHRONYI_STATUS_BAD_VERSION:
    case CHRONYI_STATUS_BAD_LENGTH:
      return CHRONY_NEW_SERVER;
    default:
      return CHRONY_UNEXPECTED_STATUS;
  }
}

static bool same_address(const unsigned char *one, const unsigned char *other)
{
  unsigned int family = chronyi_address_family(one);

  return family == chronyi_address_family(other) &&
         memcmp(one, other, family == CHRONYI_FAMILY_INET6 ? 16 : 4) == 0;
}

/* Judges an answer and takes its data as the current record. */
static chrony_err accept_answer(chrony_session *s, size_t length)
{
  uint16_t reply = chronyi_load_u16(s->message + 6);
  const chronyi_layout *layout = NULL;
  uint16_t status = chronyi_load_u16(s->message + 8);
  chrony_err err = judge_status(status);
  int i;

  /* The log of clients is turned off. */
  if (chronyi_is_clients(s->request) && status == CHRONYI_STATUS_INACTIVE)
    return CHRONY_DISABLED;
  if (err != CHRONY_OK)
    return err;
  for (i = 0; i < s->request->number_layouts && !layout; i++) {
    if (s->request->layouts[i].reply == reply)
      layout = &s->request->layouts[i];
  }
  if (!layout)
    return CHRONY_NEW_SERVER;
  if (length < CHRONYI_REPLY_HEADER + chronyi_layout_length(layout))
    return CHRONY_INVALID_RESPONSE;

  if (s->request == chronyi_count_request()) {
    uint32_t count = chronyi_load_u32(record_data(s));

    if (count > INT_MAX)
      return CHRONY_INVALID_RESPONSE;
    s->number_records = (int)count;
  }
  /* Its first field is the address it was asked by. */
  if (chronyi_is_ntpdata(s->request) && !same_address(record_data(s), s->address))
    return CHRONY_INVALID_RESPONSE;

  if (layout->is_table) {
    err = chronyi_take_table(s, layout);
    if (err != CHRONY_OK)
      return err;
  }

  s->layout = layout;
  s->state = CHRONYI_RESPONSE_ACCEPTED;
  return CHRONY_OK;
}

/* The address in the record of sources; one of family 0 for a reference clock. */
static void sources_address(const chrony_session *s, unsigned char *address)
{
  memcpy(address, record_data(s), CHRONYI_ADDRESS_LENGTH);
  if (chronyi_is_reference_clock(s->layout, record_data(s)))
    memset(address, 0, CHRONYI_ADDRESS_LENGTH);
}

/* Goes on with the second step of a report that is asked by address. */
static chrony_err continue_request(chrony_session *s)
{
  const chronyi_report *report = s->follow_up;
  unsigned char address[CHRONYI_ADDRESS_LENGTH];

  s->follow_up = NULL;
  if (holds_record_of(s, chronyi_sourcestats()))
    memcpy(address, sourcestats_address(s), sizeof address);
  else
    sources_address(s, address);
  return send_by_address(s, report, address);
}

/* Looks an address up in sources where chronyd does not give sourcestats. */
static chrony_err fall_back_to_sources(chrony_session *s)
{
  const chronyi_report *report = s->follow_up;
  chrony_err err;

  s->follow_up = NULL;
  err = send_by_index(s, chronyi_sources(), s->record);
  if (err == CHRONY_OK)
    s->follow_up = report;
  return err;
}

/* Receives one datagram; 0 where it answers nothing. */
static chrony_err receive(chrony_session *s, size_t *length)
{
  int type = 0;
  socklen_t size = sizeof type;
  ssize_t received;

  do {
    received = recv(s->fd, s->message, sizeof s->message, 0);
  } while (received < 0 && errno == EINTR);
  if (received < 0)
    return CHRONY_RECV_FAILED;
  if (received == 0) {
    /* An empty datagram is ignored; on a connection it is the end. */
    if (getsockopt(s->fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type != SOCK_DGRAM) {
      errno = ECONNRESET;
      return CHRONY_RECV_FAILED;
    }
  }
  *length = (size_t)received;
  return CHRONY_OK;
}

chrony_err chrony_process_response(chrony_session *s)
{
  size_t length = 0;
  chrony_err err;

  if (!s)
    return CHRONY_INVALID_ARGUMENT;
  if (s->state != CHRONYI_REQUEST_SENT)
    return CHRONY_UNEXPECTED_CALL;

  forget_record(s);
  err = receive(s, &length);
  if (err != CHRONY_OK)
    return err;
  if (!is_answer(s, length))
    return CHRONY_OK;

  if (s->message[0] != 6) {
    /* A server of another version says so with its own version. */
    if (chronyi_load_u16(s->message + 8) != CHRONYI_STATUS_BAD_VERSION)
      return CHRONY_OK;
    err = s->message[0] < 6 ? CHRONY_OLD_SERVER : CHRONY_NEW_SERVER;
    s->state = CHRONYI_RESPONSE_RECEIVED;
  } else {
    s->state = CHRONYI_RESPONSE_RECEIVED;
    err = accept_answer(s, length);
  }

  if (err == CHRONY_UNAUTHORIZED && s->follow_up && s->request == chronyi_sourcestats())
    return fall_back_to_sources(s);
  if (err != CHRONY_OK)
    s->follow_up = NULL;
  else if (s->follow_up)
    return continue_request(s);
  return err;
}
