// Starts the application in the page that the server has rendered. If it cannot, the page stays readable as it is.
const tag = document.querySelector("script[data-script][data-wasm]");

try {
  const { default: load, hydrate } = await import(tag.dataset.script);
  await load({ module_or_path: tag.dataset.wasm });
  await hydrate();
  document.documentElement.dataset.hydrated = "";
} catch (problem) {
  console.warn("Causeway stays a plain page; the application did not start.", problem);
}
