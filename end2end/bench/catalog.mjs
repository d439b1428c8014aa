// A catalog of any size, the same on every machine: all kinds, owned, grouped and tied as in an organisation.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Shares of each kind in percent; what is left is components.
const SHARES = { Group: 3, User: 12, Domain: 1, System: 6, API: 20, Resource: 10 };
const AREAS = 'billing checkout search identity shipping catalog pricing ledger fraud loyalty returns inventory media messaging'.split(' ');
const ROLES = 'gateway worker store engine sync console exporter planner resolver scheduler indexer notifier adapter bridge'.split(' ');
const TAGS = 'go rust java python kotlin grpc rest graphql kafka batch internal public pci gdpr legacy ml mobile web cron edge'.split(' ');
const TYPES = ['service', 'service', 'service', 'website', 'library'];
const LIFECYCLES = ['production', 'production', 'experimental', 'deprecated'];
const STORES = ['database', 'bucket', 'queue', 'cache'];
const ABOUT = [
  'Handles the flow from intake to settlement',
  'Keeps data consistent across regions',
  'Serves reads from a cache that lives for seconds',
  'Publishes events for those downstream',
  'Runs the reconciliation of each night',
];

/** mulberry32: small, and the same everywhere. */
function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Names of everything, and the documents in YAML, one by one. */
export function catalog(total, seed = 1) {
  const next = random(seed);
  const pick = (list) => list[next(list.length)];
  const some = (list, most) => [...new Set(Array.from({ length: next(most + 1) }, () => pick(list)))];
  const counts = Object.fromEntries(Object.entries(SHARES).map(([kind, share]) => [kind, Math.max(1, Math.floor((total * share) / 100))]));
  counts.Component = total - Object.values(counts).reduce((sum, count) => sum + count, 0);
  const named = (count, name) => Array.from({ length: count }, (_, i) => name(i, String(i).padStart(6, '0')));
  const area = (i) => AREAS[i % AREAS.length];
  const names = {
    Group: named(counts.Group, (_, n) => `team-${n}`),
    User: named(counts.User, (_, n) => `person.${n}`),
    Domain: named(counts.Domain, (i, n) => `${area(i)}-domain-${n}`),
    System: named(counts.System, (i, n) => `${area(i)}-system-${n}`),
    API: named(counts.API, (i, n) => `${area(i)}-${ROLES[Math.floor(i / 3) % ROLES.length]}-api-${n}`),
    Resource: named(counts.Resource, (i, n) => `${area(i)}-${STORES[i % STORES.length]}-${n}`),
    Component: named(counts.Component, (i, n) => `${area(i)}-${ROLES[Math.floor(i / 7) % ROLES.length]}-${n}`),
  };
  const title = (name) => name.replaceAll('-', ' ').replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
  const list = (items) => `[${items.join(', ')}]`;
  const document = (kind, name, metadata, spec) =>
    `apiVersion: backstage.io/v1alpha1\nkind: ${kind}\nmetadata:\n  name: ${name}\n  title: ${title(name)}\n` +
    `  description: ${pick(ABOUT)}. ${pick(ABOUT)}.\n  tags: ${list(some(TAGS, 4))}\n${metadata}spec:\n${spec}`;
  const definition = (name) =>
    `  definition: |\n    openapi: 3.0.3\n    info: {title: ${name}, version: 1.${next(20)}.0}\n    paths:\n` +
    ['orders', 'accounts', 'items'].map((noun) => `      /v1/${noun}:\n        get:\n          operationId: list_${noun}\n          responses:\n            "200": {description: A page of ${noun}}\n`).join('');
  const owned = () => `  owner: ${pick(names.Group)}\n`;
  const make = {
    Group: (name, i) => document('Group', name, '', `  type: ${i ? 'team' : 'organization'}\n  children: []\n${i ? `  parent: ${names.Group[Math.floor((i - 1) / 6)]}\n` : ''}`),
    User: (name) => document('User', name, '', `  profile: {displayName: ${title(name)}, email: ${name}@example.com}\n  memberOf: ${list([pick(names.Group)])}\n`),
    Domain: (name) => document('Domain', name, '', owned()),
    System: (name) => document('System', name, '', `${owned()}  domain: ${pick(names.Domain)}\n`),
    API: (name) => document('API', name, '', `  type: openapi\n  lifecycle: ${pick(LIFECYCLES)}\n${owned()}  system: ${pick(names.System)}\n${definition(name)}`),
    Resource: (name, i) => document('Resource', name, '', `  type: ${STORES[i % STORES.length]}\n${owned()}  system: ${pick(names.System)}\n`),
    Component: (name, i) =>
      document(
        'Component',
        name,
        `  labels: {example.com/cost-centre: cc-${next(90)}}\n  annotations:\n    example.com/repository: https://git.example.com/${name}\n` +
          `  links:\n  - {url: "https://dash.example.com/${name}", title: Dashboard}\n`,
        `  type: ${pick(TYPES)}\n  lifecycle: ${pick(LIFECYCLES)}\n${owned()}  system: ${pick(names.System)}\n` +
          `  dependsOn: ${list([...some(names.Resource, 2).map((other) => `resource:${other}`), ...(i ? [`component:${names.Component[next(i)]}`] : [])])}\n` +
          `  providesApis: ${list(some(names.API, 1))}\n  consumesApis: ${list(some(names.API, 2))}\n`,
      ),
  };
  const documents = Object.entries(names).flatMap(([kind, all]) => all.map((name, i) => [make[kind], name, i]));
  return { names, areas: AREAS, roles: ROLES, documents: documents.map(([write, name, i]) => () => write(name, i)) };
}

/** One source holds at most so many; a larger catalog is several. */
const SOURCE = 100_000;

/** Writes the catalog as files of 500 documents below a folder, with a Location for each source that points at its files. */
export function write(folder, { documents }) {
  mkdirSync(folder, { recursive: true });
  const sources = [];
  let last;
  for (let from = 0; from < documents.length; from += SOURCE) {
    const end = Math.min(from + SOURCE, documents.length);
    const targets = [];
    for (let at = from; at < end; at += 500) {
      const name = `part-${String(at / 500).padStart(4, '0')}.yaml`;
      last = join(folder, name);
      writeFileSync(last, documents.slice(at, Math.min(at + 500, end)).map((write) => write()).join('---\n'));
      targets.push(`  - ./${name}\n`);
    }
    const source = join(folder, `source-${sources.length}.yaml`);
    writeFileSync(source, `apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: measured-${sources.length}\nspec:\n  targets:\n${targets.join('')}`);
    sources.push(source);
  }
  return { sources, last };
}
