/* The page of one report comes to life: without this it is plain tables, and links from figures to their workings.
   Text from the report is only ever set as text; nothing here makes HTML of it. */
"use strict";
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const made = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const drawn = (name, attributes = {}, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };

  const table = one("#layers");
  const rows = all("tbody tr", table);
  const layers = rows.map((row) => {
    const [name, type, sizes] = [...row.cells].slice(0, 3).map((cell) => cell.textContent);
    return { name, type, sizes, kind: row.dataset.kind, cells: [...row.cells].slice(3) };
  });
  const headings = all("thead th.n", table).map((heading) => heading.textContent);
  const groups = []; /* of workings, by the place of their layers; alike layers share one */
  for (const group of all("details[data-places]")) {
    for (const place of group.dataset.places.split(" ")) groups[place] = group;
  }
  const nodes = []; /* of the graph, by the place of their layers */
  const workingOf = (link) => document.getElementById(link.getAttribute("href").slice(1));
  function read(cell) { /* a figure in full: beside it, else at the end of its working, else it is short */
    const full = one("data", cell)?.value, link = full === undefined && one("a", cell);
    return link ? workingOf(link).lastElementChild.textContent.replaceAll(",", "") : full ?? cell.textContent;
  }
  const grouped = (number) => number.toLocaleString("en-US");
  document.documentElement.classList.add("with-script");

  /* What is chosen is marked in the table, the graph and the charts alike. */
  function choose(place) {
    for (const element of all(".chosen")) element.classList.remove("chosen");
    if (place === undefined) return;
    rows[place].classList.add("chosen");
    for (const element of all(`[data-place="${place}"]`)) element.classList.add("chosen");
  }

  /* The panel: all workings of a layer. It takes the focus, and gives it back when it is closed. */
  const panel = one("#panel"), heading = one("#panel-heading"), body = one("#panel-body");
  let opener = null;
  function copied(working) {
    const copy = working.cloneNode(true);
    copy.removeAttribute("id");
    const same = one(".same", copy); /* what is long is written once in the page: the steps come from there */
    same?.replaceWith(...all("dd", workingOf(one("a", same))).slice(0, -1).map((step) => step.cloneNode(true)));
    return copy;
  }
  function open(group, working, from, place) {
    const way = one(".way", group);
    heading.textContent = way && place !== undefined ? `${layers[place].name}: ${way.textContent}` : one("summary", group).textContent;
    const list = made("dl");
    let marked = null;
    for (const each of all(".working", group)) {
      const copy = copied(each);
      if (each === working) (marked = copy).classList.add("chosen");
      list.append(copy);
    }
    body.replaceChildren(list.childElementCount ? list : copied(one(".nothing", group)));
    opener = from ?? opener;
    panel.hidden = false;
    document.body.classList.add("panelled");
    heading.focus({ preventScroll: true });
    marked?.scrollIntoView({ block: "nearest" });
    hideTip();
  }
  function close() {
    panel.hidden = true;
    document.body.classList.remove("panelled");
    choose();
    opener?.focus({ preventScroll: true });
    opener = null;
  }
  function openLayer(place, from, link) {
    choose(place);
    if (groups[place]) open(groups[place], link && workingOf(link), from, place);
  }
  one("#close").addEventListener("click", close);

  /* The tip: the working of one figure, at hover and at focus. It can be pointed at, and Escape sends it away. */
  const tip = one("#tip");
  let leaving = 0, told = null;
  function showTip(target, ...content) {
    clearTimeout(leaving);
    told?.removeAttribute("aria-describedby");
    told = target;
    target.setAttribute("aria-describedby", "tip");
    tip.replaceChildren(...content);
    tip.hidden = false;
    const at = target.getBoundingClientRect(), size = tip.getBoundingClientRect();
    const below = at.bottom + 6 + size.height < innerHeight || at.top < size.height + 6;
    tip.style.left = `${Math.max(4, Math.min(at.left, innerWidth - size.width - 8))}px`;
    tip.style.top = `${below ? at.bottom + 6 : at.top - size.height - 6}px`;
  }
  function hideTip() {
    clearTimeout(leaving);
    tip.hidden = true;
    told?.removeAttribute("aria-describedby");
    told = null;
  }
  function tell(target) {
    const place = target.closest("[data-place]")?.dataset.place;
    const name = place === undefined ? [] : [made("p", { className: "of", textContent: layers[place].name })];
    if (target.matches("a")) return showTip(target, ...name, copied(workingOf(target)));
    const { type, sizes, cells } = layers[place];
    if (target.matches(".ct-bar")) {
      const link = one("a", cells[target.dataset.column]);
      const figure = link ? copied(workingOf(link)) : made("p", { textContent: read(cells[target.dataset.column]) });
      return showTip(target, ...name, figure);
    }
    const figures = cells.slice(0, 3).map((cell, i) => `${headings[i]}: ${cell.textContent}`).join(", ");
    showTip(target, ...name, made("div", { textContent: `${type}, ${sizes}` }), made("div", { textContent: figures }));
  }
  const telling = (event) => event.target.closest?.("a, .ct-bar, .node");
  for (const event of ["pointerover", "focusin"]) {
    document.addEventListener(event, (happened) => {
      if (tip.contains(happened.target)) return clearTimeout(leaving);
      const target = telling(happened);
      if (target) tell(target);
    });
  }
  for (const event of ["pointerout", "focusout"]) {
    document.addEventListener(event, () => {
      clearTimeout(leaving);
      leaving = setTimeout(hideTip, 150);
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (!tip.hidden) hideTip();
    else if (!panel.hidden) close();
  });
  document.addEventListener("click", (event) => {
    const target = telling(event);
    if (!target) return;
    const place = target.closest("[data-place]")?.dataset.place;
    if (!target.matches("a")) return openLayer(place, target, null);
    event.preventDefault();
    const working = workingOf(target);
    choose(place);
    open(working.closest("details"), working, target, place);
    history.replaceState(null, "", target.getAttribute("href"));
  });

  /* By their places, so that whole numbers of any length are sorted exactly and words by the numbers in them;
     formulas come last, and the first column is the order in which the rows came. */
  const { compare } = new Intl.Collator("en", { numeric: true });
  function ranked(lines) {
    lines.forEach((line, i) => { line.cells[0].dataset.sort = i; });
    for (const { cellIndex } of lines.length ? all("td:not([data-sort])", lines[0]) : []) {
      const cells = lines.map((line) => line.cells[cellIndex]), texts = cells.map(read), keys = texts.map(key);
      const known = !cells[0].matches(".w") && keys.some((each) => typeof each === "bigint" || Number.isFinite(each));
      const sorted = [...new Set(known ? keys : texts)].sort(known ? (a, b) => (a < b ? -1 : Number(a > b)) : compare);
      const places = new Map(sorted.map((each, i) => [each, i]));
      cells.forEach((cell, i) => { cell.dataset.sort = places.get(known ? keys[i] : texts[i]); });
    }
  }
  function key(text) {
    if (/^\d+$/.test(text)) return BigInt(text);
    return text === "" ? -1 : Number.isNaN(Number(text)) ? Infinity : Number(text);
  }

  /* Sorting is the library's, at a click on a heading; a button in it lets keys and screen readers reach that. */
  for (const sortable of all(".sortable")) ranked(all("tbody tr", sortable));
  for (const head of all(".sortable thead th")) {
    const button = made("button", { type: "button" });
    button.setAttribute("aria-label", `Sort by ${head.textContent}`);
    head.append(button);
  }

  /* Searching hides rows. */
  const search = one("#search"), found = one("#found");
  function seek() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, place) => {
      const { name, type, sizes } = layers[place];
      const text = `${name} ${type} ${sizes}`.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
      nodes[place]?.classList.toggle("faded", row.hidden);
    });
    found.textContent = words.length ? `${shown} of ${rows.length} layers` : "";
  }
  search.addEventListener("input", seek);

  /* One stop for the tab key in the table, and arrow keys from there: NASNet has thousands of figures. */
  const links = all("tbody a", table);
  links.forEach((link, i) => { link.tabIndex = i ? -1 : 0; });
  table.addEventListener("keydown", (event) => {
    const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    const from = event.target.closest("tbody a");
    if (!step || !from) return;
    event.preventDefault();
    const lines = all("tbody tr:not([hidden])", table);
    let column = from.closest("td").cellIndex, line = lines.indexOf(from.closest("tr")), next = null;
    while (!next) {
      [column, line] = [column + step[0], line + step[1]];
      if (!lines[line]?.cells[column]) return;
      next = one("a", lines[line].cells[column]);
    }
    from.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });

  /* Charts. */
  for (const chart of all(".chart")) {
    const column = Number(chart.dataset.column), scale = 10 ** Number(chart.dataset.power);
    const values = layers.map(({ cells }) => Number(read(cells[column])) / scale);
    const options = {
      axisX: { showGrid: false, showLabel: false, offset: 4 },
      axisY: { offset: 42, scaleMinSpace: 28 },
      chartPadding: { top: 14, right: 4, bottom: 2, left: 0 },
    };
    const bars = new Chartist.BarChart(one(".plot", chart), { labels: values.map(() => ""), series: [values] }, options);
    bars.on("draw", ({ type, index, element, axisX }) => {
      if (type !== "bar") return;
      chart.style.setProperty("--bar", `${Math.max(1, axisX.stepLength * 0.8)}px`);
      Object.assign(element.getNode().dataset, { place: index, column });
    });
    bars.on("created", ({ svg }) => { /* on paper it is as wide as there is room */
      const { clientWidth, clientHeight } = svg.getNode();
      svg.attr({ viewBox: `0 0 ${clientWidth} ${clientHeight}`, preserveAspectRatio: "none" });
    });
  }

  /* What is held over time: areas one behind the other, each as high as it and all below it. */
  for (const chart of all(".held")) {
    const plot = one(".plot", chart), kinds = all("li", chart);
    const { held, names, peak, phases, steps } = JSON.parse(one("script", chart).textContent);
    const scale = 10 ** Number(chart.dataset.power), colors = kinds.map((kind) => kind.style.getPropertyValue("--kind"));
    const heights = names.map(() => 0), series = [];
    held.forEach((bytes, kind) => {
      bytes.forEach((value, i) => { heights[i] += Number(value) / scale; });
      series.unshift({ data: [...heights, heights.at(-1)], meta: colors[kind] });
    });
    const options = {
      showArea: true, showLine: false, showPoint: false, fullWidth: true, low: 0,
      lineSmooth: Chartist.Interpolation.step(),
      axisX: { showGrid: false, showLabel: false, offset: 4 },
      axisY: { offset: 42, scaleMinSpace: 28 },
      chartPadding: { top: 24, right: 4, bottom: 2, left: 0 },
    };
    const areas = new Chartist.LineChart(plot, { labels: [...heights, ""].map(() => ""), series }, options);
    const cursor = drawn("line", { class: "cursor", y1: 16 });
    let left = 0, wide = 1;
    areas.on("draw", ({ type, element, seriesIndex }) => {
      if (type === "area") element.getNode().style.setProperty("--kind", series[seriesIndex].meta);
    });
    areas.on("created", ({ svg, chartRect, axisY }) => {
      const node = svg.getNode(), across = (step) => chartRect.x1 + (step / steps) * chartRect.width();
      const top = chartRect.y1 - axisY.projectValue(Number(peak[1]) / scale), x = across(peak[0]);
      for (const [start, name] of phases.length > 1 ? phases : []) {
        const at = across(start);
        node.append(drawn("line", { class: "phase", x1: at, x2: at, y1: 4, y2: chartRect.y1 }));
        const label = drawn("text", { class: "phase", x: at + 4, y: 13 }, name);
        node.append(label); /* the last one may be wider than what is left */
        label.setAttribute("x", Math.min(at + 4, chartRect.x2 - label.getComputedTextLength()));
      }
      node.append(drawn("path", { class: "peak", d: `M${x},${top} l-5,-8 h10 z` }), cursor);
      cursor.setAttribute("y2", chartRect.y1);
      const { clientWidth, clientHeight } = node;
      svg.attr({ viewBox: `0 0 ${clientWidth} ${clientHeight}`, preserveAspectRatio: "none" });
      [left, wide] = [chartRect.x1, chartRect.width() / names.length];
    });

    /* Which step is pointed at, or is gone to by the arrow keys; what is held there, in full. */
    const last = names.length - 1;
    let at = Math.floor(peak[0]);
    function point(to) {
      at = Math.max(0, Math.min(last, to));
      const each = held.map((bytes) => BigInt(bytes[at])), whole = each.reduce((a, b) => a + b);
      const parts = kinds.map((kind, i) => `${kind.textContent}: ${grouped(each[i])} B`).filter((_, i) => each[i]);
      const told = [names[at], `${grouped(whole)} B held`, ...parts];
      for (const end of ["x1", "x2"]) cursor.setAttribute(end, left + (at + 0.5) * wide);
      plot.setAttribute("aria-valuenow", at);
      plot.setAttribute("aria-valuetext", told.join("; "));
      showTip(cursor, made("p", { className: "of", textContent: told[0] }), ...told.slice(1).map((textContent) => made("div", { textContent })));
    }
    plot.addEventListener("pointermove", ({ clientX }) => point(Math.floor((clientX - plot.getBoundingClientRect().left - left) / wide)));
    plot.addEventListener("focus", () => point(at));
    plot.addEventListener("keydown", (event) => {
      const far = Math.ceil(names.length / 20);
      const to = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1,
        PageUp: at + far, PageDown: at - far, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      point(to);
    });
  }

  /* The graph: dagre places the boxes, each a chain of layers. */
  const holder = one("#graph");
  if (!holder) return;
  const WIDE = 290, HIGH = 22, { boxes, edges } = JSON.parse(one("#network").textContent);
  const figure = headings.indexOf("FLOPs");
  const flops = layers.map(({ cells }) => Number(read(cells[figure])) || 0);
  const most = flops.reduce((a, b) => Math.max(a, b), 1);
  const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}\u2026` : text);

  function placed() {
    const graph = new dagre.graphlib.Graph();
    graph.setGraph({ rankdir: "TB", nodesep: 16, ranksep: 26, marginx: 6, marginy: 6 });
    graph.setDefaultEdgeLabel(() => ({}));
    boxes.forEach((box, i) => graph.setNode(String(i), { width: WIDE, height: HIGH * box.length }));
    for (const [from, to] of edges) graph.setEdge(String(from), String(to));
    dagre.layout(graph);
    return graph;
  }
  function path(points) {
    const [first, ...rest] = points, last = rest.pop();
    const bends = rest.map((point, i) => {
      const next = rest[i + 1] ?? last;
      return i === rest.length - 1 ? `Q${point.x},${point.y} ${last.x},${last.y}`
        : `Q${point.x},${point.y} ${(point.x + next.x) / 2},${(point.y + next.y) / 2}`;
    });
    return `M${first.x},${first.y} ${bends.length ? bends.join(" ") : `L${last.x},${last.y}`}`;
  }
  function node(place, x, y) {
    const { name, type, sizes, kind, cells } = layers[place];
    const label = `${name}, ${type}, ${sizes}, ${cells.slice(0, 3).map((cell, i) => `${cell.textContent} ${headings[i]}`).join(", ")}`;
    const group = drawn("g", { class: "node", role: "button", tabindex: place ? -1 : 0, "aria-label": label, transform: `translate(${x},${y})` });
    Object.assign(group.dataset, { place, kind });
    group.append(
      drawn("rect", { class: "back", x: 1, y: 1, width: WIDE - 2, height: HIGH - 2 }),
      drawn("rect", { class: "stripe", width: 5, height: HIGH }),
      drawn("text", { class: "name", x: 11, y: 14 }, cut(name, 60)),
      drawn("text", { class: "sizes", x: WIDE - 6, y: 14 }, cut(sizes, 16)),
      drawn("rect", { class: "share", x: 11, y: HIGH - 4, width: ((WIDE - 17) * flops[place]) / most, height: 2 }),
    );
    return group;
  }
  function fitted(svg) { /* names end before the sizes beside them; all are measured before any is changed */
    const cuts = [];
    for (const name of all(".name", svg)) {
      const room = WIDE - 25 - name.nextElementSibling.getComputedTextLength(), text = name.textContent;
      let length = text.length;
      while (length && name.getSubStringLength(0, length) > room - (length < text.length ? 10 : 0)) length -= 1;
      if (length < text.length) cuts.push([name, cut(text, length + 1)]);
    }
    for (const [name, text] of cuts) name.textContent = text;
  }
  function picture(graph) {
    const { width, height } = graph.graph();
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Layers and what feeds what" });
    const arrow = drawn("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" });
    arrow.append(drawn("path", { class: "arrow", d: "M0,0 L8,4 L0,8 z" }));
    svg.append(arrow);
    for (const edge of graph.edges()) {
      svg.append(drawn("path", { class: "edge", d: path(graph.edge(edge).points), "marker-end": "url(#arrow)" }));
    }
    boxes.forEach((box, i) => {
      const { x, y, height: high } = graph.node(String(i));
      const [left, top] = [x - WIDE / 2, y - high / 2];
      svg.append(drawn("rect", { class: "box", x: left, y: top, width: WIDE, height: high }));
      box.forEach((place, nth) => svg.append(node(place, left, top + nth * HIGH)));
    });
    return svg;
  }
  const laid = placed(), { width, height } = laid.graph();
  const svg = picture(laid);
  svg.style.setProperty("--natural", `${width}px`);
  holder.append(svg);
  fitted(svg);
  if (width > 1100) one(".side-by-side").classList.add("wide");
  let zoom = 1;
  function zoomed(to) {
    const middle = (holder.scrollLeft + holder.clientWidth / 2) / (width * zoom);
    zoom = Math.max(0.03, Math.min(3, to));
    svg.style.width = `${width * zoom}px`;
    svg.style.height = `${height * zoom}px`;
    holder.scrollLeft = middle * width * zoom - holder.clientWidth / 2;
  }
  const fitting = () => Math.min((holder.clientWidth - 4) / width, (holder.clientHeight - 4) / height);
  one("#larger").addEventListener("click", () => zoomed(zoom * 1.3));
  one("#smaller").addEventListener("click", () => zoomed(zoom / 1.3));
  one("#whole").addEventListener("click", () => zoomed(fitting()));
  zoomed(Math.max(0.7, Math.min(1, (holder.clientWidth - 4) / width)));
  const start = laid.node(String(boxes.findIndex((box) => box[0] === 0)));
  if (start) holder.scrollLeft = start.x * zoom - holder.clientWidth / 2;

  nodes.push(...all(".node", svg).sort((a, b) => a.dataset.place - b.dataset.place));
  function reveal(chosen) { /* within its own box: the page itself stays where it is */
    const at = chosen.getBoundingClientRect(), box = holder.getBoundingClientRect();
    if (at.top < box.top || at.bottom > box.bottom) holder.scrollTop += at.top - box.top - box.height / 3;
    if (at.left < box.left || at.right > box.right) holder.scrollLeft += at.left - box.left - (box.width - at.width) / 2;
  }
  svg.addEventListener("keydown", (event) => {
    const from = event.target.closest(".node");
    if (!from) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return openLayer(from.dataset.place, from, null);
    }
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const next = step && nodes[Number(from.dataset.place) + step];
    if (!next) return;
    event.preventDefault();
    from.setAttribute("tabindex", -1);
    next.setAttribute("tabindex", 0);
    next.focus();
  });
  table.addEventListener("click", (event) => {
    const place = event.target.closest("tbody tr")?.dataset.place;
    if (place !== undefined) reveal(nodes[place]);
  });
})();

/* All workings at once, for printing; and a link to one opens where it stands. */
(() => {
  const groups = [...document.querySelectorAll("details")];
  const set = (open) => () => groups.forEach((group) => { group.open = open; });
  document.querySelector("#unfold")?.addEventListener("click", set(true));
  document.querySelector("#fold")?.addEventListener("click", set(false));
  const linked = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  for (let group = linked && linked.closest("details"); group; group = group.parentElement.closest("details")) group.open = true;
  if (linked) linked.scrollIntoView({ block: "center" });
})();
