// What a reader does: unfold, search, filter, go to an event.

const bar = document.getElementById("bar");
let mark = () => {};
let waiting = false;

function update() {
  waiting = false;
  mark(...render());
}
function soon() { if (!waiting) { waiting = true; requestAnimationFrame(update); } }

function refresh() {
  const keep = shown.current;
  redraw();
  document.getElementById("found").textContent = shown.query ? `${shown.matches.length.toLocaleString("en")} ${shown.matches.length === 1 ? "match" : "matches"}` : "";
  if (keep >= 0 && items.some((item) => item.place === keep && item.type === "row")) select(keep, false); else update();
  heads();
}

function refreshRow(place) {
  const node = nodes.get(`r${place}`);
  if (node) { node.remove(); nodes.delete(`r${place}`); }
}

function select(place, scroll = true, always = false) {
  const old = shown.current;
  shown.current = place;
  const index = items.findIndex((item) => item.type === "row" && item.place === place);
  if (index < 0) return;
  if (scroll) {
    const y = list.getBoundingClientRect().top + scrollY + items[index].top;
    const above = bar.offsetHeight + 30;
    if (always || y < scrollY + above || y + 60 > scrollY + innerHeight) scrollTo(0, Math.max(y - Math.max(above, innerHeight * 0.38), 0));
  }
  for (const each of [old, place]) refreshRow(each);
  list.setAttribute("aria-activedescendant", `row-${place}`);
  update();
}

function toggle(place, open) {
  const want = open === undefined ? !shown.open.has(place) : open;
  if (want) shown.open.set(place, shown.open.get(place) || 120); else shown.open.delete(place);
  refreshRow(place);
  layOut(items);
  list.style.height = `${items.total}px`;
  select(place, false);
}

function goTo(place) {
  if (!items.some((item) => item.type === "row" && item.place === place)) {
    KINDS.forEach(([word]) => { if (word !== "pdu") shown.kinds.add(word); });
    LANES.forEach((_lane, index) => shown.lanes.add(index));
    shown.only = false;
    document.getElementById("only").checked = false;
    kinds();
    refresh();
  }
  select(place);
}

function step(by) {
  const rows = items.filter((item) => item.type === "row");
  const now = rows.findIndex((item) => item.place >= shown.current);
  const next = shown.current < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, (now < 0 ? rows.length : now) + by));
  if (rows.length) select(rows[next].place);
}

function among(places, by) {
  if (!places.length) return;
  const after = by > 0 ? places.find((place) => place > shown.current) : [...places].reverse().find((place) => place < shown.current);
  goTo(after === undefined ? places[by > 0 ? 0 : places.length - 1] : after);
}

function nextTrouble(by) { among([...ROWS.keys()].filter((place) => isTrouble(ROWS[place]) && isShown(ROWS[place])), by); }

function fromHash() {
  const ordinal = /^#e(\d+)$/.exec(location.hash);
  const place = ordinal ? byOrdinal.get(Number(ordinal[1])) : undefined;
  if (place === undefined) return;
  goTo(place);
  toggle(place, true);
  select(place, true, true);
}

// Everything that is known of a row.
function fold(row, place) {
  const facts = element("dl");
  const add = (name, ...values) => facts.append(element("dt", {}, name), element("dd", {}, ...values));
  const link = (to) => element("a", { class: "ev", href: `#e${ROWS[to].n}` }, `#${ROWS[to].n}`);
  add("event", element("a", { class: "ev", href: `#e${row.n}` }, `#${row.n}`), ` ${row.event} at ${instant(row.t)}`);
  if (row.received !== undefined) add("arrived", `as #${row.received} at ${instant(row.t + (row.latency || 0))}, ${duration(row.latency || 0)} later`);
  if (row.said) add("in words", row.said);
  if (row.struck) add("fault", `⚡ ${row.struck}`);
  if (row.rests) add("expectation", row.rests.replace(/^expected: /, ""));
  if (row.association) {
    const one = DATA.associations[row.association - 1];
    add("association", `${one.ordinal} of ${DATA.associations.length}, ${laneName(one.from)} to ${laneName(one.to)}, `, link(one.first), " to ", link(one.last), `: ${one.ending}`);
  }
  for (const [name, value] of Object.entries(row.record || {})) add(name, ...told(name, value));
  const panel = element("div", { class: "fold" }, facts);
  if (row.pdus) panel.append(pduList(row));
  panel.addEventListener("toggle", () => { measureSoon(place); }, true);
  return panel;
}

