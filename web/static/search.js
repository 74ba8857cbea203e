// Two comforts on top of pages that work without them: suggestions in the search box, and filters in place.

const DELAY = 160;

document.documentElement.classList.add("has-js");

// Suggestions: the editable combobox with list autocomplete of the ARIA Authoring Practices Guide.

/** Letters only, without accents or case, so that "etude" finds "Étude". */
function folded(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[’']/g, "'").toLowerCase();
}

/** The word at the caret: where it starts and ends. */
function wordAt(text, caret) {
  const before = text.slice(0, caret).match(/[^\s,;]*$/)[0].length;
  const after = text.slice(caret).match(/^[^\s,;]*/)[0].length;
  return { start: caret - before, end: caret + after };
}

/** What a label takes the place of: the word at the caret, and the words before it that also begin the label. */
function placeOf(text, caret, label) {
  const { start, end } = wordAt(text, caret);
  const wanted = folded(label);
  let first = start;
  for (let back = start; back > 0; ) {
    back = wordAt(text, text.slice(0, back).trimEnd().length).start;
    const typed = folded(text.slice(back, end)).replace(/\s+/g, " ").trim();
    if (wanted.startsWith(typed)) first = back;
    else if (typed.length > wanted.length) break;
    if (back === 0) break;
  }
  return { start: first, end };
}

class Suggestions {
  #form;
  #input;
  #list;
  #status = document.getElementById("status");
  #options = [];
  #active = -1;
  #timer = 0;
  #request = null;

  constructor(form) {
    this.#form = form;
    this.#input = form.querySelector("input[name=q]");
    this.#list = Object.assign(document.createElement("ul"), { id: "suggestions", className: "suggestions", hidden: true });
    this.#list.setAttribute("role", "listbox");
    this.#list.setAttribute("aria-label", form.dataset.listLabel);
    form.append(this.#list);
    const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "suggestions", "aria-haspopup": "listbox" };
    for (const [name, value] of Object.entries(attributes)) this.#input.setAttribute(name, value);

    this.#input.addEventListener("input", () => this.#ask(DELAY));
    this.#input.addEventListener("focus", () => this.#input.value.trim() === "" && this.#ask(0));
    this.#input.addEventListener("blur", () => this.#close());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    form.addEventListener("submit", () => this.#close());
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#choose(this.#options[Number(option.dataset.index)]);
    });
  }

  #ask(delay, activate = null) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(activate), delay);
  }

  async #fetch(activate) {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    const text = this.#input.value;
    const typed = text.slice(0, wordAt(text, this.#input.selectionStart ?? text.length).end);
    const query = new URLSearchParams({ q: typed.trim(), lang: document.documentElement.lang });
    try {
      const answer = await fetch(`/api/v1/suggest?${query}`, { signal: request.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { suggestions } = await answer.json();
      if (request.signal.aborted || document.activeElement !== this.#input) return;
      this.#show(suggestions);
      if (activate === "first") this.#move(0);
      if (activate === "last") this.#move(this.#options.length - 1);
    } catch {
      if (!request.signal.aborted) this.#close();
    }
  }

  #show(suggestions) {
    this.#options = suggestions;
    this.#activate(-1);
    this.#list.replaceChildren(...suggestions.map((suggestion, index) => {
      const option = Object.assign(document.createElement("li"), { id: `suggestion-${index}`, className: "suggestion" });
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.index = String(index);
      const kind = this.#form.dataset[`kind${suggestion.kind[0].toUpperCase()}${suggestion.kind.slice(1)}`] ?? "";
      const label = Object.assign(document.createElement("span"), { textContent: suggestion.label });
      const note = Object.assign(document.createElement("span"), { className: "suggestion__kind", textContent: kind });
      option.append(label, " ", note);
      return option;
    }));
    this.#expand(suggestions.length > 0);
    if (suggestions.length > 0) this.#status.textContent = this.#form.dataset.countText.replace("{n}", String(suggestions.length));
  }

  #expand(open) {
    this.#list.hidden = !open;
    this.#input.setAttribute("aria-expanded", String(open));
  }

  #close() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#activate(-1);
    this.#expand(false);
  }

  #activate(index) {
    this.#list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = index;
    const option = this.#list.children[index];
    if (!option) {
      this.#input.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", option.id);
  }

  /** Move to an option; one step beyond either end is the text itself. */
  #move(index) {
    const count = this.#options.length;
    if (count === 0) return;
    this.#activate(index >= count || index < 0 ? -1 : index);
  }

  #key(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const open = !this.#list.hidden;
    const count = this.#options.length;
    switch (event.key) {
      case "ArrowDown":
        event.preventDefault();
        if (!open) this.#ask(0, event.altKey ? null : "first");
        else if (!event.altKey) this.#move(this.#active + 1);
        break;
      case "ArrowUp":
        event.preventDefault();
        if (open && event.altKey) this.#close();
        else if (!open) this.#ask(0, "last");
        else this.#move(this.#active === -1 ? count - 1 : this.#active - 1);
        break;
      case "Home":
      case "End":
      case "ArrowLeft":
      case "ArrowRight":
        this.#activate(-1);
        break;
      case "Enter":
        if (open && this.#active >= 0) {
          event.preventDefault();
          this.#choose(this.#options[this.#active]);
        }
        break;
      case "Escape":
        if (open) {
          event.preventDefault();
          this.#close();
        } else {
          this.#input.value = "";
        }
        break;
      case "Tab":
        this.#close();
        break;
    }
  }

  #choose(suggestion) {
    this.#close();
    const input = this.#input;
    if (suggestion.kind === "expert") {
      input.value = suggestion.value;
      this.#form.requestSubmit();
      return;
    }
    const text = input.value;
    const { start, end } = placeOf(text, input.selectionStart ?? text.length, suggestion.label);
    const rest = text.slice(end).trimStart();
    const before = `${text.slice(0, start)}${suggestion.label} `;
    input.value = before + rest;
    input.focus();
    input.setSelectionRange(before.length, before.length);
  }
}

