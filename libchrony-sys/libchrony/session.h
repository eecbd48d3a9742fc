/* What a session remembers. Internal. */
#ifndef CHRONYI_SESSION_H
#define CHRONYI_SESSION_H

#include "message.h"

typedef enum {
  CHRONYI_IDLE,
  CHRONYI_REQUEST_SENT,
  CHRONYI_RESPONSE_RECEIVED,
  CHRONYI_RESPONSE_ACCEPTED
} chronyi_state;

struct chrony_session_t {
  int fd;
  chronyi_state state;

  /* The request that is pending or was answered last. */
  const chronyi_report *request;
  uint32_t sequence;
  int record;
  /* The address that was asked by last, and the reports asked for by it since it was looked up, as bits. */
  unsigned char address[CHRONYI_ADDRESS_LENGTH];
  uint32_t asked;

  /* The report to ask by address when the address is known; NULL for none. */
  const chronyi_report *follow_up;

  int number_records;

  /* The current record; NULL where there is none. */
  const chronyi_layout *layout;
  /* Whether its fields are kept from the application, as for reference clocks in authdata. */
  bool hidden;
  /* Where its data begins in the message. */
  size_t start;
  unsigned char message[CHRONYI_MESSAGE_MAX];

  /* The field that was looked at last, and where it starts in its record: the next is mostly near. */
  const chronyi_layout *last_layout;
  int last_field;
  size_t last_offset;

  /* Of a table: the indices that the last reply speaks of, and how many records it holds for them. */
  uint32_t table_first;
  uint32_t table_end;
  uint32_t table_records;

  /* Long enough for any text field, and its end. */
  char text[CHRONYI_TEXT_LENGTH + 1];
};

/* clients.c */
/* Writes the argument of a request for the part of a table that begins at an index. */
void chronyi_format_table(unsigned char *argument, int first);
/* Judges a reply of this layout, which was asked for by the record or, with -1, for the number. */
chrony_err chronyi_take_table(chrony_session *s, const chronyi_layout *layout);
/* Whether the message holds this record, and the application has not been shown it or a later one. */
bool chronyi_holds_client(const chrony_session *s, int record);
/* Makes this record of the part the current one, without fields where there is no client. */
void chronyi_show_client(chrony_session *s, int record);

#endif
