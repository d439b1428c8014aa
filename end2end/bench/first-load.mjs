// What a browser that was never here takes over the wire to show the list, and how soon its rows are seen.

import { existsSync } from 'node:fs';

import { chromium } from '@playwright/test';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const flags = ['--disable-background-networking', '--disable-component-update', '--disable-gpu'];
if (process.getuid?.() === 0) flags.push('--no-sandbox');

/** 10 Mbit/s, and 40 ms there and back. */
const slow = { offline: false, latency: 40, downloadThroughput: 10e6 / 8, uploadThroughput: 10e6 / 8 };

/** Opens the list once: bytes of bodies and of headers, and milliseconds until the first row is drawn. */
async function open(browser, url, conditions) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  if (conditions) {
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', conditions);
  }
  const sizes = [];
  page.on('requestfinished', (request) => sizes.push(request.sizes()));
  // Looked at in the page itself, so that the way there and back does not count.
  await page.addInitScript(() => {
    const look = () => (document.querySelector('tbody tr') ? (window.rowsAt = performance.now()) : requestAnimationFrame(look));
    requestAnimationFrame(look);
  });
  await page.goto(`${url}/catalog`);
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
  await page.waitForLoadState('load');
  const rows = await page.evaluate(() => window.rowsAt);
  const all = await Promise.all(sizes);
  const sum = (of) => all.reduce((total, size) => total + of(size), 0);
  await context.close();
  return { bodies: sum((size) => size.responseBodySize), headers: sum((size) => size.responseHeadersSize), rows };
}

/** What the first load takes; nothing where no browser is installed. */
export async function firstLoad(url) {
  if (!executablePath) return undefined;
  const browser = await chromium.launch({ executablePath, args: flags });
  await open(browser, url);
  const near = [];
  for (let i = 0; i < 5; i++) near.push(await open(browser, url));
  const far = [];
  for (let i = 0; i < 5; i++) far.push(await open(browser, url, slow));
  await browser.close();
  const middle = (list) => [...list].sort((a, b) => a.rows - b.rows)[Math.floor(list.length / 2)];
  return { ...middle(near), slow: middle(far).rows };
}
