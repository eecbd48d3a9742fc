/* Reading the current record, and the texts of errors. */
#include <math.h>
#include <string.h>

#include "session.h"

/* In sources, the value of the field "mode" for a reference clock. */
#define MODE_REFERENCE_CLOCK 2

const char *chrony_get_error_string(chrony_err e)
{
  static const char *const texts[] = {
    [CHRONY_OK] = "Success",
    [CHRONY_NO_MEMORY] = "Failed to allocate memory",
    [CHRONY_NO_RANDOM] = "Failed to open /dev/urandom",
    [CHRONY_UNKNOWN_REPORT] = "Unknown report",
    [CHRONY_RANDOM_FAILED] = "Failed to read /dev/urandom",
    [CHRONY_SEND_FAILED] = "Failed to send request",
    [CHRONY_RECV_FAILED] = "Failed to receive response",
    [CHRONY_INVALID_ARGUMENT] = "Invalid argument",
    [CHRONY_UNEXPECTED_CALL] = "Unexpected function call",
    [CHRONY_UNAUTHORIZED] = "Not authorized",
    [CHRONY_DISABLED] = "Disabled",
    [CHRONY_UNEXPECTED_STATUS] = "Unexpected status",
    [CHRONY_OLD_SERVER] = "Unsupported server version (too old)",
    [CHRONY_NEW_SERVER] = "Unsupported server version (too new)",
    [CHRONY_INVALID_RESPONSE] = "Invalid response"
  };
  /* Whatever type the compiler gives the enumeration, negative numbers become large. */
  size_t index = (size_t)e;

  return index < sizeof texts / sizeof texts[0] ? texts[index] : "Unknown error";
}

bool chronyi_is_reference_clock(const chronyi_layout *layout, const unsigned char *data)
{
  int i;

  for (i = 0; i < layout->number_fields; i++) {
    if (layout->fields[i].type == CHRONYI_U16 && strcmp(layout->fields[i].name, "mode") == 0)
      return chronyi_load_u16(data + chronyi_field_offset(layout, i)) == MODE_REFERENCE_CLOCK;
  }
  return false;
}

/* The layout of the current record; NULL where the application sees none. */
static const chronyi_layout *shown_layout(const chrony_session *s)
{
  return s && !s->hidden ? s->layout : NULL;
}

/* Makes a field of the shown layout the last one, going on from the one before where that is possible. */
static void go_to_field(chrony_session *s, int index)
{
  if (s->last_layout != s->layout || s->last_field > index) {
    s->last_layout = s->layout;
    s->last_field = 0;
    s->last_offset = 0;
  }
  for (; s->last_field < index; s->last_field++)
    s->last_offset += chronyi_field_length(&s->layout->fields[s->last_field]);
}

/* A field of the shown layout as it is seen. */
static const chronyi_field *seen_field(const chrony_session *s, int index)
{
  static const chronyi_field reference_id = {
    "reference ID", CHRONYI_U32, CHRONY_CONTENT_REFERENCE_ID, NULL
  };
  static const chronyi_field address = {
    "address", CHRONYI_ADDRESS, CHRONY_CONTENT_ADDRESS, NULL
  };
  const chronyi_field *field = &s->layout->fields[index];

  if (field->type != CHRONYI_ADDRESS_OR_REFID)
    return field;
  return chronyi_is_reference_clock(s->layout, s->message + s->start) ? &reference_id : &address;
}

/* A field of the current record, and its bytes. */
typedef struct {
  const chronyi_field *field;
  const unsigned char *bytes;
} resolved;

static bool resolve(chrony_session *s, int index, resolved *found)
{
  const chronyi_layout *layout = shown_layout(s);

  if (!layout || index < 0 || index >= layout->number_fields)
    return false;
  go_to_field(s, index);
  found->field = seen_field(s, index);
  found->bytes = s->message + s->start + s->last_offset;
  return true;
}

int chrony_get_record_number_fields(chrony_session *s)
{
  const chronyi_layout *layout = shown_layout(s);

  return layout ? layout->number_fields : 0;
}

const char *chrony_get_field_name(chrony_session *s, int field)
{
  resolved r;

  return resolve(s, field, &r) ? r.field->name : NULL;
}

