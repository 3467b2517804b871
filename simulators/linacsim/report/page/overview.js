// The run at a glance: each lane's states and associations from left to right, idle times drawn short.

const GLANCE = { left: 130, track: 14, gap: 9, top: 20 };

// Where each row stands between 0 and 1: rows at equal distances, an idle time as wide as its order of magnitude.
function axis() {
  const places = new Float64Array(ROWS.length);
  const idle = [];
  let units = 0;
  const total = ROWS.reduce((sum, row, place) => sum + (place ? idleUnits(row.t - ROWS[place - 1].t) : 0), 0);
  // Idle time takes at least a quarter of the width if there is any, however many rows there are.
  const stretch = total ? Math.max(1, ROWS.length / 3 / total) : 1;
  ROWS.forEach((row, place) => {
    const wide = place ? idleUnits(row.t - ROWS[place - 1].t) * stretch : 0;
    if (wide) idle.push([units + 0.5, units + 0.5 + wide, row.t - ROWS[place - 1].t]);
    units += wide + 1;
    places[place] = units - 0.5;
  });
  const scale = units || 1;
  return { places: places.map((x) => x / scale), idle: idle.map(([from, to, span]) => [from / scale, to / scale, span]) };
}

function idleUnits(us) { return us < IDLE ? 0 : 3 + 3 * Math.log10(us / IDLE); }

// Puts the states of a lane on as few tracks as they need.
function tracks(lane, most) {
  const free = [];
  const bands = DATA.bands.filter((band) => band.lane === lane).sort((a, b) => b.status - a.status || a.first - b.first);
  let status = -1;
  return bands.map((band) => {
    let track = band.status ? Math.max(status, 0) : free.findIndex((last, index) => last <= band.first && index !== status);
    if (track < 0) track = free.length;
    if (band.status) status = track;
    if (track >= most) track = most - 1;
    free[track] = Math.max(free[track] || 0, band.last);
    return { band, track };
  });
}

function glance(host, width, go) {
  // Room for the longest name, where there is any.
  if (width > 600) GLANCE.left = Math.min(175, Math.max(130, ...LANES.map((lane) => lane.name.length * 9 + 12)));
  if (!ROWS.length) {
    host.replaceChildren(element("p", { class: "legend" }, "nothing happened"));
    return () => {};
  }
  const { places, idle } = axis();
  const right = width - GLANCE.left - 8;
  const x = (place) => GLANCE.left + places[Math.max(0, Math.min(place, places.length - 1))] * right;
  const svg = drawn("svg", { role: "img", "aria-label": "States and associations of each lane over time" });
  const back = drawn("g"), front = drawn("g");
  svg.append(back, front);
  let y = GLANCE.top;
  LANES.forEach((lane, index) => {
    const bands = tracks(index, 5);
    const marks = troubleMarks(index, x);
    const used = bands.reduce((most, one) => Math.max(most, one.track + 1), 0) + (marks.length ? 1 : 0);
    const height = (used + 1) * GLANCE.track;
    const name = drawn("text", { x: 0, y: y + 11, class: "lane" }, lane.name.length > 18 ? `${lane.name.slice(0, 17)}…` : lane.name);
    name.append(drawn("title", {}, `${lane.name}${lane.kind ? `, ${lane.kind}` : ""}`));
    front.append(name);
    if (lane.kind || !lane.inside) front.append(drawn("text", { x: 0, y: y + 23, class: "dim" }, lane.kind || "not of the bench"));
    bands.forEach(({ band, track }) => front.append(...bandMark(band, x, y + track * GLANCE.track)));
    front.append(...associationMarks(index, x, y + height - GLANCE.track));
    marks.forEach((mark) => mark.setAttribute("y", y + height - GLANCE.track - 1));
    front.append(...marks);
    y += Math.max(height, 26) + GLANCE.gap;
    back.append(drawn("line", { x1: 0, x2: width, y1: y - GLANCE.gap / 2, y2: y - GLANCE.gap / 2, class: "rule" }));
  });
  idle.forEach(([from, to, span]) => idleMark(back, GLANCE.left + from * right, GLANCE.left + to * right, y, span));
  if (ROWS.length) {
    back.append(drawn("text", { x: GLANCE.left, y: y + 9, class: "dim" }, instant(ROWS[0].t)));
    back.append(drawn("text", { x: width - 8, y: y + 9, class: "dim", "text-anchor": "end" }, instant(ROWS[ROWS.length - 1].t)));
  }
  const view = drawn("rect", { class: "view", y: GLANCE.top - 4, height: y - GLANCE.top, x: 0, width: 0 });
  svg.append(view);
  svg.setAttribute("viewBox", `0 0 ${width} ${y + 14}`);
  svg.addEventListener("click", (event) => go(nearest(places, ((event.clientX - svg.getBoundingClientRect().left) / svg.getBoundingClientRect().width * width - GLANCE.left) / right)));
  host.replaceChildren(svg, legend());
  return (first, last) => { view.setAttribute("x", x(first) - 2); view.setAttribute("width", Math.max(x(last) - x(first) + 4, 4)); };
}

