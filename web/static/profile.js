// Saving the profile's form as one types; it works without.

const form = document.querySelector("[data-profile]");
const status = document.getElementById("status");
const SAVE_AFTER = 900;
const TRY_AGAIN_AFTER = 5000;

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

/** Whether a field says something else than the page came with: typed before this script was there, or kept by the browser. */
function isTyped(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.type === "select-one") return [...field.options].some((option) => option.defaultSelected && !option.selected);
  return field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue;
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
    for (const field of form.elements) if (isTyped(field)) this.#note(field.name, SAVE_AFTER);
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

if (form) {
  new Saver();
  document.getElementById("faults")?.focus();
}
