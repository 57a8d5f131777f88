import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noteWords } from './packet-note.ts';

test('who hung up stands in the note of a packet by name; other notes are as they were told', () => {
  const said = (note: string, participant = 'node-4'): string => noteWords({ note, participant });
  assert.equal(
    said('closed by the other end (clean): hung up right after training_progress'),
    'node-4 hung up right after training_progress',
  );
  const reset = 'closed by the other end (lost): read ECONNRESET';
  assert.equal(said(reset), reset);
  assert.equal(said('closed by the other end (clean): bye'), 'closed by the other end (clean): bye');
  assert.match(said('closed by the other end (clean): hung up right after hello', ''), /^closed by/);
});
