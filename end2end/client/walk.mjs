// Every method of the public catalog client, unmodified, against a running Causeway whose catalog is empty.
//
// node walk.mjs BASE: the server hosts the repositories `saltmarsh/tides`, `saltmarsh/quay` and `saltmarsh/empty`, as
// `server/tests/it/client.rs` lays them out.

import assert from 'node:assert/strict';
import { CATALOG_FILTER_EXISTS, CatalogClient } from '@backstage/catalog-client';

const base = process.argv[2];
const called = new Set();
const client = new Proxy(new CatalogClient({ discoveryApi: { getBaseUrl: async () => `${base}/api/catalog` } }), {
  get(target, name) {
    if (typeof target[name] === 'function') called.add(name);
    return typeof target[name] === 'function' ? target[name].bind(target) : target[name];
  },
});

const refOf = (entity) =>
  `${entity.kind}:${entity.metadata.namespace ?? 'default'}/${entity.metadata.name}`.toLowerCase();
const namesOf = (entities) => entities.map((entity) => entity.metadata.name);
const numbers = Array.from({ length: 30 }, (_, number) => `c${String(number).padStart(2, '0')}`);
const repository = (name) => `${base}/git/saltmarsh/${name}`;
const file = (name, path) => `${repository(name)}/blob/main/${path}`;
const nothing = '00000000-0000-4000-8000-000000000000';

/** The error that a promise ends with, as the client reports it. */
async function refused(promise) {
  const error = await promise.then(
    (value) => assert.fail(`it was not refused: ${JSON.stringify(value)}`),
    (error) => error,
  );
  return { status: error.statusCode, name: error.cause?.name, message: error.cause?.message ?? error.message };
}

async function every(stream) {
  const pages = [];
  for await (const page of stream) pages.push(page);
  return pages;
}

async function before() {
  const component = {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Component',
    metadata: { name: 'new' },
    spec: { type: 'service', lifecycle: 'production', owner: 'berths' },
  };
  const there = 'url:https://example.com/catalog-info.yaml';
  assert.deepEqual(await client.validateEntity(component, there), { valid: true });
  const broken = await client.validateEntity({ ...component, metadata: { name: 'a b' } }, there);
  assert.equal(broken.valid, false);
  assert.match(broken.errors[0].message, /`a b` is not a name/);
  const nowhere = await client.validateEntity(component, 'file:/etc/passwd');
  assert.match(nowhere.errors[0].message, /only 'url:<target>' is supported/);

  const found = await client.analyzeLocation({ location: { type: 'url', target: `${repository('quay')}.git` } });
  assert.deepEqual(found.generateEntities, []);
  assert.deepEqual(namesOf(found.existingEntityFiles.map((existing) => existing.entity)), ['quay']);
  assert.equal(found.existingEntityFiles[0].isRegistered, false);
  assert.deepEqual(found.existingEntityFiles[0].location, { type: 'url', target: file('quay', 'catalog-info.yaml') });
  for (const spelling of ['catalogFileName', 'catalogFilename']) {
    const location = { type: 'url', target: `${repository('quay')}.git` };
    const other = await client.analyzeLocation({ location, [spelling]: 'other.yaml' });
    assert.deepEqual(namesOf(other.existingEntityFiles.map((existing) => existing.entity)), ['other']);
  }
  const empty = await client.analyzeLocation({ location: { type: 'url', target: `${repository('empty')}.git` } });
  assert.deepEqual(empty.existingEntityFiles, []);
  assert.equal(empty.generateEntities[0].entity.metadata.name, 'empty');
  assert.deepEqual(empty.generateEntities[0].fields, []);
  const wrong = await refused(client.analyzeLocation({ location: { type: 'url', target: 'not an address' } }));
  assert.equal(wrong.status, 400);
}

async function register() {
  const target = file('tides', 'catalog-info.yaml');
  const tried = await client.addLocation({ target, dryRun: true });
  assert.equal(tried.exists, false);
  assert.equal(tried.location.id, `url:${target}`);
  assert.ok(namesOf(tried.entities).includes('c07'));
  assert.deepEqual((await client.getEntities()).items, [], 'a dry run records nothing');
  assert.deepEqual((await client.getLocations()).items, []);

  const added = await client.addLocation({ type: 'url', target });
  assert.deepEqual({ type: added.location.type, target: added.location.target }, { type: 'url', target });
  assert.match(added.location.entityRef, /^location:default\/generated-[0-9a-f]{40}$/);
  assert.equal(added.entities.length, 34);
  const again = await refused(client.addLocation({ target }));
  assert.deepEqual([again.status, again.name], [409, 'ConflictError']);
  const refreshed = await client.addLocation({ target, onConflict: 'refresh' });
  assert.deepEqual([refreshed.location.id, refreshed.exists], [added.location.id, true]);
  assert.equal((await client.addLocation({ target, dryRun: true })).exists, true);
  return added.location;
}

