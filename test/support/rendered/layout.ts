import type { DOMWindow } from 'jsdom';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Every element is as large as this: enough to tell how many rows of a table are in sight. */
let size: Size = { width: 1280, height: 720 };
const observers = new Set<Observer>();
/** Those that have yet to be told of an element for the first time. */
const unmeasured = new Set<Observer>();
const mediaLists = new Set<{ readonly matches: boolean; readonly events: EventTarget }>();
/** Whose place was set and who have yet to be told. */
const scrolledSince = new Set<Element>();
const frames = new Map<number, (now: number) => void>();
let frameId = 0;

class Observer {
  readonly #callback: ResizeObserverCallback;
  readonly #elements = new Set<Element>();

  constructor(callback: ResizeObserverCallback) {
    this.#callback = callback;
    observers.add(this);
  }

  observe(element: Element): void {
    this.#elements.add(element);
    unmeasured.add(this);
  }

  unobserve(element: Element): void {
    this.#elements.delete(element);
  }

  disconnect(): void {
    this.#elements.clear();
  }

  tell(): void {
    const box = [{ inlineSize: size.width, blockSize: size.height }];
    const entries = [...this.#elements].map((target) => ({
      target,
      contentRect: target.getBoundingClientRect(),
      borderBoxSize: box,
      contentBoxSize: box,
      devicePixelContentBoxSize: box,
    }));
    if (entries.length > 0) this.#callback(entries, this);
  }
}

/** Says how large everything is from now on, as after a change of the window's size; call it within `act`. */
export function setSize(next: Partial<Size>): void {
  const before = [...mediaLists].map((list) => list.matches);
  size = { ...size, ...next };
  for (const observer of observers) observer.tell();
  window.dispatchEvent(new Event('resize'));
  [...mediaLists].forEach((list, i) => {
    if (list.matches !== before[i]) list.events.dispatchEvent(new Event('change'));
  });
}

/** Tells of what was scrolled and of the size of what has been rendered, as a browser does once it has laid it out; call it within `act`. */
export function measure(): void {
  for (const element of [...scrolledSince]) {
    scrolledSince.delete(element);
    element.dispatchEvent(new Event('scroll'));
  }
  const due = [...unmeasured];
  unmeasured.clear();
  for (const observer of due) observer.tell();
}

/** Lets the next animation frame come: all that asked for one is called; call it within `act`. */
export function nextFrame(): void {
  const due = [...frames.values()];
  frames.clear();
  for (const callback of due) callback(performance.now());
}

/** Forgets the frames that were asked for, and goes back to the first size. */
export function resetLayout(): void {
  frames.clear();
  observers.clear();
  unmeasured.clear();
  scrolledSince.clear();
  size = { width: 1280, height: 720 };
}

/** Widths alone are compared: nothing here has a pointer, a color scheme or a wish for less motion. */
function matchesNow(query: string): boolean {
  const widths = [...query.matchAll(/\((min|max)-width: *([\d.]+)px\)/g)];
  if (widths.length === 0) return false;
  return widths.every(([, end, px]) => (end === 'min' ? size.width >= Number(px) : size.width <= Number(px)));
}

function mediaList(query: string): unknown {
  const events = new EventTarget();
  const list = {
    media: query,
    events,
    get matches() {
      return matchesNow(query);
    },
    addEventListener: events.addEventListener.bind(events),
    removeEventListener: events.removeEventListener.bind(events),
  };
  mediaLists.add(list);
  return list;
}

/** Sizes, scrolling, frames and dialogs: what jsdom leaves out, since it lays nothing out. */
export function layOut(page: DOMWindow): void {
  const both = (name: string, value: unknown): void => {
    for (const target of [globalThis, page])
      Object.defineProperty(target, name, { value, configurable: true, writable: true });
  };
  both('ResizeObserver', Observer);
  both('matchMedia', mediaList);
  both('requestAnimationFrame', (callback: (now: number) => void) => {
    frames.set(++frameId, callback);
    return frameId;
  });
  both('cancelAnimationFrame', (id: number) => void frames.delete(id));
  // Node's would keep the process alive, and comes in a turn that no test waits for.
  both('MessageChannel', Channel);
  both('getComputedStyle', plainStyle);
  addSizes(page);
  addScrolling(page);
  addDialogs(page);
}

const blocks =
  /^(ADDRESS|ARTICLE|ASIDE|BLOCKQUOTE|DD|DETAILS|DIALOG|DIV|DL|DT|FIELDSET|FIGCAPTION|FIGURE|FOOTER|FORM|H[1-6]|HEADER|HR|LI|MAIN|NAV|OL|P|PRE|SECTION|SUMMARY|T(ABLE|BODY|D|FOOT|H|HEAD|R)|UL)$/;
