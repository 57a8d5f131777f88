import { useEffect, useState } from 'react';
import { toErrorReport } from '#shared/base/errors.ts';
import type { ErrorReport } from '#shared/base/errors.ts';
import { spawn } from '#shared/base/spawn.ts';
import { participantIdSchema } from '#shared/contract/ids.ts';
import { emptyTally, joinTallies } from '#shared/run-view/sent-tally.ts';
import type { SentTally } from '#shared/run-view/sent-tally.ts';
import { useSession } from '../hooks.ts';

const askEveryMs = 1000;

export interface Sent {
  readonly tally: SentTally;
  /** Everything that is recorded up to the shown moment has been counted. */
  readonly complete: boolean;
  /** Why no more could be counted. */
  readonly error: ErrorReport | null;
}

interface Counted extends Sent {
  /** Of which run and participant. */
  readonly of: string;
  readonly upTo: number;
}

const nothing: Omit<Counted, 'of'> = { tally: emptyTally, upTo: 0, complete: false, error: null };

/** What this participant has sent until the shown moment, counted on as its packets come. */
export function useSent(run: string, participant: string): Sent {
  const session = useSession();
  const of = `${run} ${participant}`;
  const [counted, setCounted] = useState<Counted>({ ...nothing, of });
  useEffect(() => {
    let over = false;
    let known: Counted = { ...nothing, of };
    let asking = false;
    /** What was shown when it was last asked: where nothing has come since, there is nothing to ask. */
    let seen = -1;
    const ask = async (): Promise<void> => {
      const { packetsRecorded } = session.state();
      if (asking || packetsRecorded === seen) return;
      asking = true;
      try {
        for (let more = true; more && !over;) {
          const afterId = known.upTo;
          const id = participantIdSchema.parse(participant);
          const part = await session.request('what_left', { participant: id, afterId });
          if (over) return;
          const before = part.from < afterId ? emptyTally : known.tally;
          ({ more } = part);
          known = { of, tally: joinTallies(before, part.tally), upTo: part.upTo, complete: !more, error: null };
          setCounted(known);
        }
        seen = packetsRecorded;
      } catch (error) {
        if (!over) setCounted({ ...known, error: toErrorReport(error) });
      } finally {
        asking = false;
      }
    };
    const begin = (): void => spawn('counting what was sent', ask());
    begin();
    const timer = setInterval(begin, askEveryMs);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [session, of, participant]);
  return counted.of === of ? counted : nothing;
}
