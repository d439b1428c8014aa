import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

// The distribution's browser: nothing is downloaded.
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (!executablePath) throw new Error('Chromium is missing: run `make setup`.');

const flags = ['--disable-background-networking', '--disable-component-update', '--disable-quic', '--disable-gpu'];
if (process.getuid?.() === 0) flags.push('--no-sandbox');

export default defineConfig({
  testDir: 'tests',
  outputDir: 'results',
  // A test that passes at the second try hides a race.
  retries: 0,
  // Each has its own Causeway and its own browser.
  workers: 2,
  fullyParallel: true,
  // Generous: two browsers and two servers share what may be two cores.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath, args: flags },
    viewport: { width: 1440, height: 900 },
    // The pages as they were, without a film of them: that would cost more than the tests.
    trace: { mode: 'retain-on-failure', screenshots: false },
    locale: 'en-GB',
    timezoneId: 'UTC',
  },
});
