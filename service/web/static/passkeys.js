// Passkeys: the server hands out a challenge, the device answers it, a plain form carries the
// answer. The forms are hidden until this script shows them; without it one signs in by password.

const WORDS = {
  InvalidStateError: "This device has a passkey for your account already.",
  NotAllowedError: "Cancelled, or not answered in time. Try again.",
  SecurityError: "Passkeys work only at the address that this installation is known by.",
};

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const named = (known) => ({ ...known, id: bytes(known.id) });

async function options(form) {
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    headers: { Accept: "application/problem+json" },
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail);
  return told;
}

async function make(told) {
  const publicKey = {
    ...told,
    challenge: bytes(told.challenge),
    user: { ...told.user, id: bytes(told.user.id) },
    excludeCredentials: told.excludeCredentials.map(named),
  };
  const made = await navigator.credentials.create({ publicKey });
  return answered(made, {
    attestationObject: text(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? [],
  });
}

async function prove(told) {
  const publicKey = {
    ...told,
    challenge: bytes(told.challenge),
    allowCredentials: told.allowCredentials.map(named),
  };
  const proof = await navigator.credentials.get({ publicKey });
  const handle = proof.response.userHandle;
  return answered(proof, {
    authenticatorData: text(proof.response.authenticatorData),
    signature: text(proof.response.signature),
    userHandle: handle && handle.byteLength ? text(handle) : null,
  });
}

function answered(credential, response) {
  const clientDataJSON = text(credential.response.clientDataJSON);
  const { id, type } = credential;
  return { id, rawId: text(credential.rawId), type, response: { ...response, clientDataJSON } };
}

async function answer(form) {
  const told = form.querySelector("[role=status]");
  const button = form.querySelector("button");
  told.textContent = "Waiting for your device …";
  button.disabled = true;
  try {
    const asked = await options(form);
    const credential = form.dataset.passkey === "make" ? await make(asked) : await prove(asked);
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    told.textContent = WORDS[error.name] ?? error.message;
    button.disabled = false;
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = false;
  if (!window.PublicKeyCredential) {
    form.replaceChildren("This browser does not know passkeys, or this page is not secure.");
    continue;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.reportValidity()) answer(form);
  });
}
