import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorCodes } from '#shared/base/errors.ts';
import { errorWords } from '#shared/contract/error-words.ts';
import { verdictReport } from '#renderer/components/words/verdict-report.ts';
import { slowestOf } from '#renderer/session/run/pace.ts';
import { nextOf } from '#renderer/session/run/verdicts.ts';
import type { Command } from '#renderer/session/commands.ts';
import type { ParticipantView } from '#shared/run-view/run-view.ts';
import { recordedView } from '#test/support/recorded/recorded-view.ts';
import { matchCommands } from './commands/match-commands.ts';
import { transportBadges, waitWords } from './summary.ts';

const seconds = (view: { readonly startedAt: number }, s: number): number => view.startedAt + s * 1000;

describe('top bar', () => {
  test('says who is waited for, how many, and for how long', () => {
    const view = recordedView(64);
    const words = waitWords(view, seconds(view, 64));
    assert.match(words.lead, /^Waiting for \d of 4 updates, about \d+ s$/);
    assert.match(words.detail, /node-\d.* · then they are averaged$/);
    const first = recordedView(2);
    assert.match(waitWords(first, seconds(first, 2)).lead, /^Waiting for 4 of 4 updates, (about \d+ s|\d+ s at most)$/);
  });

  test('the wait never promises less than the slowest training that the status line tells of', () => {
    let compared = 0;
    for (let at = 2; at < 60; at += 0.7) {
      const view = recordedView(at);
      const slowest = slowestOf(view, seconds(view, at));
      const about = / about (\d+) s/.exec(waitWords(view, seconds(view, at)).lead)?.[1];
      if (slowest === null || about === undefined) continue;
      compared++;
      const left = Math.round(slowest.leftMs / 1000);
      assert.ok(
        Number(about) >= left && Number(about) - left <= 3,
        `at ${at} s: about ${about} s, ${left} s of training`,
      );
    }
    assert.ok(compared > 20, `only ${compared} moments had both figures`);
  });

  test('says how a run ended, and that nothing runs', () => {
    assert.deepEqual(waitWords(null, 0), { lead: 'Nothing to wait for', detail: 'no run is open' });
    assert.match(waitWords(recordedView(500), 0).detail, /^10 rounds in 1 min \d+ s, accuracy 9\d\.\d %$/);
    const stalled = waitWords(recordedView(500, { stallInRound: 4 }), 0);
    assert.deepEqual(stalled, {
      lead: 'Run ended, stalled: node-3',
      detail: 'deadline of round 4 passed without quorum',
    });
  });

  test('a link that had to take another way says so on its badge, and shortly', () => {
    const view = recordedView(58);
    const why = 'UDP blocked: no answer in 2.5 s; over TCP now';
    const participants = view.participants.map((one) =>
      one.protocol === 'quic' ? { ...one, link: { ...one.link, fallback: why } } : one,
    );
    const badge = transportBadges({ ...view, participants }).find(({ protocol }) => protocol === 'quic');
    assert.deepEqual([badge?.trouble, badge?.severity, badge?.explanation], ['UDP blocked', 'warning', why]);
    const after = transportBadges({ ...view, participants, endedAt: 1 }).find(({ protocol }) => protocol === 'quic');
    assert.equal(after?.trouble, '');
  });

  test('a badge says why its newest link took this protocol, and is silent about choices that were left', () => {
    const view = recordedView(58);
    const choice = { strategy: 'rules' as const, expected: [], explored: false };
    const elsewhere = view.participants.findIndex(({ protocol }) => protocol === 'quic');
    const participants = view.participants.map((one, index): ParticipantView => ({
      ...one,
      choices: [
        { ...choice, at: 10 + index, protocol: 'quic' as const, reason: `QUIC: loss ${index} %` },
        ...(index === elsewhere
          ? [{ ...choice, at: 90, protocol: 'mqtt' as const, reason: 'MQTT: UDP is blocked' }]
          : []),
      ],
    }));
    const quic = participants.filter(({ protocol, choices }) => protocol === 'quic' && choices.length === 1).at(-1);
    const badge = transportBadges({ ...view, participants }).find(({ protocol }) => protocol === 'quic');
    assert.equal(badge?.choice, `Chosen by ${quic?.id}: ${quic?.choices[0]?.reason}`);
    assert.equal(transportBadges(view)[0]?.choice, '');
  });

  test('one badge for each transport, with what is not well', () => {
    const badges = transportBadges(recordedView(58, { stallInRound: 4 }));
    assert.deepEqual(
      badges.map(({ protocol, links, trouble, severity }) => ({ protocol, links, trouble, severity })),
      [
        { protocol: 'quic', links: 3, trouble: '1 stalled', severity: 'stall' },
        { protocol: 'mqtt', links: 1, trouble: '', severity: 'none' },
      ],
    );
  });
});

