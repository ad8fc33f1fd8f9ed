document.documentElement.lang = "en";
// When the line to the console is cut because somebody may come no more, the page says why, or leads to the login, instead of "connection lost".
window.addEventListener("load", () => {
  const own = document.querySelector('[href*="_nicegui"], [src*="_nicegui"]');
  const ask = async () => {
    if (window.socket === undefined || window.socket.connected || own === null) return;
    try {
      const answer = await fetch(own.href || own.src, { cache: "no-store" });
      if (answer.status === 401 || answer.status === 403) location.reload();
    } catch { /* the console itself is away: NiceGUI says so, and comes back */ }
  };
  setInterval(ask, 2000);
});
