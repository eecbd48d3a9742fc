/* The reports as tables: names, order, types and contents of every field. */
#include <string.h>

#include "constants.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define LAYOUT(reply, fields) { reply, LENGTH(fields), fields, false }
#define TABLE(reply, fields) { reply, LENGTH(fields), fields, true }

#define U8(name, content) { name, CHRONYI_U8, CHRONY_CONTENT_##content, NULL }
#define U16(name, content) { name, CHRONYI_U16, CHRONY_CONTENT_##content, NULL }
#define U32(name, content) { name, CHRONYI_U32, CHRONY_CONTENT_##content, NULL }
#define U64(name, content) { name, CHRONYI_U64, CHRONY_CONTENT_##content, NULL }
#define I8(name, content) { name, CHRONYI_I8, CHRONY_CONTENT_##content, NULL }
#define I16(name, content) { name, CHRONYI_I16, CHRONY_CONTENT_##content, NULL }
#define FLOAT(name, content) { name, CHRONYI_FLOAT, CHRONY_CONTENT_##content, NULL }
#define TIME(name) { name, CHRONYI_TIMESPEC, CHRONY_CONTENT_TIME, NULL }
#define ADDRESS(name) { name, CHRONYI_ADDRESS, CHRONY_CONTENT_ADDRESS, NULL }
#define TEXT(name) { name, CHRONYI_TEXT, CHRONY_CONTENT_NONE, NULL }
#define NAMED(bits, name, content, constants) \
  { name, CHRONYI_U##bits, CHRONY_CONTENT_##content, chronyi_##constants }

static const chronyi_field count_fields[] = {
  U32("sources", COUNT)
};

static const chronyi_field tracking_fields[] = {
  U32("reference ID", REFERENCE_ID),
  ADDRESS("address"),
  U16("stratum", COUNT),
  NAMED(16, "leap status", ENUM, leap),
  TIME("reference time"),
  FLOAT("current correction", OFFSET_SECONDS),
  FLOAT("last offset", OFFSET_SECONDS),
  FLOAT("RMS offset", MEASURE_SECONDS),
  FLOAT("frequency offset", OFFSET_PPM),
  FLOAT("residual frequency", OFFSET_PPM),
  FLOAT("skew", MEASURE_PPM),
  FLOAT("root delay", MEASURE_SECONDS),
  FLOAT("root dispersion", MEASURE_SECONDS),
  FLOAT("last update interval", INTERVAL_SECONDS)
};

static const chronyi_field sources_fields[] = {
  { "address", CHRONYI_ADDRESS_OR_REFID, CHRONY_CONTENT_ADDRESS, NULL },
  I16("poll", INTERVAL_LOG2_SECONDS),
  U16("stratum", COUNT),
  NAMED(16, "state", ENUM, source_state),
  NAMED(16, "mode", ENUM, source_mode),
  U16("flags", NONE),
  U16("reachability", BITS),
  U32("last sample ago", INTERVAL_SECONDS),
  FLOAT("original last sample offset", OFFSET_SECONDS),
  FLOAT("adjusted last sample offset", OFFSET_SECONDS),
  FLOAT("last sample error", MEASURE_SECONDS)
};

static const chronyi_field sourcestats_fields[] = {
  U32("reference ID", REFERENCE_ID),
  ADDRESS("address"),
  U32("samples", COUNT),
  U32("runs", COUNT),
  U32("span", INTERVAL_SECONDS),
  FLOAT("standard deviation", MEASURE_SECONDS),
  FLOAT("residual frequency", OFFSET_PPM),
  FLOAT("skew", MEASURE_PPM),
  FLOAT("offset", OFFSET_SECONDS),
  FLOAT("offset error", MEASURE_SECONDS)
};

static const chronyi_field selectdata_fields[] = {
  U32("reference ID", REFERENCE_ID),
  ADDRESS("address"),
  NAMED(8, "state", ENUM, select_state),
  U8("authentication", BOOLEAN),
  NAMED(8, "leap status", ENUM, leap),
  U8("reserved #1", NONE),
  NAMED(16, "configured options", FLAGS, select_options),
  NAMED(16, "effective options", FLAGS, select_options),
  U32("last sample ago", INTERVAL_SECONDS),
  FLOAT("score", RATIO),
  FLOAT("low limit", INTERVAL_SECONDS),
  FLOAT("high limit", INTERVAL_SECONDS)
};

static const chronyi_field activity_fields[] = {
  U32("online sources", COUNT),
  U32("offline sources", COUNT),
  U32("burst online-return sources", COUNT),
  U32("burst offline-return sources", COUNT),
  U32("unresolved sources", COUNT)
};

static const chronyi_field authdata_fields[] = {
  NAMED(16, "mode", ENUM, auth_mode),
  NAMED(16, "key type", ENUM, key_type),
  U32("key ID", INDEX),
  U16("key length", LENGTH_BITS),
  U16("key establishment attempts", COUNT),
  U32("last key establishment ago", INTERVAL_SECONDS),
  U16("cookies", COUNT),
  U16("cookie length", LENGTH_BYTES),
  U16("NAK", BOOLEAN),
  U16("reserved #1", NONE)
};

/* The part that both layouts of ntpdata begin with. */
#define NTPDATA_COMMON \
  ADDRESS("remote address"), \
  ADDRESS("local address"), \
  U16("remote port", PORT), \
  NAMED(8, "leap status", ENUM, leap), \
  U8("version", COUNT), \
  NAMED(8, "mode", ENUM, ntp_mode), \
  U8("stratum", COUNT), \
  I8("poll", INTERVAL_LOG2_SECONDS), \
  I8("precision", INTERVAL_LOG2_SECONDS), \
  FLOAT("root delay", MEASURE_SECONDS), \
  FLOAT("root dispersion", MEASURE_SECONDS), \
  U32("reference ID", REFERENCE_ID), \
  TIME("reference time"), \
  FLOAT("offset", OFFSET_SECONDS), \
  FLOAT("peer delay", MEASURE_SECONDS), \
  FLOAT("peer dispersion", MEASURE_SECONDS), \
  FLOAT("response time", MEASURE_SECONDS), \
  FLOAT("jitter asymmetry", RATIO), \
  NAMED(16, "flags", FLAGS, ntp_flags), \
  NAMED(8, "transmit timestamping", ENUM, timestamping), \
  NAMED(8, "receive timestamping", ENUM, timestamping), \
  U32("transmitted messages", COUNT), \
  U32("received messages", COUNT), \
  U32("received valid messages", COUNT), \
  U32("received good messages", COUNT)

static const chronyi_field ntpdata_fields[] = {
  NTPDATA_COMMON,
  U32("reserved #1", NONE),
  U32("reserved #2", NONE),
  U32("reserved #3", NONE)
};

static const chronyi_field ntpdata2_fields[] = {
  NTPDATA_COMMON,
  U32("kernel transmit timestamps", COUNT),
  U32("kernel receive timestamps", COUNT),
  U32("hardware transmit timestamps", COUNT),
  U32("hardware receive timestamps", COUNT),
  U32("reserved #1", NONE),
  U32("reserved #2", NONE),
  U32("reserved #3", NONE),
  U32("reserved #4", NONE)
};

static const chronyi_field serverstats_fields[] = {
  U32("received NTP requests", COUNT),
  U32("received command requests", COUNT),
  U32("dropped NTP requests", COUNT),
  U32("dropped command requests", COUNT),
  U32("dropped client log records", COUNT)
};

/* What the later layouts begin with, and what each adds; U is the width of their fields. */
#define SERVERSTATS_WITH_NTS(U) \
  U("received NTP requests", COUNT), \
  U("accepted NTS-KE connections", COUNT), \
  U("received command requests", COUNT), \
  U("dropped NTP requests", COUNT), \
  U("dropped NTS-KE connections", COUNT), \
  U("dropped command requests", COUNT), \
  U("dropped client log records", COUNT), \
  U("received authenticated NTP requests", COUNT)
#define SERVERSTATS_INTERLEAVED(U) \
  U("received interleaved NTP requests", COUNT), \
  U("held NTP timestamps", COUNT), \
  U("NTP timestamp span", INTERVAL_SECONDS)

static const chronyi_field serverstats2_fields[] = {
  SERVERSTATS_WITH_NTS(U32)
};

static const chronyi_field serverstats3_fields[] = {
  SERVERSTATS_WITH_NTS(U32),
  SERVERSTATS_INTERLEAVED(U32)
};

static const chronyi_field serverstats4_fields[] = {
  SERVERSTATS_WITH_NTS(U64),
  SERVERSTATS_INTERLEAVED(U64),
  U64("served daemon RX timestamps", COUNT),
  U64("served daemon TX timestamps", COUNT),
  U64("served kernel RX timestamps", COUNT),
  U64("served kernel TX timestamps", COUNT),
  U64("served hardware RX timestamps", COUNT),
  U64("served hardware TX timestamps", COUNT),
  U64("reserved #1", NONE),
  U64("reserved #2", NONE),
  U64("reserved #3", NONE),
  U64("reserved #4", NONE)
};

static const chronyi_field rtcdata_fields[] = {
  TIME("reference time"),
  U16("samples", COUNT),
  U16("runs", COUNT),
  U32("span", INTERVAL_SECONDS),
  FLOAT("offset", OFFSET_SECONDS),
  FLOAT("frequency offset", OFFSET_PPM)
};

static const chronyi_field smoothing_fields[] = {
  NAMED(32, "flags", FLAGS, smoothing_flags),
  FLOAT("offset", OFFSET_SECONDS),
  FLOAT("frequency offset", OFFSET_PPM),
  FLOAT("wander", OFFSET_PPM_PER_SECOND),
  FLOAT("last update ago", INTERVAL_SECONDS),
  FLOAT("remaining time", INTERVAL_SECONDS)
};

static const chronyi_field sourcename_fields[] = {
  TEXT("name")
};

static const chronyi_field clients_fields[] = {
  ADDRESS("address"),
  U32("NTP hits", COUNT),
  U32("NTS-KE hits", COUNT),
  U32("command hits", COUNT),
  U32("NTP drops", COUNT),
  U32("NTS-KE drops", COUNT),
  U32("command drops", COUNT),
  I8("NTP interval", INTERVAL_LOG2_SECONDS),
  I8("NTS-KE interval", INTERVAL_LOG2_SECONDS),
  I8("command interval", INTERVAL_LOG2_SECONDS),
  I8("NTP timeout interval", INTERVAL_LOG2_SECONDS),
  U32("last NTP hit ago", INTERVAL_SECONDS),
  U32("last NTS-KE hit ago", INTERVAL_SECONDS),
  U32("last command hit ago", INTERVAL_SECONDS)
};

static const chronyi_layout count_layouts[] = { LAYOUT(2, count_fields) };
static const chronyi_layout tracking_layouts[] = { LAYOUT(5, tracking_fields) };
static const chronyi_layout sources_layouts[] = { LAYOUT(3, sources_fields) };
static const chronyi_layout sourcestats_layouts[] = { LAYOUT(6, sourcestats_fields) };
static const chronyi_layout selectdata_layouts[] = { LAYOUT(23, selectdata_fields) };
static const chronyi_layout activity_layouts[] = { LAYOUT(12, activity_fields) };
static const chronyi_layout authdata_layouts[] = { LAYOUT(20, authdata_fields) };
static const chronyi_layout ntpdata_layouts[] = {
  LAYOUT(16, ntpdata_fields),
  LAYOUT(26, ntpdata2_fields)
};
static const chronyi_layout serverstats_layouts[] = {
  LAYOUT(14, serverstats_fields),
  LAYOUT(22, serverstats2_fields),
  LAYOUT(24, serverstats3_fields),
  LAYOUT(25, serverstats4_fields)
};
static const chronyi_layout rtcdata_layouts[] = { LAYOUT(7, rtcdata_fields) };
static const chronyi_layout smoothing_layouts[] = { LAYOUT(13, smoothing_fields) };
static const chronyi_layout sourcename_layouts[] = { LAYOUT(19, sourcename_fields) };
static const chronyi_layout clients_layouts[] = { TABLE(21, clients_fields) };

#define REPORT(name, command, argument, counted, layouts) \
  { name, command, CHRONYI_ASK_##argument, counted, LENGTH(layouts), layouts }

enum { SOURCES = 1, SOURCESTATS = 2, NTPDATA = 6, CLIENTS = 11 };

/* In the order that chrony_get_report_name shows: those of libchrony 0.2, then those it lacks. */
static const chronyi_report reports[] = {
  REPORT("tracking", 33, PLAIN, false, tracking_layouts),
  REPORT("sources", 15, INDEX, true, sources_layouts),
  REPORT("sourcestats", 34, INDEX, true, sourcestats_layouts),
  REPORT("selectdata", 69, INDEX, true, selectdata_layouts),
  REPORT("activity", 44, PLAIN, false, activity_layouts),
  REPORT("authdata", 67, ADDRESS, true, authdata_layouts),
  REPORT("ntpdata", 57, ADDRESS, true, ntpdata_layouts),
  REPORT("serverstats", 54, PLAIN, false, serverstats_layouts),
  REPORT("rtcdata", 35, PLAIN, false, rtcdata_layouts),
  REPORT("smoothing", 51, PLAIN, false, smoothing_layouts),
  REPORT("sourcename", 65, ADDRESS, true, sourcename_layouts),
  REPORT("clients", 68, TABLE, true, clients_layouts)
};

static const chronyi_report count_request =
  REPORT("number of sources", 14, PLAIN, false, count_layouts);

int chronyi_number_reports(void)
{
  return LENGTH(reports);
}

const chronyi_report *chronyi_get_report(int index)
{
  return index >= 0 && index < LENGTH(reports) ? &reports[index] : NULL;
}

const chronyi_report *chronyi_find_report(const char *name)
{
  int i;

  for (i = 0; name && i < LENGTH(reports); i++) {
    if (strcmp(reports[i].name, name) == 0)
      return &reports[i];
  }
  return NULL;
}

const chronyi_report *chronyi_count_request(void)
{
  return &count_request;
}

const chronyi_report *chronyi_sources(void)
{
  return &reports[SOURCES];
}

const chronyi_report *chronyi_sourcestats(void)
{
  return &reports[SOURCESTATS];
}

bool chronyi_is_ntpdata(const chronyi_report *report)
{
  return report == &reports[NTPDATA];
}

bool chronyi_is_clients(const chronyi_report *report)
{
  return report == &reports[CLIENTS];
}
