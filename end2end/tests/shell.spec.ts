// What stands around every page: palette, keys, theme.

import { expect, hydrated, test } from '../portal.js';

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

test('search and lists follow as one types, without a step of the history for each letter', async ({ page, visit }) => {
  await visit('/search');
  const asked = page.getByRole('searchbox', { name: 'What are you looking for?' });
  await asked.pressSequentially('boarding-ga');
  await expect(page.getByRole('main').getByRole('link', { name: 'boarding-gate' }).first()).toBeVisible();
  await expect(page).toHaveURL(/\/search\?q=boarding-ga$/);
  await expect(asked).toBeFocused();
  await expect(asked).toHaveValue('boarding-ga');

  await visit('/catalog?kind=component');
  const steps = await page.evaluate(() => history.length);
  await page.keyboard.press('/');
  await page.keyboard.type('tide-tab');
  await expect(page).toHaveURL(/\/catalog\?q=tide-tab$/);
  const rows = page.getByRole('main').getByRole('link', { name: 'ticket-api', exact: true });
  await expect(rows).toHaveCount(0);
  const field = page.getByRole('searchbox', { name: /^Filter by name/ });
  await expect(field).toBeFocused();
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => history.length)).toBe(steps);
  // The way back empties the field too.
  await page.getByRole('link', { name: 'Clear', exact: true }).click();
  await expect(field).toHaveValue('');
});

test('going back leads to where one was on a list', async ({ page, visit }) => {
  await visit('/catalog?kind=all');
  await page.mouse.move(700, 500);
  await page.mouse.wheel(0, 700);
  const place = () => page.evaluate(() => scrollY);
  await expect.poll(place).toBe(700);
  await page.mouse.click(480, 500);
  await expect(page).toHaveURL(/\/catalog\/[^?]+\/[^?]+\/[^?]+$/);
  await expect(page.getByRole('link', { name: 'YAML', exact: true })).toBeVisible();
  await page.goBack();
  await expect.poll(place).toBe(700);
});

test('many windows are open at once, and each hears what changes', async ({ page, visit }) => {
  await visit('/catalog');
  for (let number = 0; number < 8; number += 1) {
    const next = await page.context().newPage();
    // Each takes a connection that a browser has six of, should it listen by itself.
    const answer = await next.goto(page.url(), { waitUntil: 'commit' });
    expect(answer?.ok()).toBe(true);
    await hydrated(next);
  }
  await page.bringToFront();
  await visit('/scorecards');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('what is composed of several keys stands in a list’s field as it was meant', async ({ page, visit }) => {
  await page.clock.install();
  await visit('/catalog');
  const field = page.getByRole('searchbox').first();
  await field.focus();
  const keys = await page.context().newCDPSession(page);
  const compose = async (before: string, steps: string[], end: string) => {
    for (const text of steps) {
      await keys.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
      // Longer than the fingers rest before a list follows.
      await page.clock.runFor(500);
      await expect(field).toHaveValue(before + text);
    }
    await keys.send('Input.insertText', { text: end });
    await page.clock.runFor(50);
  };
  await compose('', ['ㅅ', '스', '승', '승ㅊ', '승차'], '승차');
  await compose('승차', ['ㄱ', '구', '권'], '권');
  await page.clock.runFor(500);
  await expect(page).toHaveURL(/q=%EC%8A%B9%EC%B0%A8%EA%B6%8C/);
  await expect(field).toHaveValue('승차권');
});

test('Enter opens what fits the text that stands there, and ends no word of another script', async ({ page, visit }) => {
  await visit('/');
  await page.keyboard.press('Control+k');
  const dialog = page.getByRole('dialog');
  await page.keyboard.type('boarding-gate');
  await expect(dialog.getByText('boarding-gate').first()).toBeVisible();
  // Of the new text nothing is known when the key comes.
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('freight-booking');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/catalog\/default\/component\/freight-booking/);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('boarding-gate');
  await expect(dialog.getByText('boarding-gate').first()).toBeVisible();
  await dialog.getByRole('combobox').dispatchEvent('keydown', { key: 'Enter', isComposing: true });
  await expect(dialog).toBeVisible();
});
