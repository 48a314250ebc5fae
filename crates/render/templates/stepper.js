"use strict";
(() => {
  const page = document;
  const find = (selector, within = page) => within.querySelector(selector);
  const all = (selector, within = page) => [...within.querySelectorAll(selector)];
  const make = (name, properties = {}, children = []) => {
    const made = Object.assign(page.createElement(name), properties);
    made.append(...children);
    return made;
  };

  // Tables: rows that contain a text, and a result.
  for (const form of all("form.filter")) {
    const rows = all("tbody tr", form.parentElement);
    const { text, word } = form.elements;
    const words = new Set(rows.flatMap((row) => all("td[title]", row).map((cell) => cell.title)));
    word.append(...[...words].sort().map((each) => make("option", { value: each, textContent: each })));
    const has = (row, wanted) => wanted === "!"
      ? find(".unexpected", row)
      : all("td[title]", row).some((cell) => cell.title === wanted);
    const choose = () => {
      const shown = rows.filter((row) => {
        const fits = find("th", row).textContent.toLowerCase().includes(text.value.trim().toLowerCase()) && (!word.value || has(row, word.value));
        row.hidden = !fits;
        return fits;
      });
      find("output", form).value = `${shown.length} of ${rows.length} rows`;
    };
    form.addEventListener("input", choose);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    choose();
  }

  const source = find("#runs");
  if (!source) return;
  const runs = JSON.parse(source.textContent);
  const stepper = find("#stepper");
  // What is shown: a run and a kernel of it, one of its executions, and how many rows have happened in each.
  const now = { run: null, kernel: "", track: 0, at: [0, 0] };

  // Frames say what changes; this is all of memory after each row.
  const moments = (track) => {
    let lines = [], boxes = [];
    return track.frames.map((frame) => {
      lines = lines.slice();
      boxes = boxes.slice();
      for (const [line, text, target] of frame.lines ?? []) lines[line] = { text, target };
      for (const [box, presence] of frame.boxes ?? []) boxes[box] = presence;
      return { lines, boxes };
    });
  };

  const svg = (name, attributes, text) => {
    const made = page.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };

  // An arrow from a line to a box. Boxes of one column are joined on their right.
  const arrow = (from, y, to, isNew) => {
    const end = to.y + 12;
    let start, tip, bend;
    if (from.x + from.width < to.x) [start, tip, bend] = [from.x + from.width, to.x, 36];
    else if (to.x + to.width < from.x) [start, tip, bend] = [from.x, to.x + to.width, -36];
    else [start, tip, bend] = [from.x + from.width, to.x + to.width, 36];
    const into = start === from.x + from.width && tip === to.x + to.width ? -1 : Math.sign(bend);
    const control = into < 0 && bend > 0 ? tip + bend : tip - bend;
    const mark = isNew ? " new" : "";
    return [
      svg("path", { class: `arrow${mark}`, d: `M${start} ${y}C${start + bend} ${y} ${control} ${end} ${tip} ${end}` }),
      svg("path", { class: `head${mark}`, d: `M${tip} ${end}l${-7 * into} -4v8z` }),
    ];
  };

  const drawing = (figure, moment, before) => {
    const drawn = svg("svg", {
      viewBox: `0 0 ${figure.width} ${figure.height}`, width: figure.width, height: figure.height, role: "img",
    });
    const said = [], arrows = [], groups = [];
    let line = 0;
    figure.boxes.forEach((box, nth) => {
      const presence = moment.boxes[nth] ?? "there";
      const group = svg("g", { class: `${box.sort} ${presence}` });
      group.append(svg("rect", { class: "shape", x: box.x, y: box.y, width: box.width, height: box.height, rx: 4 }));
      group.append(svg("text", { class: "title", x: box.x + 8, y: box.y + 17 }, box.title));
      const texts = [];
      box.lines.forEach((label, row) => {
        const is = moment.lines[line], was = before?.lines[line];
        const y = box.y + 24 + row * 18;
        const isNew = before && (is.text !== was.text || is.target !== was.target);
        if (isNew) group.append(svg("rect", { class: "changed", x: box.x + 2, y, width: box.width - 4, height: 18 }));
        group.append(svg("text", { class: "label", x: box.x + 8, y: y + 13 }, label));
        group.append(svg("text", { x: box.x + box.indent, y: y + 13 }, is.text));
        texts.push(`${label} ${is.text}`);
        const isThere = presence === "there" && is.target !== null && (moment.boxes[is.target] ?? "there") !== "absent";
        if (isThere) arrows.push(...arrow(box, y + 9, figure.boxes[is.target], isNew));
        line += 1;
      });
      groups.push(group);
      if (presence !== "absent") said.push(`${box.title}${presence === "freed" ? ", freed" : ""}: ${texts.join(", ")}`);
    });
    // Arrows pass behind boxes that are between.
    drawn.append(...arrows, ...groups);
    drawn.setAttribute("aria-label", said.join(". "));
    return drawn;
  };

  const table = (track, nth) => {
    const row = (step, place) => {
      const number = make("a", { href: fragment(nth, place + 1), textContent: place + 1 });
      const wide = () => make("td", { className: "barrier", colSpan: track.columns.length, textContent: `=== ${step.barrier} ===` });
      const cells = () => track.columns.map((_, column) =>
        make("td", {}, [make("code", { textContent: step.cells.find(([of]) => of === column)?.[1] ?? "" })]));
      const made = make("tr", { className: `${step.named ? "named" : ""} ${step.moved ? "moved" : ""}` },
        [make("th", { scope: "row" }, [number]), ...(step.barrier === undefined ? cells() : [wide()])]);
      if (step.named) number.title = "named in the explanation";
      if (step.moved) made.title = "elsewhere in the execution that holds";
      made.addEventListener("click", (event) => {
        // A link with a key is for another tab.
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        go(nth, place + 1);
      });
      return made;
    };
    const head = ["row", ...track.columns].map((text) => make("th", { scope: "col", textContent: text }));
    const name = track.name[0].toUpperCase() + track.name.slice(1);
    return make("div", { className: "track" }, [make("table", {}, [
      make("caption", { textContent: name }),
      make("thead", {}, [make("tr", {}, head)]),
      make("tbody", {}, track.rows.map(row)),
    ])]);
  };

  const told = (track, at) => {
    const step = track.rows[at - 1];
    if (!step) return [make("h3", { textContent: "At the start" }), make("p", { textContent: "No row has happened." })];
    const cells = (step.cells ?? []).map(([, text]) => text.trim()).join("; ");
    const heading = step.heading || (step.barrier === undefined ? `${cells}: nothing changes` : `barrier: ${step.barrier}`);
    const part = ([name, lines]) => {
      const items = lines.map((line) => make("li", { textContent: line }));
      return name ? [make("li", {}, [name, make("ul", {}, items)])] : items;
    };
    return [make("h3", { textContent: `${at}  ${heading}` }), make("ul", {}, step.told.flatMap(part))];
  };

  const show = () => {
    const { run, track: nth, at } = now;
    const track = run.tracks[nth];
    track.moments ??= moments(track);
    all(".track", stepper).forEach((made, each) => {
      made.classList.toggle("active", each === nth);
      all("tbody tr", made).forEach((row, place) => row.classList.toggle("here", place + 1 === at[each]));
    });
    find(".row", stepper).replaceChildren(...told(track, at[nth]));
    const before = at[nth] > 0 ? track.moments[at[nth] - 1] : null;
    const place = find("figure .scroll", stepper);
    place.replaceChildren(drawing(run.figure, track.moments[at[nth]], before));
    // In a narrow window, what was changed comes into view.
    const changed = all(".changed", place).map((mark) => Number(mark.getAttribute("x")));
    if (changed.length && place.scrollWidth > place.clientWidth) place.scrollLeft = Math.max(...changed) - 40;
    find(".position", stepper).textContent = `${track.name}: ${at[nth] === 0 ? "at the start" : `row ${at[nth]}`} of ${track.rows.length}`;
    const is = (step, disabled) => { find(`[data-step=${step}]`, stepper).disabled = disabled; };
    is("first", at[nth] === 0);
    is("previous", at[nth] === 0);
    is("next", at[nth] === track.rows.length);
    is("last", at[nth] === track.rows.length);
    is("other", run.tracks.length < 2);
  };

  const fragment = (track, at) => {
    const { run, kernel } = now;
    const parts = [run.scenario, kernel, ...(track ? ["holds"] : []), ...(at ? [at] : [])];
    return "#" + parts.map(encodeURIComponent).join("/");
  };

  const go = (track, at) => {
    const { tracks } = now.run;
    now.track = Math.min(Math.max(track, 0), tracks.length - 1);
    now.at[now.track] = Math.min(Math.max(at, 0), tracks[now.track].rows.length);
    show();
    history.replaceState(null, "", fragment(now.track, now.at[now.track]));
  };

  const open = (run, kernel) => {
    Object.assign(now, { run, kernel, track: 0, at: [0, 0] });
    find("#stepper-title").textContent = run.scenario;
    find(".headline", stepper).textContent = run.headline;
    const others = run.kernels.map(([name]) => name).filter((name) => name !== kernel);
    find(".kernels", stepper).textContent = `Under ${kernel}` + (others.length ? `, and in the same way under ${others.join(", ")}.` : ".");
    find(".above", stepper).textContent = run.header;
    find(".below", stepper).textContent = run.footer;
    find(".tracks", stepper).replaceChildren(...run.tracks.map(table));
    find(".words", stepper).replaceChildren(...run.words.map((text) => make("p", { textContent: text })));
    find(".again", stepper).textContent = run.kernels.find(([name]) => name === kernel)[1];
    stepper.hidden = false;
    page.title = `${run.scenario}, ${kernel}`;
  };

  const title = page.title;
  const close = () => {
    stepper.hidden = true;
    now.run = null;
    page.title = title;
  };
  const back = () => {
    const cell = all("td a").find((link) => link.hash === fragment(0, 0));
    history.pushState(null, "", location.pathname + location.search);
    close();
    const isShown = cell && cell.offsetParent !== null;
    (isShown ? cell : find(".filter input") ?? cell)?.focus();
  };

  // `#scenario/kernel`, then `/holds` for the second execution, then the row.
  const read = () => {
    let parts;
    try {
      parts = location.hash.slice(1).split("/").map(decodeURIComponent);
    } catch {
      return null;
    }
    const [scenario, kernel, ...rest] = parts;
    const run = runs.find((each) => each.scenario === scenario && each.kernels.some(([name]) => name === kernel));
    const track = rest[0] === "holds" ? 1 : 0;
    const row = rest.slice(track);
    const isRow = row.length === 0 || (row.length === 1 && /^\d{1,6}$/.test(row[0]));
    if (!run || track >= run.tracks.length || !isRow || Number(row[0] ?? 0) > run.tracks[track].rows.length) return null;
    return { run, kernel, track, row: Number(row[0] ?? 0) };
  };
  const follow = () => {
    const missing = find(".missing");
    missing.textContent = "";
    const wanted = location.hash.length > 1 ? read() : undefined;
    if (!wanted) {
      close();
      if (wanted === null) missing.textContent = `This page does not explain ${location.hash.slice(0, 200)}.`;
      else only();
      return;
    }
    open(wanted.run, wanted.kernel);
    go(wanted.track, wanted.row);
    shown();
  };
  const shown = () => {
    find("#stepper-title").focus({ preventScroll: true });
    stepper.scrollIntoView();
  };

  const steps = {
    first: () => go(now.track, 0),
    previous: () => go(now.track, now.at[now.track] - 1),
    next: () => go(now.track, now.at[now.track] + 1),
    last: () => go(now.track, Infinity),
    other: () => now.run.tracks.length > 1 && go(1 - now.track, now.at[1 - now.track]),
    help: () => {
      const keys = find("#keys");
      keys.hidden = !keys.hidden;
      find("[data-step=help]").setAttribute("aria-expanded", String(!keys.hidden));
    },
  };
  const keys = {
    ArrowRight: "next", ArrowDown: "next", ArrowLeft: "previous", ArrowUp: "previous", Home: "first", End: "last",
    t: "other", "?": "help",
  };
  all("[data-step]", stepper).forEach((button) => button.addEventListener("click", () => steps[button.dataset.step]()));
  page.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input, select, textarea");
    // Where something scrolls, arrows scroll.
    const isScrolling = event.target.matches(".scroll") && event.key.startsWith("Arrow");
    if (!now.run || isTyping || isScrolling || event.ctrlKey || event.altKey || event.metaKey) return;
    // Keys are for what is seen.
    const { top, bottom } = stepper.getBoundingClientRect();
    if (top > window.innerHeight || bottom < 0) return;
    if (event.key === "Escape" && find("td a")) back();
    else if (keys[event.key]) steps[keys[event.key]]();
    else return;
    event.preventDefault();
  });
  // The cell of what is open leads there again.
  all("td a").forEach((link) => link.addEventListener("click", () => {
    if (link.hash === location.hash) shown();
  }));
  // A page with nothing else begins with it.
  const only = () => {
    if (find("td a")) return;
    open(runs[0], runs[0].kernels[0][0]);
    show();
  };
  window.addEventListener("hashchange", follow);
  follow();
})();
