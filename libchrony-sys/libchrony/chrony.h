/*
 * libchrony - access to chronyd's monitoring reports.
 *
 * This is an independent implementation of the published API and ABI of libchrony 0.2. It asks
 * chronyd over its Unix socket or UDP (command protocol 6, chronyd 1.29.1 and later) and gives each
 * report as records of named, typed fields.
 *
 * A reading: open a socket, begin a session on it, request the number of records of a report, then
 * each record. After each request, as long as chrony_needs_response() is true, wait until the socket
 * is readable (with a timeout of yours: the library has none) and call chrony_process_response().
 * After an error or a timeout simply make the next request; late answers are ignored.
 *
 * Extensions, which upstream's libchrony 0.2 lacks (it answers CHRONY_UNKNOWN_REPORT):
 *  - "sourcename": for each source, in the order of "sources", the name it was configured with. One
 *    field, "name", a CHRONY_TYPE_STRING of at most 256 bytes as chronyd sends them, in no known
 *    encoding; content CHRONY_CONTENT_NONE. Asked as authdata and ntpdata are: the address of the
 *    source first; records of reference clocks have no fields.
 *  - "clients": who asked this chronyd for time, as its table of clients holds it. The number of
 *    records is the number of places of that table, most of which may be empty: their records have
 *    no fields. An answer holds up to 8 clients; a record that is in it, and comes after the one
 *    requested last, needs no further request, so that chrony_needs_response() is false at once.
 *    Intervals of 127 are unknown; ages of 4294967295 mean never. A chronyd that keeps no such table
 *    (noclientlog) gives CHRONY_DISABLED. The counters are never reset.
 *
 * The library holds no global state. Sessions are independent and may be used by different threads,
 * one thread at a time each.
 *
 * Deliberate differences from libchrony 0.2:
 *  - chrony_get_field_float() gives NaN, not 0, for what is no floating-point field.
 *  - chrony_get_field_integer() extends the sign of 16-bit fields (poll of sources).
 *  - In ntpdata the flag 0x4 is named "testB" and 0x2 "testC", which is chronyd's meaning.
 *  - Values that upstream has no name for are named: select states L and r, AEAD algorithms 16, 17
 *    and 31.
 *  - A negative record number is CHRONY_INVALID_ARGUMENT; more than INT_MAX sources, or ntpdata of
 *    another source than the one asked for, CHRONY_INVALID_RESPONSE.
 *  - chrony_close_socket() removes only what chrony_open_socket() made in the same process.
 *  - A server that answers "bad version" in its own protocol version gives CHRONY_OLD_SERVER or
 *    CHRONY_NEW_SERVER, not silence.
 *  - An address that was looked up for authdata, ntpdata or sourcename of a record serves the other two of
 *    the same record, where they are requested next: they then take one step in place of two.
 *  - authdata and ntpdata look addresses up in sources where chronyd does not give sourcestats.
 *  - NULL sessions and names are errors, not crashes.
 *  - There are two more reports after the ten of libchrony 0.2, both of chronyd 4.0 and later; see below.
 *  - "[::1]" without a port and IPv6 zones (fe80::1%eth0) are accepted; ports are 1 to 65535.
 */
#ifndef CHRONY_H
#define CHRONY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CHRONY_EXPORT __attribute__((visibility("default")))
#else
#define CHRONY_EXPORT
#endif

/* What a call can give. The numbers are part of the ABI. */
typedef enum {
  CHRONY_OK = 0,
  CHRONY_NO_MEMORY = 1,
  /* Not given by this implementation, which needs no open random source. */
  CHRONY_NO_RANDOM = 2,
  /* There is no report of this name. */
  CHRONY_UNKNOWN_REPORT = 3,
  /* The system gave no random number. */
  CHRONY_RANDOM_FAILED = 4,
  /* send() failed; errno says why. */
  CHRONY_SEND_FAILED = 5,
  /* recv() failed; errno says why. The request is still pending. */
  CHRONY_RECV_FAILED = 6,
  CHRONY_INVALID_ARGUMENT = 7,
  /* No answer is expected. */
  CHRONY_UNEXPECTED_CALL = 8,
  /* chronyd does not give this report over this transport. */
  CHRONY_UNAUTHORIZED = 9,
  /* What the report is about is not enabled in chronyd. */
  CHRONY_DISABLED = 10,
  /* chronyd refused for another reason; for a record: there is no such source. */
  CHRONY_UNEXPECTED_STATUS = 11,
  CHRONY_OLD_SERVER = 12,
  CHRONY_NEW_SERVER = 13,
  /* The answer is malformed. */
  CHRONY_INVALID_RESPONSE = 14
} chrony_err;

/* The type of a field, which says which getter reads it. */
typedef enum {
  CHRONY_TYPE_NONE = 0,
  CHRONY_TYPE_UINTEGER = 1,
  CHRONY_TYPE_INTEGER = 2,
  CHRONY_TYPE_FLOAT = 3,
  CHRONY_TYPE_TIMESPEC = 4,
  CHRONY_TYPE_STRING = 5
} chrony_field_type;

