import '#renderer/theme/index.css';
import { createSession } from '#renderer/session/session.ts';
import { mount } from '#renderer/shell/mount.tsx';
import { recordedSession } from '../recorded-session.ts';
import { replayPort } from '../replay-port.ts';

/**
 * The whole window on a recorded run instead of a service. Before the `#`, `?run=live` (default), `stalled`, `done`,
 * `empty`; `&elapsed=80` seconds already played; `&participants=24`.
 */
const query = new URLSearchParams(window.location.search);
const run = query.get('run') ?? 'live';
const stalled = run === 'stalled';
const elapsedS = Number(query.get('elapsed') ?? (run === 'done' ? 200 : stalled ? 58 : 82));
const items =
  run === 'empty'
    ? []
    : recordedSession({
        startAt: Date.now() - elapsedS * 1000,
        participants: Number(query.get('participants') ?? 4),
        ...(stalled ? { stallInRound: 4 } : {}),
      });
const port = replayPort({
  items,
  now: Date.now,
  every: (ms, callback) => {
    const timer = setInterval(callback, ms);
    return () => clearInterval(timer);
  },
});
mount(createSession(port));
