import type { Page } from 'playwright-core';
import { disagreements, readFigures } from '#test/e2e/measures/same-figures.ts';

/** What a window says at one moment. */
export interface Said {
  /** By the clock of its page, wall ms. */
  readonly at: number;
  /** Sentence of the banner or verdict; empty: none. */
  readonly verdict: string;
  /** Why the picture is not of now; empty: it is said to be. */
  readonly past: string;
  /** Whole place for news, without the verdict's sentence. */
  readonly status: string;
  /** Whom the top bar waits for. */
  readonly wait: string;
  readonly ownLane: string;
  readonly coordinatorLane: string;
  /** Null: none is shown. */
  readonly round: number | null;
  /** Own updates that counted, of those checked. */
  readonly counted: number | null;
  /** What no person should read: `undefined`, a time below zero. */
  readonly raw: readonly string[];
  /** Figures of which two places say different things. */
  readonly differs: readonly string[];
}

/** Runs in the page, in one task: nothing changes in between. */
function readWindow(): Omit<Said, 'differs'> {
  const textOf = (selector: string): string => {
    const one = document.querySelector(selector);
    if (one === null) return '';
    // Text of neighbours must not run together.
    const walker = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
    const parts: string[] = [];
    while (walker.nextNode()) {
      const { parentElement, textContent } = walker.currentNode;
      if (parentElement?.closest('.vh, script, style') == null) parts.push(textContent ?? '');
    }
    return parts.join(' ').replaceAll(/\s+/g, ' ').trim();
  };
  const numberIn = (text: string, pattern: RegExp): number | null => {
    const found = pattern.exec(text)?.[1];
    return found === undefined ? null : Number(found);
  };
  const ownLane = textOf('.lh.own');
  // What may be below zero, such as the difference of two clocks, is written with a minus sign, which is another character.
  const raw = textOf('body').match(/.{0,40}(undefined|NaN|\[object|Infinity|(^|[ (])-\d[\d.]* (ms|s|min|h)\b).{0,20}/g);
  return {
    at: Date.now(),
    verdict: textOf('.slot .verdict .say'),
    past: textOf('.slot .service-gone'),
    status: textOf('.slot'),
    wait: textOf('header .wait'),
    ownLane,
    coordinatorLane: textOf('[data-lane="coordinator"] .lh'),
    round: numberIn(textOf('header .round .big'), /^(\d+)/),
    counted: numberIn(ownLane, /counted (\d+) of \d+/),
    raw: raw ?? [],
  };
}

// As text: the page knows nothing of these modules.
const script = `(() => {
  const readFigures = ${readFigures.toString()};
  const disagreements = ${disagreements.toString()};
  const readWindow = ${readWindow.toString()};
  return { ...readWindow(), differs: disagreements(readFigures()) };
})()`;

export async function saidBy(page: Page): Promise<Said> {
  return await page.evaluate<Said>(script);
}
