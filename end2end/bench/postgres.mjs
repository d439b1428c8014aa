// A PostgreSQL of its own for the time of a measurement, set up as it would be run: nothing is traded for speed.

import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function binaries() {
  const debian = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').sort().reverse().map((version) => `/usr/lib/postgresql/${version}/bin`) : [];
  return [...debian, ...process.env.PATH.split(':')].find((folder) => existsSync(join(folder, 'initdb')));
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts a server; `undefined` where PostgreSQL is not installed. */
export async function postgres() {
  const bin = binaries();
  if (!bin) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'causeway-bench-'));
  // PostgreSQL refuses to run as root.
  const isRoot = process.getuid() === 0;
  const as = isRoot ? ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', '--'] : [];
  if (isRoot) execFileSync('chown', ['nobody', folder]);
  const command = (name, ...options) => [...as, join(bin, name), ...options];
  const run = ([program, ...options]) => execFileSync(program, options, { cwd: folder, stdio: 'pipe' });
  const data = join(folder, 'data');
  const port = await freePort();
  run(command('initdb', '--auth=trust', '--username=postgres', '-E', 'UTF8', '-D', data));
  appendFileSync(join(data, 'postgresql.conf'), `listen_addresses='127.0.0.1'\nport=${port}\nunix_socket_directories=''\nshared_buffers=128MB\n`);
  const [program, ...options] = command('postgres', '-D', data);
  const child = spawn(program, options, { cwd: folder, stdio: 'ignore' });
  const sql = (statement) => run([join(bin, 'psql'), '-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-qc', statement]);
  for (;;) {
    try {
      sql('SELECT 1');
      break;
    } catch {
      if (child.exitCode !== null) throw new Error('PostgreSQL did not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  let databases = 0;
  return {
    pid: child.pid,
    /** A new, empty database; returns its address. */
    create() {
      const name = `measured_${databases++}`;
      sql(`CREATE DATABASE ${name}`);
      return `postgres://postgres@127.0.0.1:${port}/${name}`;
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
