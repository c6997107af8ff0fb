// Runs after charts.js in the shared bundle. An explorable shows what the library computed for the
// setting of its controls: nothing is computed here. The setting is in the address, after "#key?".
const REST_MS = 200; // the address waits for a pause: to write it takes as long as to draw
const arriving = {}; // by key: who waits for the settings
window.llmeconExplorable = (key, states) => arriving[key](states);

const raised = (power) => String(power).replace(/./g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);
const digits = (value) => String(Number(value.toPrecision(4)));
const apart = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: 4 });

// A value as the tables of the book show it: four digits, thousands apart, days without midnight.
function shown(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value).replace(/[T ]00:00:00(\.0+)?Z?$/, "");
  return number(value).replace("-", "−");
}

function number(value) {
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-3)) {
    const [front, power] = value.toExponential(3).split("e");
    return `${front.replace(/\.?0+$/, "")} × 10${raised(Number(power))}`;
  }
  for (const [scale, word] of [[1e12, "trillion"], [1e9, "billion"], [1e6, "million"]]) {
    if (size >= scale) return `${digits(value / scale)} ${word}`;
  }
  return Number.isInteger(value) || size >= 1e4 ? Math.round(value).toLocaleString("en-US") : apart(value);
}

class Explorable {
  constructor(section) {
    this.section = section;
    this.key = section.id;
    this.chart = section.querySelector(".chart");
    this.table = section.querySelector("tbody");
    this.fold = this.table.closest("details");
    this.controls = [...section.querySelectorAll("[data-control]")];
    this.options = this.controls.map((control) => JSON.parse(control.dataset.options));
    this.first = this.controls.map((control) => Number(control.dataset.first));
  }

  part(name) {
    return this.section.querySelector(name);
  }

  get setting() {
    return this.controls.map((control) => {
      const field = control.querySelector("select, input[type=range], input:checked");
      return Number(field.value);
    });
  }

  set setting(wanted) {
    this.controls.forEach((control, at) => {
      const radio = control.querySelector(`input[type=radio][value="${wanted[at]}"]`);
      if (radio) radio.checked = true;
      else control.querySelector("select, input").value = wanted[at];
    });
  }

  // The settings come when the reader does.
  load() {
    this.loading ??= new Promise((resolve, reject) => {
      arriving[this.key] = resolve;
      const script = document.createElement("script");
      script.src = document.documentElement.dataset.content_root + this.section.dataset.src;
      script.onerror = () => reject(new Error(`cannot load ${script.src}`));
      document.head.append(script);
    }).then((states) => {
      this.states = states;
      this.part("fieldset").disabled = false;
      this.section.querySelectorAll(".explore-tools button").forEach((button) => (button.disabled = false));
      this.section.addEventListener("input", () => this.move());
      this.section.addEventListener("click", (event) => this.use(event.target.dataset.do));
      this.fold.addEventListener("toggle", () => this.list(this.state().rows));
      this.part("form").addEventListener("submit", (event) => event.preventDefault());
      if (String(this.setting) !== String(this.first)) this.move({ quiet: true }); // a browser may keep what a form held
    });
    return this.loading;
  }

  state() {
    const at = this.setting.reduce((sum, index, control) => sum * this.options[control].length + index, 0);
    const [title, sentence, readout, moving] = this.states.states[at];
    const values = [...moving];
    const columns = this.states.columns.map((name) => [name, this.states.same[name] ?? values.shift()]);
    const length = columns.length ? columns[0][1].length : 0;
    const rows = Array.from({ length }, (_, row) => Object.fromEntries(columns.map(([name, of]) => [name, of[row]])));
    return { title: this.states.titles[title], sentence: this.states.sentences[sentence], readout, rows };
  }

