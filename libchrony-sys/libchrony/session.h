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
  unsigned char address[CHRONYI_ADDRESS_LENGTH];

  /* The report to ask by address when the address is known; NULL for none. */
  const chronyi_report *follow_up;

  int number_records;

  /* The current record; NULL where there is none. */
  const chronyi_layout *layout;
  /* Whether its fields are kept from the application, as for reference clocks in authdata. */
  bool hidden;
  unsigned char message[CHRONYI_MESSAGE_MAX];

  char text[64];
};

#endif
