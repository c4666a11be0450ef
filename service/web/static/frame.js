// Tells the page round this frame how high its content is. Only pages of the site hear it.
const origins = document.body.dataset.origins.split(" ");
// Where the browser says who is round us, nobody else is even addressed.
const around = origins.filter((one) => (location.ancestorOrigins?.[0] ?? one) === one);

const tell = () => {
  const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
  for (const one of around) parent.postMessage({ type: "gatepost:height", height }, one);
};

if (parent !== window) {
  new ResizeObserver(tell).observe(document.documentElement);
  // A page whose script came later than our first word asks for it.
  addEventListener("message", ({ source, origin, data }) => {
    if (source === parent && around.includes(origin) && data?.type === "gatepost:hello") tell();
  });
}
