// Definitions of APIs and documentation, as people read them.

import { expect, test } from '../portal.js';

test('an operation is found, read and linked', async ({ page, visit }) => {
  await visit('/catalog/default/api/tickets/api');
  const contents = page.getByRole('navigation', { name: 'Contents of the definition' });
  await expect(contents.getByRole('link', { name: 'Overview' })).toHaveAttribute('aria-current', 'page');
  await page.getByRole('main').getByRole('link', { name: /^GET / }).first().click();
  await expect(page).toHaveURL(/item=/);
  await expect(page.getByRole('heading', { level: 2 })).toContainText('GET');
  await expect(page.getByRole('heading', { level: 3, name: /^Response/ }).first()).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { level: 2 })).toContainText('GET');
});

test('the source of a definition has lines that can be linked', async ({ page, visit }) => {
  await visit('/catalog/default/api/tickets/api');
  await page.getByRole('link', { name: 'Source', exact: true }).click();
  await expect(page.locator('#L3')).toBeVisible();
  await visit('/catalog/default/api/tickets/api?view=source#L3');
  await expect(page.locator('#L3:target')).toBeVisible();
});

test('a definition is searched', async ({ page, visit }) => {
  await visit('/catalog/default/api/tickets/api');
  await page.getByRole('searchbox', { name: 'Find in this definition' }).fill('refund');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/find=refund/);
  await expect(page.getByRole('heading', { level: 2 })).toContainText('with “refund”');
});

test('docs are read page by page', async ({ page, visit }) => {
  await visit('/catalog/default/component/boarding-gate');
  await page.getByRole('link', { name: 'Docs', exact: true }).first().click();
  await expect(page.getByRole('article')).toContainText('Scans passes at the quay');
  await page.getByRole('navigation', { name: 'Pages of the docs' }).getByRole('link', { name: 'Runbook' }).click();
  await expect(page).toHaveURL(/\/docs\/runbook$/);
  await expect(page.getByRole('article').getByRole('heading', { level: 2 })).toHaveText('Runbook');
  await expect(page.getByRole('article')).toContainText('Never restart the service');
  await page.getByRole('navigation', { name: 'Pages beside this one' }).getByRole('link', { name: /Next/ }).click();
  await expect(page).toHaveURL(/\/docs\/offline$/);
});

test('what is folded shows that it opens, and figures of a table stay whole', async ({ page, visit }) => {
  await page.setViewportSize({ width: 390, height: 800 });
  await visit('/catalog/default/component/boarding-gate/docs');
  const long = 'goes on and on with one word after the other '.repeat(12);
  await page.locator('article .prose').evaluate((prose, long) => {
    prose.insertAdjacentHTML('beforeend', `<details id="folded"><summary>More</summary><p>Here</p></details>
      <table><tbody><tr><td id="figure">12345</td><td>Right</td><td>${long}</td></tr></tbody></table>`);
  }, long);
  const sign = () => page.locator('#folded summary').evaluate((summary) => getComputedStyle(summary, '::before').content);
  expect(await sign()).toContain('▸');
  await page.locator('#folded summary').click();
  expect(await sign()).toContain('▾');
  const lines = await page.locator('#figure').evaluate((cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return range.getClientRects().length;
  });
  expect(lines).toBe(1);
});

test('docs are searched', async ({ page, visit }) => {
  await visit('/catalog/default/component/boarding-gate/docs');
  await page.getByRole('searchbox', { name: 'Search these docs' }).fill('countstuck');
  await page.keyboard.press('Enter');
  const hit = page.getByRole('main').getByRole('link', { name: /CountStuck/ });
  await expect(hit).toHaveAttribute('href', /runbook#doc-countstuck$/);
});

test('a pasted text is explained line by line, and nothing is recorded', async ({ page, visit, portal }) => {
  await visit('/sources/explain');
  const head = 'apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n';
  const spec = 'spec: {type: service, lifecycle: production, owner: harbour}\n';
  await page.getByRole('textbox').first().fill(`${head}  name: tide gauge\n${spec}---\n${head}  name: tide-gauge\n${spec}`);
  await page.getByRole('button', { name: 'Explain the text' }).click();
  const main = page.getByRole('main');
  await expect(main.getByRole('heading', { level: 2 })).toContainText('1 accepted, 1 rejected');
  await expect(main.locator('#line-4')).toContainText('name: tide gauge');
  await expect(main.getByRole('link', { name: /harbour/ })).toBeVisible();
  expect((await fetch(`${portal.url}/api/catalog/entities/by-name/component/default/tide-gauge`)).status).toBe(404);
});