async function read() {
  const all = (await client.getEntities()).items;
  assert.equal(all.length, 34);
  const some = await client.getEntities({
    filter: [{ kind: 'Component', 'spec.type': ['website', 'library'] }, { kind: 'api', 'metadata.title': CATALOG_FILTER_EXISTS }],
    fields: ['kind', 'metadata.name', 'metadata.annotations.backstage.io/managed-by-location'],
    order: [{ field: 'kind', order: 'asc' }, { field: 'metadata.name', order: 'desc' }],
  });
  assert.deepEqual(namesOf(some.items), ['tide-api', ...numbers.filter((_, number) => number % 3 !== 0).reverse()]);
  assert.deepEqual(Object.keys(some.items[0]), ['kind', 'metadata']);
  assert.deepEqual(Object.keys(some.items[0].metadata).sort(), ['annotations', 'name']);
  const filter = { kind: 'component', 'metadata.tags.even': 'true' };
  const page = await client.getEntities({ filter, order: { field: 'metadata.name', order: 'asc' }, offset: 2, limit: 3 });
  assert.deepEqual(namesOf(page.items), ['c04', 'c06', 'c08']);
  // The client does not hand the next page on; the header names it.
  const answer = await fetch(`${base}/api/catalog/entities?filter=kind=component,metadata.tags.even&order=asc:metadata.name&offset=2&limit=3`);
  const after = new URL(answer.headers.get('link').match(/<(.*)>; rel="next"/)[1], base).searchParams.get('after');
  assert.deepEqual(namesOf((await client.getEntities({ filter, limit: 3, after })).items), ['c10', 'c12', 'c14']);

  const refs = ['component:default/c03', 'component:nope', 'API:default/Tide-API', ...Array.from({ length: 1500 }, (_, number) => `component:no-${number}`), 'Component:C04'];
  const byRefs = (await client.getEntitiesByRefs({ entityRefs: refs, fields: ['kind', 'metadata.name'] })).items;
  assert.equal(byRefs.length, refs.length, 'more than fit one request');
  assert.deepEqual([byRefs[0], byRefs[1], byRefs[2], byRefs.at(-1)].map((entity) => entity?.metadata.name), ['c03', undefined, 'tide-api', 'c04']);
  const entityRefs = numbers.slice(0, 4).map((name) => `component:${name}`);
  const filtered = await client.getEntitiesByRefs({ entityRefs, filter: { 'spec.type': 'service' } });
  assert.deepEqual(filtered.items.map((entity) => entity?.metadata.name), ['c00', undefined, undefined, 'c03']);
  const queried = await client.getEntitiesByRefs({ entityRefs, query: { $not: { 'spec.type': 'service' } }, filter: { 'metadata.tags': 'even' } });
  assert.deepEqual(queried.items.map((entity) => entity?.metadata.name), [undefined, undefined, 'c02', undefined]);
  assert.deepEqual((await client.getEntitiesByRefs({ entityRefs: [] })).items, []);

  const one = await client.getEntityByRef('component:default/c03');
  assert.equal(one.metadata.annotations['backstage.io/managed-by-location'], `url:${file('tides', 'parts/components.yaml')}`);
  assert.deepEqual(one.relations, [{ type: 'ownedBy', targetRef: 'group:default/berths' }]);
  assert.deepEqual(await client.getEntityByRef({ kind: 'Component', namespace: 'default', name: 'C03' }), one);
  assert.equal(await client.getEntityByRef('component:default/none'), undefined);
  assert.deepEqual(await client.getEntityByName({ kind: 'component', name: 'c03' }), one);
  assert.equal(await client.getEntityByName({ kind: 'component', name: 'none' }), undefined);

  const counted = await client.getEntityFacets({ facets: ['kind', 'metadata.tags'], filter: { kind: ['component', 'api'] } });
  assert.deepEqual(counted.facets.kind, [{ value: 'API', count: 1 }, { value: 'Component', count: 31 }]);
  assert.deepEqual(counted.facets['metadata.tags'], [{ value: 'even', count: 15 }, { value: 'odd', count: 15 }]);
  const narrowed = await client.getEntityFacets({ facets: ['spec.type'], query: { 'metadata.name': { $hasPrefix: 'C0' } }, filter: { kind: 'component' } });
  assert.deepEqual(narrowed.facets['spec.type'], [{ value: 'library', count: 3 }, { value: 'service', count: 4 }, { value: 'website', count: 3 }]);
}

