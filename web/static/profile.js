// Comforts on top of the profile's form, which works without: lists as tokens with suggestions, and saving as one types.

const form = document.querySelector("[data-profile]");
const status = document.getElementById("status");
const SAVE_AFTER = 900;
const TRY_AGAIN_AFTER = 5000;
const SUGGEST_AFTER = 160;

/** Which inputs are saved together: the names of a form's fields by the field that they make up. */
function partOf(name) {
  if (name.startsWith("reference_")) return "references";
  if (name.startsWith("day_rate_")) return "day_rate";
  if (name === "available_from") return "availability";
  return name;
}

/** Whether somebody is at work on a part that says nothing yet by itself: a fault would come too early. */
function isHalfDone(part) {
  const fields = form.elements;
  if (part === "availability") return fields.availability.value === "from" && fields.available_from.value === "";
  const block = part === "references" ? document.activeElement?.closest(".my-reference") : null;
  const texts = [...(block?.querySelectorAll("input, textarea") ?? [])].map((field) => field.value.trim() !== "");
  return texts.some(Boolean) && !texts.every(Boolean);
}

function say(text) {
  if (status.textContent !== text) status.textContent = text;
}

// Saving: each changed part is sent by itself, one after the other, so that a fault in one keeps none of the others.

class Saver {
  #state = form.querySelector("[data-state]");
  #undo = document.querySelector("[data-undo]");
  #changed = new Set();
  #timer = 0;
  #isSaving = false;
  #faults = new Set();

  constructor() {
    form.addEventListener("input", (event) => this.#note(event.target.name, SAVE_AFTER));
    form.addEventListener("change", (event) => this.#note(event.target.name, 0));
    form.elements.available_from.addEventListener("input", () => { form.elements.availability.value = "from"; });
    addEventListener("online", () => this.#schedule(0));
    addEventListener("beforeunload", (event) => {
      if (this.#changed.size > 0 && !this.#isLeaving) event.preventDefault();
    });
    form.addEventListener("submit", () => { this.#isLeaving = true; });
  }

  #isLeaving = false;

  #note(name, delay) {
    if (!name || name === "seen") return;
    this.#changed.add(partOf(name));
    this.#schedule(delay);
  }

  #schedule(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), delay);
  }

  async #save() {
    const parts = [...this.#changed].filter((part) => !isHalfDone(part));
    if (this.#isSaving || parts.length === 0) return;
    this.#isSaving = true;
    this.#show("saving", form.dataset.saving);
    let failed = "";
    for (const part of parts) {
      this.#changed.delete(part);
      failed = await this.#send(part);
      if (failed) {
        this.#changed.add(part);
        break;
      }
    }
    this.#isSaving = false;
    if (failed) {
      this.#show("failed", form.dataset[failed]);
      say(form.dataset[failed]);
      if (failed === "offline") this.#schedule(TRY_AGAIN_AFTER);
    } else if (![...this.#changed].every(isHalfDone)) {
      this.#schedule(SAVE_AFTER);  // changed while the answer was on its way
    } else if (this.#faults.size > 0) {
      this.#show("failed", form.dataset.unsaved);
    } else {
      this.#show("saved", form.dataset.saved);
      say(form.dataset.saved);
    }
  }

  /** Send one part. Returns what stood in the way of sending, as the name of its text; faults are shown in place. */
  async #send(part) {
    const body = new URLSearchParams();
    body.set("seen", form.elements.seen.value);
    for (const [name, value] of new FormData(form)) {
      if (name !== "seen" && partOf(name) === part) body.set(name, value);
    }
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    } catch {
      return "offline";
    }
    if (answer.redirected || answer.status === 403) return "signedOut";
    const isJson = answer.headers.get("content-type")?.startsWith("application/json");
    if (!isJson || ![200, 409, 422].includes(answer.status)) return "offline";
    const said = await answer.json();
    this.#clearFaults(part);
    if (said.seen) form.elements.seen.value = said.seen;
    if (answer.ok) {
      document.getElementById("aside").innerHTML = said.aside;
      this.#undo.hidden = !said.can_undo;
    } else {
      for (const fault of said.errors) this.#showFault(part, fault, said.stored);
    }
    return "";
  }

  #clearFaults(part) {
    for (const shown of form.querySelectorAll("[data-fault-for]")) {
      if (partOf(shown.dataset.faultFor) !== part) continue;
      shown.hidden = true;
      shown.textContent = "";
      form.elements[shown.dataset.faultFor]?.removeAttribute?.("aria-invalid");
    }
    this.#faults.delete(part);
  }

  #showFault(part, fault, stored) {
    const shown = form.querySelector(`[data-fault-for="${CSS.escape(fault.field)}"]`)
      ?? form.querySelector(`[data-fault-for^="${CSS.escape(fault.field)}"]`);
    this.#faults.add(part);
    if (!shown) return;
    const present = stored?.[fault.field];
    shown.textContent = present ? `${fault.message} ${present}` : fault.message;
    shown.hidden = false;
    form.elements[shown.dataset.faultFor]?.setAttribute?.("aria-invalid", "true");
    say(shown.textContent);
  }

  #show(is, text) {
    this.#state.dataset.is = is;
    this.#state.textContent = text;
  }
}

// Tokens: the textarea stays what is sent; the list beside it shows it, an editable combobox adds to it.

let count = 0;

class Tokens {
  #row;
  #area;
  #kind;
  #list = Object.assign(document.createElement("ul"), { className: "tokens__list" });
  #input = Object.assign(document.createElement("input"), { className: "form__input", type: "text", autocomplete: "off" });
  #options = Object.assign(document.createElement("ul"), { className: "suggestions", hidden: true });
  #found = [];
  #active = -1;
  #timer = 0;
  #request = null;

