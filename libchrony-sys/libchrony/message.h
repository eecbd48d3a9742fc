/*
 * The wire format: layouts of messages as tables, and the bytes they describe.
 * Internal; every symbol is hidden.
 */
#ifndef CHRONYI_MESSAGE_H
#define CHRONYI_MESSAGE_H

#include <stddef.h>

#include "chrony.h"

#define CHRONYI_REQUEST_HEADER 20
#define CHRONYI_REPLY_HEADER 28
/* As libchrony: longer datagrams are cut, and no layout comes near. */
#define CHRONYI_MESSAGE_MAX 1024
#define CHRONYI_ADDRESS_LENGTH 20
#define CHRONYI_TEXT_LENGTH 256
/* Room for any address as text. */
#define CHRONYI_ADDRESS_TEXT 46
/* The part of a table that one reply holds begins with three numbers, and has so many places. */
#define CHRONYI_TABLE_HEADER 12
#define CHRONYI_TABLE_PLACES 8

/* Status codes of replies. */
enum {
  CHRONYI_STATUS_SUCCESS = 0,
  CHRONYI_STATUS_UNAUTHORIZED = 2,
  CHRONYI_STATUS_INVALID = 3,
  CHRONYI_STATUS_NOT_ENABLED = 6,
  CHRONYI_STATUS_NO_RTC = 13,
  CHRONYI_STATUS_INACTIVE = 15,
  CHRONYI_STATUS_BAD_VERSION = 18,
  CHRONYI_STATUS_BAD_LENGTH = 19
};

/* Address families on the wire. */
enum {
  CHRONYI_FAMILY_NONE = 0,
  CHRONYI_FAMILY_INET4 = 1,
  CHRONYI_FAMILY_INET6 = 2,
  CHRONYI_FAMILY_ID = 3
};

typedef enum {
  CHRONYI_U8,
  CHRONYI_U16,
  CHRONYI_U32,
  CHRONYI_U64,
  CHRONYI_I8,
  CHRONYI_I16,
  CHRONYI_FLOAT,
  CHRONYI_TIMESPEC,
  CHRONYI_ADDRESS,
  /* An address, or a reference ID in its first four bytes where the field "mode" says so. */
  CHRONYI_ADDRESS_OR_REFID,
  /* Text padded with NULs, which may fill the field. */
  CHRONYI_TEXT
} chronyi_type;

typedef struct {
  uint64_t value;
  const char *name;
} chronyi_constant;

typedef struct {
  const char *name;
  chronyi_type type;
  chrony_field_content content;
  /* Ends with a NULL name; NULL where the field has no named values. */
  const chronyi_constant *constants;
} chronyi_field;

typedef struct {
  uint16_t reply;
  int number_fields;
  const chronyi_field *fields;
  /* Whether the reply holds a part of a table, each record of it with these fields. */
  bool is_table;
} chronyi_layout;

typedef enum {
  CHRONYI_ASK_PLAIN,
  CHRONYI_ASK_INDEX,
  CHRONYI_ASK_ADDRESS,
  /* By the first index of a part of a table. */
  CHRONYI_ASK_TABLE
} chronyi_argument;

typedef struct {
  const char *name;
  uint16_t command;
  chronyi_argument argument;
  bool counted;
  int number_layouts;
  const chronyi_layout *layouts;
} chronyi_report;

/* reports.c */
int chronyi_number_reports(void);
/* NULL for an index out of range. */
const chronyi_report *chronyi_get_report(int index);
/* NULL for NULL and for names of no report. */
const chronyi_report *chronyi_find_report(const char *name);
const chronyi_report *chronyi_count_request(void);
const chronyi_report *chronyi_sources(void);
const chronyi_report *chronyi_sourcestats(void);
bool chronyi_is_ntpdata(const chronyi_report *report);
bool chronyi_is_clients(const chronyi_report *report);
/* record.c: whether the data of a layout with a field "mode" is that of a reference clock. */
bool chronyi_is_reference_clock(const chronyi_layout *layout, const unsigned char *data);

/* message.c */
uint16_t chronyi_load_u16(const unsigned char *bytes);
uint32_t chronyi_load_u32(const unsigned char *bytes);
uint64_t chronyi_load_u64(const unsigned char *bytes);
void chronyi_store_u16(unsigned char *bytes, uint16_t value);
void chronyi_store_u32(unsigned char *bytes, uint32_t value);
double chronyi_load_float(const unsigned char *bytes);
struct timespec chronyi_load_timespec(const unsigned char *bytes);
/* Writes an address as text; false where it is unspecified. */
bool chronyi_format_address(const unsigned char *bytes, char text[CHRONYI_ADDRESS_TEXT]);
/* The family of a 20-byte address. */
unsigned int chronyi_address_family(const unsigned char *bytes);
/* Bytes of a field, of a record, and of the data of a reply. */
size_t chronyi_field_length(const chronyi_field *field);
size_t chronyi_record_length(const chronyi_layout *layout);
size_t chronyi_layout_length(const chronyi_layout *layout);
/* Where a field starts in its record. */
size_t chronyi_field_offset(const chronyi_layout *layout, int field);
/*
 * Writes a request and returns its length; argument holds the index (4 bytes), the address (20
 * bytes) or the part of the table (16 bytes), or is NULL. A request is padded to the longest reply it accepts.
 */
size_t chronyi_format_request(unsigned char *message, const chronyi_report *report,
                              uint32_t sequence, const unsigned char *argument);

#endif