describe('palette', () => {
  const command = (id: string, group: Command['group'], title = id): Command => ({
    id,
    group,
    title,
    run: () => undefined,
  });
  const search = (text: string): Command => command('search', 'filter', text);

  test('every word must match, and a long group does not hide the others', () => {
    const many = Array.from({ length: 30 }, (_, i) => command(`go ${i}`, 'go', `node-3 place ${i}`));
    const found = matchCommands(
      [...many, command('do', 'do', 'Skip node-3'), command('f', 'filter', 'participant == node-3')],
      'node-3',
      search,
    );
    assert.equal(found.total, 33);
    assert.equal(found.shown.length, 12);
    assert.deepEqual(
      found.groups.map(({ group, commands }) => [group, commands.length]),
      [
        ['go', 9],
        ['do', 1],
        ['filter', 2],
      ],
    );
    assert.deepEqual(
      matchCommands(many, 'place 7', search).shown.map((one) => one.id),
      ['go 7', 'go 17', 'go 27', 'search'],
    );
  });

  test('hidden commands and filters are not offered before something is typed', () => {
    const found = matchCommands(
      [{ ...command('a', 'go'), hidden: true }, command('b', 'filter'), command('c', 'do')],
      '',
      search,
    );
    assert.deepEqual(
      found.shown.map((one) => one.id),
      ['c'],
    );
  });
});

test('every error code has its words, each a sentence or more', () => {
  assert.deepEqual(Object.keys(errorWords).toSorted(), [...errorCodes].toSorted());
  for (const [code, words] of Object.entries(errorWords)) {
    assert.match(words.meaning, /^[A-Z].+[.?]$/, code);
    assert.match(words.tryThis, /^[A-Z].+[.?]$/, code);
  }
});

test('the report of a verdict has all that a ticket needs', () => {
  const view = recordedView(58, { stallInRound: 4 });
  const verdict = view.verdicts[0];
  assert.ok(verdict !== undefined);
  const app = { version: '0.1.0', platform: 'linux x64' };
  const twice = { ...verdict, evidence: [...verdict.evidence, ...verdict.evidence] };
  const report = verdictReport(view, twice, nextOf(view, verdict), app);
  for (const part of ['node-3 never hears', 'transport', 'r-7f3a2c', 'connection-per-message', 'packet:', 'event:12']) {
    assert.ok(report.includes(part), part);
  }
  for (const part of [/^app: +Roundscope 0\.1\.0, linux x64$/m, /^transport: mqtt \(mqtt\.js\), quic \(quinn\)$/m])
    assert.match(report, part);
  const evidence = report.slice(report.indexOf('evidence:')).split('\n').slice(1);
  assert.equal(evidence.length, verdict.evidence.length, 'a line an evidence, however often it stands there');
  for (const line of evidence) assert.match(line, /^ {2}\d\d:\d\d:\d\d\.\d{3} /);
});

test('what happens next is what the coordinator says now, while a verdict stands and its subject is waited for', () => {
  const view = recordedView(58, { stallInRound: 4 });
  const verdict = view.verdicts[0];
  const { wait } = view;
  assert.ok(verdict !== undefined && wait !== null);
  const later = { ...wait, nextAction: 'goes on without node-3', deadlineAt: 99 };
  assert.deepEqual(nextOf({ ...view, wait: later }, verdict), { action: 'goes on without node-3', at: 99 });
  const asRaised = { action: verdict.nextAction, at: verdict.nextActionAt };
  assert.deepEqual(nextOf({ ...view, wait: { ...later, waitingFor: [] } }, verdict), asRaised);
  assert.deepEqual(nextOf({ ...view, wait: later }, { ...verdict, clearedAt: 1 }), asRaised);
  assert.deepEqual(nextOf({ ...view, wait: later, endedAt: 1 }, verdict), asRaised);
  assert.deepEqual(nextOf({ ...view, wait: later }, { ...verdict, subject: 'node-30' }), asRaised);
});
