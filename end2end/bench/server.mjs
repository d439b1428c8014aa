// A server that is being measured: its start, its processor time and memory, and requests to it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function processes(root) {
  const parents = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(Number(pid), Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ')[1]));
    } catch {} // It ended meanwhile.
  }
  const all = [root];
  for (const pid of all) for (const [child, parent] of parents) if (parent === pid) all.push(child);
  return all;
}

/** Processor seconds that a process and those it started have used. */
export function cpu(root) {
  let ticks = 0;
  for (const pid of processes(root)) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ');
      ticks += fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    } catch {} // It ended meanwhile.
  }
  return ticks / 100;
}

function status(pid, key) {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n').find((line) => line.startsWith(key));
  return Number(line.match(/\d+/)[0]) / 1024;
}

export async function start(binary, folder, database, ...options) {
  mkdirSync(folder, { recursive: true });
  const began = performance.now();
  const env = { ...process.env, CAUSEWAY_LOG__LEVEL: 'error', ...(database ? { CAUSEWAY_DATABASE__URL: database } : {}) };
  const child = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--data', folder, ...options], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = line.match(/^Causeway serves (\S+)/)?.[1];
    if (!url) continue;
    while (!(await fetch(`${url}/readyz`)).ok) await pause(2);
    const ready = performance.now() - began;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    return {
      url,
      ready,
      pid: child.pid,
      memory: () => status(child.pid, 'VmRSS'),
      peak: () => status(child.pid, 'VmHWM'),
      json: async (path, body) => (await fetch(url + path, body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).json(),
      async stop() {
        child.kill('SIGTERM');
        await ended;
      },
    };
  }
  throw new Error('the server ended before it served');
}

/** Sends `total` requests over `lanes` connections; times in milliseconds, sorted. */
export async function load(url, request, { total, lanes }) {
  const { hostname, port, host } = new URL(url);
  const requests = Array.from({ length: total }, (_, i) => {
    const [path, body] = request(i);
    const head = `${body ? 'POST' : 'GET'} ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: application/json\r\n`;
    return body ? `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}` : `${head}\r\n`;
  });
  const thread = new Worker(new URL('./lanes.mjs', import.meta.url), { workerData: { hostname, port, requests, lanes } });
  const [measured] = await once(thread, 'message');
  return measured;
}
