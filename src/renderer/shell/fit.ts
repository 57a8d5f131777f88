import { useEffect, useRef } from 'react';
import type { RefObject } from 'react';

/**
 * What gives way in the top bar, in this order, until the wait, Stop and Save are whole: rates, names of stacks, a cell
 * for each transport, their names, the recorder's count of drops, the words on Save. Then the bar takes two rows.
 */
const givesWay = ['no-rates', 'no-stacks', 'one-cell', 'glyphs', 'no-drops', 'no-words'] as const;
const lastResort = ['rows', 'wrap'] as const;

/** Each as the words of `data-fit`, from everything to the least. */
export const fitSteps: readonly string[] = [
  ...Array.from({ length: givesWay.length + 1 }, (_, i) => givesWay.slice(0, i).join(' ')),
  ...Array.from({ length: givesWay.length + 1 }, (_, i) => [lastResort[0], ...givesWay.slice(0, i)].join(' ')),
  [...lastResort, ...givesWay].join(' '),
];

/** Room to spare, px, before something that gave way comes back: a digit more must not make the bar flicker. */
const sparePx = 16;

/** Gives its element the first of the steps with which nothing in it is cut, whenever its words or its width change. */
export function useFit(): RefObject<HTMLElement | null> {
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    const bar = ref.current;
    if (bar === null) return undefined;
    let known = '';
    let width = bar.clientWidth;
    let step = 0;
    const fit = (): void => {
      const key = `${width} ${document.documentElement.dataset['theme']} ${shapeOf(bar)}`;
      if (key === known) return;
      known = key;
      step = firstThatFits(bar, step);
    };
    const resized = new ResizeObserver(() => {
      width = bar.clientWidth;
      fit();
    });
    const changed = new MutationObserver(fit);
    const themed = new MutationObserver(fit);
    resized.observe(bar);
    changed.observe(bar, { subtree: true, childList: true, characterData: true });
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    fit();
    return () => {
      resized.disconnect();
      changed.disconnect();
      themed.disconnect();
    };
  }, []);
  return ref;
}

/** Figures are tabular: which digits they are changes nothing. */
function shapeOf(bar: HTMLElement): string {
  return bar.textContent.replaceAll(/\d/g, '0');
}

/** Narrower than this, px at the type of a desk, and the bar has two rows from the start. */
const oneRowFromPx = 1200;

function firstThatFits(bar: HTMLElement, before: number): number {
  const scale = Number(getComputedStyle(document.documentElement).getPropertyValue('--k')) || 1;
  const from = window.innerWidth / scale < oneRowFromPx ? givesWay.length + 1 : 0;
  for (const [step, words] of fitSteps.entries()) {
    if (step < from) continue;
    bar.dataset['fit'] = words;
    if (isWhole(bar, step < before ? sparePx : 0)) return step;
  }
  return fitSteps.length - 1;
}

function isWhole(bar: HTMLElement, spare: number): boolean {
  const wait = bar.querySelector<HTMLElement>('.cell.wait');
  const second = bar.querySelector<HTMLElement>('.tb2');
  const inWidth = (element: HTMLElement | null): boolean =>
    element === null || element.scrollWidth <= element.clientWidth;
  if (!inWidth(bar) || !inWidth(second) || !inWidth(wait)) return false;
  if (wait === null || spare === 0) return true;
  const words = Math.max(...[...wait.querySelectorAll<HTMLElement>('.w1, .w2')].map((line) => line.scrollWidth));
  return wait.clientWidth - words >= spare;
}