  move({ quiet = false } = {}) {
    const { title, sentence, readout, rows } = this.state();
    this.controls.forEach((control, at) => {
      const slider = control.querySelector("input[type=range]");
      if (!slider) return;
      const words = this.options[at][slider.value];
      slider.setAttribute("aria-valuetext", words);
      control.querySelector("output").textContent = words;
    });
    this.part(".chart-title").textContent = title.replace(/\b-\b/g, "-\u2060"); // as vega.unbroken
    this.part(".explore-sentence").textContent = sentence;
    this.section.querySelectorAll("dd").forEach((shown, at) => (shown.textContent = readout[at]));
    this.list(rows);
    this.draw(rows, `${title}. ${sentence}`);
    if (quiet) return;
    this.part(".explore-note").textContent = "";
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.remember(), REST_MS);
  }

  remember() {
    try {
      history.replaceState(null, "", this.address());
    } catch {
      // a page that may not write its address still works
    }
  }

  address() {
    const words = this.setting.map((index, at) => [this.controls[at].dataset.control, this.options[at][index]]);
    return `#${this.key}?${new URLSearchParams(words)}`;
  }

  list(rows) {
    if (!this.fold.open) return; // filled when it is unfolded
    const names = this.states.columns.filter((name) => name in this.states.heads);
    this.table.replaceChildren(
      ...rows.map((row) => {
        const line = document.createElement("tr");
        names.forEach((name, at) => {
          const value = row[name];
          const cell = document.createElement(at === 0 && typeof value === "string" ? "th" : "td");
          if (cell.tagName === "TH") cell.scope = "row";
          else if (typeof value === "number") cell.className = "number";
          cell.textContent = shown(value);
          line.append(cell);
        });
        return line;
      }),
    );
  }

  draw(rows, description) {
    const dated = (row) => Object.fromEntries(this.states.dates.map((name) => [name, row[name] && new Date(row[name])]));
    this.chart.rows = rows.map((row) => ({ ...row, ...dated(row) }));
    this.chart.description = description;
    if (!this.chart.dataset.drawn) return;
    this.chart.result.view.data("rows", this.chart.rows).runAsync();
    name(this.part(".chart-live"), description);
  }

  // The setting that the address asks for; what it cannot have is said, and the first one shown.
  obey(query) {
    const wrong = [];
    const wanted = [...this.first];
    new URLSearchParams(query).forEach((words, name) => {
      const at = this.controls.findIndex((control) => control.dataset.control === name);
      const option = at < 0 ? -1 : this.options[at].indexOf(words);
      if (option < 0) wrong.push(`${name} = ${words}`.slice(0, 80));
      else wanted[at] = option;
    });
    this.setting = wanted;
    this.move({ quiet: true });
    this.part(".explore-note").textContent = wrong.length
      ? `The address asks for ${wrong.join(", ")}, which cannot be set here; the rest is shown.`
      : "";
    this.section.scrollIntoView();
  }

  use(what) {
    if (what === "reset") {
      this.setting = this.first;
      this.move();
    } else if (what === "link") this.copy();
    else if (what === "csv") this.save("csv", URL.createObjectURL(new Blob([this.csv()], { type: "text/csv" })));
    else if (what) this.picture(what).then((address) => this.save(what, address));
  }

  async copy() {
    const address = new URL(this.address(), location.href).href;
    const note = this.part(".explore-note");
    try {
      await navigator.clipboard.writeText(address);
      note.textContent = "The link to this setting is copied.";
    } catch {
      note.textContent = `The link to this setting: ${address}`;
    }
  }

  csv() {
    const quoted = (value) => (/[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : (value ?? ""));
    const lines = this.state().rows.map((row) => this.states.columns.map((name) => quoted(row[name])));
    return [this.states.columns, ...lines].map((line) => `${line.join(",")}\n`).join("");
  }

  // The picture to keep has its title in it and its own width.
  async picture(kind) {
    const { title, sentence } = this.state();
    const lines = (text, most) => text.match(new RegExp(`.{1,${most}}(\\s|$)`, "g")).map((line) => line.trim());
    const whole = JSON.parse(this.chart.querySelector(".chart-spec").textContent);
    const spec = {
      ...whole.wide,
      ...(whole.wide.width === "container" && { width: 720 }),
      datasets: { rows: this.chart.rows },
      background: "white",
      title: { text: lines(title, 84), subtitle: lines(sentence, 100), anchor: "start" },
    };
    const { view } = await vegaEmbed(document.createElement("div"), spec, embedding);
    return view.toImageURL(kind, 2);
  }

  save(kind, address) {
    const link = document.createElement("a");
    Object.assign(link, { href: address, download: `llmecon-${this.key}.${kind}` });
    link.click();
  }
}

function explore() {
  const every = [...document.querySelectorAll(".explorable")].map((section) => new Explorable(section));
  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        every.find(({ section }) => section === target).load().catch(console.error);
      }
    },
    { rootMargin: "800px" },
  );
  every.forEach(({ section }) => near.observe(section));
  const obey = () => {
    const [key, query] = location.hash.slice(1).split("?");
    const one = every.find((explorable) => explorable.key === key);
    if (one && query !== undefined) one.load().then(() => one.obey(query)).catch(console.error);
  };
  addEventListener("hashchange", obey);
  obey();
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", explore);
else explore();
