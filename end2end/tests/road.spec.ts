// The whole road: from a form to a service that stands in the catalog with its owner and its level.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '../portal.js';

test('a form becomes a service in the catalog, with its score', async ({ page, visit, portal, context }) => {
  // Someone else looks at the list meanwhile, and never reloads.
  const list = await context.newPage();
  await list.goto(`${portal.url}/catalog?q=quay-signs`);
  await list.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await expect(list.getByRole('main')).not.toContainText('Shows departures');

  await visit('/create');
  await page.getByRole('main').getByRole('link', { name: /rust service/i }).first().click();
  await expect(page).toHaveURL(/\/create\/default\/rust-service/);

  // A name outside the pattern is refused beside the field, and nothing that was typed is lost.
  await page.getByLabel(/^name/i).fill('Quay Signs!');
  await page.getByLabel(/description/i).fill('Shows departures on the signs of a quay.');
  await page.getByLabel(/owner/i).first().fill('group:default/harbour').catch(() => page.getByLabel(/owner/i).first().selectOption({ label: /harbour/i as never }));
  await page.getByRole('button', { name: /next|continue|plan|review/i }).click();
  await expect(page.getByLabel(/^name/i)).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel(/description/i)).toHaveValue('Shows departures on the signs of a quay.');
});
