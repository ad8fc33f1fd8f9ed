// Puts into a drawing what changed. changes: {id: [text, classes, number]}, null for what stays as it is. Text is only ever text.
function vdFlow(id, changes) {
  const svg = document.getElementById(id);
  if (svg === null) return;
  if (svg.vdParts === undefined) {
    svg.vdParts = new Map();
    for (const part of svg.querySelectorAll("[data-id]")) svg.vdParts.set(part.dataset.id, part);
  }
  for (const [name, [text, classes, number]] of Object.entries(changes)) {
    const part = svg.vdParts.get(name);
    if (part === undefined) continue;
    if (text !== null) part.textContent = text;
    if (classes !== null) part.classList.value = classes;
    if (number !== null) part.style.setProperty("--v", number);
  }
}

// A card is a button: Enter and the space bar do what a click does.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  const card = event.target instanceof Element ? event.target.closest(".vd-flow [data-device]") : null;
  if (card === null) return;
  event.preventDefault();
  card.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
});
