// Copies a field's text. Without it the field can be selected by hand.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const said = document.getElementById(button.dataset.said);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    let copied = true;
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // Older browsers, and those that ask first; where this fails, too, the text stays
      // selected.
      copied = document.execCommand("copy");
    }
    if (copied) {
      said.textContent = button.dataset.words;
    }
  });
}
