// Build: what can be dragged, and where it may be dropped. What it means is decided at the console.
{
  let dragged = null;
  const rootOf = (element) => element.closest(".vd-build");
  const from = (event) => (event.target instanceof Element ? event.target : null);
  const fits = (zone) =>
    zone.dataset.zone === "at:bin" ? dragged.dataset.removable === "1" : (zone.dataset.takes ?? "").split(" ").includes(dragged.dataset.ability) && !dragged.contains(zone);
  const zoneOf = (event) => {
    for (let zone = from(event)?.closest("[data-zone]"); zone; zone = zone.parentElement?.closest("[data-zone]")) if (fits(zone)) return zone;
    return null;
  };
  const tell = (root, name, detail) => root.dispatchEvent(new CustomEvent(name, { detail }));
  const over = (zone) => {
    for (const each of document.querySelectorAll(".vd-over")) if (each !== zone) each.classList.remove("vd-over");
    zone?.classList.add("vd-over");
  };
  const ended = () => {
    if (dragged === null) return;
    const root = rootOf(dragged) ?? document.querySelector(".vd-build");
    dragged = null;
    over(null);
    for (const each of document.querySelectorAll(".vd-fits")) each.classList.remove("vd-fits");
    document.body.classList.remove("vd-dragging");
    if (root) tell(root, "vddrag", false);
  };
  document.addEventListener("dragstart", (event) => {
    const element = from(event)?.closest("[data-drag]");
    if (!element || !rootOf(element)) return;
    dragged = element;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", element.dataset.name);
    tell(rootOf(element), "vddrag", true);
    setTimeout(() => {  // a browser takes the picture that it drags first
      if (dragged === null) return;
      document.body.classList.add("vd-dragging");
      for (const zone of document.querySelectorAll("[data-zone]")) if (fits(zone)) zone.classList.add("vd-fits");
    });
  });
  document.addEventListener("dragover", (event) => {
    if (dragged === null) return;
    const zone = zoneOf(event);
    over(zone);
    if (zone === null) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
  });
  document.addEventListener("drop", (event) => {
    if (dragged === null) return;
    const zone = zoneOf(event);
    if (zone === null) return;
    event.preventDefault();
    const detail = { what: dragged.dataset.drag, name: dragged.dataset.name, zone: zone.dataset.zone };
    const root = rootOf(zone);
    ended();
    tell(root, "vddrop", detail);
  });
  document.addEventListener("dragend", ended);
  document.addEventListener("click", (event) => {
    const fold = from(event)?.closest("[data-fold]");
    if (fold) fold.setAttribute("aria-expanded", fold.parentElement.classList.toggle("vd-unfolded"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      const button = from(event)?.closest(".vd-build [role=button][data-act]");
      if (button) {
        event.preventDefault();
        button.click();
      }
      return;
    }
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    if (from(event)?.closest("input, textarea, [contenteditable], [role=dialog]")) return;
    const undo = document.querySelector(".vd-build [data-undo]");
    if (undo === null) return;
    event.preventDefault();
    undo.click();
  });
}

// Brings a place or a device into view, and the keyboard to a device's button; while a dialog is open, once it is closed. at: the name of either;
// empty: the keyboard goes back to where it was before the house was drawn anew, or the dialog opened.
function vdBuildShow(at, closed = false) {
  const find = (key, value) => [...document.querySelectorAll(`.vd-build [data-${key}]`)].filter((each) => each.dataset[key] === value);
  const act = (name, does) => find("name", name).find((each) => each.dataset.act === does);
  if (at !== "") vdBuildShow.wish = at;
  const lost = document.activeElement === null || document.activeElement === document.body;
  if (closed ? !lost : document.querySelector(".q-dialog--modal") !== null) return;
  const wish = vdBuildShow.wish;
  vdBuildShow.wish = "";
  if (wish) {
    const button = act(wish, "menu");
    button?.focus({ preventScroll: true });
    (button ?? find("zone", wish)[0])?.scrollIntoView({ block: "nearest" });
  } else if (vdBuildShow.last && lost) {
    act(vdBuildShow.last.name, vdBuildShow.last.act)?.focus({ preventScroll: true });
  }
}
vdBuildShow.wish = "";
document.addEventListener("focusin", (event) => {
  const element = event.target instanceof Element ? event.target : null;
  if (element?.closest(".vd-build")) vdBuildShow.last = element.closest("[data-act]")?.dataset;
});