/* What a field means, and its unit. */
typedef enum {
  /* Nothing to show, as for reserved fields and addresses that are not given. */
  CHRONY_CONTENT_NONE = 0,
  CHRONY_CONTENT_COUNT = 1,
  /* A point in time, seconds and nanoseconds since 1970 (UTC). */
  CHRONY_CONTENT_TIME = 2,
  /* Binary logarithm of an interval in seconds. */
  CHRONY_CONTENT_INTERVAL_LOG2_SECONDS = 3,
  /* An interval in seconds; 4294967295 means never. */
  CHRONY_CONTENT_INTERVAL_SECONDS = 4,
  /* Seconds, with a sign. */
  CHRONY_CONTENT_OFFSET_SECONDS = 5,
  /* Seconds, without a sign. */
  CHRONY_CONTENT_MEASURE_SECONDS = 6,
  /* Parts per million, with a sign. */
  CHRONY_CONTENT_OFFSET_PPM = 7,
  /* Parts per million, without a sign. */
  CHRONY_CONTENT_MEASURE_PPM = 8,
  CHRONY_CONTENT_OFFSET_PPM_PER_SECOND = 9,
  CHRONY_CONTENT_RATIO = 10,
  /* An NTP reference ID: four characters, an IPv4 address or a hash. */
  CHRONY_CONTENT_REFERENCE_ID = 11,
  /* One of the field's named values. */
  CHRONY_CONTENT_ENUM = 12,
  /* Bits without names, as the reachability register (newest poll lowest). */
  CHRONY_CONTENT_BITS = 13,
  /* Named bits. */
  CHRONY_CONTENT_FLAGS = 14,
  CHRONY_CONTENT_ADDRESS = 15,
  CHRONY_CONTENT_PORT = 16,
  CHRONY_CONTENT_INDEX = 17,
  CHRONY_CONTENT_LENGTH_BITS = 18,
  CHRONY_CONTENT_LENGTH_BYTES = 19,
  /* 0 or 1. */
  CHRONY_CONTENT_BOOLEAN = 20
} chrony_field_content;

/* A session: one socket, one pending request, one current record. */
typedef struct chrony_session_t chrony_session;

/*
 * Open a socket to chronyd.
 *
 * address: "/path/to/socket", "192.0.2.1", "192.0.2.1:323", "2001:db8::1", "[2001:db8::1]" or
 * "[2001:db8::1]:323"; the port is 323 unless given. NULL or "": the first that opens of
 * /var/run/chrony/chronyd.sock, 127.0.0.1:323 and [::1]:323. With UDP that does not mean that
 * anybody listens.
 *
 * With a Unix socket, a directory for the client's own socket is made beside the server's, so the
 * caller needs write permission there, and the server's directory can have at most 62 bytes. It
 * is removed by chrony_close_socket(); a killed process leaves it behind.
 *
 * Returns a blocking, close-on-exec descriptor, or a negative number with errno set: EINVAL for a
 * bad address, ENOENT, EACCES, ECONNREFUSED and others as the system gives them. Nothing is left
 * behind then.
 */
CHRONY_EXPORT int chrony_open_socket(const char *address);

/*
 * Close a socket from chrony_open_socket() and remove its directory. Any other descriptor is only
 * closed; a negative one is ignored. errno is kept.
 */
CHRONY_EXPORT void chrony_close_socket(int fd);

/* The text for an error number, never NULL; static. */
CHRONY_EXPORT const char *chrony_get_error_string(chrony_err e);

/*
 * Begin a session.
 *
 * s: where the session is stored, only on success. fd: a connected datagram socket, which the
 * session uses but does not own: it must stay open until the session is ended.
 *
 * Returns CHRONY_OK, CHRONY_NO_MEMORY, or CHRONY_INVALID_ARGUMENT for a NULL s.
 */
CHRONY_EXPORT chrony_err chrony_init_session(chrony_session **s, int fd);

/* End a session. Its texts become invalid; its descriptor stays open. NULL is ignored. */
CHRONY_EXPORT void chrony_deinit_session(chrony_session *s);

/* The descriptor of a session, to wait for; -1 for NULL. */
CHRONY_EXPORT int chrony_get_fd(chrony_session *s);

/* Whether an answer is awaited, so that chrony_process_response() is to be called. */
CHRONY_EXPORT bool chrony_needs_response(chrony_session *s);