function told(name, value) {
  if (name === "status" && typeof value === "number") return [`0x${pad(value.toString(16).toUpperCase(), 4)}`];
  if (typeof value !== "string") return [JSON.stringify(value)];
  if (DATA.uids[value]) return [`${DATA.uids[value]} (${value})`];
  if (!/^(films|pictures|objects)\//.test(value) || value.includes("..")) return [value];
  const path = value.split("/").map(encodeURIComponent).join("/");
  const shownHere = [...document.querySelectorAll(".full")].find((anchor) => anchor.getAttribute("href") === path || decodeURIComponent(anchor.getAttribute("href")) === value);
  const parts = [element("a", { href: path }, value)];
  if (shownHere) parts.push(element("img", { src: shownHere.firstElementChild.src, alt: value }));
  return parts;
}

function pduList(row) {
  const count = row.pdus.reduce((sum, run) => sum + run[3], 0), bytes = row.pdus.reduce((sum, run) => sum + run[4], 0);
  const entries = row.pdus.map(([t, kind, note, number, length]) => element("li", {}, `${instant(t)} ${number > 1 ? `${number} × ` : ""}${kind}${note ? `, ${note}` : ""}, ${length.toLocaleString("en")} bytes`));
  return element("details", {}, element("summary", {}, `${count} ${count === 1 ? "PDU" : "PDUs"}, ${bytes.toLocaleString("en")} bytes`), element("ul", {}, ...entries));
}

function measureSoon(place) { requestAnimationFrame(() => { if (shown.open.has(place)) update(); }); }

function heads() {
  const host = document.getElementById("heads");
  const sample = list.querySelector(".cells svg");
  const left = sample ? sample.getBoundingClientRect().left - host.getBoundingClientRect().left : 0;
  // Names that would all be cut to their first letters stand upright.
  host.classList.toggle("upright", laneWidth < 80 && list.clientWidth >= 740 && order.some((lane) => LANES[lane].name.length * 8 > laneWidth - 14));
  const off = LANES.map((_lane, index) => index).filter((index) => !shown.lanes.has(index));
  const at = (lane, x, width) => {
    const { name, kind, inside } = LANES[lane];
    const title = `${name}${kind ? `, ${kind}` : ""}${inside ? "" : ", not of the bench"}: show or hide`;
    const button = element("button", { type: "button", "aria-pressed": String(shown.lanes.has(lane)), title, class: inside ? undefined : "outside" }, name);
    button.style.left = `${x}px`;
    button.style.width = `${width}px`;
    button.addEventListener("click", () => {
      if (!shown.lanes.delete(lane)) shown.lanes.add(lane);
      if (!shown.lanes.size) LANES.forEach((_lane, index) => shown.lanes.add(index));
      refresh();
    });
    return button;
  };
  host.replaceChildren(...order.map((lane) => at(lane, left + column[lane] * laneWidth + 3, laneWidth - 6)),
    ...off.map((lane, index) => at(lane, left + order.length * laneWidth + 12 + index * 92, 88)));
}

function kinds() {
  const counts = {};
  for (const row of ROWS) counts[row.kind] = (counts[row.kind] || 0) + 1;
  counts.pdu = [...ROWS, ...DATA.wire].reduce((sum, row) => sum + (row.pdus || []).length, 0);
  document.getElementById("kinds").replaceChildren(element("legend", {}, "Show"), ...KINDS.filter(([word]) => counts[word]).map(([word, name]) => {
    const box = element("input", { type: "checkbox", id: `kind-${word}`, checked: shown.kinds.has(word) });
    box.addEventListener("change", () => { if (!shown.kinds.delete(word)) shown.kinds.add(word); refresh(); });
    return element("label", { title: `${counts[word].toLocaleString("en")} rows` }, box, ` ${name}`);
  }));
}

function press(event) {
  const typing = event.target.matches("input[type=search]");
  if (event.ctrlKey || event.metaKey || event.altKey || document.getElementById("dialog").open) return;
  if (typing && event.key === "Enter") { among(shown.matches, event.shiftKey ? -1 : 1); event.preventDefault(); return; }
  if (typing && event.key === "Escape") { event.target.blur(); return; }
  if (typing || event.target.matches("button, a, summary, input") && event.key === "Enter") return;
  const keys = {
    "/": () => document.getElementById("search").focus(), n: () => among(shown.matches, 1), N: () => among(shown.matches, -1),
    t: () => nextTrouble(1), T: () => nextTrouble(-1), j: () => step(1), k: () => step(-1),
    p: () => { document.getElementById("kind-pdu")?.click(); }, Enter: () => { if (shown.current >= 0) toggle(shown.current); },
    Escape: () => { if (shown.current >= 0) toggle(shown.current, false); }, "?": () => document.getElementById("help").click(),
  };
  if (event.target === list || document.activeElement === list) Object.assign(keys, { ArrowDown: keys.j, ArrowUp: keys.k, Home: () => step(-ROWS.length), End: () => step(ROWS.length) });
  if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
}

function pictures() {
  const dialog = document.getElementById("dialog"), large = document.getElementById("large");
  for (const anchor of document.querySelectorAll("a.full")) {
    anchor.addEventListener("click", (event) => {
      event.preventDefault();
      large.src = anchor.firstElementChild.src;
      large.alt = document.getElementById("caption").textContent = anchor.firstElementChild.alt;
      dialog.showModal();
    });
  }
  dialog.addEventListener("click", (event) => { if (event.target === dialog || event.target === large) dialog.close(); });
}

function copying() {
  const button = document.getElementById("copy");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    getSelection().selectAllChildren(document.getElementById("again"));
    // A page from disk may not use the clipboard of every browser; the text is selected in any case.
    navigator.clipboard?.writeText(document.getElementById("again").textContent).then(() => { button.textContent = "Copied"; }, () => {});
  });
}

