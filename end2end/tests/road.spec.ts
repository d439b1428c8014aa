// The whole road: from a form to a service that stands in the catalog with its owner and its level.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { complaints, expect, hydrated, test } from '../portal.js';
import { isSound } from '../sound.js';

test('a form becomes a service in the catalog, with its score', async ({ page, visit, portal, context }) => {
  // Someone else looks at the list meanwhile, and never reloads.
  const list = await context.newPage();
  const heardThere = complaints(list);
  await list.goto(`${portal.url}/catalog?q=quay-signs`);
  await hydrated(list);
  const listed = list.getByRole('main').getByRole('link', { name: 'quay-signs' });
  await expect(listed).toHaveCount(0);

  await visit('/create');
  await page.getByRole('main').getByRole('link', { name: /Rust service/ }).first().click();
  await expect(page).toHaveURL(/\/create\/default\/rust-service/);

  // A name outside the pattern is refused beside the field, and nothing that was typed is lost.
  await page.getByLabel('Name').fill('Quay Signs!');
  await page.getByLabel('Description').fill('Shows departures on the signs of a quay');
  await page.getByLabel('Owner').fill('group:default/harbour');
  await page.getByLabel('System').selectOption({ label: 'Embarkation' });
  await page.getByRole('button', { name: 'Next' }).click();
  await expect(page.getByLabel('Name')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Name')).toHaveAccessibleDescription(/pattern/);
  await expect(page.getByLabel('Description')).toHaveValue('Shows departures on the signs of a quay');

  await page.getByLabel('Name').fill('quay-signs');
  await page.getByRole('button', { name: 'Next' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Where it runs');
  await page.getByRole('button', { name: 'Show the plan' }).click();

  // The plan says what will happen, and nothing has happened.
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This is what will happen');
  const main = page.getByRole('main');
  await expect(main).toContainText('Create repository harbour/quay-signs');
  await expect(main).toContainText('component:quay-signs');
  expect((await fetch(`${portal.url}/api/catalog/entities/by-name/component/default/quay-signs`)).status).toBe(404);
  await isSound(page, 'plan');

  // The run's page follows it to its end by itself.
  await page.getByRole('button', { name: 'Create it' }).click();
  await expect(page).toHaveURL(/\/runs\/\d+/);
  await expect(main.getByText('Completed').first()).toBeVisible({ timeout: 30_000 });
  const run = new URL(page.url()).pathname;
  await isSound(page, 'run');

  // The list that was open all the time shows it, with its owner and its level, without a reload.
  await expect(listed).toBeVisible({ timeout: 20_000 });
  const row = list.getByRole('row').filter({ hasText: 'quay-signs' });
  await expect(row).toContainText('harbour');
  await expect(row).toContainText(/Bronze|Silver|Gold|Platinum|Basic/, { timeout: 20_000 });
  expect(heardThere).toEqual([]);
  await list.close();

  await visit('/catalog/default/component/quay-signs');
  await expect(page.getByRole('main')).toContainText('Shows departures on the signs of a quay');
  await visit('/catalog/default/component/quay-signs/runs');
  await expect(page.getByRole('main').locator(`a[href="${run}"]`).first()).toBeVisible();

  // What was published can be cloned, and holds what the plan showed.
  const clone = mkdtempSync(join(tmpdir(), 'causeway-clone-'));
  execFileSync('git', ['clone', '--quiet', `${portal.url}/git/harbour/quay-signs.git`, clone]);
  expect(existsSync(join(clone, 'src', 'main.rs'))).toBe(true);
  rmSync(clone, { recursive: true });

  // The same name again: the run says that it is taken, and what is there stays as it is.
  const again = { name: 'quay-signs', description: 'Another one of the same name', owner: 'group:default/harbour', system: 'system:default/embarkation' };
  const response = await fetch(`${portal.url}/api/scaffolder/v2/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ templateRef: 'template:default/rust-service', values: again }),
  });
  expect(response.status).toBe(201);
  const { id } = (await response.json()) as { id: string };
  await expect
    .poll(async () => ((await (await fetch(`${portal.url}/api/scaffolder/v2/tasks/${id}`)).json()) as { status: string }).status, { timeout: 30_000 })
    .toBe('failed');
});

test('the form and the plan work without JavaScript', async ({ plain: page, portal }) => {
  await page.goto(`${portal.url}/create/default/data-job`);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Data job');
  await page.getByRole('button', { name: 'Next' }).click();
  // Nothing was answered, so the first question says what it needs.
  await expect(page.locator('[aria-invalid="true"]').first()).toBeVisible();
});
