// The pages work without this. With it: filters answer at once, a choice to compare is kept, and a
// newly published hour is announced instead of changing what somebody is reading.
"use strict";
document.documentElement.classList.add("js");

const form = document.querySelector("form[data-live]");
let asking = null;

function address() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const usual = (name === "sort" && value === "cost") || (name === "view" && value === "cards") ||
      (name === "offer_type" && value === "model");
    if (value !== "" && !usual) query.append(name, value);
  }
  const text = query.toString();
  return form.getAttribute("action") + (text ? "?" + text : "");
}

async function ask(url, keep) {
  if (asking) asking.abort();
  asking = new AbortController();
  const results = document.getElementById("results");
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { signal: asking.signal, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("results");
    if (!found) { location.assign(url); return; } // a problem has a page of its own
    results.replaceWith(document.adoptNode(found));
    for (const count of page.querySelectorAll("[data-count]")) {
      const shown = document.querySelector(`[data-count="${CSS.escape(count.dataset.count)}"]`);
      if (!shown) continue;
      shown.textContent = count.textContent;
      shown.closest(".opt").classList.toggle("none", count.closest(".opt").classList.contains("none"));
    }
    document.title = page.title;
    for (const link of document.querySelectorAll(".theme a")) {
      const to = new URL(link.href);
      to.searchParams.set("back", url);
      link.href = to.pathname + to.search;
    }
    if (keep) history.replaceState(null, "", url);
    say(document.getElementById("found").textContent);
    ticks();
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
  }
}

// Told to screen readers; what is counted changes while the focus stays in the filters.
const told = document.createElement("p");
told.className = "hidden";
told.setAttribute("role", "status");
document.body.append(told);
function say(words) { told.textContent = words; }

if (form) {
  let wait = null;
  const later = (pause) => { clearTimeout(wait); wait = setTimeout(() => ask(address(), true), pause); };
  form.addEventListener("input", (event) => {
    const typed = ["search", "number"].includes(event.target.type);
    if (event.target.name !== "offer") later(typed ? 250 : 0);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); later(0); });
}

// What is ticked to be compared is kept while filters and pages change.
const tray = document.getElementById("compare");
const MOST = 6;
const chosen = new Set(JSON.parse(sessionStorage.getItem("compare") || "[]"));

function ticks() {
  if (!tray) return;
  for (const box of document.querySelectorAll('input[name="offer"]')) box.checked = chosen.has(box.value);
  const button = tray.querySelector("button");
  tray.hidden = chosen.size === 0;
  button.textContent = chosen.size < 2 ? "Tick another one to compare" : `Compare ${chosen.size} offers`;
  sessionStorage.setItem("compare", JSON.stringify([...chosen]));
}
if (tray) {
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.name !== "offer") return;
    if (box.checked && chosen.size < MOST) chosen.add(box.value); else chosen.delete(box.value);
    ticks();
    if (box.checked === false && chosen.size === MOST) say(`No more than ${MOST} offers can be compared`);
  });
  tray.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!chosen.size) return;
    const query = new URLSearchParams([...chosen].map((offer) => ["offer", offer]));
    chosen.clear();
    sessionStorage.removeItem("compare");
    location.assign("/compare?" + query);
  });
  window.addEventListener("pageshow", ticks);
  ticks();
}

// A page that lies open learns of a new publication; what it shows stays until its reader asks.
const mine = document.body.dataset.publication;
async function look() {
  try {
    const answer = await fetch("/readyz", { cache: "no-store" });
    if (!answer.ok) return;
    const newest = (await answer.json()).publication;
    if (newest === mine) return;
    const news = document.getElementById("news");
    news.querySelector("a").href = location.pathname + location.search;
    news.hidden = false;
  } catch { /* the server is away; the next look tells */ }
}
if (mine) {
  setInterval(look, 60_000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  window.addEventListener("focus", look);
}
