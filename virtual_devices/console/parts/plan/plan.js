// Lets somebody drag, with a mouse or a pen, the times at which programs begin: the points of the series "target". A finger scrolls the page; for it, and for keys,
// there are the fields. What is dragged is told as an event of the chart: from which minute of the day, and by how many minutes.
function vdPlanEdges(id) {
  const NEAR = 8, MINUTE = 60000, QUARTER = 15;
  const element = getElement(id), chart = element && element.chart;
  if (!chart) return void (document.getElementById(`c${id}`) && setTimeout(() => vdPlanEdges(id), 200));
  const root = chart.getDom();
  const guide = document.createElement("div");
  guide.className = "vd-plan-guide";
  guide.hidden = true;
  root.append(guide);
  let dragged = null;
  const at = (event) => { const box = root.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  const edge = (event) => {
    const point = at(event), target = (chart.getOption().series || []).find((each) => each.id === "target");
    if (event.pointerType === "touch" || !target || !chart.containPixel({ gridIndex: 1 }, point)) return null;
    let found = null, nearest = NEAR;
    for (const [time] of target.data.slice(1, -1)) {
      const away = Math.abs(chart.convertToPixel({ xAxisIndex: 1 }, time) - point[0]);
      if (away <= nearest) [found, nearest] = [time, away];
    }
    return found;
  };
  const quarters = (event) => Math.round((chart.convertFromPixel({ xAxisIndex: 1 }, at(event)[0]) - dragged) / MINUTE / QUARTER) * QUARTER;
  root.addEventListener("pointerdown", (event) => {
    dragged = edge(event);
    if (dragged === null) return;
    event.preventDefault();
    event.stopPropagation();
    root.setPointerCapture(event.pointerId);
  }, true);
  root.addEventListener("pointermove", (event) => {
    root.classList.toggle("vd-plan-edge", dragged !== null || edge(event) !== null);
    if (dragged === null) return;
    event.stopPropagation();
    const time = dragged + quarters(event) * MINUTE;
    guide.hidden = false;
    guide.style.left = `${chart.convertToPixel({ xAxisIndex: 1 }, time)}px`;
    guide.textContent = new Date(time).toISOString().slice(11, 16);
  }, true);
  const end = (event) => {
    if (dragged === null) return;
    const from = Math.round(dragged / MINUTE) % 1440, by = quarters(event);
    [dragged, guide.hidden] = [null, true];
    if (by !== 0 && event.type === "pointerup") element.$emit("edge", { from, by });
  };
  root.addEventListener("pointerup", end, true);
  root.addEventListener("pointercancel", end, true);
}
