// Comforts on top of the quote's editor, which works without: rows come and go in place, it saves as one types, and
// the figures beside it follow.

const form = document.querySelector("[data-quote]");
const SAVE_AFTER = 900;
const TRY_AGAIN_AFTER = 5000;

/** Whether a field says something else than the page came with: typed before this script was there, or kept by the browser. */
function isTyped(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.type === "select-one") return [...field.options].some((option) => option.defaultSelected && !option.selected);
  return field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue;
}

function say(text) {
  const status = document.getElementById("status");
  if (status.textContent !== text) status.textContent = text;
}

// Saving: the whole draft at once, one after the other; an edition tells whether somebody else saved in between.

class Saver {
  #state = form.querySelector("[data-state]");
  #timer = 0;
  #isChanged = false;
  #isSaving = false;
  #isLeaving = false;

  constructor() {
    form.addEventListener("input", () => this.note(SAVE_AFTER));
    form.addEventListener("change", () => this.note(0));
    form.addEventListener("submit", () => { this.#isLeaving = true; });
    addEventListener("online", () => this.#schedule(0));
    addEventListener("beforeunload", (event) => {
      if (this.#isChanged && !this.#isLeaving) event.preventDefault();
    });
    if ([...form.elements].some(isTyped)) this.note(SAVE_AFTER);
  }

  note(delay) {
    this.#isChanged = true;
    this.#schedule(delay);
  }

  #schedule(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), delay);
  }

  async #save() {
    if (this.#isSaving || !this.#isChanged || this.#isLeaving) return;
    this.#isSaving = true;
    this.#isChanged = false;
    this.#show("saving", form.dataset.saving);
    const failed = await this.#send();
    this.#isSaving = false;
    if (failed) {
      this.#isChanged = true;
      this.#show("failed", form.dataset[failed]);
      say(form.dataset[failed]);
      if (failed === "offline") this.#schedule(TRY_AGAIN_AFTER);
    } else if (this.#isChanged) {
      this.#schedule(SAVE_AFTER);  // changed while the answer was on its way
    } else {
      this.#show("saved", form.dataset.saved);
    }
  }

  /** Send the draft. Returns what stood in the way, as the name of its text. */
  async #send() {
    const body = new URLSearchParams(new FormData(form));
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    } catch {
      return "offline";
    }
    if (answer.redirected || answer.status === 403) return "signedOut";
    if (answer.status === 409) return "changed";
    if (!answer.ok || !answer.headers.get("content-type")?.startsWith("application/json")) return "offline";
    const said = await answer.json();
    form.elements.edition.value = said.edition;
    document.getElementById("aside").innerHTML = said.aside;
    return "";
  }

  #show(is, text) {
    this.#state.dataset.is = is;
    this.#state.textContent = text;
  }
}

// Rows: a new one is a copy of the last, emptied and renumbered; one that is removed leaves no gap that matters.

function numbered(row, kind, number) {
  const before = `${kind}_${row.dataset.row}_`;
  const after = `${kind}_${number}_`;
  for (const element of row.querySelectorAll("*")) {
    for (const name of ["id", "name", "for", "aria-describedby", "data-fault-for"]) {
      const value = element.getAttribute(name);
      if (value?.includes(before)) element.setAttribute(name, value.replaceAll(before, after));
    }
  }
  const remove = row.querySelector("[data-remove]");
  remove.setAttribute("aria-label", remove.getAttribute("aria-label").replace(row.dataset.row, number));
  for (const hidden of row.querySelectorAll("label .visually-hidden")) hidden.textContent = ` (${number})`;
  row.dataset.row = String(number);
}

function emptied(row) {
  for (const input of row.querySelectorAll("input")) {
    input.value = "";
    input.removeAttribute("aria-invalid");
  }
  for (const fault of row.querySelectorAll("[data-fault-for]")) {
    fault.hidden = true;
    fault.textContent = "";
  }
}

class Rows {
  #box;
  #button;
  #saver;

  constructor(box, saver) {
    this.#box = box;
    this.#saver = saver;
    this.#button = form.querySelector(`[data-add="${box.dataset.rows}"]`);
    this.#button.addEventListener("click", (event) => {
      event.preventDefault();
      this.#add();
    });
    box.addEventListener("click", (event) => {
      const row = event.target.closest("[data-remove]")?.closest("[data-row]");
      if (row) this.#remove(row);
    });
    this.#limit();
  }

  get #rows() {
    return [...this.#box.querySelectorAll("[data-row]")];
  }

  #add() {
    const rows = this.#rows;
    const row = rows.at(-1).cloneNode(true);
    const used = rows.map((each) => Number(each.dataset.row));
    let number = Math.max(...used) + 1;
    if (number > Number(this.#box.dataset.most)) number = [...used.keys()].map((at) => at + 1).find((one) => !used.includes(one));
    if (!number) return;
    emptied(row);
    numbered(row, this.#box.dataset.rows, number);
    this.#box.append(row);
    row.querySelector("input").focus();
    this.#limit();
  }

  #remove(row) {
    const rows = this.#rows;
    const at = rows.indexOf(row);
    if (rows.length === 1) emptied(row);
    else row.remove();
    (this.#rows[Math.min(at, this.#rows.length - 1)] ?? this.#box).querySelector("input").focus();
    say(form.dataset.removed);
    this.#limit();
    this.#saver.note(0);
  }

  #limit() {
    this.#button.hidden = this.#rows.length >= Number(this.#box.dataset.most);
  }
}

if (form) {
  const saver = new Saver();
  for (const box of form.querySelectorAll("[data-rows]")) new Rows(box, saver);
  document.getElementById("faults")?.focus();
}
