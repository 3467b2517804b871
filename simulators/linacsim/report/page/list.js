// The list: only the rows that can be seen are in the page.

const list = document.getElementById("list");
let items = [];
let laneWidth = 160, order = [], column = [], labels = true;
const nodes = new Map();

// Where each shown lane stands; -1 for one that is not shown.
function arrange() {
  order = [...shown.lanes].sort((a, b) => a - b);
  column = LANES.map((_lane, index) => order.indexOf(index));
  const wide = list.clientWidth;
  const room = wide < 740 ? wide * 0.34 : Math.min(wide * 0.56, wide - 480);
  laneWidth = Math.max(wide < 740 ? 34 : 52, Math.min(210, Math.floor(room / Math.max(order.length, 1))));
  labels = laneWidth >= 118;
}

// An instant as the column of times has room for it.
function moment(us) { return list.clientWidth < 740 ? instant(us).slice(2, -3) : instant(us); }

function middle(lane) { return (column[lane] + 0.5) * laneWidth; }

// The tone of each lane's hardware at a row, from the last state that began before it.
const statuses = LANES.map((_lane, index) => DATA.bands.filter((band) => band.lane === index && (band.status || band.tone === "bad")));
function toneAt(lane, place) {
  let tone = "";
  for (const band of statuses[lane]) {
    if (band.first > place) break;
    if (place < band.last || (!band.over && place <= band.last)) tone = band.tone === "bad" || tone !== "bad" ? band.tone : tone;
  }
  return tone;
}

function lifelines(place, height, away, wire) {
  const parts = order.map((lane) => drawn("line", { x1: middle(lane), x2: middle(lane), y1: 0, y2: height, class: `life ${toneAt(lane, place)}${away ? " away" : ""}` }));
  if (away) return parts;
  const busy = new Map();
  for (const one of activeAt(place)) {
    for (const lane of [one.from, one.to]) {
      if (lane < 0 || column[lane] < 0) continue;
      const beside = busy.get(lane) || 0;
      busy.set(lane, beside + 1);
      if (beside < 4) parts.push(drawn("rect", { x: middle(lane) - 3 + beside * 5, y: place === one.first && !wire ? height / 2 : 0, width: 6, height: (place === one.first && !wire) || place === one.last ? height / 2 : height, class: `active${one.gravity}` }));
    }
  }
  return parts;
}

let near = { from: 0, to: -1, some: [] };
function activeAt(place) {
  if (place < near.from || place > near.to) {
    near = { from: place - 300, to: place + 300 };
    near.some = DATA.associations.filter((one) => one.first <= near.to && one.last >= near.from && one.last > one.first);
  }
  return near.some.filter((one) => one.first <= place && one.last >= place);
}

function diagram(row, place, height, wire) {
  const width = Math.max(order.length * laneWidth, 1);
  const svg = drawn("svg", { width, height, "aria-hidden": "true" });
  svg.append(...lifelines(place, height, false, wire));
  const from = row.at < 0 ? -1 : column[row.at], to = row.to < 0 ? -1 : column[row.to];
  if (from >= 0 && to >= 0 && from !== to) svg.append(...arrow(row, middle(row.at), middle(row.to), height, wire));
  else if (row.to >= 0 && (from >= 0 || to >= 0)) svg.append(...half(row, from >= 0 ? row.at : row.to, from >= 0, height));
  else if (from >= 0) svg.append(...dot(row, middle(row.at), from, height));
  return svg;
}

