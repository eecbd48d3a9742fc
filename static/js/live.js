// Keeps the page up to date in place: a stream says when there is a new reading, the page of that
// reading is fetched, and what differs is changed. Ages count on in between.
"use strict";
(() => {
  const status = document.getElementById("live");
  const main = document.getElementById("main");
  if (!status || !main || !window.EventSource) return;
  const button = document.getElementById("pause");
  const news = document.getElementById("live-news");
  const notice = document.getElementById("stale");
  const url = status.dataset.url;

  // The server shows that it lives every 10 s.
  const SILENCE = 25_000;
  const LONGEST_WAIT = 30_000;
  // Of many pages that are told at the same moment not all ask in it.
  const SPREAD = 250;

  // The number of the sample that the page shows, none at first, and when it was read (performance.now).
  let shown = null;
  let readAt = performance.getEntriesByType("navigation")[0]?.responseStart ?? 0;
  let stream = null;
  let watchdog = 0;
  let retry = 0;
  let retryAt = 0;
  let failures = 0;
  let heard = false;
  let lost = false;
  // What the server said in place of a page of this kind.
  let trouble = "";
  let fetching = null;
  let wanted = null;
  let due = 0;
  let paused = stored("second-hand:paused") === "yes";

  // A browser may forbid to keep anything.
  function stored(name, value) {
    try {
      if (value !== undefined) sessionStorage.setItem(name, value);
      return sessionStorage.getItem(name);
    } catch {
      return null;
    }
  }

  // Ages, in the words of view/format.rs.
  function duration(seconds) {
    const pair = (large, unit, small, smallUnit) =>
      `${large} ${unit}` + (small ? ` ${small} ${smallUnit}` : "");
    const part = (whole, unit) => Math.floor(whole / unit);
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3_600) return pair(part(seconds, 60), "m", seconds % 60, "s");
    if (seconds < 86_400) return pair(part(seconds, 3_600), "h", part(seconds % 3_600, 60), "m");
    return pair(part(seconds, 86_400), "d", part(seconds % 86_400, 3_600), "h");
  }

  function ago(seconds) {
    if (seconds < 0) return `${duration(-seconds)} in the future`;
    return seconds < 1 ? "just now" : `${duration(seconds)} ago`;
  }

  function secondsSince(moment) {
    return Math.max(0, Math.floor((performance.now() - moment) / 1000));
  }

  function countOn(root) {
    const since = secondsSince(readAt);
    for (const age of root.querySelectorAll(".age[data-age]")) {
      const text = ago(Number(age.dataset.age) + since);
      if (age.textContent !== text) age.firstChild.data = text;
    }
  }

  // Makes one tree like another. What the reader did stays: opened details, focus, selection, scrolling.
  function keyOf(node) {
    if (node.nodeType !== Node.ELEMENT_NODE) return "";
    const name = ["id", "data-key", "aria-labelledby"].find((name) => node.getAttribute(name));
    return name ? `${node.localName} ${name} ${node.getAttribute(name)}` : "";
  }
  const isKept = (node) => node.nodeType === Node.ELEMENT_NODE && node.hasAttribute("data-keep");
  const isAlike = (one, other) => one.nodeName === other.nodeName && keyOf(one) === keyOf(other);

  function morphText(old, text) {
    if (old.data === text) return;
    let start = 0;
    const shorter = Math.min(old.length, text.length);
    while (start < shorter && old.data[start] === text[start]) start += 1;
    let end = 0;
    while (end < shorter - start && old.data.at(-1 - end) === text.at(-1 - end)) end += 1;
    // Only the part that differs, so that a selection around it stays.
    old.replaceData(start, old.length - start - end, text.slice(start, text.length - end));
  }

  function morphAttributes(old, next) {
    const isOwn = (name) =>
      (name === "open" && old.localName === "details") || (name === "title" && old.localName === "time");
    for (const { name, value } of next.attributes) {
      if (!isOwn(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (!isOwn(name) && !next.hasAttribute(name)) old.removeAttribute(name);
    }
  }

  function morph(old, next) {
    if (old.nodeType === Node.ELEMENT_NODE) {
      morphAttributes(old, next);
      morphChildren(old, next);
    } else {
      morphText(old, next.data);
    }
  }

  function morphChildren(parent, next) {
    const wantedKeys = new Set([...next.childNodes].map(keyOf));
    const keyed = new Map();
    for (const child of [...parent.childNodes]) {
      const key = keyOf(child);
      if (!key || isKept(child)) continue;
      if (wantedKeys.has(key) && !keyed.has(key)) keyed.set(key, child);
      else child.remove();
    }
    let place = parent.firstChild;
    for (const child of [...next.childNodes]) {
      while (place && isKept(place)) place = place.nextSibling;
      let match = keyed.get(keyOf(child));
      keyed.delete(keyOf(child));
      if (!match && !keyOf(child)) {
        match = place;
        while (match && (isKept(match) || !isAlike(match, child))) match = match.nextSibling;
      }
      if (!match) {
        parent.insertBefore(child, place);
        continue;
      }
      if (match === place) place = place.nextSibling;
      else if (parent.moveBefore) parent.moveBefore(match, place);
      else parent.insertBefore(match, place);
      morph(match, child);
    }
    while (place) {
      const rest = place;
      place = place.nextSibling;
      if (!isKept(rest)) rest.remove();
    }
  }

  const assetsOf = (page) =>
    [...page.querySelectorAll("link[rel=stylesheet], script[src]")]
      .map((asset) => asset.getAttribute("href") ?? asset.getAttribute("src"))
      .join(" ");
  const assets = assetsOf(document);

  const verdictOf = (page) => {
    const verdict = page.querySelector(".verdict");
    const lines = [...(verdict?.querySelectorAll("h1, .standing") ?? [])];
    return { tone: verdict?.className, text: lines.map((line) => line.textContent).join(": ") };
  };

  function show(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const next = page.getElementById("main");
    if (!next) throw new Error("no page");
    if (!page.getElementById("live")) return page.querySelector("h1")?.textContent || "No data";
    if (assetsOf(page) !== assets && stored("second-hand:reloaded") !== assetsOf(page)) {
      // Another version serves: its script and style belong to its page. Once, whatever comes.
      stored("second-hand:reloaded", assetsOf(page));
      location.reload();
      return "";
    }
    const focus = document.activeElement;
    const before = verdictOf(document);
    countOn(next);
    morphChildren(main, next);
    if (document.title !== page.title) document.title = page.title;
    if (focus !== document.activeElement && focus?.isConnected) focus.focus({ preventScroll: true });
    const after = verdictOf(document);
    if (after.tone !== before.tone && after.text) say(after.text);
    document.dispatchEvent(new CustomEvent("second-hand:updated"));
    return "";
  }

  async function update(event) {
    if (fetching) {
      wanted = event;
      return;
    }
    const address = new URL(location.href);
    address.hash = "";
    address.searchParams.set("live", event.number);
    const asked = new AbortController();
    const limit = setTimeout(() => asked.abort(), SILENCE);
    fetching = asked;
    try {
      const response = await fetch(address, { cache: "no-store", signal: asked.signal });
      const html = await response.text();
      if (fetching !== asked) return;
      if (response.status === 404) {
        // What the page is about is gone; the server's own words say so.
        location.reload();
        return;
      }
      const before = readAt;
      const age = Number(response.headers.get("reading-age") ?? 0);
      readAt = performance.now() - age * 1000;
      shown = event.number;
      const said = show(html);
      // The old page stays, and so does its age.
      if (said) readAt = before;
      if (said !== trouble) say(said || "chronyd gives data again.");
      trouble = said;
      connected();
    } catch {
      if (fetching === asked) disconnected();
    } finally {
      clearTimeout(limit);
    }
    if (fetching !== asked) return;
    fetching = null;
    if (wanted) {
      const later = wanted;
      wanted = null;
      update(later);
    }
  }

  // The stream.
  function open() {
    close();
    if (paused || document.hidden) return;
    stream = new EventSource(url);
    listen();
    stream.addEventListener("reading", ({ data }) => {
      heard = true;
      listen();
      const event = JSON.parse(data);
      const at = performance.now() - event.age * 1000;
      // The page as it was loaded may be of a later reading than the last sample.
      const isNew = shown === null ? at > readAt + 100 : event.number !== shown;
      if (isNew) {
        clearTimeout(due);
        due = setTimeout(update, Math.random() * SPREAD, event);
        return;
      }
      // While the machine slept this clock may have stood.
      if (shown !== null) readAt = at;
      connected();
    });
    stream.addEventListener("beat", () => {
      heard = true;
      listen();
      if (!fetching) connected();
    });
    stream.onerror = disconnected;
  }

  function listen() {
    clearTimeout(watchdog);
    watchdog = setTimeout(disconnected, SILENCE);
  }

  function close() {
    clearTimeout(watchdog);
    clearTimeout(retry);
    clearTimeout(due);
    stream?.close();
    stream = null;
    fetching?.abort();
    fetching = null;
    wanted = null;
    heard = false;
    retryAt = 0;
  }

  function connected() {
    failures = 0;
    if (lost) say("Connected again.");
    lost = false;
    tell();
  }

  function disconnected() {
    close();
    failures += 1;
    const wait = Math.min(LONGEST_WAIT, 1_000 * 2 ** (failures - 1));
    const jittered = wait * (0.75 + Math.random() / 2);
    retryAt = performance.now() + jittered;
    retry = setTimeout(open, jittered);
    // A server that is restarted is back before anybody needs to know.
    if (failures > 1 && !lost) {
      lost = true;
      say("Connection to second-hand lost. The page shows what was read last.");
    }
    tell();
  }

  // What the reader is told.
  function say(text) {
    news.textContent = text;
  }

  function words() {
    if (paused) return ["paused", "Paused"];
    if (lost) return ["lost", "Connection lost"];
    if (trouble) return ["lost", "No data"];
    if (failures) return ["waiting", "Reconnecting"];
    return [heard ? "on" : "waiting", "Live"];
  }

  function tell() {
    const [name, text] = words();
    if (status.dataset.state !== name) {
      status.dataset.state = name;
      status.lastElementChild.textContent = text;
    }
    notice.hidden = paused || !(lost || trouble);
    if (notice.hidden) return;
    const left = Math.ceil((retryAt - performance.now()) / 1000);
    const next = retryAt && left > 0 ? `trying again in ${duration(left)}` : "trying again now";
    const what = lost ? `Connection lost, ${next}` : trouble;
    const line = `${what}. This page shows what was read ${ago(secondsSince(readAt))}.`;
    if (notice.textContent !== line) notice.textContent = line;
  }

  let clock = 0;
  function resume() {
    failures = 0;
    clearInterval(clock);
    if (!paused && !document.hidden) {
      clock = setInterval(() => {
        countOn(main);
        tell();
      }, 1000);
      countOn(main);
    }
    open();
    button.textContent = paused ? "Resume" : "Pause";
    tell();
  }

  button.addEventListener("click", () => {
    paused = !paused;
    stored("second-hand:paused", paused ? "yes" : "no");
    if (paused) lost = false;
    resume();
  });
  document.addEventListener("visibilitychange", resume);
  addEventListener("pagehide", () => {
    clearInterval(clock);
    close();
  });
  addEventListener("pageshow", ({ persisted }) => persisted && resume());
  addEventListener("online", () => !paused && resume());

  status.hidden = false;
  button.hidden = false;
  resume();
})();