  constructor(row) {
    this.#row = row;
    this.#area = row.querySelector("textarea");
    this.#kind = row.dataset.tokens;
    const label = row.querySelector("label");
    const id = `tokens-${++count}`;
    this.#input.id = `${id}-input`;
    this.#input.placeholder = row.dataset.placeholder;
    label.htmlFor = this.#input.id;
    this.#list.setAttribute("role", "list");
    this.#input.setAttribute("aria-describedby", this.#area.getAttribute("aria-describedby") ?? "");
    if (this.#kind === "language") this.#input.setAttribute("list", "language-names");
    if (this.#suggests) {
      this.#options.id = `${id}-options`;
      this.#options.setAttribute("role", "listbox");
      this.#options.setAttribute("aria-label", form.dataset.suggestions);
      const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.#options.id };
      for (const [name, value] of Object.entries(attributes)) this.#input.setAttribute(name, value);
    }
    const box = Object.assign(document.createElement("div"), { className: "tokens" });
    box.append(this.#list, this.#input, this.#options);
    this.#area.classList.add("is-held-by-tokens");
    this.#area.before(box);
    this.#draw();
    this.#input.addEventListener("input", (event) => {
      event.stopPropagation();
      if (this.#kind === "language" && event.inputType === "insertReplacementText") this.#add(this.#input.value);
      else this.#ask();
    });
    this.#input.addEventListener("change", (event) => event.stopPropagation());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("blur", () => {
      this.#close();
      this.#add(this.#input.value);
    });
    this.#options.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#options.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#add(this.#found[Number(option.dataset.index)].label);
    });
  }

  get #suggests() {
    return ["skill", "sector", "zone"].includes(this.#kind);
  }

  get #values() {
    return this.#area.value.split("\n").map((line) => line.trim()).filter(Boolean);
  }

  #write(values) {
    this.#area.value = values.join("\n");
    this.#draw();
    this.#area.dispatchEvent(new Event("change", { bubbles: true }));
  }

  #draw() {
    this.#list.replaceChildren(...this.#values.map((value, index) => {
      const item = Object.assign(document.createElement("li"), { className: "token" });
      const text = Object.assign(document.createElement("span"), { textContent: value });
      const remove = Object.assign(document.createElement("button"), { className: "token__remove", type: "button", textContent: "×" });
      remove.setAttribute("aria-label", form.dataset.remove.replace("{name}", value));
      remove.addEventListener("click", () => this.#remove(index));
      item.append(text, remove);
      return item;
    }));
  }

  #add(text) {
    const value = text.replace(/\s+/g, " ").trim();
    this.#close();
    this.#input.value = "";
    if (!value) return;
    const values = this.#values;
    if (!values.some((other) => other.toLowerCase() === value.toLowerCase())) {
      this.#write([...values, value]);
      say(form.dataset.added.replace("{name}", value));
    }
  }

  #remove(index) {
    const values = this.#values;
    const [gone] = values.splice(index, 1);
    this.#write(values);
    say(form.dataset.removed.replace("{name}", gone));
    const buttons = this.#list.querySelectorAll("button");
    (buttons[Math.min(index, buttons.length - 1)] ?? this.#input).focus();
  }

  #ask() {
    if (!this.#suggests) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(), SUGGEST_AFTER);
  }

  async #fetch() {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    const typed = this.#input.value.trim();
    if (!typed) return this.#close();
    const query = new URLSearchParams({ q: typed, kind: this.#kind, lang: document.documentElement.lang });
    try {
      const answer = await fetch(`/api/v1/suggest?${query}`, { signal: request.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const { suggestions } = await answer.json();
      if (!request.signal.aborted && document.activeElement === this.#input) this.#show(suggestions);
    } catch {
      if (!request.signal.aborted) this.#close();
    }
  }

  #show(found) {
    this.#found = found;
    this.#activate(-1);
    this.#options.replaceChildren(...found.map((suggestion, index) => {
      const option = Object.assign(document.createElement("li"), { id: `${this.#options.id}-${index}`, className: "suggestion", textContent: suggestion.label });
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.index = String(index);
      return option;
    }));
    this.#options.hidden = found.length === 0;
    this.#input.setAttribute("aria-expanded", String(found.length > 0));
  }

  #close() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#activate(-1);
    this.#options.hidden = true;
    if (this.#suggests) this.#input.setAttribute("aria-expanded", "false");
  }

  #activate(index) {
    this.#options.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = index;
    const option = this.#options.children[index];
    if (!option) return this.#input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", option.id);
  }

  #key(event) {
    if (event.isComposing) return;
    const isOpen = !this.#options.hidden;
    const last = this.#found.length - 1;
    if (event.key === "Enter") {
      event.preventDefault();
      this.#add(isOpen && this.#active >= 0 ? this.#found[this.#active].label : this.#input.value);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      this.#close();
    } else if (event.key === "ArrowDown" && isOpen) {
      event.preventDefault();
      this.#activate(this.#active === last ? -1 : this.#active + 1);
    } else if (event.key === "ArrowUp" && isOpen) {
      event.preventDefault();
      this.#activate(this.#active === -1 ? last : this.#active - 1);
    } else if (event.key === "Backspace" && this.#input.value === "") {
      const values = this.#values;
      if (values.length > 0) this.#remove(values.length - 1);
      this.#input.focus();
    }
  }
}

if (form) {
  for (const row of form.querySelectorAll("[data-tokens]")) new Tokens(row);
  new Saver();
  document.getElementById("faults")?.focus();
}
