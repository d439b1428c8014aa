// Goes before the script that fetches parts. A pack is fetched once, and its modules are cut out of it.
const packs = {};

// Where the person wanted to go, should a part be gone: the last link that was used, unless something else was done since.
let wanted;
addEventListener("click", ({ target }) => { wanted = target instanceof Element ? target.closest("a[href]")?.href : undefined; }, true);
addEventListener("keydown", () => { wanted = undefined; }, true);

async function fetchPack(url) {
    for (let pause = 500; ; pause = Math.min(2 * pause, 8000)) {
        let answer;
        try {
            answer = await fetch(new URL(url, import.meta.url));
            if (answer.ok) return await answer.arrayBuffer();
        } catch {
            // No connection: the page stays as it is, and goes on when there is one.
            await new Promise((resume) => setTimeout(resume, pause));
            continue;
        }
        // The server has another release than this page. A page that has just arrived cannot be helped by loading it again.
        if (document.documentElement.dataset.hydrated === undefined) throw new Error(`${answer.url}: ${answer.status}`);
        location.assign(wanted ?? location.href);
        await new Promise(() => {});
    }
}

function fromPack(url, from, to) {
    packs[url] ??= fetchPack(url);
    packs[url].catch(() => { delete packs[url]; });
    const pack = packs[url];
    return async (imports) => WebAssembly.instantiate(new Uint8Array(await pack, from, to - from), imports);
}
