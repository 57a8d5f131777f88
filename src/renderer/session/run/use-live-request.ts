import { useCallback, useEffect, useRef, useState } from 'react';
import { toErrorReport } from '#shared/base/errors.ts';
import type { ErrorReport } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { PortAnswers, RequestName, RequestOf } from '#shared/contract/app/port-api.ts';
import { useSession } from '../hooks.ts';

export interface LiveRequest<N extends RequestName> {
  /** The newest answer, perhaps to earlier parameters; null before the first. */
  readonly value: PortAnswers[N] | null;
  /** Whether `value` is the answer to what is asked now. */
  readonly current: boolean;
  /** Why what is asked now could not be answered. */
  readonly error: ErrorReport | null;
  readonly pending: boolean;
  /** Asks again with the same parameters. */
  readonly again: () => void;
  /** Waits for this answer no longer. */
  readonly cancel: () => void;
}

/** Asks whenever the parameters have rested for `delayMs`; null parameters: nothing is asked. A newer question overrules an older answer. */
export function useLiveRequest<N extends RequestName>(
  name: N,
  params: RequestOf<N> | null,
  delayMs: number,
  /** Another one asks again. */
  occasion = 0,
): LiveRequest<N> {
  const session = useSession();
  const [turn, setTurn] = useState(0);
  const [value, setValue] = useState<PortAnswers[N] | null>(null);
  /** The question that has been settled, by an answer, a failure or its cancelling. */
  const [settled, setSettled] = useState<{
    readonly question: string;
    readonly by: ErrorReport | 'answer' | 'cancel';
  }>();
  const newest = useRef(params);
  useEffect(() => void (newest.current = params));
  const question = params === null ? '' : `${turn} ${occasion} ${JSON.stringify(params)}`;
  useEffect(() => {
    if (question === '') return undefined;
    let overruled = false;
    const ask = async (asked: RequestOf<N>): Promise<void> => {
      try {
        const answer = await session.request(name, asked);
        if (overruled) return;
        setValue(answer);
        setSettled({ question, by: 'answer' });
      } catch (error) {
        if (!overruled) setSettled({ question, by: toErrorReport(error) });
      }
    };
    const timer = setTimeout(() => {
      if (newest.current !== null) spawn('asking the service', ask(newest.current));
    }, delayMs);
    return () => {
      overruled = true;
      clearTimeout(timer);
    };
  }, [session, name, question, delayMs]);
  const by = question !== '' && settled?.question === question ? settled.by : null;
  return {
    value,
    current: by === 'answer',
    error: by === null || by === 'answer' || by === 'cancel' ? null : by,
    pending: question !== '' && by === null,
    again: useCallback(() => setTurn((before) => before + 1), []),
    cancel: () => setSettled({ question, by: 'cancel' }),
  };
}
