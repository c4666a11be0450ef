// A button that copies a field; without this script it is hidden, and the field can be selected.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const status = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      status.textContent = "Copied.";
    } catch {
      // No clipboard without https, or it was refused: the older way, or by hand.
      const copied = document.execCommand("copy");
      status.textContent = copied ? "Copied." : "It is selected: copy it with the keyboard.";
    }
  });
}
