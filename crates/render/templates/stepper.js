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

  // A sentence: what stands between backticks is code, and one backtick without another is itself.
  const sentence = (text) => text.split(/`([^`]+)`/)
    .map((part, nth) => (nth % 2 ? make("code", { textContent: part }) : part))
    .filter((part) => part !== "");

  // The address: `#scenario/kernel/row?text=gup&result=leak`, a place in an explanation and what is chosen of the tables, or one
  // of the two.
  const [place, chosen] = [0, 1].map((nth) => () => location.hash.slice(1).split("?")[nth] ?? "");

  // Tables: rows that contain a text, and a result. Those of the second table and the next have a number in the address.
  const filters = all("form.filter").map((form, nth) => {
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
    const number = nth ? String(nth + 1) : "";
    const fields = [[`text${number}`, text], [`result${number}`, word]];
    form.addEventListener("input", (event) => {
      choose();
      remember(event.target.name + number);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    return {
      write: (to) => fields.forEach(([name, field]) => field.value && to.append(name, field.value)),
      read: (from) => {
        for (const [name, field] of fields) field.value = from.get(name) ?? "";
        // A result that the table does not have chooses nothing.
        if (word.selectedIndex < 0) word.value = "";
        choose();
      },
    };
  });
  const choice = () => {
    const words = new URLSearchParams();
    filters.forEach((filter) => filter.write(words));
    const text = String(words);
    return text ? `?${text}` : "";
  };
  const address = (of) => (of + choice() ? `#${of}${choice()}` : location.pathname + location.search);
  // Links keep what is chosen, in this tab and in another. Without this script they would lead nowhere, so it makes them.
  const links = all("td a");
  const link = () => links.forEach((each) => { each.href = address(each.dataset.to); });
  // Links of what is open, which is nothing yet.
  let relink = () => {};
  // Going back leads to what was chosen before a field was changed, and not from letter to letter.
  const remember = (field) => {
    const to = address(place());
    if (history.state === field) history.replaceState(field, "", to);
    else history.pushState(field, "", to);
    link();
    relink();
  };
  const recall = () => {
    const words = new URLSearchParams(chosen());
    filters.forEach((filter) => filter.read(words));
    link();
  };

  const source = find("#runs");
  if (!source) {
    window.addEventListener("hashchange", recall);
    recall();
    return;
  }
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

  // Arrows that cross a column in one place run beside each other.
  const LANES = [0, 3, -3, 6, -6];
  // Where arrows cross a column of boxes: above, between and below them, at heights.
  const gaps = (column) => [column[0].y - 8, ...column.map((box) => box.y + box.height + 8)];

  // An arrow from a line to a box. It passes other columns between their boxes, `lane` beside other arrows; boxes of one column
  // are joined on their right.
  const arrow = (columns, [from, y], to, lane, isNew) => {
    const end = to.y + 12;
    const [mine, other] = [from, to].map((box) => columns.findIndex((column) => column[0].x === box.x));
    const way = Math.sign(other - mine);
    const right = (box) => box.x + box.width;
    const start = way < 0 ? from.x : right(from);
    const tip = way > 0 ? to.x : right(to);
    const bend = way < 0 ? -36 : 36;
    let path = `M${start} ${y}`;
    let [x, height] = [start, y];
    for (let nth = mine + way; way && nth !== other; nth += way) {
      const column = columns[nth];
      const detour = (gap) => Math.abs(gap - height) + Math.abs(gap - end);
      const gap = gaps(column).reduce((best, each) => (detour(each) < detour(best) ? each : best)) + lane;
      const [near, far] = way > 0 ? [column[0].x, right(column[0])] : [right(column[0]), column[0].x];
      path += `C${x + bend} ${height} ${near - bend} ${gap} ${near} ${gap}L${far} ${gap}`;
      [x, height] = [far, gap];
    }
    const control = way ? tip - bend : tip + bend;
    const into = way || -1;
    const mark = isNew ? " new" : "";
    return [
      svg("path", { class: `arrow${mark}`, d: `${path}C${x + bend} ${height} ${control} ${end} ${tip} ${end}` }),
      svg("path", { class: `head${mark}`, d: `M${tip} ${end}l${-7 * into} -4v8z` }),
    ];
  };

  const drawing = (figure, moment, before) => {
    const drawn = svg("svg", {
      viewBox: `0 0 ${figure.width} ${figure.height}`, width: figure.width, height: figure.height, role: "img",
    });
    const said = [], arrows = [], groups = [], columns = [];
    for (const box of figure.boxes) {
      if (columns.at(-1)?.[0].x === box.x) columns.at(-1).push(box);
      else columns.push([box]);
    }
    let line = 0, lane = 0;
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
        if (isThere) arrows.push(...arrow(columns, [box, y + 9], figure.boxes[is.target], LANES[lane++ % LANES.length], isNew));
        line += 1;
      });
      groups.push(group);
      if (presence !== "absent") said.push(`${box.title}${presence === "freed" ? ", freed" : ""}: ${texts.join(", ")}`);
    });
    drawn.append(...groups, ...arrows);
    drawn.setAttribute("aria-label", said.join(". "));
    return drawn;
  };

  const table = (track, nth) => {
    const row = (step, at) => {
      const number = make("a", { textContent: at + 1 });
      const wide = () => make("td", { className: "barrier", colSpan: track.columns.length, textContent: `=== ${step.barrier} ===` });
      const cells = () => track.columns.map((_, column) =>
        make("td", {}, [make("code", { textContent: step.cells.find(([of]) => of === column)?.[1] ?? "" })]));
      const made = make("tr", { className: `${step.named ? "named" : ""} ${step.moved ? "moved" : ""}` },
        [make("th", { scope: "row" }, [number]), ...(step.barrier === undefined ? cells() : [wide()])]);
      if (step.named) number.title = "named in the explanation";
      if (step.moved) made.title = `elsewhere in ${nth ? "the violation" : "the execution that holds"}`;
      made.addEventListener("click", (event) => {
        // A link with a key is for another tab.
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        go(nth, at + 1);
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
      const items = lines.map((line) => make("li", {}, sentence(line)));
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
      all("tbody tr", made).forEach((row, nth) => row.classList.toggle("here", nth + 1 === at[each]));
    });
    find(".row", stepper).replaceChildren(...told(track, at[nth]));
    const before = at[nth] > 0 ? track.moments[at[nth] - 1] : null;
    const memory = find("figure .scroll", stepper);
    memory.replaceChildren(drawing(run.figure, track.moments[at[nth]], before));
    // In a narrow window, what was changed comes into view.
    const changed = all(".changed", memory).map((mark) => Number(mark.getAttribute("x")));
    if (changed.length && memory.scrollWidth > memory.clientWidth) memory.scrollLeft = Math.max(...changed) - 40;
    find(".position", stepper).textContent = `${track.name}: ${at[nth] === 0 ? "at the start" : `row ${at[nth]}`} of ${track.rows.length}`;
    const is = (step, disabled) => { find(`[data-step=${step}]`, stepper).disabled = disabled; };
    is("first", at[nth] === 0);
    is("previous", at[nth] === 0);
    is("next", at[nth] === track.rows.length);
    is("last", at[nth] === track.rows.length);
    is("other", run.tracks.length < 2);
  };

  const part = (track, at) => {
    const { run, kernel } = now;
    const parts = [run.scenario, kernel, ...(track ? ["holds"] : []), ...(at ? [at] : [])];
    return parts.map(encodeURIComponent).join("/");
  };
  relink = () => {
    if (!now.run) return;
    all(".track", stepper).forEach((made, nth) => {
      all("tbody th a", made).forEach((number, at) => { number.href = address(part(nth, at + 1)); });
    });
  };

  const go = (track, at) => {
    const { tracks } = now.run;
    now.track = Math.min(Math.max(track, 0), tracks.length - 1);
    now.at[now.track] = Math.min(Math.max(at, 0), tracks[now.track].rows.length);
    show();
    history.replaceState(null, "", address(part(now.track, now.at[now.track])));
  };

  const open = (run, kernel) => {
    Object.assign(now, { run, kernel, track: 0, at: [0, 0] });
    find("#stepper-title").textContent = run.scenario;
    find(".headline", stepper).replaceChildren(...sentence(run.headline));
    const others = run.kernels.map(([name]) => name).filter((name) => name !== kernel);
    find(".kernels", stepper).textContent = `Under ${kernel}` + (others.length ? `, and in the same way under ${others.join(", ")}.` : ".");
    find(".above", stepper).textContent = run.header;
    find(".below", stepper).textContent = run.footer;
    find(".tracks", stepper).replaceChildren(...run.tracks.map(table));
    relink();
    find(".words", stepper).replaceChildren(...run.words.map((text) => make("p", {}, sentence(text))));
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
    const cell = links.find((each) => each.dataset.to === part(0, 0));
    history.pushState(null, "", address(""));
    close();
    const isShown = cell && cell.offsetParent !== null;
    (isShown ? cell : find(".filter input") ?? cell)?.focus();
  };

  // `scenario/kernel`, then `/holds` for the second execution, then the row.
  const read = () => {
    let parts;
    try {
      parts = place().split("/").map(decodeURIComponent);
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
    recall();
    const missing = find(".missing");
    missing.textContent = "";
    const wanted = place() ? read() : undefined;
    if (!wanted) {
      close();
      if (wanted === null) missing.textContent = `This page does not explain #${place().slice(0, 200)}.`;
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
    if (event.key === "Escape" && links.length) back();
    else if (keys[event.key]) steps[keys[event.key]]();
    else return;
    event.preventDefault();
  });
  // The cell of what is open leads there again.
  links.forEach((each) => each.addEventListener("click", () => {
    if (each.hash === location.hash) shown();
  }));
  // A page with nothing else begins with it.
  const only = () => {
    if (links.length) return;
    open(runs[0], runs[0].kernels[0][0]);
    show();
  };
  window.addEventListener("hashchange", follow);
  follow();
})();
