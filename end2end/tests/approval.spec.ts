// A run that waits for approval: whoever started it is told why they cannot agree, and a second person decides.

import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Portal, complaints, expect, hydrated, test } from '../portal.js';
import { isSound } from '../sound.js';

const TOKEN = '0123456789abcdef0123456789abcdef';
const TEMPLATE = `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: berth
  title: Another berth
  annotations: { causeway.dev/approval: required }
spec:
  type: service
  owner: group:default/harbour
  parameters: { title: Which, required: [name], properties: { name: { title: Name, type: string } } }
  steps: [{ id: say, name: Build it, action: 'debug:log', input: { message: 'built \${{ parameters.name }}' } }]
`;

let provider: ChildProcess;
let issuer: string;
let guarded: Portal;

async function control(wish: object): Promise<void> {
  await fetch(`${issuer}/control`, { method: 'POST', body: JSON.stringify(wish) });
}

test.beforeAll(async () => {
  provider = spawn('node', ['serve.mjs'], { cwd: join(import.meta.dirname, '..', 'provider'), stdio: ['pipe', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: provider.stdout! })) {
    issuer = line;
    break;
  }
  guarded = await Portal.startWith({
    CAUSEWAY_SIGN_IN__ADMINISTRATOR_TOKEN: `'${TOKEN}'`,
    CAUSEWAY_SIGN_IN__PROVIDERS: `[{ id = "corp", name = "Saltmarsh", issuer = "${issuer}", client_id = "causeway", client_secret = "env:PROVIDER_SECRET", create_people = true }]`,
    CAUSEWAY_PERMISSION__ROLES: '{ platform-engineer = ["user:corp/petra", "user:corp/grace"] }',
    CAUSEWAY_OUTBOUND__ALLOW: '["127.0.0.1"]',
    PROVIDER_SECRET: 'a-secret-that-is-only-used-by-tests',
  });
  await control({ redirects: [`${guarded.url}/auth/callback/corp`] });
  const target = join(guarded.folder, 'berth.yaml');
  writeFileSync(target, TEMPLATE);
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ type: 'file', target });
  expect((await fetch(`${guarded.url}/api/catalog/locations`, { method: 'POST', headers, body })).status).toBe(201);
});

test.afterAll(async () => {
  await guarded?.stop();
  provider?.kill();
});

test('a second person agrees to a run, and whoever started it cannot', async ({ browser }) => {
  const come = async (account: string) => {
    await control({ account });
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${guarded.url}/auth/sign-in`);
    await page.getByRole('link', { name: 'Continue with Saltmarsh' }).click();
    await hydrated(page);
    return { page, heard: complaints(page) };
  };
  const { page: petra, heard: heardByPetra } = await come('petra');
  await petra.goto(`${guarded.url}/create/default/berth`);
  await hydrated(petra);
  await petra.getByLabel('Name').fill('quay-7');
  await petra.getByRole('button', { name: 'Show the plan' }).click();
  await expect(petra.getByText(/It will wait for approval by .*platform-engineer/)).toBeVisible();
  await petra.getByRole('button', { name: 'Create' }).click();
  await expect(petra).toHaveURL(/\/runs\/1$/);
  await expect(petra.getByRole('heading', { name: 'Waits for approval' })).toBeVisible();
  await expect(petra.getByText('started it, and it takes someone else to agree')).toBeVisible();
  await expect(petra.getByRole('button', { name: 'Approve' })).toBeDisabled();
  await isSound(petra, 'approval-own');

  const { page: grace, heard } = await come('grace');
  await grace.goto(guarded.url);
  await hydrated(grace);
  await expect(grace.getByText('Waits for you')).toBeVisible();
  await grace.getByRole('link', { name: /^#1 / }).click();
  await expect(grace).toHaveURL(/\/runs\/1$/);
  await expect(grace.getByRole('heading', { name: 'Waits for approval' })).toBeVisible();
  await isSound(grace, 'approval');
  // A refusal says why; what was forgotten is asked for on the same page.
  await grace.getByRole('button', { name: 'Refuse' }).click();
  await hydrated(grace);
  await expect(grace.getByRole('alert')).toContainText('why the run is refused');
  await grace.getByLabel('Note').fill('the berth is free');
  await grace.getByRole('button', { name: 'Approve' }).click();
  await hydrated(grace);
  await expect(grace.getByText('the berth is free').first()).toBeVisible();
  await isSound(grace, 'approval-given');
  // The other page learns of it by itself.
  await expect(petra.getByText('Completed').first()).toBeVisible();
  await expect(petra.getByRole('button', { name: 'Approve' })).toHaveCount(0);
  await grace.goto(`${guarded.url}/runs?status=waiting`);
  await hydrated(grace);
  await expect(grace.getByText('No runs here')).toBeVisible();
  expect(heardByPetra).toEqual([]);
  // The refusal itself is told as a failed request; nothing else may be.
  expect(heard.filter((line) => !line.includes('422'))).toEqual([]);
});
