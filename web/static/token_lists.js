// Lists as tokens with suggestions, on top of a textarea with one a line, which works without: it stays what is sent; the
// list beside it shows it, an editable combobox adds to it. The form says the words, as data-token-….

const SUGGEST_AFTER = 160;

function say(text) {
  const status = document.getElementById("status");
  if (status.textContent !== text) status.textContent = text;
}

let count = 0;

class Tokens {
  #words;
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
    this.#words = row.closest("form").dataset;
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
      this.#options.setAttribute("aria-label", this.#words.tokenSuggestions);
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
      remove.setAttribute("aria-label", this.#words.tokenRemove.replace("{name}", value));
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
      say(this.#words.tokenAdded.replace("{name}", value));
    }
  }

  #remove(index) {
    const values = this.#values;
    const [gone] = values.splice(index, 1);
    this.#write(values);
    say(this.#words.tokenRemoved.replace("{name}", gone));
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

for (const row of document.querySelectorAll("form [data-tokens]")) new Tokens(row);
