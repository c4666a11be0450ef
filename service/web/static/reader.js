// A mistake is announced where it is listed: the reader's place moves to the summary.
const summary = document.querySelector(".error-summary");
if (summary) {
  summary.tabIndex = -1;
  summary.focus();
}
