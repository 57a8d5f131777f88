import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seatFaces, seatPreview } from '#test/support/kits/seat-answers.ts';
import { coverage, guessesOf, mapClass, mappingOf } from './class-mapping.ts';

const preview = seatPreview({ data: '~/faces-contempt', classes: [...seatFaces] });

function rows(chosen: Record<string, string | null>, guessed = guessesOf(preview, {})): ReturnType<typeof mapClass>[] {
  return preview.classes.map((one) => mapClass(one, chosen, guessed));
}

test('a name of the run is taken as it is, a likely one is a guess, another is unknown', () => {
  const states = Object.fromEntries(rows({}).map(({ name, to, state }) => [name, [to, state]]));
  assert.deepEqual(states['angry'], ['angry', 'same']);
  assert.deepEqual(states['Happy'], ['happy', 'same']);
  assert.deepEqual(states['suprise'], ['surprise', 'guess']);
  assert.deepEqual(states['contempt'], [undefined, 'unknown']);
});

test('what was chosen by hand wins over a guess, and is asked for', () => {
  const chosen = { suprise: 'fear', contempt: null };
  const states = Object.fromEntries(rows(chosen).map(({ name, to, state }) => [name, [to, state]]));
  assert.deepEqual(states['suprise'], ['fear', 'chosen']);
  assert.deepEqual(states['contempt'], [null, 'left out']);
  assert.deepEqual(mappingOf(chosen, guessesOf(preview, {})), [
    { from: 'suprise', to: 'fear' },
    { from: 'contempt', to: null },
  ]);
});

test('a guess stays a guess after it has been asked for, and goes with its folder', () => {
  const guessed = guessesOf(preview, {});
  const again = seatPreview({ data: '~/faces', classes: [...seatFaces], mapping: mappingOf({}, guessed) });
  assert.equal(again.classes.find(({ name }) => name === 'suprise')?.guess, null);
  assert.deepEqual(guessesOf(again, guessed), { suprise: 'surprise' });
  const other = { ...again, classes: again.classes.filter(({ name }) => name !== 'suprise') };
  assert.deepEqual(guessesOf(other, guessed), {});
});

test('the line under the table counts the classes of the run that are here', () => {
  assert.equal(coverage(rows({ contempt: null }), seatFaces), 'all 7 classes of the run are here; left out: contempt');
  const few = rows({ contempt: null, suprise: null }).filter(({ name }) => name !== 'sad');
  assert.equal(coverage(few, seatFaces), '5 of the run’s 7 classes, not sad, surprise; left out: contempt, suprise');
  assert.equal(coverage([], seatFaces), 'none of the run’s 7 classes is here');
});
