/** A process that records until it is killed: `node recording-child.ts PATH`. Says `committed` with each batch. */
import { entryPath } from '#engine/host/entries.ts';
import { systemClock } from '#engine/host/system-clock.ts';
import { openRecorder } from '#engine/recorder/writing/recorder.ts';
import { eventOfRun, packetOf, recordedRun } from './recorded-rows.ts';

const recorder = await openRecorder({
  path: process.argv[2] ?? '',
  run: recordedRun,
  recorder: 'test',
  entry: entryPath('recorder-worker'),
  clock: systemClock,
});
process.send?.('recording');
let id = 0;
setInterval(() => {
  for (let i = 0; i < 40; i++) {
    id++;
    recorder.packet(packetOf(id));
    if (id % 10 === 0) recorder.event(eventOfRun(id / 10));
  }
}, 2);
let committed = 0;
setInterval(() => {
  const { packets } = recorder.stats();
  if (packets > committed) process.send?.('committed');
  committed = packets;
}, 1);
