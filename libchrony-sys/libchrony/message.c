/* The bytes of messages: every number is read and written byte by byte, most significant first. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "message.h"

uint16_t chronyi_load_u16(const unsigned char *bytes)
{
  return (uint16_t)((unsigned int)bytes[0] << 8 | bytes[1]);
}

uint32_t chronyi_load_u32(const unsigned char *bytes)
{
  return (uint32_t)chronyi_load_u16(bytes) << 16 | chronyi_load_u16(bytes + 2);
}

uint64_t chronyi_load_u64(const unsigned char *bytes)
{
  return (uint64_t)chronyi_load_u32(bytes) << 32 | chronyi_load_u32(bytes + 4);
}

void chronyi_store_u16(unsigned char *bytes, uint16_t value)
{
  bytes[0] = (unsigned char)(value >> 8);
  bytes[1] = (unsigned char)(value & 0xff);
}

void chronyi_store_u32(unsigned char *bytes, uint32_t value)
{
  chronyi_store_u16(bytes, (uint16_t)(value >> 16));
  chronyi_store_u16(bytes + 2, (uint16_t)(value & 0xffff));
}

/* Seven bits of exponent and 25 of coefficient, both in two's complement. */
double chronyi_load_float(const unsigned char *bytes)
{
  uint32_t raw = chronyi_load_u32(bytes);
  int32_t exponent = (int32_t)(raw >> 25);
  int32_t coefficient = (int32_t)(raw & 0x1ffffff);

  if (exponent >= 64)
    exponent -= 128;
  if (coefficient >= 0x1000000)
    coefficient -= 0x2000000;
  return ldexp(coefficient, exponent - 25);
}

struct timespec chronyi_load_timespec(const unsigned char *bytes)
{
  uint32_t high = chronyi_load_u32(bytes);
  uint32_t low = chronyi_load_u32(bytes + 4);
  uint32_t nanoseconds = chronyi_load_u32(bytes + 8);
  struct timespec time;

  /* Sent by servers whose time_t has no high part. */
  if (high == 0x7fffffff)
    high = 0;
  if (nanoseconds > 999999999)
    nanoseconds = 999999999;

  memset(&time, 0, sizeof time);
  if (sizeof time.tv_sec > 4)
    time.tv_sec = (time_t)((uint64_t)high << 32 | low);
  else
    time.tv_sec = (time_t)(high != 0 || low > INT32_MAX ? INT32_MAX : low);
  time.tv_nsec = (long)nanoseconds;
  return time;
}

unsigned int chronyi_address_family(const unsigned char *bytes)
{
  return chronyi_load_u16(bytes + 16);
}

/* Writes a number of at most five digits, and gives the end; inet_ntop(), by printf(), takes much longer. */
static inline char *write_number(char *end, unsigned int number, unsigned int base)
{
  char digits[5];
  int length = 0;

  do {
    digits[length++] = "0123456789abcdef"[number % base];
    number /= base;
  } while (number > 0);
  while (length > 0)
    *end++ = digits[--length];
  return end;
}

static char *write_inet4(char *end, const unsigned char *bytes)
{
  int i;

  for (i = 0; i < 4; i++) {
    if (i > 0)
      *end++ = '.';
    end = write_number(end, bytes[i], 10);
  }
  return end;
}

/* The groups of an IPv6 address that are written as "::": the first of the longest runs of zeros, of two at
   least; gives their number. */
static int find_zeros(const unsigned char *bytes, int *first)
{
  int longest = 1, run = 0, i;

  for (i = 0; i < 8; i++) {
    run = chronyi_load_u16(bytes + 2 * i) == 0 ? run + 1 : 0;
    if (run > longest) {
      longest = run;
      *first = i + 1 - run;
    }
  }
  return longest > 1 ? longest : 0;
}

