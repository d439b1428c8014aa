// What stands around every page: palette, keys, theme.

import { expect, test } from '../portal.js';

test('the palette finds a service by a part of its name', async ({ page, visit }) => {
  await visit('/');
  await page.keyboard.press('Control+k');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  await page.keyboard.type('boarding-ga');
  await expect(dialog.getByText('boarding-gate').first()).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/catalog\/default\/component\/boarding-gate/);
});

test('keys lead where they say', async ({ page, visit }) => {
  await visit('/');
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await expect(page).toHaveURL(/\/catalog/);
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await expect(page).toHaveURL(/\/scorecards/);
  const sheet = page.getByRole('heading', { name: 'Keyboard' });
  await page.keyboard.press('?');
  await expect(sheet).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(sheet).toBeHidden();
});

test('a chosen theme is remembered', async ({ page, visit }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await visit('/');
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  const before = await theme();
  await page.getByRole('button', { name: /theme|dark|light/i }).first().click();
  await expect.poll(theme).not.toBe(before);
  const chosen = await theme();
  await page.reload();
  expect(await theme()).toBe(chosen);
});

test('filters stand in the address', async ({ page, visit }) => {
  await visit('/catalog');
  await page.getByRole('main').getByRole('link', { name: 'boarding-gate' }).first().waitFor();
  await visit('/catalog?kind=component&type=library');
  await expect(page.getByRole('main')).toContainText('tide-tables');
  await expect(page.getByRole('main').getByRole('link', { name: 'ticket-api', exact: true })).toHaveCount(0);
});
