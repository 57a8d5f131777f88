/** What the tests use of jsdom, which brings no types of its own. */
declare module 'jsdom' {
  export type DOMWindow = Window & typeof globalThis;

  export class JSDOM {
    constructor(html: string, options?: { readonly url?: string; readonly pretendToBeVisual?: boolean });
    readonly window: DOMWindow;
  }
}
