// The application arrives in parts: a page brings its own code, and no other's.

import { expect, test } from '../portal';

test('a page brings its own code and fetches that of another when it is opened', async ({ page, visit }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await visit('/catalog');
  expect(asked.filter((path) => path.startsWith('/pkg/list.'))).toHaveLength(1);
  expect(asked.filter((path) => path.startsWith('/pkg/scorecards.'))).toHaveLength(0);
  await page.locator('aside a[href="/scorecards"]').click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Scorecards');
  expect(asked.filter((path) => path.startsWith('/pkg/scorecards.'))).toHaveLength(1);
});

test('letters of other alphabets bring their font, and no page without them does', async ({ page, visit }) => {
  const fonts: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('.woff2')) fonts.push(new URL(request.url()).pathname);
  });
  await visit('/catalog');
  const others = () => fonts.filter((path) => /letters|central|ext|marks|cyrillic|vietnamese/.test(path)).length;
  expect(others(), fonts.join(' ')).toBe(0);
  await page.getByRole('heading', { level: 1 }).evaluate((heading) => heading.append(' Übersee, Żółć, Ева'));
  await expect.poll(others).toBe(3);
});

test('without a connection a page waits for its code, and loses nothing', async ({ page, portal }) => {
  await page.goto(`${portal.url}/catalog`);
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await page.route('**/pkg/scorecards.*.bin', (route) => route.abort());
  const refused = page.waitForEvent('requestfailed');
  await page.locator('aside a[href="/scorecards"]').click();
  await refused;
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Components');
  await page.unroute('**/pkg/scorecards.*.bin');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Scorecards');
});

test('what was said last stays while the server cannot be asked, with the field that is typed in', async ({ page, portal }) => {
  await page.goto(`${portal.url}/catalog`);
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  const field = page.getByRole('searchbox', { name: /^Filter by name/ });
  const rows = page.locator('main tbody tr');
  const before = await rows.count();
  const lost = page.getByRole('main').getByRole('alert');
  await page.route('**/api/portal/**', (route) => route.abort());
  await field.pressSequentially('tide-tab');
  await expect(lost).toContainText('did not answer');
  await expect(field).toBeFocused();
  await expect(field).toHaveValue('tide-tab');
  await expect(rows).toHaveCount(before);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('boarding');
  await expect(page.getByRole('dialog').getByRole('status')).toContainText('could not be looked up');
  await page.keyboard.press('Escape');
  await page.unroute('**/api/portal/**');
  // It is asked again by itself.
  await expect(lost).toHaveCount(0, { timeout: 15_000 });
  await expect(rows).toHaveCount(1);
  await page.route('**/api/portal/**', (route) => route.abort());
  await field.press('End');
  await field.pressSequentially('l');
  await expect(lost).toContainText('did not answer');
  await page.unroute('**/api/portal/**');
  await lost.getByRole('button', { name: 'Try again' }).click();
  await expect(lost).toHaveCount(0);
  await field.press('End');
  await field.pressSequentially('es');
  await expect(lost).toHaveCount(0);
  await expect(rows).toHaveCount(1);
  await expect(field).toHaveValue('tide-tables');
});

test('while the server is away a page says so, and comes by itself', async ({ page, portal }) => {
  await page.goto(`${portal.url}/catalog`);
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  const lost = page.getByRole('main').getByRole('alert');
  const heading = page.getByRole('heading', { level: 1 });
  await page.route('**/api/portal/**', (route) => route.fulfill({ status: 503, contentType: 'text/plain', body: 'no upstream' }));
  await page.getByRole('searchbox', { name: /^Filter by name/ }).pressSequentially('tide');
  await expect(lost).toContainText('not there at the moment');
  await page.locator('aside a[href="/scorecards"]').click();
  await expect(heading).toHaveText('The server is away');
  await expect(lost.getByRole('button', { name: 'Try again' })).toBeVisible();
  await page.unroute('**/api/portal/**');
  await expect(heading).toHaveText('Scorecards', { timeout: 15_000 });
});

test('after an upgrade of the server an open page leads where it should', async ({ page, portal }) => {
  await page.goto(`${portal.url}/catalog`);
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  let gone = 0;
  await page.route('**/pkg/scorecards.*.bin', async (route) => {
    gone += 1;
    // The page that is loaded instead names files of the new release.
    if (gone === 1) await route.fulfill({ status: 404, body: 'there is no such file' });
    else await route.continue();
  });
  await page.locator('aside a[href="/scorecards"]').click();
  await page.waitForURL('**/scorecards');
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Scorecards');
});

test('when the server no longer knows what a page asks for, the page says so and leads on', async ({ page, portal }) => {
  await page.goto(`${portal.url}/catalog`);
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await page.route('**/api/portal/**', (route) => route.fulfill({ status: 400, body: 'there is no such function' }));
  await page.locator('aside a[href="/scorecards"]').click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This page is of another release than the server');
  await page.getByRole('link', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Scorecards');
});