async function page() {
  const request = { filter: { kind: 'component' }, orderFields: { field: 'metadata.name', order: 'asc' }, fields: ['metadata'], limit: 7 };
  const first = await client.queryEntities(request);
  assert.deepEqual([first.totalItems, first.pageInfo.prevCursor], [31, undefined]);
  const seen = [...namesOf(first.items)];
  const backwards = [];
  let at = first;
  while (at.pageInfo.nextCursor) {
    at = await client.queryEntities({ cursor: at.pageInfo.nextCursor, fields: ['metadata'], limit: 7 });
    assert.equal(at.totalItems, 31);
    seen.push(...namesOf(at.items));
  }
  assert.deepEqual(seen, [...numbers, 'root']);
  backwards.unshift(...namesOf(at.items));
  while (at.pageInfo.prevCursor) {
    at = await client.queryEntities({ cursor: at.pageInfo.prevCursor, limit: 7 });
    backwards.unshift(...namesOf(at.items));
  }
  assert.deepEqual(backwards, seen, 'the way back is the way there');
  assert.deepEqual(namesOf(at.items), namesOf(first.items));

  // One that was seen leaves between two pages: nobody is skipped.
  const { metadata } = first.items[0];
  await client.removeEntityByUid(metadata.uid);
  assert.equal(await client.getEntityByRef('component:c00'), undefined);
  const next = await client.queryEntities({ cursor: first.pageInfo.nextCursor, limit: 7 });
  assert.deepEqual(namesOf(next.items), numbers.slice(7, 14));
  await client.removeEntityByUid(metadata.uid);

  const query = { $all: [{ kind: 'component' }, { $any: [{ 'metadata.tags': { $contains: 'odd' } }, { 'metadata.name': { $in: ['c02', 'root'] } }] }, { relations: { $contains: { type: 'ownedBy', targetRef: 'group:default/berths' } } }] };
  const expected = [...numbers.filter((_, number) => number % 2 === 1), 'root'].concat('c02').sort();
  let answer = await client.queryEntities({ query, filter: { 'metadata.namespace': 'default' }, orderFields: [{ field: 'metadata.name', order: 'desc' }], limit: 4 });
  assert.equal(answer.totalItems, expected.length);
  const found = [...namesOf(answer.items)];
  while (answer.pageInfo.nextCursor) {
    answer = await client.queryEntities({ cursor: answer.pageInfo.nextCursor, limit: 4 });
    found.push(...namesOf(answer.items));
  }
  assert.deepEqual(found, expected.toReversed());
  const uncounted = await client.queryEntities({ query: { kind: 'api' }, totalItems: 'exclude' });
  assert.deepEqual([uncounted.totalItems, namesOf(uncounted.items)], [0, ['tide-api']]);
  assert.equal((await client.queryEntities({ totalItems: 'exclude', limit: 1 })).totalItems, 0);
  const none = await client.queryEntities({ limit: 0 });
  assert.deepEqual([none.items, none.totalItems, none.pageInfo], [[], 33, {}]);
  assert.equal((await client.queryEntities()).items.length, 20);
  const text = await client.queryEntities({ fullTextFilter: { term: ' TIDE-a', fields: ['metadata.name', 'metadata.title'] } });
  assert.deepEqual(namesOf(text.items), ['tide-api']);
  const texts = await client.queryEntities({ query: { kind: 'component' }, fullTextFilter: { term: 'c1', fields: ['metadata.name'] }, offset: 8 });
  assert.deepEqual([texts.totalItems, namesOf(texts.items)], [10, ['c18', 'c19']]);

  const streamed = await every(client.streamEntities({ filter: { kind: 'component' }, pageSize: 10 }));
  assert.deepEqual(streamed.map((entities) => entities.length), [10, 10, 10]);
  const chosen = await every(client.streamEntities({ query: { 'spec.type': 'website' }, pageSize: 4 }));
  assert.deepEqual(namesOf(chosen.flat()).sort(), numbers.filter((_, number) => number % 3 === 1));

  const wrong = await refused(client.queryEntities({ query: { kind: { $near: 'x' } } }));
  assert.deepEqual([wrong.status, wrong.name], [400, 'InputError']);
  assert.match(wrong.message, /query\.kind\.\$near/);
  const cursor = await refused(client.queryEntities({ cursor: 'bm90aGluZw==' }));
  assert.deepEqual([cursor.status, cursor.name], [400, 'InputError']);
}

