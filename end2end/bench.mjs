// Figures of one binary on this machine, each beside what it is meant to be: size, start, memory, ingest, questions.
// Prints; never fails by the clock.
// Usage: CAUSEWAY_BINARY=… node end2end/bench.mjs [entities…] [--sqlite | --postgres]

import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { catalog, write } from './bench/catalog.mjs';
import { firstLoad } from './bench/first-load.mjs';
import { postgres } from './bench/postgres.mjs';
import { cpu, load, pause, start } from './bench/server.mjs';

const binary = process.env.CAUSEWAY_BINARY;
const words = process.argv.slice(2);
const sizes = words.filter((word) => /^\d+$/.test(word)).map(Number);
if (!sizes.length) sizes.push(10_000, 100_000);
const databases = ['sqlite', 'postgres'].filter((name) => words.includes(`--${name}`));
if (!databases.length) databases.push('sqlite', 'postgres');

const print = (what, figure, target = '') => console.log(`${what.padEnd(46)} ${figure.padEnd(52)} ${target}`);
const seconds = (milliseconds) => (milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(1)} s`);
const mebibytes = (size) => `${size.toFixed(0)} MiB`;
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const api = '/api/catalog';

/** What is promised at a size; nothing is beyond 100,000. */
const targets = (entities) =>
  entities <= 10_000
    ? { ingest: '5 s', ready: '300 ms', memory: '120 MiB', p99: '5 ms', again: '1 s', change: '1 s' }
    : entities <= 100_000
      ? { ingest: '60 s', ready: '3 s', memory: '400 MiB', p99: '8 ms', again: '10 s', change: '1 s' }
      : {};

async function binaryAndFirstStart() {
  print('binary', `${(statSync(binary).size / 1048576).toFixed(1)} MiB`);
  const site = new URL('../target/site/pkg/', import.meta.url).pathname;
  const files = readdirSync(site).filter((name) => name.endsWith('.br'));
  print('scripts, modules, style (Brotli)', `${(files.reduce((sum, name) => sum + statSync(join(site, name)).size, 0) / 1024).toFixed(0)} KiB`);
  const folder = mkdtempSync(join(tmpdir(), 'causeway-bench-'));
  let portal = await start(binary, folder, undefined, '--example');
  print('first start, empty folder, to /readyz', seconds(portal.ready));
  await pause(10_000);
  print('memory at rest, example organisation', mebibytes(portal.memory()));
  await printFirstLoad(portal.url);
  await portal.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** What a browser that was never here takes to show the list. */
async function printFirstLoad(url) {
  const first = await firstLoad(url);
  if (!first) return print('first load of the list', 'no figure: Chromium is not installed');
  const kibibytes = (size) => `${(size / 1024).toFixed(0)} KiB`;
  const { bodies, headers, rows, slow } = first;
  print('first load of the list, over the wire', `${kibibytes(bodies + headers)}, ${kibibytes(headers)} of them headers`, '400 KiB');
  print('its rows are seen after (median of 5)', `${seconds(rows)}; ${seconds(slow)} at 10 Mbit/s and 40 ms`, '0.25 s; 0.5 s');
}

/** Waits until so many entities can be found; answers how long that took. */
async function synced(portal, began, count) {
  for (;;) {
    const { facets } = await portal.json(`${api}/entity-facets?facet=apiVersion`);
    if (facets.apiVersion.reduce((sum, { count }) => sum + count, 0) >= count) return performance.now() - began;
    await pause(20);
  }
}

async function measure(entities, name, cluster) {
  const goal = targets(entities);
  console.log(`\n${entities} entities on ${name === 'sqlite' ? 'SQLite' : 'PostgreSQL'}`);
  const folder = mkdtempSync(join(tmpdir(), 'causeway-bench-'));
  const made = catalog(entities);
  const { names, areas, roles } = made;
  const files = write(join(folder, 'catalog'), made);
  const database = name === 'sqlite' ? undefined : cluster.create();
  const data = join(folder, 'data');
  let portal = await start(binary, data, database);
  const used = () => cpu(portal.pid);
  const usedBeside = () => (name === 'sqlite' ? 0 : cpu(cluster.pid));

  let [began, before, beside] = [performance.now(), used(), usedBeside()];
  const registered = [];
  for (const target of files.sources) registered.push((await portal.json(`${api}/locations`, { type: 'file', target })).location.id);
  const all = entities + files.sources.length;
  const taken = await synced(portal, began, all);
  print('ingest, until every entity can be found', `${seconds(taken)}, ${(used() - before).toFixed(1)}+${(usedBeside() - beside).toFixed(1)} CPU s`, goal.ingest);
  print('memory, most while taking in', mebibytes(portal.peak()));

  // The source of the components is the last; it says itself when it was synced.
  const lastSync = async () => (await portal.json(`${api}/locations/${registered.at(-1)}/trace`)).source.synced_at;
  const again = async () => {
    const before = await lastSync();
    await fetch(`${portal.url}${api}/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ entityRef: `location:default/measured-${registered.length - 1}` }),
    });
    while ((await lastSync()) === before) await pause(25);
  };
  [began, before, beside] = [performance.now(), used(), usedBeside()];
  await again();
  print('sync again, nothing changed', `${seconds(performance.now() - began)}, ${(used() - before).toFixed(1)}+${(usedBeside() - beside).toFixed(1)} CPU s`, goal.again);

  const any = (list, i) => list[(i * 7919) % list.length];
  const query = (parts) => [`${api}/entities/by-query?${parts.join('&')}`];
  const sorted = ['orderField=metadata.name,asc', 'limit=20'];
  const first = await portal.json(query(['filter=kind=component', ...sorted])[0]);
  const cases = [
    ['by name', 1.06, (i) => [`${api}/entities/by-name/component/default/${any(names.Component, i)}`]],
    ['filter, sort, page of 20', 15.8, (i) => query([`filter=kind=component,spec.type=${['service', 'website', 'library'][i % 3]},spec.lifecycle=${['production', 'experimental'][i % 2]}`, ...sorted])],
    ['what a team owns', 5.7, (i) => query([`filter=kind=component,relations.ownedby=group:default/${any(names.Group, i)}`, ...sorted])],
    ['full text', 10.5, (i) => query(['filter=kind=component', `fullTextFilterTerm=${any(areas, i)}-${any(roles, i * 3)}`, 'fullTextFilterFields=metadata.name,metadata.title', ...sorted])],
    ['next page, by cursor', 3.2, () => query([`cursor=${encodeURIComponent(first.pageInfo.nextCursor)}`, 'limit=20'])],
    ['facets of one key', 2.5, () => [`${api}/entity-facets?facet=kind`]],
    ['facets of three keys', 29.0, () => [`${api}/entity-facets?filter=kind=component&facet=spec.type&facet=spec.lifecycle&facet=metadata.tags`]],
    ['100 references', 2.6, (i) => [`${api}/entities/by-refs`, JSON.stringify({ entityRefs: Array.from({ length: 100 }, (_, j) => `component:default/${any(names.Component, i * 100 + j)}`) })]],
    ['search, a name mistyped, as a page', null, (i) => [`/search?q=${any(areas, i).slice(0, -2)}x%20${any(roles, i * 3)}`]],
  ];
  for (const [what, peer, request] of cases) {
    // A page is drawn whole; one is measured as a person asks for it.
    const [total, lanes] = peer ? [3000, 16] : [200, 1];
    try {
      await load(portal.url, request, { total: total / 10, lanes });
      [before, beside] = [used(), usedBeside()];
      const { times, seconds: took } = await load(portal.url, request, { total, lanes });
      const each = ((used() - before + usedBeside() - beside) * 1000) / total;
      const at = (part) => times[Math.floor(times.length * part)].toFixed(1);
      const target = [peer && entities <= 10_000 && `${(peer / 20).toFixed(3)} CPU ms`, goal.p99 && `p99 ${peer ? goal.p99 : '50 ms'}`].filter(Boolean);
      print(what, `${each.toFixed(3)} CPU ms, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${Math.round(total / took)}/s`, target.join(', '));
    } catch (error) {
      print(what, `no figure: ${error.message}`);
    }
  }
  print('memory after all that', mebibytes(portal.memory()), goal.memory);
  // What was freed goes back a while after the last question.
  await pause(10_000);
  print('memory ten seconds later', mebibytes(portal.memory()), goal.memory);

  // One file of a source changes: how soon every list shows it.
  appendFileSync(files.last, `---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: one-more\nspec: {type: service, lifecycle: production, owner: ${names.Group[0]}}\n`);
  began = performance.now();
  await again();
  print('one file changed, until it is in every list', seconds(await synced(portal, began, all + 1)), goal.change);

  await portal.stop();
  const starts = [];
  for (let i = 0; i < 3; i++) {
    portal = await start(binary, data, database);
    starts.push(portal.ready);
    if (i < 2) await portal.stop();
  }
  print('start with that database, to /readyz', `${seconds(median(starts))} (median of 3)`, goal.ready);
  await pause(2_000);
  print('memory after that', mebibytes(portal.memory()), goal.memory);
  await portal.stop();
  rmSync(folder, { recursive: true, force: true });
}

await binaryAndFirstStart();
const cluster = databases.includes('postgres') ? await postgres() : undefined;
for (const entities of sizes) {
  for (const name of databases) {
    if (name === 'postgres' && !cluster) console.log('\nPostgreSQL is not installed: no figures of it');
    else await measure(entities, name, cluster);
  }
}
await cluster?.stop();
