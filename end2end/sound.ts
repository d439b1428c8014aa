// What every page has to be at every width and in both themes: nothing that axe finds, nothing that overflows.

import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const all = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
const ofColours = ['color-contrast', 'link-in-text-block'];

/** One load for every width and theme: a page has to follow both while it is open. It is left as wide as a desk's. */
export async function isSound(page: Page, name: string): Promise<void> {
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    for (const theme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      if (process.env.SCREENSHOTS) await page.screenshot({ path: `screenshots/${name}-${width}-${theme}.png`, fullPage: true });
      // Our pages have no frames: axe runs in the page alone, without another one to put together what was found (that took
      // longer than the looking).
      const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] });
      // The same page in other colours and in another form: nothing is looked at twice that is the same in both.
      if (theme === 'dark') axe.withRules(ofColours);
      else if (width === 1440) axe.withTags(all);
      else axe.withTags(all).disableRules(ofColours);
      const { violations } = await axe.analyze();
      const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(' | ')}`);
      expect(found, `${name} at ${width} px, ${theme}`).toEqual([]);
    }
  }
  await page.setViewportSize({ width: 320, height: 700 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow, `${name}: pixels too wide at 320 px`).toBeLessThanOrEqual(0);
  await page.setViewportSize({ width: 1440, height: 900 });
}
