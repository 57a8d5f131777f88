import type { Page } from 'playwright-core';

/** What is wrong with a page as it stands on screen, one sentence each; empty when all can be read and pressed. */
export async function measureLayout(page: Page): Promise<readonly string[]> {
  return await page.evaluate(measureInPage);
}

/**
 * Runs in the page. Text may be cut only inside an element that scrolls downwards, or where a title tells the whole of
 * it; the top bar's wait, Stop and Save not even there, nor heads of panels and columns and what is too short to lose
 * letters. A panel that has nothing to show says so.
 */
function measureInPage(): string[] {
  const found = new Set<string>();
  const slackPx = 1.5;
  const shortLetters = 12;
  const width = window.innerWidth;
  const height = window.innerHeight;

  const styles = new Map<Element, CSSStyleDeclaration>();
  const styleOf = (element: Element): CSSStyleDeclaration => {
    const known = styles.get(element) ?? window.getComputedStyle(element);
    styles.set(element, known);
    return known;
  };
  const nameOf = (element: Element): string => {
    const own = (one: Element): string =>
      one.tagName.toLowerCase() + [...one.classList].map((name) => `.${name}`).join('');
    return [element.parentElement?.parentElement, element.parentElement, element]
      .flatMap((one) => (one == null ? [] : [own(one)]))
      .join(' > ');
  };
  const say = (what: string, element: Element, text: string, more = ''): void => {
    found.add(`${what}: "${text.trim().replaceAll(/\s+/g, ' ').slice(0, 60)}" in ${nameOf(element)}${more}`);
  };
  // Words for screen readers alone are one pixel wide on purpose.
  const hiddenWords = (element: Element): boolean => element.closest('.vh, [hidden], template') !== null;
  const isSeen = (element: Element): boolean =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !hiddenWords(element);
  const clipsX = (style: CSSStyleDeclaration): boolean => style.overflowX === 'hidden' || style.overflowX === 'clip';
  const clipsY = (style: CSSStyleDeclaration): boolean => style.overflowY === 'hidden' || style.overflowY === 'clip';
  const scrolls = (style: CSSStyleDeclaration): boolean =>
    /auto|scroll/.test(style.overflowX) || /auto|scroll/.test(style.overflowY);

  interface Box {
    left: number;
    right: number;
    top: number;
    bottom: number;
  }
  const cut = (box: Box, by: Box): Box => ({
    left: Math.max(box.left, by.left),
    right: Math.min(box.right, by.right),
    top: Math.max(box.top, by.top),
    bottom: Math.min(box.bottom, by.bottom),
  });
  const isEmpty = (box: Box): boolean => box.right - box.left < 1 || box.bottom - box.top < 1;
  /** What can be reached by scrolling is not cut: the box is first brought into the scroller's own view. */
  const clipBoxes = new Map<Element, Box>();
  const clipBoxOf = (element: Element): Box => {
    const known = clipBoxes.get(element);
    if (known !== undefined) return known;
    const rect = element.getBoundingClientRect();
    const box = {
      left: rect.left + element.clientLeft,
      right: rect.left + element.clientLeft + element.clientWidth,
      top: rect.top + element.clientTop,
      bottom: rect.top + element.clientTop + element.clientHeight,
    };
    clipBoxes.set(element, box);
    return box;
  };

  const checkPage = (): void => {
    const root = document.scrollingElement ?? document.documentElement;
    if (root.scrollWidth > width) found.add(`the page scrolls sideways: ${root.scrollWidth} of ${width} px`);
    if (root.scrollHeight > height + 1) found.add(`the page scrolls: ${root.scrollHeight} of ${height} px high`);
  };

  interface Text {
    readonly element: Element;
    readonly text: string;
    readonly box: Box;
  }
  const texts: Text[] = [];
  const checkText = (node: Text0): void => {
    const element = node.parentElement;
    const text = node.data;
    if (element === null || text.trim() === '' || !isSeen(element) || element.closest('option, script, style') !== null)
      return;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      // Chart libraries measure their words far outside the window.
      if (rect.width < 1 || rect.bottom < -1000) continue;
      let box: Box = { left: rect.left, right: rect.right, top: rect.top, bottom: rect.bottom };
      let within = false;
      for (
        let one: Element | null = element;
        one !== null && one !== document.documentElement;
        one = one.parentElement
      ) {
        const style = styleOf(one);
        if (scrolls(style) && one.tagName !== 'BODY') {
          box = cut(box, clipBoxOf(one));
          within = true;
        } else if (clipsX(style) || clipsY(style)) {
          const clip = clipBoxOf(one);
          const short = isShort(element, text);
          const strict = short || one.closest('.wait, .mh, .ph .sub, [data-whole]') !== null;
          // Half a pixel too few, and an ellipsis takes the place of two letters.
          const slack = short ? 0.5 : slackPx;
          // What drops out as a whole, by weight, is not cut; what stays is whole.
          const dropped = one.hasAttribute('data-drops') && box.top >= clip.bottom - slackPx;
          if (dropped) return;
          // Asked only of what is cut: it points at things, which takes its time.
          const told = (): boolean => !strict && toldBy(element, one);
          if (clipsX(style) && (box.right > clip.right + slack || box.left < clip.left - slack) && !told())
            say('cut', element, text, ` by ${nameOf(one)}`);
          // Half of a line's height is leading.
          const leading = (rect.height - Math.min(rect.height, Number.parseFloat(styleOf(element).fontSize))) / 2;
          if (
            clipsY(style) &&
            (box.bottom - leading > clip.bottom + slackPx || box.top + leading < clip.top - slackPx) &&
            !told()
          )
            say('cut in height', element, text, ` by ${nameOf(one)}`);
          box = cut(box, clip);
        }
        if (isEmpty(box)) return;
        if (styleOf(one).position === 'fixed') break;
      }
      if (!within && (box.right > width + slackPx || box.left < -slackPx || box.bottom > height + slackPx))
        say('outside the window', element, text);
      texts.push({ element, text, box: cut(box, { left: 0, right: width, top: 0, bottom: height }) });
    }
  };
  /** A head, a name, a figure: with some of its letters gone it says nothing, or something else. */
  const isShort = (element: Element, text: string): boolean =>
    element.closest('th, .vt-h') !== null ||
    (element.closest('td, [role="gridcell"]') !== null && text.trim().length <= shortLetters);
  /** An empty one tells nothing. */
  const hasTitle = (one: Element): boolean => (one.getAttribute('title') ?? '') !== '';
  /** A title on the way from the text to what cuts it, or on that itself, tells the whole text. */
  const toldBy = (from: Element, clip: Element): boolean => {
    // Ellipses get their title when pointed at.
    if (styleOf(clip).textOverflow === 'ellipsis')
      clip.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }));
    for (let one: Element | null = from; one !== null; one = one.parentElement) {
      if (hasTitle(one) || one.querySelector(':scope > title') !== null) return true;
      if (one === clip) return clip.parentElement !== null && hasTitle(clip.parentElement);
    }
    return false;
  };

  const checkOverlaps = (): void => {
    const ordered = texts.filter(({ box }) => !isEmpty(box)).sort((a, b) => a.box.left - b.box.left);
    ordered.forEach((a, i) => {
      for (const b of ordered.slice(i + 1)) {
        if (b.box.left > a.box.right - slackPx) break;
        if (a.element === b.element) continue;
        const across = Math.min(a.box.right, b.box.right) - b.box.left;
        const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
        const lower = Math.min(a.box.bottom - a.box.top, b.box.bottom - b.box.top);
        // Line boxes of neighbouring lines touch; letters lie over each other from about a third on.
        if (across > 2 && down > lower * 0.35 && layerOf(a.element) === layerOf(b.element) && !hides(a, b))
          say('overlap', a.element, `${a.text.trim()}" and "${b.text.trim()}`);
      }
    });
  };
  /** One lies on ground of its own over the other, as a sticky head does over the rows that pass under it. */
  const hides = (a: Text, b: Text): boolean => {
    const x = (Math.max(a.box.left, b.box.left) + Math.min(a.box.right, b.box.right)) / 2;
    const y = (Math.max(a.box.top, b.box.top) + Math.min(a.box.bottom, b.box.bottom)) / 2;
    const both = (one: Element): boolean => one.contains(a.element) && one.contains(b.element);
    for (let one = document.elementFromPoint(x, y); one !== null && !both(one); one = one.parentElement) {
      const { backgroundColor } = styleOf(one);
      if (backgroundColor !== 'transparent' && !/, 0\)$|\/ 0\)$/.test(backgroundColor)) return true;
    }
    return false;
  };
  /** What lies over the window on purpose. */
  const layerOf = (element: Element): Element | null =>
    element.closest('dialog, .toast, [popover], .menu, [data-layer]');

  const controls = 'button, a[href], input, select, textarea, summary, [role="button"], [role="radio"], [role="tab"]';
  const checkControl = (control: Element): void => {
    if (!isSeen(control) || control.closest('[inert]') !== null) return;
    const rect = control.getBoundingClientRect();
    if (rect.width < 1 || rect.height < 1) return;
    const label = control.getAttribute('aria-label') ?? control.textContent;
    let box: Box = rect;
    for (let one = control.parentElement; one !== null; one = one.parentElement) {
      const style = styleOf(one);
      if (one.tagName === 'BODY' || one.tagName === 'HTML' || !(scrolls(style) || clipsX(style) || clipsY(style)))
        continue;
      const clip = clipBoxOf(one);
      if (
        !scrolls(style) &&
        (rect.right > clip.right + slackPx || rect.left < clip.left - slackPx) &&
        !isEmpty(cut(box, clip))
      )
        say('control cut', control, label, ` by ${nameOf(one)}`);
      box = cut(box, clip);
      if (isEmpty(box)) {
        if (!scrolls(style)) say('control out of sight', control, label, ` by ${nameOf(one)}`);
        return;
      }
    }
    const x = (box.left + box.right) / 2;
    const y = (box.top + box.bottom) / 2;
    if (box.right > width + slackPx || box.left < -slackPx || box.bottom > height + slackPx || box.top < -slackPx) {
      say('control outside the window', control, label);
      return;
    }
    const top = document.elementFromPoint(x, y);
    // Heads that stay over the rows of their own table: what lies under them is scrolled to.
    if (top?.closest('thead') != null && top.closest('table') === control.closest('table')) return;
    const owner = control.closest('label') ?? control;
    const own =
      top !== null && (owner.contains(top) || top.contains(control) || top.closest('label')?.control === control);
    if (!own) say('control covered', control, label, top === null ? '' : ` by ${nameOf(top)}`);
  };

  /** What lies beside the edge of a part that scrolls down is not looked for there, if it can be reached at all. */
  const checkSideways = (element: Element): void => {
    if (!scrolls(styleOf(element)) || !isSeen(element)) return;
    const beyond = element.scrollWidth - element.clientWidth;
    if (beyond > slackPx) say('scrolls sideways', element, element.textContent, ` by ${beyond} px`);
  };

  const ruler = document.createElement('canvas').getContext('2d');
  /** What a field says of itself while it is empty is no text of the page. */
  const checkHint = (field: HTMLInputElement): void => {
    if (field.placeholder === '' || field.value !== '' || !isSeen(field) || ruler === null) return;
    const style = styleOf(field);
    // The shorthand is empty where it can't say all, as of tabular figures.
    ruler.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const room = field.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
    if (ruler.measureText(field.placeholder).width > room + slackPx) say('hint cut', field, field.placeholder);
  };

  /** Letters on the line of the bar are hard to read, however whole they are. */
  const checkBar = (): void => {
    const bar = document.querySelector('.topbar')?.getBoundingClientRect();
    if (bar === undefined) return;
    for (const { element, text, box } of texts) {
      const cell = element.closest('.topbar .cell')?.getBoundingClientRect();
      if (cell === undefined) continue;
      const letters = Number.parseFloat(styleOf(element).fontSize);
      const leading = Math.max(0, (box.bottom - box.top - letters) / 2);
      if (box.top + leading < bar.top + slackPx * 2 || box.bottom - leading > bar.bottom - slackPx * 2)
        say('on the edge of the bar', element, text);
      if (box.right > cell.right - slackPx * 2) say('on the edge of its cell', element, text);
    }
  };

  /** A head is one line, with a small second one at most. */
  const checkHead = (words: Element): void => {
    if (!isSeen(words) || words.textContent.trim() === '') return;
    const lines = words.getBoundingClientRect().height / Number.parseFloat(styleOf(words).lineHeight);
    if (lines > 2.4) say('a head of many lines', words, words.textContent, `: ${lines.toFixed(1)}`);
  };

  const checkEmpty = (panel: Element): void => {
    if (!isSeen(panel) || panel.querySelector('svg.chart, canvas, input, [role="img"]') !== null) return;
    const below = [...panel.children].filter((part) => !part.matches('.ph') && !hiddenWords(part));
    if (below.every(({ textContent }) => textContent.trim() === ''))
      say('nothing below its head', panel, panel.textContent);
  };

  checkPage();
  for (const element of document.body.querySelectorAll('*')) checkSideways(element);
  for (const field of document.querySelectorAll('input')) checkHint(field);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) checkText(node as Text0);
  for (const panel of document.querySelectorAll('section.panel:has(> .ph)')) checkEmpty(panel);
  for (const words of document.querySelectorAll('.ph .sub')) checkHead(words);
  checkOverlaps();
  checkBar();
  for (const control of document.querySelectorAll(controls)) checkControl(control);
  return [...found];
}

type Text0 = globalThis.Text;
