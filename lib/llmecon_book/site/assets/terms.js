// Shows what a term means, or how far a number is extrapolated, on hover, focus or tap; a second
// tap follows the link, Escape hides. Without this script the browser shows the title.
(() => {
  const tip = document.createElement("div");
  Object.assign(tip, { id: "term-tip", role: "tooltip", hidden: true });
  let shown = null;
  let waiting = 0;
  let seenAtTap = null;

  function hide() {
    clearTimeout(waiting);
    if (shown) shown.removeAttribute("aria-describedby");
    tip.hidden = true;
    shown = null;
  }

  function show(word) {
    hide();
    shown = word;
    tip.textContent = word.dataset.meaning;
    tip.hidden = false;
    word.setAttribute("aria-describedby", tip.id);
    const [at, own, page] = [word, tip, document.body].map((one) => one.getBoundingClientRect());
    const width = document.documentElement.clientWidth;
    const above = at.bottom + own.height + 8 > innerHeight && at.top > own.height + 8;
    tip.style.left = `${Math.max(8, Math.min(at.left, width - own.width - 8)) - page.left}px`;
    tip.style.top = `${(above ? at.top - own.height - 4 : at.bottom + 4) - page.top}px`;
  }

  const later = () => (waiting = setTimeout(hide, 250)); // time to move onto the text

  function attend(word) {
    word.dataset.meaning = word.title;
    word.removeAttribute("title"); // else the browser shows it as well
    if (!word.href) word.tabIndex = 0;
    word.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && show(word));
    word.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && later());
    word.addEventListener("focus", () => show(word));
    word.addEventListener("blur", hide);
    word.addEventListener("pointerdown", (event) => {
      seenAtTap = event.pointerType === "mouse" ? word : shown;
    });
    word.addEventListener("click", (event) => {
      if (event.detail === 0 || seenAtTap === word) return; // a key, a mouse or a second tap
      event.preventDefault();
      show(word);
    });
  }

  function start() {
    document.body.append(tip);
    document.querySelectorAll("a[title]:has(> .std-term), abbr.extrapolated").forEach(attend);
    tip.addEventListener("pointerenter", () => clearTimeout(waiting));
    tip.addEventListener("pointerleave", later);
    addEventListener("keydown", (event) => event.key === "Escape" && hide());
    addEventListener("pointerdown", (event) => {
      if (shown && !tip.contains(event.target) && !shown.contains(event.target)) hide();
    });
    addEventListener("resize", hide);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
