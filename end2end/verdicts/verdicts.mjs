// What Backstage's own packages say of a catalog's documents, beside what Causeway says.
//   npm ci --prefix end2end/verdicts && CAUSEWAY=target/debug/causeway node end2end/verdicts/verdicts.mjs FOLDER-OR-GLOB…
//
// On Backstage's side each document is judged by itself: parsed as the catalog's backend does, then held against the model's
// policies and the schemas of the built-in kinds and of templates. Placeholders are taken for a text, as they would become one.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import * as model from '@backstage/catalog-model';
import { templateEntityV1beta3Validator } from '@backstage/plugin-scaffolder-common';
import { parseAllDocuments } from 'yaml';

const causeway = process.env.CAUSEWAY ?? 'target/debug/causeway';
const reference = (entity) => model.stringifyEntityRef(entity).toLowerCase();

const policy = model.EntityPolicies.allOf([
  new model.SchemaValidEntityPolicy(),
  new model.DefaultNamespaceEntityPolicy(),
  new model.NoForeignRootFieldsEntityPolicy(),
  new model.FieldFormatEntityPolicy(),
]);
/** What Backstage makes of placeholders before it looks. */
const resolved = (value) => {
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && ['$text', '$json', '$yaml', '$openapi', '$asyncapi'].includes(keys[0])) return `text of ${value[keys[0]]}`;
  return Array.isArray(value) ? value.map(resolved) : Object.fromEntries(keys.map((key) => [key, resolved(value[key])]));
};

const kinds = [...Object.entries(model).filter(([name]) => name.endsWith('EntityV1alpha1Validator')).map(([, kind]) => kind), templateEntityV1beta3Validator];

/** The entity's reference, or why Backstage has none of it; neither for an empty document. `isMeant`: it says it is a catalog's. */
async function judge(document) {
  if (document.errors.length > 0) return { why: `YAML: ${document.errors[0].message.split('\n')[0]}` };
  const entity = resolved(document.toJSON());
  if (entity === null) return {};
  if (typeof entity !== 'object' || Array.isArray(entity)) return { why: 'not an object' };
  const isMeant = /backstage\.io/.test(entity.apiVersion);
  try {
    const enforced = await policy.enforce(entity);
    for (const kind of kinds) if (await kind.check(enforced)) return { reference: reference(enforced) };
    return { isMeant, why: `no kind that it knows: ${entity.apiVersion} ${entity.kind}` };
  } catch (error) {
    return { isMeant, why: error.message.split('\n')[0].slice(0, 160) };
  }
}

/** What Causeway has once it has read a folder: the trace of each file, names that stand twice, and references. */
async function taken(folder) {
  const data = mkdtempSync(join(tmpdir(), 'verdicts-'));
  const server = spawn(causeway, ['serve', '--listen', '127.0.0.1:0', '--data', data], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, CAUSEWAY_LOG__LEVEL: 'error' } });
  try {
    for await (const line of createInterface({ input: server.stdout })) {
      const url = line.match(/^Causeway serves (\S+)/)?.[1];
      if (!url) continue;
      const ask = async (path, body) => {
        const response = await fetch(url + path, body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
        if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
        return response.json();
      };
      const { location } = await ask('/api/catalog/locations', { type: 'file', target: folder });
      let source;
      do {
        await new Promise((later) => setTimeout(later, 100));
        ({ source } = await ask(`/api/v1/catalog/sources/${location.id}`));
      } while (!source.synced_at && !source.problem);
      const { files, conflicts } = await ask(`/api/v1/catalog/sources/${location.id}`);
      const entities = await ask('/api/catalog/entities?fields=kind,metadata.name,metadata.namespace');
      return { files, conflicts, references: new Set(entities.map(reference)) };
    }
    throw new Error('the server ended before it served');
  } finally {
    server.kill('SIGTERM');
    await new Promise((ended) => server.once('exit', ended));
    rmSync(data, { recursive: true, force: true });
  }
}

for (const target of process.argv.slice(2)) {
  const folder = resolve(target);
  const { files, conflicts, references } = await taken(folder);
  const base = folder.split('/*')[0];
  // A Location may name what is not there, or not here: that is no document.
  const read = files.filter((file) => file.outcome !== 'skipped' && existsSync(join(base, file.path)));
  const theirs = new Map();
  const refused = [];
  let others = 0;
  for (const { path } of read) {
    for (const document of parseAllDocuments(readFileSync(join(base, path), 'utf8'))) {
      const verdict = await judge(document);
      if (verdict.reference) theirs.set(verdict.reference, path);
      else if (verdict.isMeant) refused.push({ path, ...verdict });
      else if (verdict.why) others += 1;
    }
  }
  const ours = [...references].filter((name) => !name.startsWith('location:default/generated-'));
  const told = (path, severity) => files.find((file) => file.path === path).problems.filter((problem) => problem.severity === severity).map(({ message }) => message).join('; ');
  console.log(
    `\n${basename(base)}: ${read.length} files read, ${files.length - read.length} left out\n` +
      `  Backstage: ${theirs.size} names accepted, ${refused.length} documents of catalogs refused, ${others} other documents refused\n` +
      `  Causeway:  ${ours.length} names accepted, ${conflicts.length} names stand twice`,
  );
  const tell = (heading, lines) => {
    if (lines.length > 0) console.log(`  ${heading}`);
    for (const line of lines) console.log(`    ${line}`);
  };
  tell('Backstage refuses:', refused.map(({ path, why }) => `${path}: ${why}\n      Causeway: ${told(path, 'error') || `accepts it${told(path, 'warning') && ` and warns: ${told(path, 'warning')}`}`}`));
  tell('only Backstage accepts:', [...theirs].filter(([name]) => !references.has(name)).map(([name, path]) => `${name} (${path}): ${told(path, 'error')}`));
  tell('only Causeway accepts:', ours.filter((name) => !theirs.has(name)));
}