int chrony_get_field_index(chrony_session *s, const char *name)
{
  const chronyi_layout *layout = shown_layout(s);
  int i, index;

  if (!layout || !name)
    return -1;
  /* From the last one on, and round: a layout has no name twice, so that any order finds the same. */
  index = s->last_layout == layout ? s->last_field : 0;
  for (i = 0; i < layout->number_fields; i++) {
    const char *other = seen_field(s, index)->name;

    if (*other == *name && strcmp(other, name) == 0) {
      go_to_field(s, index);
      return index;
    }
    index = index + 1 < layout->number_fields ? index + 1 : 0;
  }
  return -1;
}

static chrony_field_type public_type(chronyi_type type)
{
  switch (type) {
    case CHRONYI_U8:
    case CHRONYI_U16:
    case CHRONYI_U32:
    case CHRONYI_U64:
      return CHRONY_TYPE_UINTEGER;
    case CHRONYI_I8:
    case CHRONYI_I16:
      return CHRONY_TYPE_INTEGER;
    case CHRONYI_FLOAT:
      return CHRONY_TYPE_FLOAT;
    case CHRONYI_TIMESPEC:
      return CHRONY_TYPE_TIMESPEC;
    case CHRONYI_ADDRESS:
    case CHRONYI_ADDRESS_OR_REFID:
    case CHRONYI_TEXT:
      return CHRONY_TYPE_STRING;
  }
  return CHRONY_TYPE_NONE;
}

chrony_field_type chrony_get_field_type(chrony_session *s, int field)
{
  resolved r;

  return resolve(s, field, &r) ? public_type(r.field->type) : CHRONY_TYPE_NONE;
}

chrony_field_content chrony_get_field_content(chrony_session *s, int field)
{
  resolved r;

  if (!resolve(s, field, &r))
    return CHRONY_CONTENT_NONE;
  if (r.field->type == CHRONYI_ADDRESS &&
      chronyi_address_family(r.bytes) == CHRONYI_FAMILY_NONE)
    return CHRONY_CONTENT_NONE;
  return r.field->content;
}

uint64_t chrony_get_field_uinteger(chrony_session *s, int field)
{
  resolved r;

  if (!resolve(s, field, &r))
    return 0;
  switch (r.field->type) {
    case CHRONYI_U8:
      return r.bytes[0];
    case CHRONYI_U16:
      return chronyi_load_u16(r.bytes);
    case CHRONYI_U32:
      return chronyi_load_u32(r.bytes);
    case CHRONYI_U64:
      return chronyi_load_u64(r.bytes);
    default:
      return 0;
  }
}

int64_t chrony_get_field_integer(chrony_session *s, int field)
{
  resolved r;
  int64_t value;

  if (!resolve(s, field, &r))
    return 0;
  switch (r.field->type) {
    case CHRONYI_I8:
      value = r.bytes[0];
      return value < 0x80 ? value : value - 0x100;
    case CHRONYI_I16:
      value = chronyi_load_u16(r.bytes);
      return value < 0x8000 ? value : value - 0x10000;
    default:
      return 0;
  }
}

double chrony_get_field_float(chrony_session *s, int field)
{
  resolved r;

  if (!resolve(s, field, &r) || r.field->type != CHRONYI_FLOAT)
    return (double)NAN;
  return chronyi_load_float(r.bytes);
}

struct timespec chrony_get_field_timespec(chrony_session *s, int field)
{
  struct timespec none;
  resolved r;

  if (resolve(s, field, &r) && r.field->type == CHRONYI_TIMESPEC)
    return chronyi_load_timespec(r.bytes);
  memset(&none, 0, sizeof none);
  return none;
}

const char *chrony_get_field_string(chrony_session *s, int field)
{
  resolved r;

  if (!resolve(s, field, &r))
    return NULL;
  if (r.field->type == CHRONYI_TEXT) {
    memcpy(s->text, r.bytes, CHRONYI_TEXT_LENGTH);
    s->text[CHRONYI_TEXT_LENGTH] = '\0';
    return s->text;
  }
  if (r.field->type != CHRONYI_ADDRESS ||
      !chronyi_format_address(r.bytes, s->text))
    return NULL;
  return s->text;
}

const char *chrony_get_field_constant_name(chrony_session *s, int field, uint64_t value)
{
  const chronyi_constant *constant;
  resolved r;

  if (!resolve(s, field, &r))
    return NULL;
  for (constant = r.field->constants; constant && constant->name; constant++) {
    if (constant->value == value)
      return constant->name;
  }
  return NULL;
}
