// Coming in with a browser: the page that offers the ways, a provider that is real, and what is said when it does not work out.

import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Portal, complaints, expect, hydrated, test } from '../portal.js';
import { isSound } from '../sound.js';

const TOKEN = '0123456789abcdef0123456789abcdef';

let provider: ChildProcess;
let issuer: string;
let guarded: Portal;

test.describe.configure({ mode: 'serial' });

test.beforeAll(async () => {
  provider = spawn('node', ['serve.mjs'], {
    cwd: join(import.meta.dirname, '..', 'provider'),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: provider.stdout! })) {
    issuer = line;
    break;
  }
  const settings = `id = "corp", name = "Saltmarsh", issuer = "${issuer}", client_id = "causeway", client_secret = "env:PROVIDER_SECRET"`;
  const other = `${settings.replace('corp', 'other').replace('Saltmarsh', 'Haulage partners')}, create_people = true`;
  guarded = await Portal.startWith({
    CAUSEWAY_SIGN_IN__ADMINISTRATOR_TOKEN: `'${TOKEN}'`,
    CAUSEWAY_SIGN_IN__PROVIDERS: `[{ ${settings} }, { ${other} }]`,
    CAUSEWAY_OUTBOUND__ALLOW: '["127.0.0.1"]',
    PROVIDER_SECRET: 'a-secret-that-is-only-used-by-tests',
  });
  const redirects = ['corp', 'other'].map((id) => `${guarded.url}/auth/callback/${id}`);
  await fetch(`${issuer}/control`, { method: 'POST', body: JSON.stringify({ redirects, account: 'stranger' }) });
});

test.afterAll(async () => {
  await guarded?.stop();
  provider?.kill();
});

test('the page offers every provider, and the administrator behind a disclosure', async ({ page }) => {
  const heard = complaints(page);
  await page.goto(`${guarded.url}/catalog`);
  await expect(page).toHaveURL(/\/auth\/sign-in\?next=%2Fcatalog/);
  await expect(page.getByRole('link', { name: 'Continue with Saltmarsh' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Continue with Haulage partners' })).toBeVisible();
  await expect(page.getByLabel("Administrator's token")).toBeHidden();
  await isSound(page, 'sign-in');
  await page.getByText('Sign in as administrator').click();
  await page.getByLabel("Administrator's token").fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('not the administrator');
  await isSound(page, 'sign-in-refused');
  // The refusal itself is told as a failed request; nothing else may be.
  expect(heard.filter((line) => !line.includes('422'))).toEqual([]);
});

test('one whom nobody knows is told what came and what can be done', async ({ page }) => {
  await page.goto(`${guarded.url}/auth/sign-in`);
  await page.getByRole('link', { name: 'Continue with Saltmarsh' }).click();
  await expect(page.getByRole('heading', { name: 'What was looked for' })).toBeVisible();
  await expect(page.getByText('stranger@saltmarsh.example').first()).toBeVisible();
  await isSound(page, 'sign-in-unmatched');
});

test('a token is made, shown once and ended, and a session is left', async ({ page }) => {
  const heard = complaints(page);
  await page.goto(`${guarded.url}/auth/sign-in?next=%2Faccount`);
  await page.getByText('Sign in as administrator').click();
  await page.getByLabel("Administrator's token").fill(TOKEN);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await hydrated(page);
  await expect(page.getByText('this browser')).toBeVisible();
  await isSound(page, 'account-signed-in');
  await page.getByRole('link', { name: 'Tokens' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('my laptop');
  await page.getByRole('button', { name: 'Make token' }).click();
  await hydrated(page);
  await expect(page.getByText(/^cw_pat_[0-9a-f]{40}$/)).toBeVisible();
  await isSound(page, 'token-made');
  await page.goto(`${guarded.url}/account/tokens`);
  await hydrated(page);
  await expect(page.getByText(/^cw_pat_[0-9a-f]{40}$/)).toHaveCount(0);
  await page.getByRole('button', { name: 'End my laptop' }).click();
  await hydrated(page);
  await expect(page.getByText('There is none')).toBeVisible();
  await page.goto(`${guarded.url}/catalog`);
  await hydrated(page);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('peo');
  await expect(page.getByRole('option', { name: /^People/ })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'People', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'People', exact: true })).toBeVisible();
  await page.locator('#navigation').getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Signed out' })).toBeVisible();
  await page.goto(`${guarded.url}/account`);
  await expect(page).toHaveURL(/\/auth\/sign-in/);
  expect(heard).toEqual([]);
});

const wish = (account: string) => fetch(`${issuer}/control`, { method: 'POST', body: JSON.stringify({ account }) });

test('a name as long as can be stays on the page that says what its bearer could do', async ({ page }) => {
  const heard = complaints(page);
  await wish('n'.repeat(60));
  await page.goto(`${guarded.url}/auth/start/other?next=%2Fmay`);
  await hydrated(page);
  await expect(page.getByText(`user:other/${'n'.repeat(60)}: viewer`)).toBeVisible();
  await isSound(page, 'what-could');
  expect(heard).toEqual([]);
});

test('people stand in columns, and a token that somebody made is ended', async ({ browser, page }) => {
  for (const account of ['grace', 'asa']) {
    await wish(account);
    const context = await browser.newContext();
    const theirs = await context.newPage();
    await theirs.goto(`${guarded.url}/auth/start/other?next=%2Faccount%2Ftokens`);
    await hydrated(theirs);
    await theirs.getByRole('textbox', { name: 'Name' }).fill(`the laptop of ${account}`);
    await theirs.getByRole('button', { name: 'Make token' }).click();
    await expect(theirs.getByText(/^cw_pat_[0-9a-f]{40}$/)).toBeVisible();
    await context.close();
  }
  const heard = complaints(page);
  await page.goto(`${guarded.url}/auth/sign-in?next=%2Fpeople`);
  await page.getByText('Sign in as administrator').click();
  await page.getByLabel("Administrator's token").fill(TOKEN);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await hydrated(page);
  // One who is signed in and one who is blocked have different buttons.
  await page.getByRole('button', { name: 'Block user:other/grace' }).click();
  await hydrated(page);
  await expect(page.getByRole('button', { name: 'Let in again user:other/grace' })).toBeVisible();
  const middles = page.locator('main ul > li > div:nth-child(2)').filter({ hasText: 'seen' });
  await expect(middles).toHaveCount(3);
  const lefts = await middles.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().left));
  expect(new Set(lefts).size, `columns begin at ${lefts}`).toBe(1);
  await expect(page.getByText('at rest while the account is blocked')).toBeVisible();
  await isSound(page, 'people-signed-in');
  await page.getByText('1 token of user:other/asa').click();
  await isSound(page, 'people-tokens');
  await page.getByRole('button', { name: 'End the laptop of asa' }).click();
  await hydrated(page);
  await expect(page.getByText('1 token of user:other/asa')).toHaveCount(0);
  await page.goto(`${guarded.url}/people?q=åse`);
  await hydrated(page);
  await expect(page.getByText('Åse Ødegård')).toBeVisible();
  await page.goto(`${guarded.url}/people?q=nobody`);
  await hydrated(page);
  await expect(page.getByText('Nobody is found')).toBeVisible();
  await isSound(page, 'people-nobody');
  await page.getByRole('link', { name: 'Everyone' }).click();
  await expect(page.getByText('Åse Ødegård')).toBeVisible();
  await page.getByRole('link', { name: 'What they could do user:other/asa' }).click();
  await expect(page.getByText('What user:other/asa could do')).toBeVisible();
  expect(heard).toEqual([]);
});
