import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

/** What the window shows of one figure, by the place where it stands. */
export type Shown = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Runs in the page: reads each figure of Rounds, top bar, status line and Home wherever it stands, all in one task, so that
 * nothing can change in between. A place that does not say it now is left out.
 */
export function readFigures(): Record<string, Record<string, string>> {
  const figures: Record<string, Record<string, string>> = {};
  const textOf = (one: Element | null | undefined): string => (one?.textContent ?? '').replaceAll(/\s+/g, ' ').trim();
  const find = (pattern: RegExp, text: string): string | undefined => pattern.exec(text)?.slice(1).join(' ');
  const say = (figure: string, place: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') (figures[figure] ??= {})[place] = value;
  };
  const bar = textOf(document.querySelector('header .wait .w1'));
  const status = textOf(document.querySelector('.slot .status') ?? document.querySelector('.slot'));
  const banner = textOf(document.querySelector('.slot .verdict'));
  const list = document.querySelector('.p-list table');
  const column = (row: Element | null | undefined, name: string): string => {
    const heads = [...(list?.querySelectorAll('thead th') ?? [])].map(textOf);
    return textOf(row?.querySelectorAll('td')[heads.indexOf(name)]);
  };
  const rows = [...(list?.querySelectorAll('tbody tr:not(.next)') ?? [])];
  const [newest] = rows;
  const checked = rows.find((row) => /\d/.test(column(row, 'Accuracy')));
  const lastHead = [...document.querySelectorAll('.colhead .rc')].at(-1);
  const running = document.querySelector('.axis .flag:not(.dead):not(.heard)') !== null;
  const home = textOf(document.querySelector('main.home .of'));

  say('round', 'top bar', find(/^(\d+)/, textOf(document.querySelector('header .round .big'))));
  say('round', 'list', column(newest, 'Round'));
  if (document.querySelector('.btn[aria-pressed="true"]')?.textContent.startsWith('Live'))
    say('round', 'head of the column', find(/^(?:round )?(\d+)$/, textOf(lastHead?.querySelector('b'))));
  say('round', 'Home', find(/round (\d+)/, home));

  if (running && newest !== undefined && /so far/.test(textOf(lastHead))) {
    const head = textOf(lastHead?.querySelector('span'));
    say('time of the round', 'head of the column', find(/^([\d.]+ (?:s|min)(?: \d+ s)?) so far/, head));
    say('time of the round', 'list', find(/^([\d.]+ (?:s|min)(?: \d+ s)?)/, column(newest, 'Duration')));
  }

  const waited = /Waiting for (\d+) of (\d+) updates?/.exec(bar);
  const inList = find(/^(\d+) of \d+$/, column(newest, 'Updates'));
  if (waited !== null && inList !== undefined) {
    say('updates that are in', 'top bar', String(Number(waited[2]) - Number(waited[1])));
    say('updates that are in', 'list', inList);
  }
  const percent = /([\d.]+ %)/;
  const tile = [...document.querySelectorAll('.spark')].find((one) => textOf(one).startsWith('Accuracy'));
  say('accuracy', 'status line', find(/Accuracy ([\d.]+ %)/, status));
  say('accuracy', 'list', checked === undefined ? undefined : find(percent, column(checked, 'Accuracy')));
  say('accuracy', 'tile', find(percent, textOf(tile?.querySelector('.fig'))));
  say('accuracy', 'top bar', find(/accuracy ([\d.]+ %)/, textOf(document.querySelector('header .wait .w2'))));
  say('accuracy', 'Home', find(/accuracy ([\d.]+ %)/, home));

  const slowest = find(/Slowest is (\S+), about/, status);
  if (slowest !== undefined && waited !== null) {
    say('slowest', 'status line', slowest);
    say('slowest', 'list', find(/^([a-z]\S*)$/, column(newest, 'Slowest')));
  }

  const counts = find(/(\d+) decided, (\d+) counted/, textOf(document.querySelector('.p-list .sub')));
  say('own work', 'list', counts);
  const own = (text: string): string | undefined =>
    find(/(\d+) of (\d+)/, text)
      ?.split(' ')
      .toReversed()
      .join(' ');
  say('own work', 'status line', own(find(/Counted (\d+ of \d+)/, status) ?? ''));
  say('own work', 'lane', own(find(/counted (\d+ of \d+)/, textOf(document.querySelector('.lh.own'))) ?? ''));
  say('own work', 'Home', own(find(/counted (\d+ of \d+)/, home) ?? ''));

  for (const lane of document.querySelectorAll('.lane-row[data-lane]')) {
    const batch = find(/batch (\d+ \/ \d+)/, textOf(lane.querySelector('.lh')));
    const name = lane.getAttribute('data-lane') ?? '';
    const segment = lane.querySelector('.sg.train.now');
    if (batch === undefined || segment === null) continue;
    say(`batch of ${name}`, 'head of the lane', batch);
    say(`batch of ${name}`, 'segment', find(/(\d+ \/ \d+)/, segment.getAttribute('title') ?? ''));
    if (status.includes(`This node ${name} `))
      say(`batch of ${name}`, 'status line', find(/batch (\d+ \/ \d+)/, status));
  }

  const age = '((?:\\d+ min )?\\d+ s)';
  say('silence', 'banner', find(new RegExp(`last heard ${age} ago`), banner));
  if (banner !== '') {
    const coordinator = textOf(document.querySelector('[data-lane="coordinator"] .lh'));
    say('silence', 'top bar', find(new RegExp(`Waiting for the coordinator, ${age}`), bar));
    say('silence', 'lane', find(new RegExp(`silent ${age}`), coordinator));
    say(
      'silence',
      'panel',
      find(new RegExp(`last heard ?${age}`), textOf(document.querySelector('.p-det .figs, .p-link'))),
    );
  }
  return figures;
}

