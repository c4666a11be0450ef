/* The comforts of <gatepost-comments>. Without them the form inside still works.
   No cookie, no inline style or script, nobody but the address this came from.
   The parts of this folder are one module: they are sent in a row, in the order of their names. */
const ask = (path, query = {}, options = {}) => {
  const address = new URL(path, import.meta.url);
  for (const name in query) {
    for (const one of [query[name]].flat()) if (one) address.searchParams.append(name, one);
  }
  return fetch(address, { credentials: "omit", ...options });
};

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const button = (text, onclick) => make("button", { type: "button", onclick }, text);
const leave = (href, text) =>
  make("a", { href, target: "_blank", rel: "noopener noreferrer" }, text);

// What the service sends is cleaned there; made in this way it runs no script under the page's CSP.
const parsed = (html) => document.createRange().createContextualFragment(html);

// randomUUID is missing on plain http; this is not.
const fresh = () => crypto.getRandomValues(new Uint32Array(4)).join("-");

// Storage may be forbidden altogether; then nothing is remembered and nothing breaks.
const recall = (key, store = "localStorage") => {
  try {
    return JSON.parse(window[store].getItem(`gatepost:${key}`));
  } catch {}
};
const keep = (key, value, store = "localStorage") => {
  try {
    window[store][value ? "setItem" : "removeItem"](`gatepost:${key}`, JSON.stringify(value));
  } catch {}
};

// English stands here; the words of any other language are asked for, once a page.
let words = {};
let learned;
const learn = (lang) =>
  (learned ??= /^(en\b|$)/i.test(lang)
    ? Promise.resolve()
    : ask("/embed.json", { lang })
        .then((answer) => answer.json())
        .then((told) => (words = told))
        .catch(() => {}));
const say = (text, value) => (words[text] ?? text).replace(/%\(\w+\)s/, () => value);
const languageOf = (element) => element.closest("[lang]")?.lang ?? "";

// Under the page's own rules (a layer of its own), and without asking its style-src.
let styled;
const style = () =>
  (styled ??= ask("/embed.css")
    .then((answer) => answer.text())
    .then(async (css) => {
      const sheet = await new CSSStyleSheet().replace(css);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    })
    .catch(() => {}));

/* Proof of work (ALTCHA's wire format), asked for only while a site is under attack. Without a
   secure context there is no digest and no proof: the comment then only waits its turn. */
const solve = async ({ algorithm, challenge, maxnumber, salt, signature }) => {
  const text = new TextEncoder();
  for (let number = 0; number <= maxnumber; number++) {
    const digest = await crypto.subtle.digest(algorithm, text.encode(salt + number));
    const found = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, 0));
    if (found.join("") === challenge) {
      return btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
    }
  }
};
