// The code travels in the fragment, which browsers send to nobody. Move it into its field
// and out of the address bar and the history.
const code = new URLSearchParams(location.hash.slice(1)).get("token");
if (code) {
  document.getElementById("token").value = code;
  history.replaceState(null, "", location.pathname);
  document.querySelector("input:not([type=hidden], #token)").focus();
}
