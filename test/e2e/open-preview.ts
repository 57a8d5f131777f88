import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '#test/support/page/chromium.ts';
import { servePreview } from '#test/support/page/preview-server.ts';

/** The window on recorded runs in a browser of its own. Time stands still in it, so that the same is seen each time. */
export class OpenPreview implements AsyncDisposable {
  readonly address: string;
  readonly browser: Browser;
  readonly page: Page;
  readonly #served: Awaited<ReturnType<typeof servePreview>>;

  static async open(): Promise<OpenPreview> {
    const [served, browser] = await Promise.all([servePreview(), launchChromium()]);
    return new OpenPreview(served, browser, await stillPage(browser));
  }

  private constructor(served: Awaited<ReturnType<typeof servePreview>>, browser: Browser, page: Page) {
    this.#served = served;
    this.address = served.address;
    this.browser = browser;
    this.page = page;
  }

  /** The run of `query` from the start, also where only the part after the `#` would differ. */
  async play(query: string, place = 'rounds'): Promise<void> {
    await this.page.goto('about:blank');
    await this.page.goto(`${this.address}?${query}#/${place}`);
    await viewLoaded(this.page);
  }

  /** Another place in the window of the same run. */
  async show(place: string): Promise<void> {
    await showPlace(this.page, place);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    await this.#served[Symbol.asyncDispose]();
  }
}

/** A page of its own, at the moment at which recorded runs are looked at. */
export async function stillPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  // Long runs are made in the page, which takes its time on a busy machine.
  page.setDefaultNavigationTimeout(120_000);
  await page.clock.setFixedTime(new Date('2026-01-04T12:00:00Z'));
  return page;
}

/** Goes there in a window that is open, and waits until the view has been drawn. */
export async function showPlace(page: Page, place: string): Promise<void> {
  await page.evaluate((hash) => {
    window.location.hash = hash;
  }, `#/${place}`);
  await viewLoaded(page);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

async function viewLoaded(page: Page): Promise<void> {
  await page.locator('main:not([aria-busy])').first().waitFor();
}