function searching() {
  const input = document.getElementById("search");
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      shown.query = input.value.trim();
      refresh();
      if (shown.matches.length && !shown.only) goTo(shown.matches.find((place) => place >= shown.current) ?? shown.matches[0]);
    }, 120);
  });
  document.getElementById("only").addEventListener("change", (event) => { shown.only = event.target.checked; refresh(); });
  document.getElementById("next").addEventListener("click", () => among(shown.matches, 1));
  document.getElementById("previous").addEventListener("click", () => among(shown.matches, -1));
  document.getElementById("trouble").addEventListener("click", () => nextTrouble(1));
  document.getElementById("help").addEventListener("click", (event) => {
    const keys = document.getElementById("keys");
    keys.hidden = !keys.hidden;
    event.target.setAttribute("aria-expanded", String(!keys.hidden));
  });
}

function resized() {
  mark = glance(document.getElementById("glance"), Math.max(document.getElementById("glance").clientWidth, 300), goTo);
  refresh();
}

// On paper the overview is drawn for the width of a page, so that its words can be read.
function printed(width) { mark = glance(document.getElementById("glance"), width, goTo); update(); }

document.documentElement.classList.add("js");
for (const part of document.querySelectorAll(".live")) part.hidden = false;
document.getElementById("trouble").hidden = !ROWS.some(isTrouble);
list.addEventListener("click", (event) => {
  const node = event.target.closest(".row[data-place]");
  if (node && event.target.closest(".cells") && !event.target.closest("a")) toggle(Number(node.dataset.place));
});
kinds();
searching();
copying();
pictures();
resized();
addEventListener("scroll", soon, { passive: true });
addEventListener("resize", () => requestAnimationFrame(resized));
addEventListener("hashchange", fromHash);
addEventListener("beforeprint", () => printed(680));
addEventListener("afterprint", () => printed(Math.max(document.getElementById("glance").clientWidth, 300)));
document.addEventListener("keydown", press);
fromHash();
