// Filters and sorts the table of claims in the page; without this script the table is whole and
// readable. The choice stands in the address (?chapter=causes&verdict=wrong), so it can be shared.
(() => {
  const all = "all";

  function marks(row, kind) {
    const prefix = `${kind}-`;
    const name = [...row.classList].find((one) => one.startsWith(prefix));
    return name ? name.slice(prefix.length) : "";
  }

  function choice(label, key, values, apply) {
    const box = document.createElement("label");
    box.textContent = label;
    const select = document.createElement("select");
    select.name = key;
    for (const value of [all, ...values]) select.add(new Option(value.replace(/-/g, " "), value));
    const wanted = new URLSearchParams(location.search).get(key);
    if (values.includes(wanted)) select.value = wanted;
    select.addEventListener("change", apply);
    box.append(select);
    return [box, select];
  }

  function remember(state) {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) if (value && value !== all) query.set(key, value);
    const text = query.toString();
    history.replaceState(null, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
  }

  function filters(table, place) {
    const rows = [...table.tBodies[0].rows];
    const distinct = (kind) => [...new Set(rows.map((row) => marks(row, kind)))].filter(Boolean);
    const box = document.createElement("div");
    box.className = "claims-filters";
    const count = document.createElement("output");
    const word = document.createElement("input");
    word.type = "search";
    word.name = "word";
    word.value = new URLSearchParams(location.search).get("word") || "";
    const wordLabel = document.createElement("label");
    wordLabel.textContent = "Word";
    wordLabel.append(word);

    const apply = () => {
      const state = { chapter: chapter.value, verdict: verdict.value, word: word.value.trim() };
      let shown = 0;
      for (const row of rows) {
        const fits =
          (state.chapter === all || marks(row, "chapter") === state.chapter) &&
          (state.verdict === all || marks(row, "verdict") === state.verdict) &&
          row.textContent.toLowerCase().includes(state.word.toLowerCase());
        row.hidden = !fits;
        shown += fits;
      }
      count.textContent = `${shown} of ${rows.length} claims shown`;
      remember(state);
    };
    const [chapterBox, chapter] = choice("Chapter", "chapter", distinct("chapter"), apply);
    const [verdictBox, verdict] = choice("Verdict", "verdict", distinct("verdict"), apply);
    word.addEventListener("input", apply);
    if (distinct("chapter").length > 1) box.append(chapterBox);
    box.append(verdictBox, wordLabel, count);
    place.before(box);
    if (location.search) apply();
    else count.textContent = `${rows.length} of ${rows.length} claims shown`;
  }

  function sorting(table) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const text = (row) => row.cells[column].textContent.trim();
        const ordered = [...body.rows].sort((a, b) =>
          text(a).localeCompare(text(b), "en", { numeric: true }),
        );
        body.append(...(down ? ordered.reverse() : ordered));
      });
    });
  }

  function start() {
    for (const table of document.querySelectorAll("table.claims-table")) {
      filters(table, table.closest(".table-scroll") || table);
      sorting(table);
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