static char *write_inet6(char *end, const unsigned char *bytes)
{
  int first = -1, zeros = find_zeros(bytes, &first), groups = 8, i;

  /* An IPv4 address in it is written as one: ::192.0.2.1 and ::ffff:192.0.2.1. */
  if (first == 0 && (zeros == 6 || (zeros == 5 && chronyi_load_u16(bytes + 10) == 0xffff)))
    groups = 6;
  for (i = 0; i < groups; i++) {
    if (i > 0 || i == first)
      *end++ = ':';
    if (i == first)
      i += zeros - 1;
    else
      end = write_number(end, chronyi_load_u16(bytes + 2 * i), 16);
  }
  if (groups == 6 || first + zeros == 8)
    *end++ = ':';
  return groups == 6 ? write_inet4(end, bytes + 12) : end;
}

bool chronyi_format_address(const unsigned char *bytes, char text[CHRONYI_ADDRESS_TEXT])
{
  switch (chronyi_address_family(bytes)) {
    case CHRONYI_FAMILY_NONE:
      return false;
    case CHRONYI_FAMILY_INET4:
      *write_inet4(text, bytes) = '\0';
      return true;
    case CHRONYI_FAMILY_INET6:
      *write_inet6(text, bytes) = '\0';
      return true;
    case CHRONYI_FAMILY_ID:
      snprintf(text, CHRONYI_ADDRESS_TEXT, "ID#%010lu", (unsigned long)chronyi_load_u32(bytes));
      return true;
    default:
      strcpy(text, "?");
      return true;
  }
}

size_t chronyi_field_length(const chronyi_field *field)
{
  switch (field->type) {
    case CHRONYI_U8:
    case CHRONYI_I8:
      return 1;
    case CHRONYI_U16:
    case CHRONYI_I16:
      return 2;
    case CHRONYI_U32:
    case CHRONYI_FLOAT:
      return 4;
    case CHRONYI_U64:
      return 8;
    case CHRONYI_TIMESPEC:
      return 12;
    case CHRONYI_ADDRESS:
    case CHRONYI_ADDRESS_OR_REFID:
      return CHRONYI_ADDRESS_LENGTH;
    case CHRONYI_TEXT:
      return CHRONYI_TEXT_LENGTH;
  }
  return 0;
}

size_t chronyi_field_offset(const chronyi_layout *layout, int field)
{
  size_t offset = 0;
  int i;

  for (i = 0; i < field; i++)
    offset += chronyi_field_length(&layout->fields[i]);
  return offset;
}

size_t chronyi_record_length(const chronyi_layout *layout)
{
  return chronyi_field_offset(layout, layout->number_fields);
}

size_t chronyi_layout_length(const chronyi_layout *layout)
{
  size_t record = chronyi_record_length(layout);

  return layout->is_table ? CHRONYI_TABLE_HEADER + CHRONYI_TABLE_PLACES * record : record;
}

static size_t argument_length(const chronyi_report *report)
{
  switch (report->argument) {
    case CHRONYI_ASK_PLAIN:
      return 0;
    case CHRONYI_ASK_INDEX:
      return 4;
    case CHRONYI_ASK_ADDRESS:
      return CHRONYI_ADDRESS_LENGTH;
    case CHRONYI_ASK_TABLE:
      return 16;
  }
  return 0;
}

size_t chronyi_format_request(unsigned char *message, const chronyi_report *report,
                              uint32_t sequence, const unsigned char *argument)
{
  size_t length = CHRONYI_REQUEST_HEADER + argument_length(report);
  int i;

  /* chronyd drops requests that are shorter than the answer would be. */
  for (i = 0; i < report->number_layouts; i++) {
    size_t reply = CHRONYI_REPLY_HEADER + chronyi_layout_length(&report->layouts[i]);

    if (length < reply)
      length = reply;
  }

  memset(message, 0, length);
  message[0] = 6;
  message[1] = 1;
  chronyi_store_u16(message + 4, report->command);
  chronyi_store_u32(message + 8, sequence);
  if (argument)
    memcpy(message + CHRONYI_REQUEST_HEADER, argument, argument_length(report));
  return length;
}