// Filters in place: the page is asked for as ever, and only its main part is put in.

/** The address that a form would go to, without the fields left empty. */
function addressOf(form) {
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(fields).toString();
  return query ? `${form.getAttribute("action")}?${query}` : form.getAttribute("action");
}

/** How to find the field that has the focus again, once the page around it is a new one. */
function traceOf(element) {
  if (!element?.closest("[data-filters]")) return null;
  if (element.id) return () => document.getElementById(element.id);
  const { name, value } = element;
  if (!name) return null;
  return () => [...document.querySelectorAll("[data-filters] input")].find((field) => field.name === name && field.value === value);
}

let pending = null;

async function visit(address, { push }) {
  pending?.abort();
  const request = new AbortController();
  pending = request;
  const main = document.querySelector("main");
  main.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { signal: request.signal, headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (request.signal.aborted) return;
    const fresh = page.querySelector("main");
    if (!fresh?.querySelector(".results-head")) throw new Error("not a page of results");
    if (push) history.pushState({ inPlace: true }, "", address);
    put(page, fresh);
  } catch {
    if (!request.signal.aborted) location.assign(address);
  }
}

function put(page, fresh) {
  const find = traceOf(document.activeElement);
  const hadFocus = document.querySelector("main").contains(document.activeElement);
  for (const fold of document.querySelectorAll("main details[data-keep]")) {
    const same = fresh.querySelector(`details[data-keep="${CSS.escape(fold.dataset.keep)}"]`);
    if (same && fold.open) same.open = true;
  }
  document.querySelector("main").replaceWith(document.adoptNode(fresh));
  document.title = page.title;
  const link = "[data-testid=language-switch]";
  document.querySelector(link)?.setAttribute("href", page.querySelector(link)?.getAttribute("href") ?? "");
  const box = document.querySelector("[data-search] input[name=q]");
  const typed = page.querySelector("[data-search] input[name=q]");
  if (box && typed && box !== document.activeElement) box.value = typed.value;
  const switchedOff = "[data-search] input[name=boost]";
  const boost = document.querySelector(switchedOff);
  if (boost) boost.disabled = page.querySelector(switchedOff)?.disabled ?? true;
  const again = find?.();
  if (again) again.focus({ preventScroll: true });
  else if (hadFocus) document.getElementById("results-title")?.focus({ preventScroll: true });
  document.getElementById("status").textContent = fresh.dataset.status ?? "";
}

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("[data-filters]");
  if (form) visit(addressOf(form), { push: true });
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("[data-filters]");
  if (!form) return;
  event.preventDefault();
  // On a phone the button is the way from the filters, which cover the screen, to what they gave.
  const fold = form.closest("details");
  if (fold?.querySelector("summary").checkVisibility()) {
    fold.open = false;
    document.getElementById("results-title")?.focus();
  }
  visit(addressOf(form), { push: true });
});

if (document.querySelector("[data-filters]")) {
  history.replaceState({ inPlace: true }, "");
  addEventListener("popstate", (event) => {
    if (event.state?.inPlace) visit(location.href, { push: false });
  });
}

for (const form of document.querySelectorAll("[data-search]")) new Suggestions(form);