async function locations(location) {
  const refs = (items) => items.map(refOf);
  const { rootEntityRef, items } = await client.getEntityAncestors({ entityRef: 'component:default/c03' });
  assert.equal(rootEntityRef, 'component:default/c03');
  assert.deepEqual(refs(items.map((item) => item.entity)), ['component:default/c03', 'location:default/parts', location.entityRef]);
  assert.deepEqual(items.map((item) => item.parentEntityRefs), [['location:default/parts'], [location.entityRef], []]);
  const lost = await refused(client.getEntityAncestors({ entityRef: 'component:default/none' }));
  assert.deepEqual([lost.status, lost.name], [404, 'NotFoundError']);
  assert.equal((await client.getEntityByRef(location.entityRef)).spec.target, location.target);

  const { location: second } = await client.addLocation({ target: file('quay', 'catalog-info.yaml') });
  assert.deepEqual((await client.getLocations()).items, [location, second]);
  assert.deepEqual(await client.getLocationById(location.id), location);
  assert.equal(await client.getLocationById(nothing), undefined);
  assert.deepEqual(await client.getLocationByRef(`url:${location.target}`), location);
  assert.equal(await client.getLocationByRef('url:https://example.com/none'), undefined);
  assert.deepEqual(await client.getLocationByEntity('component:default/c03'), location);
  assert.deepEqual(await client.getLocationByEntity({ kind: 'component', namespace: 'default', name: 'quay' }), second);
  assert.equal(await client.getLocationByEntity('component:default/none'), undefined);
  const queried = await client.queryLocations({ limit: 1, query: { target: { $hasPrefix: base } } });
  assert.deepEqual([queried.totalItems, queried.items], [2, [location]]);
  const more = await client.queryLocations({ cursor: queried.pageInfo.nextCursor });
  assert.deepEqual([more.items, more.pageInfo.nextCursor], [[second], undefined]);
  assert.deepEqual((await client.queryLocations({ query: { $not: { entityRef: second.entityRef } } })).items, [location]);
  assert.deepEqual((await every(client.streamLocations({ limit: 1 }))).flat(), [location, second]);
  assert.equal((await refused(client.queryLocations({ query: { owner: 'x' } }))).status, 400);

  await client.refreshEntity('component:default/quay');
  const unknown = await refused(client.refreshEntity('component:default/none'));
  assert.deepEqual([unknown.status, unknown.name], [404, 'NotFoundError']);

  const taken = await refused(client.updateLocation(second.id, { target: location.target }));
  assert.deepEqual([taken.status, taken.name], [409, 'ConflictError']);
  const target = file('quay', 'deep/other.yaml');
  const moved = await client.updateLocation(second.id, { type: 'url', target });
  assert.deepEqual([moved.id, moved.target], [second.id, target]);
  assert.deepEqual(await client.getLocationById(second.id), moved);
  await client.addLocation({ target, onConflict: 'refresh' });
  assert.equal((await client.getEntityByRef('component:default/other')).kind, 'Component');
  assert.equal((await refused(client.updateLocation(nothing, { target: `${target}x` }))).status, 404);

  await client.removeLocationById(second.id);
  assert.equal(await client.getLocationById(second.id), undefined);
  assert.equal((await refused(client.removeLocationById(second.id))).status, 404);
  await client.removeLocationById(location.id);
  assert.deepEqual((await client.getEntities()).items, []);
}

await before();
const location = await register();
await read();
await page();
await locations(location);

// A method that a newer client brings must be walked, too.
const own = ['constructor', 'requestIgnored', 'requestRequired', 'requestOptional', 'getFilterValue', 'queryEntitiesByPredicate', 'getEntityFacetsByPredicate'];
const methods = Object.getOwnPropertyNames(CatalogClient.prototype).filter((name) => !own.includes(name));
assert.deepEqual([...called].sort(), methods.sort());
console.log(`walked ${methods.length} methods`);
