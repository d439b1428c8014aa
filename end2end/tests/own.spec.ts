// What people put together and keep: columns, views, stars, the past, a graph that moves.

import { expect, test } from '../portal.js';

test('columns, a view and a star are kept', async ({ page, visit }) => {
  await visit('/catalog');
  await page.locator('summary', { hasText: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'System' }).uncheck();
  await page.getByRole('checkbox', { name: 'Tags' }).check();
  await page.getByRole('button', { name: 'Show' }).click();
  await expect(page).toHaveURL(/columns=/);
  await expect(page.getByRole('columnheader', { name: 'Tags' })).toBeVisible();
  await expect(page.getByRole('columnheader', { name: 'System' })).toHaveCount(0);

  await page.locator('summary', { hasText: 'Save view' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('With tags');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page).toHaveURL(/view=/);
  await page.goto('about:blank');
  await visit('/catalog');
  await page.getByRole('link', { name: 'With tags' }).click();
  await expect(page.getByRole('columnheader', { name: 'Tags' })).toBeVisible();

  const row = page.getByRole('row', { name: /boarding-gate/ });
  await row.hover();
  await row.getByRole('button', { name: 'Star boarding-gate' }).click();
  await expect(row.getByRole('button', { name: /Take the star/ })).toBeVisible();
  await page.getByRole('link', { name: 'Starred' }).click();
  await expect(page.getByRole('row')).toHaveCount(2);
  await visit('/');
  await expect(page.getByRole('main').getByRole('heading', { name: 'Starred' })).toBeVisible();

  await visit('/catalog');
  await page.getByRole('link', { name: 'With tags' }).click();
  await page.locator('summary', { hasText: 'Edit view' }).click();
  await page.getByRole('button', { name: 'Remove view' }).click();
  await expect(page.getByRole('link', { name: 'With tags' })).toHaveCount(0);
});

test('a page is shown as it was, and leads back', async ({ page, visit }) => {
  await visit('/catalog/default/component/boarding-gate/history');
  const banner = page.getByRole('status').filter({ hasText: /^As it was at/ });
  await page.getByRole('link', { name: 'as it was then' }).last().click();
  await expect(banner).toBeVisible();
  await page.getByRole('link', { name: 'YAML', exact: true }).click();
  await expect(banner).toBeVisible();
  await expect(page).toHaveURL(/\/yaml\?asOf=/);
  await page.getByRole('link', { name: 'Back to now' }).click();
  await expect(banner).toHaveCount(0);
});

test('the graph is enlarged by keys, buttons and the wheel, and still leads on', async ({ page, visit }) => {
  await visit('/catalog/default/component/boarding-gate/relations?depth=2');
  const frame = page.getByRole('group', { name: /Relations around/ });
  const width = async () => (await frame.locator('> svg').boundingBox())!.width;
  const first = await width();
  await frame.focus();
  await page.keyboard.press('+');
  await expect.poll(width).toBeGreaterThan(first * 1.2);
  await page.getByRole('button', { name: 'Larger' }).click();
  await expect.poll(width).toBeGreaterThan(first * 1.5);
  await frame.hover();
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -100);
  await page.keyboard.up('Control');
  await expect.poll(width).toBeGreaterThan(first * 1.6);
  await page.getByRole('button', { name: 'Fit' }).click();
  await expect.poll(() => frame.evaluate((it) => it.scrollHeight - it.clientHeight + it.scrollWidth - it.clientWidth)).toBeLessThan(2);
  await page.getByRole('navigation', { name: 'Kinds in the graph' }).getByRole('link', { name: /component/ }).click();
  await expect(page).toHaveURL(/kinds=/);
  await frame.getByRole('link').nth(1).click();
  await expect(page).not.toHaveURL(/boarding-gate\/relations/);
});

test('what is wrong with a text is told within the window', async ({ page, visit }) => {
  await page.setViewportSize({ width: 390, height: 800 });
  await visit('/sources/explain');
  await page.getByRole('textbox', { name: 'A text' }).fill('kind: Component\nmetadata:\n  name: bad name\n  tags: [A]\nspec: {type: service}\n');
  await page.getByRole('button', { name: 'Explain the text' }).click();
  await expect(page.getByRole('heading', { name: '1 rejected' })).toBeVisible();
  await expect(page.locator('pre').getByText('is not a name')).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});

test('a graph that is larger than its frame opens on what it is about', async ({ page, visit }) => {
  await page.setViewportSize({ width: 600, height: 240 });
  await visit('/catalog/default/component/boarding-gate/relations?depth=3');
  const frame = page.getByRole('group', { name: /Relations around/ });
  expect(await frame.evaluate((it) => it.scrollHeight > it.clientHeight)).toBe(true);
  const own = frame.locator('#graph-focus rect').first();
  await frame.scrollIntoViewIfNeeded();
  await expect(own).toBeInViewport({ ratio: 1 });
});

test('names of a list are there however long what stands beside them is', async ({ page, visit }) => {
  await visit('/catalog');
  await page.evaluate(() => {
    for (const cell of document.querySelectorAll('tbody td:not(:first-child) .truncate')) {
      cell.textContent = 'a-word-that-nobody-would-write-'.repeat(3);
    }
  });
  for (const width of [1440, 1280, 1024, 800]) {
    await page.setViewportSize({ width, height: 700 });
    const [name, whole, frame] = await page.locator('main table').evaluate((table) => [
      table.querySelector('tbody td')!.getBoundingClientRect().width,
      table.getBoundingClientRect().width,
      table.parentElement!.clientWidth,
    ]);
    expect(name, `the names at ${width}`).toBeGreaterThanOrEqual(160);
    expect(whole, `the table at ${width}`).toBeLessThanOrEqual(frame);
  }
});
