import type { Page } from 'playwright-core';

/** Enabled controls in sight to which Tab does not come; the focus must be seen wherever it is. */
export async function tabStopsMissed(page: Page): Promise<readonly string[]> {
  const wanted = await page.evaluate(() => {
    const controls = [...document.querySelectorAll<HTMLElement>('button, a[href], input, select, textarea, summary')];
    const seen = controls.filter(
      (control) => control.checkVisibility({ visibilityProperty: true }) && !control.matches(':disabled'),
    );
    document.body.tabIndex = -1;
    document.body.focus();
    return seen.map((control, i) => {
      control.dataset['reach'] = String(i);
      // A group has one stop and arrows; who has none of its own is reached through its group.
      const group = control.closest(
        '[role="radiogroup"], [role="grid"], [role="toolbar"], [role="tablist"], [data-roving]',
      );
      return {
        name: (control.getAttribute('aria-label') ?? control.textContent).trim().slice(0, 40),
        grouped: group !== null && group !== control,
      };
    });
  });
  const reached = new Set<number>();
  const problems: string[] = [];
  for (let presses = 0; presses < wanted.length + 40; presses++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      if (element === null || element === document.body) return null;
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      // A ring of its own, or one that its box wears for it.
      const ringed = (one: Element | null): boolean =>
        one !== null && getComputedStyle(one).outlineStyle !== 'none' && getComputedStyle(one).outlineWidth !== '0px';
      const shown =
        box.width > 0 &&
        (ringed(element) || ringed(element.parentElement) || ringed(element.closest('.panel, .fbox, label')));
      return {
        index: Number(element.dataset['reach'] ?? -1),
        shown,
        name: `${element.tagName} ${style.outlineStyle} ${element.className}`,
      };
    });
    if (at === null) break;
    if (!at.shown) problems.push(`the focus is not seen on ${at.name}`);
    if (at.index >= 0) {
      if (reached.has(at.index)) break;
      reached.add(at.index);
    }
  }
  return [
    ...new Set(problems),
    ...wanted.filter(({ grouped }, i) => !grouped && !reached.has(i)).map(({ name }) => `Tab never comes to "${name}"`),
  ];
}
