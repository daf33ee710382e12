// The pages work without this script. It applies filters at once, keeps the selection to compare,
// and announces a new publication instead of changing the page under its reader.
"use strict";
const ROOT = document.documentElement.dataset.root; // the path under which a proxy serves the pages
document.documentElement.classList.add("js");

const form = document.querySelector("form[data-live]");
let request = null;

function formAddress() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const isDefault = (name === "sort" && value === "cost") || (name === "view" && value === "cards") ||
      (name === "offer_type" && value === "model") || (name === "since" && value === "7d");
    if (value !== "" && !isDefault) query.append(name, value);
  }
  const text = query.toString();
  return form.getAttribute("action") + (text ? "?" + text : "");
}

// Back and forward change the address: the fields of the form follow it.
function showFields(query) {
  const unset = { sort: "cost", view: "cards", offer_type: "model", since: "7d" };
  for (const field of form.elements) {
    if (!field.name || field.name === "offer") continue;
    const values = query.has(field.name) ? query.getAll(field.name) : [unset[field.name] ?? field.dataset.unset ?? ""];
    if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
    else if (field.type !== "hidden") field.value = values[0];
  }
}

async function load(url) {
  if (request) request.abort();
  request = new AbortController();
  const results = document.getElementById("results");
  results.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(url, { signal: request.signal, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const found = page.getElementById("results");
    if (!found) { location.assign(url); return; } // an error has a page of its own
    results.replaceWith(document.adoptNode(found));
    for (const count of page.querySelectorAll(".opt .n")) {
      const option = count.closest(".opt");
      const { name, value } = option.querySelector("input");
      const input = document.querySelector(`.opt input[name="${name}"][value="${CSS.escape(value)}"]`);
      if (!input) continue;
      const current = input.closest(".opt");
      current.querySelector(".n").textContent = count.textContent;
      current.classList.toggle("none", option.classList.contains("none"));
    }
    document.title = page.title;
    for (const link of document.querySelectorAll(".theme a")) {
      const to = new URL(link.href);
      to.searchParams.set("back", url);
      link.href = to.pathname + to.search;
    }
    announce(document.getElementById("found").textContent);
    updateSelection();
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
  }
}

// Screen readers announce this text: the count changes while the focus stays in the filters.
const announcer = document.createElement("p");
announcer.className = "hidden";
announcer.setAttribute("role", "status");
document.body.append(announcer);
function announce(text) { announcer.textContent = text; }

if (form) {
  let timer = null;
  let typing = null; // the field whose letters are one entry of the browser's history
  const apply = (field) => {
    const url = formAddress();
    if (url === location.pathname + location.search) return;
    if (field && field === typing) history.replaceState(null, "", url); else history.pushState(null, "", url);
    typing = field;
    load(url);
  };
  const applyLater = (pause, field) => { clearTimeout(timer); timer = setTimeout(() => apply(field), pause); };
  // Signs alone name nothing and are refused: what is typed may begin with one.
  const isUnfinished = (field) => field.type === "search" && field.value !== "" && !/[\p{L}\p{N}]/u.test(field.value);
  form.addEventListener("input", (event) => {
    if (isUnfinished(event.target)) { clearTimeout(timer); return; }
    const typed = ["search", "number"].includes(event.target.type);
    if (event.target.name !== "offer") applyLater(typed ? 250 : 0, typed ? event.target.name : null);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); applyLater(0, null); });
  window.addEventListener("popstate", () => {
    clearTimeout(timer);
    typing = null;
    showFields(new URLSearchParams(location.search));
    load(location.pathname + location.search);
  });
}

// The selection to compare is kept while filters and pages change.
const tray = document.getElementById("compare");
const MAX_COMPARED = 6;
const chosen = new Set(JSON.parse(sessionStorage.getItem("compare") || "[]"));

function updateSelection() {
  if (!tray) return;
  for (const box of document.querySelectorAll('input[name="offer"]')) box.checked = chosen.has(box.value);
  const button = tray.querySelector("button");
  tray.hidden = chosen.size === 0;
  button.textContent = chosen.size < 2 ? "Select another offer to compare" : `Compare ${chosen.size} offers`;
  sessionStorage.setItem("compare", JSON.stringify([...chosen]));
}
if (tray) {
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.name !== "offer") return;
    if (box.checked && chosen.size < MAX_COMPARED) chosen.add(box.value); else chosen.delete(box.value);
    updateSelection();
    if (box.checked === false && chosen.size === MAX_COMPARED) announce(`No more than ${MAX_COMPARED} offers can be compared`);
  });
  tray.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!chosen.size) return;
    const query = new URLSearchParams([...chosen].map((offer) => ["offer", offer]));
    chosen.clear();
    sessionStorage.removeItem("compare");
    location.assign(ROOT + "/compare?" + query);
  });
  window.addEventListener("pageshow", updateSelection);
  updateSelection();
}

// An open page checks for a new publication; its content stays until the reader reloads it.
const publication = document.body.dataset.publication;
async function checkForUpdate() {
  try {
    const response = await fetch(ROOT + "/readyz", { cache: "no-store" });
    if (!response.ok) return;
    const newest = (await response.json()).publication;
    if (newest === publication) return;
    const news = document.getElementById("news");
    news.querySelector("a").href = location.pathname + location.search;
    news.hidden = false;
  } catch { /* the server cannot be reached; the next check tries again */ }
}
if (publication) {
  setInterval(checkForUpdate, 60_000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) checkForUpdate(); });
  window.addEventListener("focus", checkForUpdate);
}

// Code can be copied; without this script it is plain text.
for (const code of document.querySelectorAll("pre[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  const text = code.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
      announce("Copied");
    } catch {
      getSelection().selectAllChildren(code); // the browser refuses: the reader copies the selection
      button.textContent = "Press Ctrl+C";
    }
  });
  code.before(button);
}
