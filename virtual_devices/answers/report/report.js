// Draws another week as the server has drawn the first one, and says what is under a pointer. Without it the page shows the most telling week.
function vdReport(root) {
  "use strict";
  const holder = root.querySelector("template.data");
  if (!holder) return;
  const data = JSON.parse(holder.content.textContent);
  const places = new Map([...data.letters].map((letter, place) => [letter, place]));
  const unknown = null;

  function read([digits, low, high, text]) { // the way back of letters() in weeks.py
    const base = data.letters.length, found = [];
    for (let at = 0; at < text.length; ) {
      if (text[at] === data.again) {
        const last = found[found.length - 1];
        for (let count = places.get(text[at + 1]); count > 0; count--) found.push(last);
        at += 2;
        continue;
      }
      let code = 0;
      for (const end = at + digits; at < end; at++) code = code * base + places.get(text[at]);
      found.push(code === 0 ? unknown : low + ((code - 1) * (high - low)) / (base ** digits - 2));
    }
    return found;
  }

  const powers = Object.fromEntries(Object.entries(data.powers).map(([name, coded]) => [name, read(coded)]));
  const socs = Object.entries(data.soc).map(([name, coded]) => [name, read(coded)]);
  const price = data.price ? read(data.price) : [];
  const hours = Object.fromEntries(Object.entries(data.hours.values).map(([name, coded]) => [name, read(coded)]));
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const dayOf = (date, more) => new Date(Date.parse(date + "T00:00:00Z") + more * 86400000);
  const short = (day) => `${weekdays[day.getUTCDay()]} ${day.getUTCDate()}`;
  const long = (day) => `${short(day)} ${months[day.getUTCMonth()]} ${day.getUTCFullYear()}`;
  const two = (number) => String(number).padStart(2, "0");
  const round = (value) => String(Math.round(value * 10) / 10);
  const kilowatts = (value) => (value === unknown || value === undefined ? "–" : value.toFixed(2) + " kW");
  let week = data.telling;

  function scaleOf(svg, name) {
    const said = svg.dataset[name];
    if (!said) return null;
    const [low, high, from, to] = said.split(" ").map(Number);
    return (value) => (high === low ? (from + to) / 2 : from + ((value - low) * (to - from)) / (high - low));
  }

  function stairs(x, heights, first) { // along steps of equal length
    let path = "";
    heights.forEach((height, place) => {
      const next = place + 1 < heights.length ? round(heights[place + 1]) : null;
      if (next === null) path += "H" + round(x(first + place + 1));
      else if (next !== round(height)) path += "H" + round(x(first + place + 1)) + "V" + next;
    });
    return path;
  }

  function line(x, y, values) { // broken where nothing is known
    let path = "";
    for (let at = 0; at < values.length; at++) {
      if (values[at] === unknown) continue;
      let end = at;
      while (end < values.length && values[end] !== unknown) end++;
      const heights = values.slice(at, end).map(y);
      path += `M${round(x(at))} ${round(heights[0])}` + stairs(x, heights, at);
      at = end;
    }
    return path;
  }

  function stack(svg, x, y, names, sign, part) {
    let below = null;
    for (const name of names) {
      const values = part(powers[name]).map((value) => sign * (value ?? 0));
      below ??= values.map(() => 0);
      const above = below.map((value, place) => value + values[place]);
      const upper = above.map(y), lower = below.map(y).reverse(), count = above.length;
      const back = stairs((place) => x(count - place), lower, 0);
      const path = values.some((value) => value !== 0) ? `M${round(x(0))} ${round(upper[0])}${stairs(x, upper, 0)}V${round(lower[0])}${back}z` : "";
      svg.querySelector(".area." + name).setAttribute("d", path);
      below = above;
    }
  }

  function draw(svg) {
    const [first, days, , monday] = data.weeks[week], count = Math.round(days.at(-1));
    const x = scaleOf(svg, "x"), y = scaleOf(svg, "power"), ofSoc = scaleOf(svg, "soc"), ofPrice = scaleOf(svg, "price");
    const part = (values) => Array.from({ length: count }, (_, place) => values[first + place] ?? unknown);
    const top = svg.dataset.top, bottom = svg.dataset.bottom, right = x(count);
    const shaded = data.outages.filter(([begin, end]) => end > first && begin < first + count).map(([begin, end]) => {
      const from = Math.max(x(begin - first), x(0)), to = Math.min(x(end - first), right);
      return `M${round(from)} ${top}h${round(Math.max(to - from, 0.5))}V${bottom}H${round(from)}z`;
    });
    svg.querySelector(".outage").setAttribute("d", shaded.join(""));
    stack(svg, x, y, ["sun", "discharge", "import"], 1, part);
    stack(svg, x, y, ["charge", "export"], -1, part);
    svg.querySelector(".line.load").setAttribute("d", line(x, y, part(powers.load)));
    svg.querySelectorAll(".line.soc").forEach((path, place) => path.setAttribute("d", line(x, ofSoc, part(socs[place][1]))));
    const priced = svg.querySelector(".line.price");
    if (priced) priced.setAttribute("d", line(x, ofPrice, part(price)));
    svg.querySelectorAll(".days text").forEach((text, place) => { text.textContent = short(dayOf(monday, place)); });
    svg.querySelectorAll(".days line").forEach((mark, place) => {
      mark.setAttribute("x1", round(x(days[place])));
      mark.setAttribute("x2", round(x(days[place])));
    });
  }

  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;

  function show(figure, event, title, rows) {
    const head = document.createElement("b");
    head.textContent = title;
    tip.replaceChildren(head, ...rows.map(([name, value]) => {
      const row = document.createElement("span"), label = document.createElement("span"), amount = document.createElement("span");
      label.textContent = name;
      amount.textContent = value;
      row.append(label, amount);
      return row;
    }));
    figure.append(tip);
    tip.hidden = false;
    const box = figure.getBoundingClientRect(), at = event.clientX - box.left;
    tip.style.left = Math.max(0, at + 14 + tip.offsetWidth > box.width ? at - 14 - tip.offsetWidth : at + 14) + "px";
    tip.style.top = Math.max(0, event.clientY - box.top - 30) + "px";
  }

  function pointed(svg, event) { // where a pointer is on a picture's own pixels
    const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
    return [((event.clientX - box.left) * view.width) / box.width, ((event.clientY - box.top) * view.height) / box.height];
  }

  root.querySelectorAll("svg.week").forEach((svg) => {
    const cursor = svg.querySelector(".cursor"), figure = svg.closest("figure");
    const away = () => { tip.hidden = true; cursor.setAttribute("visibility", "hidden"); };
    const over = (event) => {
      const [first, days, , monday, shifts] = data.weeks[week], [low, high, from, to] = svg.dataset.x.split(" ").map(Number);
      const place = Math.floor(low + ((pointed(svg, event)[0] - from) * (high - low)) / (to - from));
      if (place < 0 || place >= days.at(-1)) return away();
      const wall = shifts.reduce((seconds, [behind, by]) => seconds + (place >= behind ? by : 0), place * data.slot);
      const day = Math.floor(wall / 86400), minute = Math.floor((wall % 86400) / 60);
      const at = first + place, x = scaleOf(svg, "x")(place + 0.5);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      cursor.setAttribute("visibility", "visible");
      const rows = Object.keys(powers).filter((name) => name === "load" || powers[name][at]).map((name) => [data.names[name], kilowatts(powers[name][at])]);
      socs.forEach(([name, values]) => { if ((values[at] ?? unknown) !== unknown) rows.push([name + " holds", Math.round(values[at]) + " %"]); });
      if ((price[at] ?? unknown) !== unknown) rows.push(["price", price[at].toFixed(2) + " " + data.currency + "/kWh"]);
      if (data.outages.some(([begin, end]) => begin < at + 1 && end > at)) rows.push(["grid", "outage"]);
      show(figure, event, `${long(dayOf(monday, day))}, ${two(Math.floor(minute / 60))}:${two(minute % 60)}`, rows);
    };
    svg.addEventListener("pointermove", over);
    svg.addEventListener("pointerdown", over);
    svg.addEventListener("pointerleave", away);
  });

  root.querySelectorAll("svg.heat").forEach((svg) => {
    const values = hours[svg.dataset.name], image = svg.querySelector("image"), figure = svg.closest("figure");
    const [left, top, width, height] = ["x", "y", "width", "height"].map((name) => Number(image.getAttribute(name)));
    const away = () => { tip.hidden = true; };
    const over = (event) => {
      const [x, y] = pointed(svg, event), day = Math.floor(((x - left) * values.length) / 24 / width), hour = Math.floor(((y - top) * 24) / height);
      if (day < 0 || day >= values.length / 24 || hour < 0 || hour > 23) return away();
      show(figure, event, `${long(new Date((data.hours.first + day) * 86400000))}, ${two(hour)}:00`, [[svg.dataset.label, kilowatts(values[day * 24 + hour])]]);
    };
    svg.addEventListener("pointermove", over);
    svg.addEventListener("pointerdown", over);
    svg.addEventListener("pointerleave", away);
  });

  const chooser = root.querySelector(".chooser");
  if (chooser && data.weeks.length > 1) {
    const select = chooser.querySelector("select"), [before, after] = chooser.querySelectorAll("button"), why = root.querySelector(".telling");
    data.weeks.forEach(([, , name], place) => select.append(new Option(name, place)));
    const choose = (place) => {
      week = Math.min(Math.max(place, 0), data.weeks.length - 1);
      select.value = week;
      before.disabled = week === 0;
      after.disabled = week === data.weeks.length - 1;
      why.hidden = week !== data.telling;
      root.querySelectorAll("svg.week").forEach(draw);
    };
    select.addEventListener("change", () => choose(Number(select.value)));
    const step = (button, by) => button.addEventListener("click", () => {
      choose(week + by);
      if (button.disabled) select.focus(); // the keyboard stays here
    });
    step(before, -1);
    step(after, 1);
    chooser.hidden = false;
    choose(week);
  }
}
