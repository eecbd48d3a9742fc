/* The table of clients, of which each reply holds a part: records that are there need no request. */
#include <limits.h>
#include <string.h>

#include "session.h"

void chronyi_format_table(unsigned char *argument, int first)
{
  /* First index, number of clients, least number of hits; the last would reset their counters. */
  memset(argument, 0, 16);
  chronyi_store_u32(argument, (uint32_t)first);
  chronyi_store_u32(argument + 4, CHRONYI_TABLE_PLACES);
}

chrony_err chronyi_take_table(chrony_session *s, const chronyi_layout *layout)
{
  const unsigned char *data = s->message + CHRONYI_REPLY_HEADER;
  uint32_t begin = s->record < 0 ? 0 : (uint32_t)s->record;
  uint32_t size = chronyi_load_u32(data);
  uint32_t next = chronyi_load_u32(data + 4);
  uint32_t number = chronyi_load_u32(data + 8);

  if (size > INT_MAX || number > CHRONYI_TABLE_PLACES)
    return CHRONY_INVALID_RESPONSE;
  if (begin >= size) {
    /* The table has become smaller, or never was so large. */
    if (number > 0)
      return CHRONY_INVALID_RESPONSE;
    next = begin + 1;
  }
  /* Each client has an index, so that reading goes on, and comes to an end. */
  else if (next <= begin || next > size || next - begin < number)
    return CHRONY_INVALID_RESPONSE;

  s->table_first = begin;
  s->table_end = next;
  s->table_records = number;
  s->layout = layout;
  if (s->record >= 0) {
    chronyi_show_client(s, s->record);
  } else {
    s->number_records = (int)size;
    s->hidden = true;
  }
  return CHRONY_OK;
}

bool chronyi_holds_client(const chrony_session *s, int record)
{
  return s->state == CHRONYI_RESPONSE_ACCEPTED && s->layout && s->layout->is_table &&
         record > s->record && (uint32_t)record >= s->table_first &&
         (uint32_t)record < s->table_end;
}

void chronyi_show_client(chrony_session *s, int record)
{
  uint32_t place = (uint32_t)record - s->table_first;

  s->record = record;
  s->hidden = true;
  s->start = CHRONYI_REPLY_HEADER;
  /* A reply does not tell which index has which client: they come first, and the rest is empty. */
  if (place >= s->table_records)
    return;
  s->start += CHRONYI_TABLE_HEADER + place * chronyi_record_length(s->layout);
  s->hidden = chronyi_address_family(s->message + s->start) == CHRONYI_FAMILY_NONE;
}
