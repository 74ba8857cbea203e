// Putting an expert on the shortlist, and taking them off, without leaving the page.

/** Say on every button for the same expert, and in the header, how things are now. */
function show(expert, { count, is_listed }) {
  for (const form of document.querySelectorAll("[data-shortlisting]")) {
    if (form.elements.expert.value !== expert) continue;
    form.dataset.listed = String(is_listed);
    form.setAttribute("action", `/shortlist/${is_listed ? "remove" : "add"}`);
    form.querySelector("[role=alert]").textContent = "";
  }
  for (const shown of document.querySelectorAll("[data-shortlist-count]")) {
    shown.textContent = String(count);
    shown.hidden = count === 0;
  }
}

// One after the other: the first answer brings the cookie that says whose list it is.
let turn = Promise.resolve();

document.addEventListener("submit", (event) => {
  const form = event.target.closest?.("[data-shortlisting]");
  if (!form) return;
  event.preventDefault();
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  turn = turn.then(() => send(form));
});

async function send(form) {
  try {
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "application/json" },
    });
    const said = await answer.json();
    if (answer.status === 422) {
      form.querySelector("[role=alert]").textContent = said.errors[0].message;
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    show(form.elements.expert.value, said);
    document.getElementById("status").textContent = said.is_listed ? form.dataset.added : form.dataset.removed;
  } catch {
    // The page that answers without us says what is wrong.
    form.submit();
  } finally {
    form.ariaBusy = "false";
  }
}
