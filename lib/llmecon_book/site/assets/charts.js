// Runs last in the shared bundle; `vegaEmbed` is in scope. Draws each chart when it comes near the
// screen, and again when the screen becomes narrow or wide. The still picture stays until the live
// one is drawn, stays if drawing fails, and is the one that prints.
const narrowScreen = window.matchMedia("(max-width: 480px)");

// A value or a name in a tooltip, as HTML: a billion is B here, G to the library.
function said(value) {
  const text = document.createElement("span");
  text.textContent = String(value).replace(/^([\d.]+)G$/, "$1B").replace(/^([\d.]+)P$/, "$1,000T");
  return text.innerHTML;
}

// `ast`: expressions are interpreted, so that a page may forbid code made from text. `aria`: a
// picture has one name; its marks have none.
const embedding = { actions: false, ast: true, config: { aria: false }, renderer: "svg", logLevel: 1, tooltip: { theme: "custom", sanitize: said } };

function specOf(chart) {
  const whole = JSON.parse(chart.querySelector(".chart-spec").textContent);
  const spec = narrowScreen.matches ? whole.narrow : whole.wide;
  return { ...spec, datasets: chart.rows ? { rows: chart.rows } : whole.datasets };
}

function name(picture, description) {
  for (const mark of picture.querySelectorAll("svg, svg [role], svg [aria-roledescription]")) {
    mark.removeAttribute("role");
    mark.removeAttribute("aria-roledescription");
  }
  const named = picture.querySelector("select, input") ? picture.querySelector("svg") : picture; // a control is no picture
  named.setAttribute("role", "img");
  named.setAttribute("aria-label", description);
}

async function draw(chart) {
  const live = chart.querySelector(".chart-live");
  const still = chart.querySelector(".chart-still");
  live.hidden = false; // a hidden element has no width to fill
  live.classList.add("chart-drawing");
  try {
    if (chart.result) chart.result.finalize();
    const before = chart.rows;
    const spec = specOf(chart);
    chart.result = await vegaEmbed(live, spec, embedding);
    if (chart.rows !== before) await chart.result.view.data("rows", chart.rows).runAsync(); // moved meanwhile
    name(live, chart.description ?? spec.description);
    still.hidden = true;
    chart.dataset.drawn = narrowScreen.matches ? "narrow" : "wide";
  } catch (error) {
    live.hidden = true;
    still.hidden = false;
    console.error(error);
  } finally {
    live.classList.remove("chart-drawing");
  }
}

function start() {
  const charts = [...document.querySelectorAll(".chart")];
  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        seen.unobserve(entry.target);
        draw(entry.target);
      }
    },
    { rootMargin: "800px" },
  );
  charts.forEach((chart) => seen.observe(chart));
  narrowScreen.addEventListener("change", () => {
    charts.filter((chart) => chart.dataset.drawn).forEach(draw);
  });
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