/*
 * Receive one datagram and process it. Blocks where none has come yet and the socket is blocking.
 *
 * A datagram that does not answer the pending request is ignored: CHRONY_OK, and an answer is still
 * awaited. That is so too after the first of the two answers that authdata, ntpdata and sourcename
 * take.
 *
 * Returns CHRONY_OK; CHRONY_UNEXPECTED_CALL where no answer is awaited; CHRONY_RECV_FAILED, after
 * which the call may be repeated; CHRONY_SEND_FAILED or CHRONY_RANDOM_FAILED where the next request
 * of the same record failed; or what the answer means: CHRONY_UNAUTHORIZED, CHRONY_DISABLED,
 * CHRONY_UNEXPECTED_STATUS, CHRONY_OLD_SERVER, CHRONY_NEW_SERVER, CHRONY_INVALID_RESPONSE, after
 * which there is no current record.
 */
CHRONY_EXPORT chrony_err chrony_process_response(chrony_session *s);

/*
 * The number of reports: 12. Those of libchrony 0.2 have the numbers 0 to 9, and its own library ends
 * there; "sourcename" and "clients" are extensions of this one.
 */
CHRONY_EXPORT int chrony_get_number_supported_reports(void);

/* The name of a report, from 0; NULL for a number out of range. Static. */
CHRONY_EXPORT const char *chrony_get_report_name(int report);

/*
 * Request the number of records of a report. A report that always has one needs no answer.
 *
 * report_name: compared exactly; not kept.
 *
 * Returns CHRONY_OK, CHRONY_UNKNOWN_REPORT (nothing changed), CHRONY_RANDOM_FAILED,
 * CHRONY_SEND_FAILED, or CHRONY_INVALID_ARGUMENT for a NULL session.
 */
CHRONY_EXPORT chrony_err chrony_request_report_number_records(chrony_session *s,
                                                              const char *report_name);

/*
 * The number of records as last answered; 0 before. For authdata, ntpdata and sourcename it includes
 * reference clocks, whose records have no fields; for clients it is the number of places of the table.
 */
CHRONY_EXPORT int chrony_get_report_number_records(chrony_session *s);

/*
 * Request a record of a report. The current record stays until an answer is processed.
 *
 * report_name: compared exactly; not kept. record: from 0; a number that chronyd has no source for
 * ends in CHRONY_UNEXPECTED_STATUS when its answer is processed.
 *
 * Returns CHRONY_OK; CHRONY_UNKNOWN_REPORT or CHRONY_INVALID_ARGUMENT (a negative record, one other
 * than 0 of a report that has one, or a NULL session), which change nothing; CHRONY_RANDOM_FAILED or
 * CHRONY_SEND_FAILED.
 */
CHRONY_EXPORT chrony_err chrony_request_record(chrony_session *s, const char *report_name,
                                               int record);

/* The number of fields of the current record; 0 where there is none. */
CHRONY_EXPORT int chrony_get_record_number_fields(chrony_session *s);

/* The name of a field, from 0; NULL for a number out of range. Static. */
CHRONY_EXPORT const char *chrony_get_field_name(chrony_session *s, int field);

/* The number of the field with this name, compared exactly; -1 where there is none. */
CHRONY_EXPORT int chrony_get_field_index(chrony_session *s, const char *name);

/* The type of a field; CHRONY_TYPE_NONE for a number out of range. */
CHRONY_EXPORT chrony_field_type chrony_get_field_type(chrony_session *s, int field);

/*
 * What a field means; CHRONY_CONTENT_NONE for a number out of range, reserved fields, and an
 * address that is not given.
 */
CHRONY_EXPORT chrony_field_content chrony_get_field_content(chrony_session *s, int field);

/*
 * The value of a CHRONY_TYPE_UINTEGER field; 0 for any other. Values are given as they came:
 * 4294967295 means "never" for an interval, and "unknown" for "received good messages".
 */
CHRONY_EXPORT uint64_t chrony_get_field_uinteger(chrony_session *s, int field);

/* The value of a CHRONY_TYPE_INTEGER field; 0 for any other. */
CHRONY_EXPORT int64_t chrony_get_field_integer(chrony_session *s, int field);

/* The value of a CHRONY_TYPE_FLOAT field, always finite; NaN for any other. */
CHRONY_EXPORT double chrony_get_field_float(chrony_session *s, int field);

/*
 * The value of a CHRONY_TYPE_TIMESPEC field, in UTC, with nanoseconds of 0 to 999999999; zero for
 * any other.
 */
CHRONY_EXPORT struct timespec chrony_get_field_timespec(chrony_session *s, int field);

/*
 * The value of a CHRONY_TYPE_STRING field: an IPv4 or IPv6 address, or ID# and ten digits for a
 * source whose name is not resolved yet; or the configured name of a source, whose bytes may be
 * anything but NUL. NULL for any other field, and for an address that is not
 * given. Valid until the next call of this function on the session, or its end.
 */
CHRONY_EXPORT const char *chrony_get_field_string(chrony_session *s, int field);

/*
 * The name of a value of an enumeration, or of a single flag; NULL where it has none. Any value may
 * be asked for, not only the one received. Static.
 */
CHRONY_EXPORT const char *chrony_get_field_constant_name(chrony_session *s, int field,
                                                         uint64_t value);

#ifdef __cplusplus
}
#endif

#endif