function arrow(row, from, to, height, wire) {
  const y = labels && !wire ? height - 7 : height / 2, side = Math.sign(to - from);
  const end = row.lost ? from + (to - from) * 0.86 : to - side * 3;
  const reply = /-(RSP|RP|AC|RJ)$/.test(row.event) ? " reply" : "";
  const group = drawn("g", { class: `arrow ${row.kind} gravity${row.gravity || 0}${reply}${wire ? " wire" : ""}` });
  group.append(drawn("line", { x1: from + side * 3, x2: end, y1: y, y2: y }));
  group.append(row.lost
    ? drawn("path", { d: `M${end - 5} ${y - 5}l10 10m0 -10l-10 10`, style: "stroke:var(--bad);stroke-width:2;stroke-dasharray:none" })
    : drawn("path", { d: `M${end + side * 2} ${y}l${-side * 8} -4v8z` }));
  const parts = [group];
  if (labels && !wire) parts.push(drawn("text", { x: (from + to) / 2, y: y - 4, "text-anchor": "middle", class: `label ${row.kind} gravity${row.gravity || 0}` }, row.event));
  if (row.struck && !wire) parts.push(drawn("text", { x: to - side * 16, y: y + 4, "text-anchor": "middle", class: "label fault" }, "⚡"));
  return parts;
}

// A message to or from a lane that is not shown.
function half(row, lane, leaves, height) {
  const x = middle(lane), y = height - 7, side = leaves ? 1 : -1;
  const group = drawn("g", { class: `arrow ${row.kind} gravity${row.gravity || 0}` });
  group.append(drawn("line", { x1: x + 3, x2: x + 26, y1: y, y2: y }), drawn("path", { d: leaves ? `M${x + 28} ${y}l-8 -4v8z` : `M${x + 3} ${y}l8 -4v8z` }));
  return [group, drawn("text", { x: x + 32, y: y + 4, class: "label dim" }, `${side > 0 ? "to" : "from"} ${laneName(leaves ? row.to : row.at)}`)];
}

function dot(row, x, place, height) {
  const kind = `${row.kind} gravity${row.gravity || 0}`;
  const shape = row.kind === "step"
    ? drawn("rect", { x: x - 4.5, y: height / 2 - 4.5, width: 9, height: 9, class: `dot ${kind}` })
    : drawn("circle", { cx: x, cy: height / 2, r: 4, class: `dot ${kind}` });
  if (!labels) return [shape];
  const last = place === order.length - 1 && order.length > 1;
  const record = row.record || {};
  const text = row.kind === "fault" ? `⚡ ${record.fault || row.event}` : row.kind === "step" && record.step ? `${record.step} ${row.event.slice(5)}` : row.event;
  return [shape, drawn("text", { x: x + (last ? -10 : 10), y: height / 2 + 4, "text-anchor": last ? "end" : "start", class: `label ${kind}` }, text)];
}

function sentence(row) {
  const who = row.to >= 0 ? `${laneName(row.at)} to ${laneName(row.to)}` : laneName(row.at);
  return `${row.n}, ${instant(row.t)}, ${who}, ${row.event}, ${row.said || row.words || ""}`;
}

function rowNode(item) {
  const row = ROWS[item.place];
  const open = shown.open.has(item.place);
  const text = element("span", { class: "text", role: "gridcell" });
  if (!labels || row.at < 0 || row.event === "verdict") text.append(element("b", {}, row.event), " ");
  if (row.said) text.append(element("span", { class: "said" }, row.said), " ");
  text.append(row.words || "");
  if (row.lost) text.append(element("b", {}, " did not arrive as it was sent"));
  if (row.struck) text.append(element("span", { class: "struck" }, ` ⚡ ${row.struck}`));
  if (row.rests) text.append(element("span", { class: row.rests.endsWith("(not met)") ? "rests un" : "rests" }, row.rests.endsWith("(not met)") ? " ✗ expected otherwise" : " ✓ expected"));
  const cells = element("div", { class: "cells", title: row.said || undefined },
    element("a", { class: "n", href: `#e${row.n}`, role: "gridcell", tabindex: "-1" }, `#${row.n}`),
    element("span", { class: `at${item.same ? " same" : ""}`, role: "gridcell" }, moment(row.t)),
    diagram(row, item.place, HEIGHT.row, false), text);
  const node = element("div", {
    class: `row kind-${row.kind} gravity${row.gravity || 0}${item.match ? " match" : ""}${item.place === shown.current ? " current" : ""}`,
    id: `row-${item.place}`, role: "row", "aria-expanded": String(open), "aria-label": sentence(row), "data-place": item.place,
  }, cells);
  if (open) node.append(fold(row, item.place));
  return node;
}

