// Every page: no complaint in the console, nothing that axe finds, nothing that overflows, readable without JavaScript.

import { expect, test } from '../portal.js';
import { isSound } from '../sound.js';

const today = new Date().toISOString().slice(0, 10);

const pages: [name: string, path: string][] = [
  ['home', '/'],
  ['catalog', '/catalog'],
  ['catalog-apis', '/catalog?kind=api'],
  ['catalog-columns', '/catalog?columns=owner,tags,description,namespace,level,annotation:backstage.io/techdocs-ref'],
  ['catalog-empty', '/catalog?q=no-such-thing-anywhere'],
  ['entity', '/catalog/default/component/boarding-gate'],
  ['entity-relations', '/catalog/default/component/boarding-gate/relations'],
  ['entity-yaml', '/catalog/default/component/boarding-gate/yaml'],
  ['entity-scorecards', '/catalog/default/component/boarding-gate/scorecards'],
  ['entity-runs', '/catalog/default/component/boarding-gate/runs'],
  ['entity-history', '/catalog/default/component/boarding-gate/history'],
  ['entity-docs', '/catalog/default/component/boarding-gate/docs'],
  ['entity-docs-page', '/catalog/default/component/boarding-gate/docs/runbook'],
  ['entity-docs-search', '/catalog/default/component/boarding-gate/docs?find=gate'],
  ['api-openapi', '/catalog/default/api/tickets/api'],
  ['api-operation', '/catalog/default/api/cargo-quotes/api?item=quoteCargo'],
  ['api-schema', '/catalog/default/api/cargo-quotes/api?item=schema%3AQuoteRequest'],
  ['api-source', '/catalog/default/api/cargo-quotes/api?view=source'],
  ['api-graphql', '/catalog/default/api/haulier-graph/api'],
  ['api-asyncapi', '/catalog/default/api/gate-events/api'],
  ['own-kind', '/catalog/default/vessel/grey-heron'],
  ['entity-as-of', `/catalog/default/component/boarding-gate?asOf=${today}`],
  ['entity-around', '/catalog/default/component/boarding-gate/history?of=around'],
  ['team', '/catalog/default/group/harbour'],
  ['person', '/catalog/default/user/ama.osei'],
  ['scorecards', '/scorecards'],
  ['scorecard', '/scorecards/production-readiness'],
  ['create', '/create'],
  ['form', '/create/default/rust-service'],
  ['runs', '/runs'],
  ['sources', '/sources'],
  ['register', '/sources/new'],
  ['explain', '/sources/explain'],
  ['register-organisation', '/sources/new?kind=github'],
  ['credentials', '/sources/credentials'],
  ['problems', '/sources/problems'],
  ['problems-of-a-team', '/sources/problems?owner=nobody&only=rejected'],
  ['conflicts', '/sources/conflicts'],
  ['orphans', '/sources/orphans'],
  ['account', '/account'],
  ['tokens', '/account/tokens'],
  ['people', '/people'],
  ['service-tokens', '/people/tokens'],
  ['policies', '/policies'],
  ['policy', '/policies/developer'],
  ['roles', '/roles'],
  ['unused-roles', '/roles/unused'],
  ['who-may', '/may'],
  ['audit', '/audit'],
];

for (const [name, path] of pages) {
  test(`${name} is sound at every width, light and dark, and is read without JavaScript`, async ({ page, plain, visit, portal }) => {
    test.slow();
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await visit(path);
    await expect(page.locator('h1')).toHaveCount(1);
    const heading = await page.locator('h1').innerText();
    const words = (await page.locator('main').innerText()).length;
    await isSound(page, name);

    await plain.goto(portal.url + path);
    await expect(plain.locator('h1'), 'without JavaScript').toHaveText(heading);
    const plainWords = (await plain.locator('main').innerText()).length;
    expect(plainWords, 'characters without JavaScript').toBeGreaterThan(words * 0.8);
  });
}

test('a page that does not exist says what to do', async ({ page, portal }) => {
  const response = await page.goto(`${portal.url}/no/such/page`);
  expect(response?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.getByRole('main').getByRole('link').first()).toBeVisible();
});

test('an entity that does not exist answers 404', async ({ page, portal }) => {
  const response = await page.goto(`${portal.url}/catalog/default/component/no-such-thing`);
  expect(response?.status()).toBe(404);
  await expect(page.getByRole('main')).toContainText('no-such-thing');
});
