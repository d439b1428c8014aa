// Figures of one binary on this machine: size, time to /readyz, memory at rest, ingest, requests a second.
// Usage: CAUSEWAY_BINARY=… node end2end/bench.mjs [entities]

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { brotliCompressSync } from 'node:zlib';

const binary = process.env.CAUSEWAY_BINARY;
const entities = Number(process.argv[2] ?? 10_000);
const print = (what, figure) => console.log(`${what.padEnd(44)} ${figure}`);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

async function start(folder, ...options) {
  const began = performance.now();
  const server = spawn(binary, ['serve', '--listen', '127.0.0.1:0', ...options], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: server.stdout })) {
    const url = line.match(/^Causeway serves (\S+)/)?.[1];
    if (!url) continue;
    while (!(await fetch(`${url}/readyz`)).ok);
    return { url, server, ready: performance.now() - began };
  }
  throw new Error('the server ended before it served');
}

async function stop({ server }) {
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await ended;
}

function status(pid, key) {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n').find((l) => l.startsWith(key));
  return Number(line.match(/\d+/)[0]) / 1024;
}

/** CPU seconds that a process has used. */
function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function catalog(count) {
  const teams = Math.max(1, Math.floor(count / 50));
  const systems = Math.max(1, Math.floor(count / 20));
  const documents = [];
  const add = (kind, name, metadata, spec) =>
    documents.push(
      `apiVersion: backstage.io/v1alpha1\nkind: ${kind}\nmetadata:\n  name: ${name}\n  description: The ${name} of the measured catalog\n${metadata}spec:\n${spec}`,
    );
  for (let i = 0; i < teams; i++) add('Group', `team-${i}`, '', '  type: team\n  children: []\n');
  for (let i = 0; i < systems; i++) add('System', `system-${i}`, '', `  owner: team-${i % teams}\n`);
  for (let i = 0; documents.length < count; i++) {
    add(
      'Component',
      `component-${i}`,
      `  tags: [t${i % 40}, ${['rust', 'go', 'java'][i % 3]}]\n  annotations:\n    github.com/project-slug: measured/component-${i}\n`,
      `  type: ${['service', 'library', 'website'][i % 3]}\n  lifecycle: ${['production', 'experimental'][i % 2]}\n  owner: team-${i % teams}\n  system: system-${i % systems}\n  dependsOn: [component:component-${Math.floor(i / 2)}]\n`,
    );
  }
  return documents.join('---\n');
}

async function load(url, pid, name, path, total = 2000, lanes = 16) {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  const times = [];
  let sent = 0;
  const one = () =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      request(url + path(sent++), { agent }, (response) => {
        response.resume();
        response.on('end', () => {
          if (response.statusCode !== 200) return reject(new Error(`${name}: ${response.statusCode}`));
          times.push(performance.now() - began);
          resolve();
        });
      })
        .on('error', reject)
        .end();
    });
  const lane = async () => {
    while (sent < total) await one();
  };
  const [cpuBefore, began] = [cpu(pid), performance.now()];
  await Promise.all(Array.from({ length: lanes }, lane));
  const seconds = (performance.now() - began) / 1000;
  const sorted = times.sort((a, b) => a - b);
  const at = (p) => sorted[Math.floor(sorted.length * p)].toFixed(1);
  const each = (((cpu(pid) - cpuBefore) * 1000) / times.length).toFixed(2);
  print(`${name}, ${lanes} connections`, `${Math.round(times.length / seconds)}/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${each} CPU ms each`);
  agent.destroy();
}

print('binary', `${(statSync(binary).size / 1048576).toFixed(1)} MiB`);
const site = new URL('../target/site/', import.meta.url).pathname;
let wire = 0;
for (const file of readdirSync(join(site, 'pkg')).filter((name) => name.endsWith('.br'))) wire += statSync(join(site, 'pkg', file)).size;
print('scripts, module, style over the wire (Brotli)', `${(wire / 1024).toFixed(0)} KiB`);

const folder = mkdtempSync(join(tmpdir(), 'causeway-bench-'));
let portal = await start(folder, '--example');
print('first start, empty folder, to /readyz', `${portal.ready.toFixed(0)} ms`);
await new Promise((resolve) => setTimeout(resolve, 10_000));
print('memory at rest, example organisation (RSS)', `${status(portal.server.pid, 'VmRSS').toFixed(0)} MiB`);
const page = await (await fetch(`${portal.url}/catalog`)).text();
print('HTML of the first page over the wire (Brotli)', `${(brotliCompressSync(page).length / 1024).toFixed(1)} KiB`);
await stop(portal);
const starts = [];
for (let i = 0; i < 5; i++) {
  portal = await start(folder);
  starts.push(portal.ready);
  await stop(portal);
}
print('start with that database, to /readyz', `${median(starts).toFixed(0)} ms (median of 5)`);

const file = join(folder, 'measured.yaml');
writeFileSync(file, catalog(entities));
const empty = mkdtempSync(join(tmpdir(), 'causeway-bench-'));
portal = await start(empty);
const pid = portal.server.pid;
const api = '/api/catalog';
const [ingestCpu, began] = [cpu(pid), performance.now()];
await fetch(`${portal.url}${api}/locations`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ type: 'file', target: file }),
});
for (;;) {
  const { totalItems } = await (await fetch(`${portal.url}${api}/entities/by-query?limit=1`)).json();
  if (totalItems >= entities) break;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
print(`ingest of ${entities} entities`, `${((performance.now() - began) / 1000).toFixed(1)} s, ${(cpu(pid) - ingestCpu).toFixed(1)} CPU s`);
print('memory after ingest (RSS)', `${status(pid, 'VmRSS').toFixed(0)} MiB`);
const any = (i) => `component-${(i * 7919) % Math.floor(entities * 0.9)}`;
await load(portal.url, pid, 'by name', (i) => `${api}/entities/by-name/component/default/${any(i)}`);
await load(portal.url, pid, 'filter, sort, page of 20', (i) => `${api}/entities/by-query?filter=kind=component,spec.type=service,metadata.tags.t${i % 40}&orderField=metadata.name,asc&limit=20`);
await load(portal.url, pid, 'full text', (i) => `${api}/entities/by-query?fullTextFilterTerm=component-${i % 97}&limit=20`);
await load(portal.url, pid, 'facets of three keys', () => `${api}/entity-facets?facet=kind&facet=spec.type&facet=metadata.tags`);
await load(portal.url, pid, 'the list as a page', () => '/catalog', 200, 4);
print('memory after load (RSS)', `${status(pid, 'VmRSS').toFixed(0)} MiB`);
await stop(portal);
for (const each of [folder, empty]) rmSync(each, { recursive: true, force: true });
