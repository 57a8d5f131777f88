import { createContext, useCallback, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { RoundscopeError, toErrorReport } from '#shared/base/errors.ts';
import type { ErrorReport } from '#shared/base/errors.ts';
import type { PortAnswers, RequestName, RequestOf } from '#shared/contract/app/port-api.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { onScreenClock, screenNow } from '#renderer/frames/screen-clock.ts';
import type { Packets } from './recordings/packet-log.ts';
import type { Session, SessionState } from './session.ts';

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('no session above this component');
  return session;
}

/** A slice of the session; `selector` must return the same value for the same state, so derive with useMemo outside. */
export function useSessionState<T>(selector: (state: SessionState) => T): T {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, () => selector(session.state()));
}

/** A slice of the run's view; null while there is no run. Slices keep their identity while no event touches them. */
export function useRunView<T>(selector: (view: RunView) => T): T | null {
  return useSessionState((state) => (state.view === null ? null : selector(state.view)));
}

/** The packet rows held in memory; a new object after every batch that brought some. */
export function usePackets(): Packets {
  const session = useSession();
  return useSyncExternalStore(session.subscribePackets, session.packets);
}

export type RequestState<N extends RequestName> =
  | { readonly kind: 'idle' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'done'; readonly value: PortAnswers[N] }
  | { readonly kind: 'failed'; readonly error: ErrorReport };

/** A request with its state; a newer call overrules an older answer. `send` resolves to null when it failed. */
export function useRequest<N extends RequestName>(
  name: N,
): { readonly state: RequestState<N>; readonly send: (params: RequestOf<N>) => Promise<PortAnswers[N] | null> } {
  const session = useSession();
  const [state, setState] = useState<RequestState<N>>({ kind: 'idle' });
  const latest = useRef(0);
  useEffect(() => () => void (latest.current = -1), []);
  const send = useCallback(
    async (params: RequestOf<N>) => {
      const call = latest.current < 0 ? 1 : latest.current + 1;
      latest.current = call;
      setState({ kind: 'pending' });
      try {
        const value = await session.request(name, params);
        if (latest.current === call) setState({ kind: 'done', value });
        return value;
      } catch (error) {
        if (!(error instanceof RoundscopeError)) throw error;
        if (latest.current === call) setState({ kind: 'failed', error: toErrorReport(error) });
        return null;
      }
    },
    [session, name],
  );
  return { state, send };
}

/** Wall time that ticks, for relative times: one shared timer per interval. Stands still while the service is gone. */
export function useNow(intervalMs = 1000): number {
  const ticker = tickerOf(tickers, intervalMs, screenNow);
  return useSyncExternalStore(ticker.subscribe, ticker.now);
}

/** Wall time that never stands still. */
export function useWallNow(intervalMs = 1000): number {
  const ticker = tickerOf(wallTickers, intervalMs, Date.now);
  return useSyncExternalStore(ticker.subscribe, ticker.now);
}

interface Ticker {
  readonly subscribe: (listener: () => void) => () => void;
  readonly now: () => number;
}
const tickers = new Map<number, Ticker>();
const wallTickers = new Map<number, Ticker>();

function tickerOf(kept: Map<number, Ticker>, intervalMs: number, read: () => number): Ticker {
  const known = kept.get(intervalMs);
  if (known !== undefined) return known;
  const listeners = new Set<() => void>();
  let now = read();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tick = (): void => {
    now = read();
    schedule();
    for (const listener of listeners) listener();
  };
  // On whole multiples of the interval, so that tickers of different intervals change the screen in the same frame.
  const schedule = (): void => {
    timer = setTimeout(tick, intervalMs - (Date.now() % intervalMs));
  };
  const ticker: Ticker = {
    now: () => now,
    subscribe: (listener) => {
      listeners.add(listener);
      if (timer === undefined) {
        now = read();
        schedule();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearTimeout(timer);
        timer = undefined;
      };
    },
  };
  kept.set(intervalMs, ticker);
  if (read === screenNow)
    onScreenClock(() => {
      now = read();
      for (const listener of listeners) listener();
    });
  return ticker;
}