function nearest(places, x) {
  let low = 0, high = places.length - 1;
  while (low < high) { const middle = (low + high) >> 1; if (places[middle] < x) low = middle + 1; else high = middle; }
  return low > 0 && x - places[low - 1] < places[low] - x ? low - 1 : low;
}

function bandMark(band, x, y) {
  const from = x(band.first), wide = Math.max(x(band.last) - from, 2);
  const box = drawn("rect", { x: from, y, width: wide, height: GLANCE.track - 2, rx: 2, class: `tone-${band.tone}` });
  const times = `${instant(ROWS[band.first].t)} to ${band.over ? instant(ROWS[band.last].t) : "the end"}, ${duration(ROWS[band.last].t - ROWS[band.first].t)}`;
  box.append(drawn("title", {}, `${band.label}: ${times}`));
  const room = Math.floor((wide - 6) / 5.6);
  if (room < 3) return [box];
  const text = band.label.length > room ? `${band.label.slice(0, room - 1)}…` : band.label;
  return [box, drawn("text", { x: from + 3, y: y + GLANCE.track - 4.5, "pointer-events": "none" }, text)];
}

// Associations as one bar for each stretch of pixels; the worst ending of a stretch gives its colour.
function associationMarks(lane, x, y) {
  const ends = DATA.associations.filter((one) => one.from === lane || one.to === lane).map((one) => [x(one.first), Math.max(x(one.last), x(one.first) + 1.5), one.gravity]);
  const bars = [];
  for (const [from, to, gravity] of ends.sort((a, b) => a[0] - b[0])) {
    const last = bars[bars.length - 1];
    if (last && from - last[1] < 0.7 && last[2] === gravity) last[1] = Math.max(last[1], to); else bars.push([from, to, gravity]);
  }
  return bars.map(([from, to, gravity]) => drawn("rect", { x: from, y: y + 3.5, width: to - from, height: 5, rx: 1, class: `assoc${gravity}` }));
}

function troubleMarks(lane, x) {
  const marks = [];
  let last = -9;
  ROWS.forEach((row, place) => {
    if (row.at !== lane || !isTrouble(row)) return;
    const here = x(place);
    if (here - last < 5) return;
    last = here;
    const fault = row.kind === "fault";
    const mark = drawn("text", { x: here, "text-anchor": "middle", "font-size": 13, class: fault ? "fault-mark" : "bad-mark" }, fault ? "⚡" : "✕");
    mark.append(drawn("title", {}, `#${row.n} ${row.event} ${row.words || ""}`));
    marks.push(mark);
  });
  return marks;
}

function idleMark(host, from, to, height, span) {
  host.append(drawn("rect", { x: from, y: GLANCE.top - 4, width: Math.max(to - from, 1), height: height - GLANCE.top, class: "idle" }));
  const text = duration(span);
  if (to - from > text.length * 5.8) host.append(drawn("text", { x: (from + to) / 2, y: GLANCE.top - 8, "text-anchor": "middle", class: "dim" }, text));
}

function legend() {
  const entry = (kind, text) => [element("i", { class: kind }), text];
  return element("p", { class: "legend" }, "grey: nothing happened; ", ...entry("assoc0", "association"), ...entry("assoc2", "one that ended badly"),
    ...entry("tone-busy", "at work"), ...entry("tone-good", "in order"), ...entry("tone-warning", "warning"), ...entry("tone-bad", "broken"), ...entry("tone-step", "step of the script"), " ⚡ fault  ✕ trouble");
}