const inlineBlocks = /^(BUTTON|INPUT|SELECT|TEXTAREA|METER|PROGRESS)$/;

/**
 * The style of an element without any style sheet, as far as roles and names ask for it. jsdom's own goes through its
 * style sheet for each element that is looked at, which would be most of what these tests cost.
 */
function plainStyle(element: HTMLElement): unknown {
  const { tagName, style } = element;
  const hidden = element.hasAttribute('hidden') || (tagName === 'DIALOG' && !element.hasAttribute('open'));
  const usual = blocks.test(tagName) ? 'block' : inlineBlocks.test(tagName) ? 'inline-block' : 'inline';
  const known: Readonly<Record<string, string>> = {
    display: hidden ? 'none' : style?.display || usual,
    visibility: style?.visibility || 'visible',
    content: 'normal',
  };
  return { ...known, getPropertyValue: (name: string) => known[name] ?? style?.getPropertyValue(name) ?? '' };
}

class Channel {
  readonly port1: { onmessage: ((event: { readonly data: unknown }) => void) | null } = { onmessage: null };
  readonly port2 = { postMessage: (data: unknown): void => queueMicrotask(() => this.port1.onmessage?.({ data })) };
}

function addSizes(page: DOMWindow): void {
  const getters = {
    clientWidth: () => size.width,
    clientHeight: () => size.height,
    offsetWidth: () => size.width,
    offsetHeight: () => size.height,
  };
  Object.defineProperty(page.HTMLElement.prototype, 'scrollHeight', {
    get(this: HTMLElement) {
      // What a list gives as its whole height stands in its style.
      const heights = [...this.querySelectorAll<HTMLElement>('[style]')].map(({ style }) =>
        Number.parseFloat(style.height),
      );
      return Math.max(size.height, ...heights.filter((px) => px > 0));
    },
    configurable: true,
  });
  for (const [name, get] of Object.entries(getters))
    Object.defineProperty(page.HTMLElement.prototype, name, { get, configurable: true });
  page.Element.prototype.getBoundingClientRect = () => new page.DOMRect(0, 0, size.width, size.height);
}

function addScrolling(page: DOMWindow): void {
  const scrolled = (element: Element, left: number, top: number): void => {
    element.scrollLeft = left;
    element.scrollTop = top;
    scrolledSince.delete(element);
    element.dispatchEvent(new page.Event('scroll'));
  };
  const tops = new WeakMap<Element, number>();
  Object.defineProperty(page.Element.prototype, 'scrollTop', {
    get(this: Element) {
      return tops.get(this) ?? 0;
    },
    set(this: Element, px: number) {
      const next = Math.max(0, Math.min(px, this.scrollHeight - this.clientHeight));
      if (next === this.scrollTop) return;
      tops.set(this, next);
      scrolledSince.add(this);
    },
    configurable: true,
  });
  const placeOf = (at?: number | ScrollToOptions, top?: number): [number, number] =>
    typeof at === 'object' ? [at.left ?? 0, at.top ?? 0] : [at ?? 0, top ?? 0];
  page.Element.prototype.scrollTo = function (this: Element, at?: number | ScrollToOptions, top?: number) {
    scrolled(this, ...placeOf(at, top));
  };
  page.Element.prototype.scrollBy = function (this: Element, at?: number | ScrollToOptions, top?: number) {
    const [x, y] = placeOf(at, top);
    scrolled(this, this.scrollLeft + x, this.scrollTop + y);
  };
  page.Element.prototype.scrollIntoView = () => undefined;
  page.Element.prototype.setPointerCapture = () => undefined;
  page.Element.prototype.releasePointerCapture = () => undefined;
}

/** A modal dialog takes the focus, closes with Escape, and gives the focus back, as in a browser. */
function addDialogs(page: DOMWindow): void {
  const openers = new WeakMap<HTMLDialogElement, Element | null>();
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    const dialog = [...page.document.querySelectorAll<HTMLDialogElement>('dialog[open]')].at(-1);
    if (dialog?.dispatchEvent(new page.Event('cancel', { cancelable: true })) === true) dialog.close();
  };
  page.document.addEventListener('keydown', onKeyDown);
  page.HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
    openers.set(this, page.document.activeElement);
    this.open = true;
    const first = this.querySelector<HTMLElement>(
      '[autofocus], input, button:not([disabled]), select, textarea, a[href], [tabindex="0"]',
    );
    first?.focus();
  };
  page.HTMLDialogElement.prototype.close = function (this: HTMLDialogElement) {
    if (!this.open) return;
    this.open = false;
    const opener = openers.get(this);
    if (opener instanceof page.HTMLElement) opener.focus();
    this.dispatchEvent(new page.Event('close'));
  };
}
