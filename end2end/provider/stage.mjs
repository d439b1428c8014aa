// What the walks through real providers share: a folder of their own, servers on this machine alone that end with the walk, and a
// line for each thing that was seen.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const TOKEN = '0123456789abcdef0123456789abcdef';

const ended = [];
let folder;
let failures = 0;

export function stage(name) {
  folder = mkdtempSync(join(tmpdir(), `causeway-${name}-`));
  return folder;
}

export const port = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

export function saw(what, holds, detail = '') {
  failures += holds ? 0 : 1;
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}${detail ? `: ${detail}` : ''}`);
}

export function start(program, args, environment, cwd) {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...environment }, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  child.said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (child.said += data));
  child.end = () => {
    try {
      process.kill(-child.pid);
    } catch {
      // It is gone already.
    }
  };
  ended.push(child.end);
  return child;
}

export async function until(what, probe, seconds) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await probe().catch(() => undefined);
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

// A portal with these settings, and with the people of a file in its catalog.
export async function serve(causeway, at, { settings, people, environment, user }) {
  const portal = `http://127.0.0.1:${at}`;
  writeFileSync(join(folder, 'causeway.toml'), settings);
  writeFileSync(join(folder, 'people.yaml'), people);
  const args = ['serve', '--listen', `127.0.0.1:${at}`, '--data', join(folder, 'data'), '--config', join(folder, 'causeway.toml')];
  const ours = start(causeway, args, environment, folder);
  await until('the portal is ready', async () => {
    if (ours.exitCode !== null) throw new Error(ours.said);
    return (await fetch(`${portal}/readyz`)).ok;
  }, 60);
  const authorization = `Bearer ${TOKEN}`;
  const source = await fetch(`${portal}/api/v1/catalog/sources`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'file', target: join(folder, 'people.yaml') }),
  });
  if (!source.ok && source.status !== 409) throw new Error(await source.text());
  await until('people are in the catalog', async () => (await fetch(`${portal}/api/v1/catalog/entities/user/default/${user}`, { headers: { authorization } })).ok, 30);
  return ours;
}

// Walks, and leaves nothing behind.
export async function walk(steps) {
  try {
    await steps();
  } catch (error) {
    saw('it went through', false, error.message);
  } finally {
    for (const end of ended) end();
    rmSync(folder, { recursive: true, force: true });
  }
  process.exit(failures ? 1 : 0);
}
