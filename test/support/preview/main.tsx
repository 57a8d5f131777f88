import '#renderer/theme/index.css';
import { createSession } from '#renderer/session/session.ts';
import { mount } from '#renderer/shell/mount.tsx';
import { cutRun } from '../recorded/cut-run.ts';
import { lossy } from '../recorded/lossy-run.ts';
import { recordedSeat } from '../recorded/recorded-seat.ts';
import type { SeatStory } from '../recorded/recorded-seat.ts';
import { recordedSession } from '../recorded/recorded-session.ts';
import { hostileAnswer, hostileRecording } from '../page/hostile-text.ts';
import { replayPort } from '../page/replay-port.ts';

/**
 * The whole window on a recorded run instead of a service. Before the `#`, `?run=live` (default), `stalled`, `done`,
 * `empty`; `&elapsed=80` seconds already played; `&participants=24`; `&rounds=400`; `&mixed` for all five transports; `&claims` where one claims and sends too much;
 * `&lossy` where rows of each kind are lost; `&cut` where the coordinator's user ends it now.
 * `&hostile`: names, reasons and paths that try to deceive. `?seat=live`, `gone`, `back`, `paused`, `joining`, `ended`, `left`, `stopped`, `resumed`, `restarting`, `killed`: from a participant's chair.
 */
const query = new URLSearchParams(window.location.search);
const run = query.get('run') ?? 'live';
const stalled = run === 'stalled';
const elapsedS = Number(query.get('elapsed') ?? (run === 'done' ? 200 : stalled ? 58 : 82));
/** Seconds at which each story is best seen. */
const seatElapsedS: Readonly<Record<SeatStory, number>> = {
  live: 489,
  gone: 585,
  back: 510,
  paused: 489,
  joining: 4,
  ended: 480,
  left: 480,
  stopped: 480,
  resumed: 515,
  restarting: 480,
  killed: 481,
};
const seat = query.get('seat') as SeatStory | null;
const seatPlayedS = Number(query.get('elapsed') ?? seatElapsedS[seat ?? 'live']);
const hostile = query.has('hostile');
const recorded =
  seat !== null
    ? recordedSeat({ startAt: Date.now() - seatPlayedS * 1000, story: seat })
    : run === 'empty'
      ? []
      : recordedSession({
          startAt: Date.now() - elapsedS * 1000,
          participants: Number(query.get('participants') ?? 4),
          rounds: Number(query.get('rounds') ?? 10),
          mixed: query.has('mixed'),
          claims: query.has('claims'),
          ...(stalled ? { stallInRound: 4 } : {}),
        });
const heard = query.has('cut') ? cutRun(recorded, Date.now()) : recorded;
const items = query.has('lossy') ? lossy(heard) : heard;
const port = replayPort({
  items: hostile ? hostileRecording(items) : items,
  ...(hostile ? { altered: hostileAnswer } : {}),
  now: Date.now,
  every: (ms, callback) => {
    const timer = setInterval(callback, ms);
    return () => clearInterval(timer);
  },
});
mount(createSession(port));
