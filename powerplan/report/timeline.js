"use strict";
(() => {
  const source = document.getElementById("timeline-data"), host = document.getElementById("timeline-live");
  if (!source || !host) return;
  const data = JSON.parse(source.textContent), space = document.querySelector("svg").namespaceURI;
  const left = 130, right = 90, top = 16, powerHeight = 130, laneHeight = 26, gap = 14, width = 960;
  const height = top + powerHeight + gap + laneHeight * data.lanes.length + 34, inner = width - left - right;
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];
  const prefixes = [[1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"], [1e-12, "p"]];
  const end = data.end, shortest = Math.max(end * 1e-7, 1e-8);
  let from = 0, to = end, at = null, drag = null;

  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("tabindex", "0");
  svg.setAttribute("role", "application");
  svg.setAttribute("aria-label", data.label);
  const note = document.createElement("p");
  note.className = "quiet small";
  note.setAttribute("aria-live", "polite");
  const bar = document.createElement("div");
  bar.className = "zoom";
  host.append(bar, svg, note);

  const round = (value) => value === 0 ? "0" : Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3).replace(/\.?0+$/, "");
  const time = (seconds) => {
    const [size, unit] = units.find(([one]) => Math.abs(seconds) >= one) || units[units.length - 1];
    return seconds === 0 ? "0 s" : round(seconds / size) + " " + unit;
  };
  const watts = (value) => {
    const [size, letter] = prefixes.find(([one]) => Math.abs(value) >= one) || prefixes[prefixes.length - 1];
    return value === 0 ? "0 W" : round(value / size) + " " + letter + "W";
  };
  const place = (seconds) => left + (seconds - from) / (to - from) * inner;
  const put = (name, attributes, text) => {
    const made = document.createElementNS(space, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    svg.append(made);
    return made;
  };
  const first = (list, seconds) => {
    let low = 0, high = list.length;
    while (low < high) { const middle = (low + high) >> 1; if (list[middle][1] <= seconds) low = middle + 1; else high = middle; }
    return low;
  };

  const powers = data.total.map((step) => step[1]).filter((value) => value > 0);
  const most = Math.max(...powers, 1e-12), least = Math.max(Math.min(...powers, most), most * 1e-7);
  const up = Math.log10(most * 1.6), down = Math.log10(least / 2);
  const rise = (power) => top + powerHeight * (1 - (Math.log10(Math.max(power, least / 2)) - down) / (up - down));

  function axis() {
    const span = to - from, raw = span / 8, size = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((n) => n * size).find((n) => n >= raw * 0.999) || 10 * size;
    const [unitSize, unit] = units.find(([one]) => span >= one) || units[units.length - 1];
    const digits = Math.max(0, Math.ceil(-Math.log10(step / unitSize) - 1e-9));
    const bottom = height - 34;
    for (let n = Math.ceil(from / step - 1e-9); n * step <= to + step * 1e-6; n++) {
      const x = place(n * step);
      put("line", {x1: x, x2: x, y1: top, y2: bottom, stroke: "var(--grid)"});
      put("text", {x, y: bottom + 14, "text-anchor": "middle", fill: "var(--muted)", "font-size": 11}, (n * step / unitSize).toFixed(Math.min(digits, 9)));
    }
    put("text", {x: left + inner / 2, y: height - 4, "text-anchor": "middle", fill: "var(--muted)", "font-size": 11}, `time [${unit}]`);
    for (let n = Math.ceil(down); n <= up; n++) {
      put("line", {x1: left, x2: left + inner, y1: rise(10 ** n), y2: rise(10 ** n), stroke: "var(--grid)"});
      put("text", {x: left - 6, y: rise(10 ** n) + 4, "text-anchor": "end", fill: "var(--muted)", "font-size": 11}, watts(10 ** n));
    }
    put("text", {x: left - 6, y: top - 4, "text-anchor": "end", fill: "var(--muted)", "font-size": 11}, "all parts [W]");
  }

  function power() {
    let path = "", lastX = null, high = 0, low = Infinity;
    const total = data.total, pixel = (to - from) / inner;
    let n = Math.max(0, first(total.map((one, k) => [one[0], k + 1 < total.length ? total[k + 1][0] : end]), from));
    for (; n < total.length && total[n][0] <= to; n++) {
      const start = Math.max(total[n][0], from), stop = Math.min(n + 1 < total.length ? total[n + 1][0] : end, to);
      if (stop <= start) continue;
      high = Math.max(high, total[n][1]); low = Math.min(low, total[n][1]);
      if (stop - start < pixel && n + 1 < total.length && lastX !== null && place(stop) - lastX < 1) continue;
      const x = place(start);
      path += `${path ? "L" : "M"}${x.toFixed(2)} ${rise(high).toFixed(2)}`;
      if (low < high) path += `L${x.toFixed(2)} ${rise(low).toFixed(2)}L${x.toFixed(2)} ${rise(total[n][1]).toFixed(2)}`;
      path += `L${place(stop).toFixed(2)} ${rise(total[n][1]).toFixed(2)}`;
      lastX = place(stop); high = 0; low = Infinity;
    }
    put("path", {d: path, fill: "none", stroke: "var(--ink)", "stroke-width": 1.4});
  }

  function lanes() {
    data.lanes.forEach((lane, number) => {
      const y = top + powerHeight + gap + number * laneHeight;
      const name = put("text", {x: left - 8, y: y + 15, "text-anchor": "end", fill: "var(--ink)", "font-size": 12}, lane.short);
      const title = document.createElementNS(space, "title"); title.textContent = lane.name; name.append(title);
      put("text", {x: left + inner + 8, y: y + 15, fill: "var(--muted)", "font-size": 12}, lane.energy);
      let drawn = -1;
      for (let n = first(lane.steps, from); n < lane.steps.length && lane.steps[n][0] < to; n++) {
        const [start, stop, watt, state] = lane.steps[n];
        const x = place(Math.max(start, from)), x2 = place(Math.min(stop, to));
        if (x2 - drawn < 0.4 && watt < least * 10) continue;
        const strength = watt > 0 ? 0.16 + 0.84 * (Math.log10(Math.max(watt, least)) - Math.log10(least)) / (Math.log10(most / least) || 1) : 0.07;
        const box = put("rect", {x, y: y + 2, width: Math.max(x2 - x, 0.6), height: laneHeight - 6, fill: lane.colour, "fill-opacity": Math.min(1, strength).toFixed(3)});
        const hint = document.createElementNS(space, "title");
        hint.textContent = `${lane.name} in ${data.states[state]}: ${watts(watt)} for ${time(stop - start)}`;
        box.append(hint);
        drawn = x2;
        if (x2 - x > 7 * data.states[state].length + 6) put("text", {x: (x + x2) / 2, y: y + 15, "text-anchor": "middle", fill: "var(--ink)", "font-size": 11, "pointer-events": "none"}, data.states[state]);
      }
    });
  }

  function draw() {
    svg.replaceChildren();
    axis(); power(); lanes();
    if (at !== null && at >= from && at <= to) put("line", {x1: place(at), x2: place(at), y1: top, y2: height - 34, stroke: "var(--limit)", "pointer-events": "none"});
    say();
  }

  function say() {
    if (at === null) { note.textContent = `${time(from)} to ${time(to)} of ${time(end)}. ${data.help}`; return; }
    let step = 0;
    data.total.forEach((one, n) => { if (one[0] <= at) step = n; });
    const states = data.lanes.map((lane) => { const one = lane.steps[first(lane.steps, at)]; return one && one[0] <= at ? `${lane.name} ${data.states[one[3]]} ${watts(one[2])}` : null; });
    note.textContent = `At ${time(at)}: all parts ${watts(data.total[step][1])}; ${states.filter(Boolean).slice(0, 8).join("; ")}`;
  }

  function view(start, stop) {
    const span = Math.min(end, Math.max(shortest, stop - start));
    from = Math.max(0, Math.min(end - span, start));
    to = from + span;
    draw();
  }
  const zoom = (factor, about) => view(about - (about - from) / factor, about + (to - about) / factor);
  const seconds = (event) => {
    const box = svg.getBoundingClientRect();
    return from + ((event.clientX - box.left) * width / box.width - left) / inner * (to - from);
  };
  const middle = () => at !== null && at >= from && at <= to ? at : (from + to) / 2;
  const moves = {
    "+": () => zoom(2, middle()), "=": () => zoom(2, middle()), "-": () => zoom(0.5, middle()), "0": () => view(0, end),
    ArrowLeft: () => view(from - (to - from) / 5, to - (to - from) / 5), ArrowRight: () => view(from + (to - from) / 5, to + (to - from) / 5),
  };
  for (const [text, key, words] of [["+", "+", "Zoom in"], ["−", "-", "Zoom out"], ["←", "ArrowLeft", "Earlier"], ["→", "ArrowRight", "Later"], ["all", "0", "Show all"]]) {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = text; button.title = words; button.setAttribute("aria-label", words);
    button.addEventListener("click", () => moves[key]());
    bar.append(button);
  }
  svg.addEventListener("keydown", (event) => { if (moves[event.key] && !event.ctrlKey && !event.metaKey) { event.preventDefault(); moves[event.key](); } });
  svg.addEventListener("wheel", (event) => { if (event.ctrlKey || event.shiftKey) { event.preventDefault(); zoom((event.deltaY || event.deltaX) < 0 ? 1.4 : 1 / 1.4, seconds(event)); } }, {passive: false});
  svg.addEventListener("dblclick", (event) => zoom(3, seconds(event)));
  svg.addEventListener("pointerdown", (event) => { drag = {x: event.clientX, from, to}; svg.setPointerCapture(event.pointerId); });
  svg.addEventListener("pointerup", () => { drag = null; });
  svg.addEventListener("pointerleave", () => { if (!drag) { at = null; draw(); } });
  svg.addEventListener("pointermove", (event) => {
    if (drag) { const moved = (event.clientX - drag.x) * width / svg.getBoundingClientRect().width / inner * (drag.to - drag.from); view(drag.from - moved, drag.to - moved); return; }
    const now = seconds(event);
    at = now >= from && now <= to ? now : null;
    draw();
  });
  const still = document.getElementById("timeline-still");
  if (still) still.classList.add("print-only");
  host.hidden = false;
  draw();
})();