function gapNode(item) {
  const hidden = item.hidden ? `${duration(item.span)} later; ${item.hidden} ${item.hidden === 1 ? "row" : "rows"} not shown` : `nothing for ${duration(item.span)}`;
  const svg = drawn("svg", { width: Math.max(order.length * laneWidth, 1), height: HEIGHT.gap, "aria-hidden": "true" }, ...lifelines(Math.max(item.place - 1, 0), HEIGHT.gap, true));
  return element("div", { class: "row gap", role: "row" }, element("div", { class: "cells" }, element("span", { class: "n" }), element("span", { class: "at", role: "gridcell" }, "⋮"), svg, element("span", { class: "text", role: "gridcell" }, hidden)));
}

function pduNode(item) {
  const [t, kind, note, count, length] = item.run;
  const text = `${count > 1 ? `${count} × ` : ""}${kind}${note ? `, ${note}` : ""}, ${length.toLocaleString("en")} bytes${item.row.n < 0 ? `; ${item.row.event}, on the wire only` : ""}`;
  const place = Math.max(byOrdinal.get(item.row.n) || 0, 0);
  return element("div", { class: "row pdu", role: "row" }, element("div", { class: "cells" }, element("span", { class: "n" }), element("span", { class: "at same", role: "gridcell" }, moment(t)), diagram(item.row, place, HEIGHT.pdu, true), element("span", { class: "text", role: "gridcell" }, text)));
}

function skipNode(item) {
  return element("div", { class: "row skipped", role: "row" }, element("div", { class: "cells" }, element("span", { class: "text", role: "gridcell" }, `${item.count.toLocaleString("en")} rows are not in this page; they are in events.jsonl`)));
}

const NODES = { row: rowNode, gap: gapNode, pdu: pduNode, skip: skipNode };

// Brings the rows that can be seen into the page and takes the others out.
function render() {
  const top = -list.getBoundingClientRect().top;
  const first = Math.max(itemAt(items, top - 300), 0);
  const last = Math.min(itemAt(items, top + innerHeight + 300), items.length - 1);
  const wanted = new Set();
  for (let index = first; index <= last; index += 1) wanted.add(items[index].key);
  for (const [key, node] of nodes) if (!wanted.has(key)) { node.remove(); nodes.delete(key); }
  let grown = false;
  for (let index = first; index <= last; index += 1) {
    const item = items[index];
    let node = nodes.get(item.key);
    if (!node) {
      node = NODES[item.type](item);
      node.style.height = item.type === "row" ? "" : `${item.height}px`;
      if (item.type === "row") node.setAttribute("aria-rowindex", index + 1);
      nodes.set(item.key, node);
      list.append(node);
    }
    node.style.top = `${item.top}px`;
    if (item.type === "row" && shown.open.has(item.place)) grown = measured(item, node) || grown;
  }
  if (grown) { layOut(items); list.style.height = `${items.total}px`; return render(); }
  const rowsHere = items.slice(itemAt(items, top), itemAt(items, top + innerHeight) + 1).filter((item) => item.type === "row");
  return rowsHere.length ? [rowsHere[0].place, rowsHere[rowsHere.length - 1].place] : [0, 0];
}

function measured(item, node) {
  const tall = Math.ceil(node.lastElementChild.getBoundingClientRect().height) + 8;
  const changed = Math.abs((shown.open.get(item.place) || 0) - tall) > 1;
  if (changed) shown.open.set(item.place, tall);
  return changed;
}

function redraw() {
  for (const node of nodes.values()) node.remove();
  nodes.clear();
  arrange();
  items = buildItems();
  list.style.height = `${Math.max(items.total, 60)}px`;
  list.setAttribute("aria-rowcount", items.length);
}
