import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandFor } from '#renderer/session/commands.ts';
import { faultNames } from '#shared/contract/run/settings.ts';
import { everyone, faultCommands, onWhom, specOf, usualTarget } from './fault-actions.ts';
import { faultRows } from './fault-rows.ts';

const rowOf = (name: string): (typeof faultRows)[number] => {
  const row = faultRows.find((one) => one.name === name);
  assert.ok(row !== undefined);
  return row;
};

test('a letter injects its fault, with Shift it arms it, Esc stops all', () => {
  const done: string[] = [];
  const commands = faultCommands(
    true,
    (row, armed) => done.push(`${armed ? 'arm' : 'inject'} ${row.name}`),
    () => done.push('stop'),
  );
  for (const { letter } of faultRows) {
    commandFor(letter, commands)?.run();
    commandFor(`Shift+${letter.toUpperCase()}`, commands)?.run();
  }
  commandFor('Escape', commands)?.run();
  assert.deepEqual(
    done.toSorted(),
    [...faultNames.flatMap((name) => [`arm ${name}`, `inject ${name}`]), 'stop'].toSorted(),
  );
  assert.ok(commands.every(({ changesRun, disabled }) => changesRun === true && disabled === undefined));
});

test('without a running demo the keys stay listed, with the reason why they do nothing', () => {
  const commands = faultCommands(
    false,
    () => assert.fail('nothing runs'),
    () => assert.fail('nothing runs'),
  );
  assert.equal(commands.length, faultNames.length * 2 + 1);
  assert.ok(commands.every(({ disabled }) => disabled === 'no demo is running'));
});

test('the fault of the coordinator is on the coordinator, whoever takes part', () => {
  const ids = ['node-1', 'node-2', 'node-3'];
  const kill = rowOf('kill-coordinator');
  assert.equal(usualTarget(kill, ids), everyone);
  assert.equal(onWhom(kill, undefined), 'coordinator');
  assert.deepEqual(specOf(kill.name, usualTarget(kill, ids), 3), { name: 'kill-coordinator', round: 3 });
  assert.equal(usualTarget(rowOf('freeze-trainer'), ids), 'node-3');
  assert.equal(usualTarget(rowOf('drop-link'), ids), 'node-2');
  assert.equal(usualTarget(rowOf('drop-link'), []), everyone);
  assert.deepEqual([onWhom(rowOf('delay'), 'node-2'), onWhom(rowOf('delay'), undefined)], ['node-2', 'everyone']);
});
