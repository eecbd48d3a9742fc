// Shows the reader's local time when the pointer rests on a time, which is given in UTC.
"use strict";
for (const time of document.querySelectorAll("time[datetime]")) {
  const date = new Date(time.dateTime);
  if (!Number.isNaN(date.getTime())) {
    time.title = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
  }
}