export async function figuresNow(page: Page): Promise<Shown> {
  return await page.evaluate(readFigures);
}

/** One sentence for each figure of which two places say different things. */
export function disagreements(shown: Shown): readonly string[] {
  return Object.entries(shown)
    .filter(([, places]) => new Set(Object.values(places)).size > 1)
    .map(
      ([figure, places]) =>
        `${figure}: ${Object.entries(places)
          .map(([place, value]) => `${value} (${place})`)
          .join(', ')}`,
    );
}

/** Looks at each frame from now on; the check at the end says what disagreed, and that enough was compared. */
export async function watchFigures(page: Page): Promise<(least: Readonly<Record<string, number>>) => Promise<void>> {
  // As text: the page knows nothing of this module.
  await page.evaluate(`(() => {
    const readFigures = ${readFigures.toString()};
    const disagreements = ${disagreements.toString()};
    const seen = (window.figuresSeen = { found: {}, compared: {} });
    const look = () => {
      const shown = readFigures();
      for (const one of disagreements(shown)) seen.found[one] = (seen.found[one] ?? 0) + 1;
      for (const [figure, places] of Object.entries(shown)) {
        const kind = figure.replace(/ of [a-z]+-\\d+$/, '');
        if (Object.keys(places).length > 1) seen.compared[kind] = (seen.compared[kind] ?? 0) + 1;
      }
      requestAnimationFrame(look);
    };
    look();
  })()`);
  return async (least) => {
    const { found, compared } = await page.evaluate(
      () =>
        (window as unknown as Record<'figuresSeen', Record<'found' | 'compared', Record<string, number>>>).figuresSeen,
    );
    assert.deepEqual(found, {}, 'figures that differ at one moment');
    for (const [figure, times] of Object.entries(least))
      assert.ok(
        (compared[figure] ?? 0) >= times,
        `${figure} was compared ${compared[figure] ?? 0} times, ${JSON.stringify(compared)}`,
      );
  };
}
