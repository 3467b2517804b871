"use strict";
// The data of the run, what of it is shown, and how times are told.

const DATA = JSON.parse(document.getElementById("data").textContent);
const ROWS = DATA.rows;
const LANES = DATA.lanes;
const KINDS = [
  ["dimse", "DIMSE"], ["association", "associations"], ["hardware", "hardware"], ["step", "steps"], ["told", "words"],
  ["fault", "faults"], ["trouble", "trouble"], ["pdu", "PDUs"],
];
const IDLE = 500000; // microseconds without any row from which the time axis says how long nothing happened
const HEIGHT = { row: 26, gap: 20, pdu: 19, skip: 22 };

const shown = {
  lanes: new Set(LANES.keys()),
  kinds: new Set(KINDS.map(([word]) => word).filter((word) => word !== "pdu")),
  query: "", only: false, open: new Map(), current: -1, matches: [],
};
const byOrdinal = new Map();
ROWS.forEach((row, place) => {
  if (row.received !== undefined) byOrdinal.set(row.received, place);
  byOrdinal.set(row.n, place);
});

function pad(number, width) { return String(number).padStart(width, "0"); }

function instant(us) {
  const seconds = Math.floor(us / 1e6);
  const clock = `${Math.floor(seconds / 3600)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`;
  return `${clock}.${pad(us % 1e6, 6)}`;
}

function duration(us) {
  if (us < 1000) return `${us} µs`;
  if (us < 1e6) return `${+(us / 1000).toPrecision(3)} ms`;
  if (us < 6e7) return `${+(us / 1e6).toPrecision(3)} s`;
  const seconds = Math.round(us / 1e6);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min${seconds % 60 ? ` ${seconds % 60} s` : ""}`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
}

function laneName(lane) { return lane < 0 ? "bench" : LANES[lane].name; }

function haystack(row) {
  if (row.hay === undefined) {
    const who = row.to >= 0 ? `${laneName(row.at)} ${laneName(row.to)}` : laneName(row.at);
    const uids = Object.values(row.record || {}).map((value) => DATA.uids[value] || "").join(" ");
    row.hay = [`#${row.n}`, who, row.event, row.words, row.said, row.struck, row.rests, JSON.stringify(row.record || {}), uids]
      .filter(Boolean).join(" ").toLowerCase();
  }
  return row.hay;
}

function found(row) {
  if (!shown.query) return false;
  const words = shown.query.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => (/^#\d+$/.test(word) ? word === `#${row.n}` || word === `#${row.received}` : haystack(row).includes(word)));
}

function isShown(row) {
  if (!shown.kinds.has(row.kind)) return false;
  if (row.at < 0) return true;
  return shown.lanes.has(row.at) || (row.to >= 0 && shown.lanes.has(row.to));
}

function isTrouble(row) { return row.gravity === 2 || row.kind === "fault" || row.kind === "trouble" || row.lost; }

// What the list shows from top to bottom: rows, idle times, PDUs.
function buildItems() {
  const items = [];
  const skips = new Map(DATA.skips);
  const withPdus = shown.kinds.has("pdu");
  let stranger = 0, hidden = 0, before = 0;
  shown.matches = [];
  ROWS.forEach((row, place) => {
    if (skips.has(place)) items.push({ type: "skip", count: skips.get(place), key: `s${place}` });
    for (; withPdus && stranger < DATA.wire.length && DATA.wire[stranger].t <= row.t; stranger += 1) wireItems(items, DATA.wire[stranger], `w${stranger}`);
    if (!isShown(row)) { hidden += 1; return; }
    const match = found(row);
    if (shown.query && shown.only && !match) { hidden += 1; return; }
    if (row.t - before >= IDLE) items.push({ type: "gap", span: row.t - before, hidden, place, key: `g${place}` });
    if (match) shown.matches.push(place);
    items.push({ type: "row", place, match, same: place > 0 && row.t === before, key: `r${place}` });
    if (withPdus && row.pdus) wireItems(items, row, `p${place}`);
    before = row.t;
    hidden = 0;
  });
  for (; withPdus && stranger < DATA.wire.length; stranger += 1) wireItems(items, DATA.wire[stranger], `w${stranger}`);
  return layOut(items);
}

function wireItems(items, row, key) {
  row.pdus.forEach((run, ordinal) => items.push({ type: "pdu", row, run, key: `${key}-${ordinal}` }));
}

function layOut(items) {
  let top = 0;
  for (const item of items) {
    item.top = top;
    item.height = HEIGHT[item.type] + (item.type === "row" ? shown.open.get(item.place) || 0 : 0);
    top += item.height;
  }
  items.total = top;
  return items;
}

// The item at a height of the list, or the first below it.
function itemAt(items, y) {
  let low = 0, high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].top + items[middle].height <= y) low = middle + 1; else high = middle;
  }
  return low;
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  made.append(...children.filter((child) => child !== undefined && child !== ""));
  return made;
}

function drawn(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
