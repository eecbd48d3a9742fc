// Shows the reader's local time when the pointer rests on a time, which is given in UTC.
"use strict";
(() => {
  const shown = new WeakMap();
  const show = () => {
    for (const time of document.querySelectorAll("time[datetime]")) {
      const given = time.dateTime;
      const date = new Date(given);
      if (shown.get(time) === given || Number.isNaN(date.getTime())) continue;
      shown.set(time, given);
      time.title = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
    }
  };
  show();
  document.addEventListener("second-hand:updated", show);
})();
