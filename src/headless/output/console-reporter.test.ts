import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { RecordedEvent } from '#shared/contract/events.ts';
import { recordedSession } from '#test/support/recorded/recorded-session.ts';
import { recordedStart, recordedView } from '#test/support/recorded/recorded-view.ts';
import { seatViewAt } from '#test/support/kits/seat-view.ts';
import { ConsoleReporter } from './console-reporter.ts';
import { runSummary } from '../summary.ts';

test('a stall is news once: not when its verdict is told again, but again after it was cleared', () => {
  const terminal = new PassThrough({ encoding: 'utf8' });
  // A terminal is told apart by what it can show in color alone.
  const reporter = new ConsoleReporter(terminal as unknown as NodeJS.WriteStream);
  const items = recordedSession({ startAt: recordedStart, stallInRound: 4 });
  const raised = items.flatMap((item) => ('event' in item ? [item.event] : [])).find(isRaised);
  assert.ok(raised?.type === 'verdict_raised');
  const cleared: RecordedEvent = {
    ...raised,
    type: 'verdict_cleared',
    data: { verdict: raised.data.verdict, reason: 'the round no longer waits for node-3' },
  };
  const view = recordedView(4);
  for (const event of [raised, raised, cleared, raised]) reporter.event(event, view);
  const lines = String(terminal.read()).trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => /stall|cleared/.exec(line)?.[0]),
    ['stall', 'cleared', 'stall'],
  );
});

function isRaised(event: RecordedEvent): boolean {
  return event.type === 'verdict_raised';
}

test('who ended a run is said from the chair of its participant', () => {
  const endOf = (story: 'left' | 'stopped'): string => {
    const terminal = new PassThrough({ encoding: 'utf8' });
    const view = seatViewAt(story, 489_000);
    new ConsoleReporter(terminal as unknown as NodeJS.WriteStream).end(runSummary(view), view);
    return stripVTControlCharacters(String(terminal.read())).split('\n')[0] ?? '';
  };
  assert.equal(endOf('left'), 'You left at round 13: the run goes on without this node, as far as is known here');
  assert.equal(endOf('stopped'), 'The coordinator ended the run: its user stopped it');
});

test('an update whose round never ended is named as that, and otherwise where this node left', () => {
  const updatesOf = (story: 'left' | 'stopped'): string | undefined => {
    const terminal = new PassThrough({ encoding: 'utf8' });
    const whole = seatViewAt(story, 489_000);
    const contributions = whole.contributions.slice(0, 1).map((one) => ({ ...one, outcome: 'acknowledged' as const }));
    const view = { ...whole, contributions };
    new ConsoleReporter(terminal as unknown as NodeJS.WriteStream).end(runSummary(view), view);
    const lines = stripVTControlCharacters(String(terminal.read())).split('\n');
    return lines.find((line) => line.startsWith('Your updates'));
  };
  assert.equal(updatesOf('stopped'), 'Your updates: 1 acknowledged, its round never ended');
  assert.equal(updatesOf('left'), 'Your updates: 1 acknowledged, how the round ends is not told');
});
