// Starts the application in the page that the server has rendered. If it cannot, the page stays readable as it is.
const tag = document.querySelector("script[data-script][data-wasm]");
const root = document.documentElement;

// All windows hear what changes by one stream: a browser has six connections to a server, and each window would keep one. Who holds the
// lock listens, and tells the others; without locks (a server without https), who can be seen.
const follow = (last) => {
  const channel = new BroadcastChannel("causeway.changes");
  const told = [];
  let source;
  const hear = (data) => {
    const { seq } = JSON.parse(data);
    if (seq <= last) return;
    last = seq;
    dispatchEvent(new MessageEvent("causeway-change", { data }));
  };
  const open = () => {
    source ??= new EventSource(`/api/v1/changes/stream?after=${last}`);
    source.onmessage = ({ data }) => {
      told.push(data);
      told.splice(0, told.length - 200);
      channel.postMessage(data);
      hear(data);
    };
  };
  // A window that has just opened asks what it missed since its page was made.
  channel.onmessage = ({ data }) => {
    if (data) hear(data);
    else if (source) told.forEach((data) => channel.postMessage(data));
  };
  channel.postMessage("");
  if (navigator.locks) {
    // Until the window is closed, or who is signed in may hear no more.
    navigator.locks.request("causeway.changes", () => new Promise((leave) => {
      open();
      source.onerror = () => {
        if (source?.readyState === 2) leave(source = undefined);
      };
    }));
  } else {
    const turn = () => { if (document.hidden) source = source?.close(); else open(); };
    addEventListener("visibilitychange", turn);
    turn();
  }
};
new MutationObserver((_, watch) => {
  watch.disconnect();
  follow(Number(root.dataset.changes));
}).observe(root, { attributeFilter: ["data-changes"] });

// While a server is away, what stands before it answers in words of its own. The application is told so in words that it knows.
const ask = fetch;
self.fetch = async (...request) => {
  const answer = await ask(...request);
  const { status, headers } = answer;
  const isOurs = status < 502 || status > 504 || headers.get("content-type")?.includes("json");
  return isOurs ? answer : new Response('"Away"', { status });
};

try {
  const { default: load, hydrate } = await import(tag.dataset.script);
  await load({ module_or_path: tag.dataset.wasm });
  await hydrate();
  root.dataset.hydrated = "";
} catch (problem) {
  console.warn("Causeway stays a plain page; the application did not start.", problem);
}
