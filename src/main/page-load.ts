import type { WebContents } from 'electron';

/**
 * Whether the window's page is there to be talked to. Not `isLoading()`: that is still true while `did-finish-load` is
 * told, and true again for any later part of the page.
 */
export class PageLoad {
  readonly #contents: WebContents;
  #isLoaded = false;

  constructor(contents: WebContents) {
    this.#contents = contents;
    contents.on('did-start-navigation', (details) => {
      if (details.isMainFrame && !details.isSameDocument) this.#isLoaded = false;
    });
    contents.on('render-process-gone', () => (this.#isLoaded = false));
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** After each load, so that a reload gets a port of its own; the old one closed with the old page. */
  onLoaded(listener: () => void): void {
    this.#contents.on('did-finish-load', () => {
      this.#isLoaded = true;
      listener();
    });
  }
}
