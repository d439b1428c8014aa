// One running Causeway with the example organisation, and a page that reports what the browser complains about.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test as base, expect, type Page } from '@playwright/test';

export class Portal {
  private constructor(
    readonly url: string,
    readonly folder: string,
    private readonly process: ChildProcess,
  ) {}

  static start(...options: string[]): Promise<Portal> {
    return Portal.startWith({}, ...options);
  }

  /** The same, with settings as `SECTION__NAME`, and with variables that settings refer to. */
  static async startWith(variables: Record<string, string>, ...options: string[]): Promise<Portal> {
    const binary = process.env.CAUSEWAY_BINARY;
    if (!binary) throw new Error('CAUSEWAY_BINARY names the binary to test; `make e2e` sets it.');
    const folder = mkdtempSync(join(tmpdir(), 'causeway-'));
    const server = spawn(binary, ['serve', '--listen', '127.0.0.1:0', ...options], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, CAUSEWAY_LOG__LEVEL: 'warn', ...variables },
    });
    for await (const line of createInterface({ input: server.stdout! })) {
      const address = line.match(/^Causeway serves (\S+)/)?.[1];
      if (address) {
        server.stdout!.resume();
        return new Portal(address, folder, server);
      }
    }
    throw new Error('the server ended before it served');
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Waits until the example organisation is in the catalog and judged. */
  async settle(): Promise<void> {
    await expect
      .poll(async () => {
        const response = await fetch(`${this.url}/api/catalog/entity-facets?facet=kind`);
        const { facets } = (await response.json()) as { facets: { kind: { value: string; count: number }[] } };
        return facets.kind.find((facet) => facet.value === 'Component')?.count ?? 0;
      })
      .toBeGreaterThan(59);
    await expect
      .poll(async () => {
        const response = await fetch(`${this.url}/api/v1/scorecards/production-readiness`);
        return response.ok && JSON.stringify(await response.json()).includes('gold');
      })
      .toBe(true);
  }
}

/** Everything the browser complained about while a page was used. */
export function complaints(page: Page): string[] {
  const heard: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') heard.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => heard.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) => {
    // A stream or a look-up that the page itself gave up when it was left is not a failure.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') heard.push(`failed: ${request.url()}`);
  });
  return heard;
}

/** Waits until the page answers to clicks and keys. */
export async function hydrated(page: Page): Promise<void> {
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
}

type Fixtures = { visit: (path: string) => Promise<void>; heard: string[] };

export const test = base.extend<Fixtures, { portal: Portal; plain: Page }>({
  portal: [
    async ({}, use) => {
      const portal = await Portal.start('--example');
      await portal.settle();
      await use(portal);
      await portal.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  // A reader without JavaScript: one for all tests, since nothing of the last page is left when another is opened.
  plain: [
    async ({ browser }, use) => {
      const context = await browser.newContext({ javaScriptEnabled: false });
      await use(await context.newPage());
      await context.close();
    },
    { scope: 'worker' },
  ],
  heard: async ({ page }, use) => {
    const heard = complaints(page);
    await use(heard);
    expect(heard, 'what the browser complained about').toEqual([]);
  },
  visit: async ({ page, portal, heard }, use) => {
    void heard;
    await use(async (path) => {
      await page.goto(portal.url + path);
      await hydrated(page);
    });
  },
});

export { expect };
