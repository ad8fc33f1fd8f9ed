// A chart of the past: which moment somebody asks about, and what somebody looks at more closely.
function vdPast(id, tries = 200) {
  const chart = getElement(id)?.chart;
  if (!chart) {
    if (tries > 0) setTimeout(() => vdPast(id, tries - 1), 50);
    return;
  }
  // tables that are wider than the page are moved by keys too
  for (const part of document.querySelectorAll(".vd-past .q-table__middle")) part.tabIndex = 0;
  let waiting = 0;
  let pressed = false;
  const tell = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (pressed) return tell(); // a finger is still on it
      const zoom = chart.getOption().dataZoom?.[0];
      if (zoom) emitEvent("vd-zoom", { start: zoom.start, end: zoom.end });
    }, 350);
  };
  chart.on("datazoom", tell);
  chart.getDom().addEventListener("pointerdown", () => { pressed = true; });
  for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => { pressed = false; });
  chart.getZr().on("click", (event) => {
    const point = [event.offsetX, event.offsetY];
    const place = (chart.getOption().grid ?? []).findIndex((_, index) => chart.containPixel({ gridIndex: index }, point));
    if (place >= 0) emitEvent("vd-moment", { at: chart.convertFromPixel({ gridIndex: place }, point)[0] });
  });
}
