import { useMemo } from 'react';
import type { JSX } from 'react';
import { formatDuration, formatSeconds } from '#renderer/components/words/format.ts';
import { coordinatorSilentWords } from '#renderer/components/words/trouble-words.ts';
import { useCommands } from '#renderer/session/commands.ts';
import type { Command } from '#renderer/session/commands.ts';
import { askToEndRun } from '#renderer/session/run/ending.ts';
import { useNow } from '#renderer/session/hooks.ts';
import { useSeatActions } from '#renderer/session/run/seat-actions.ts';
import { nextCarrier, unsentRound } from '#renderer/session/run/seat-link.ts';
import type { Silence } from '#renderer/session/run/seat-link.ts';
import { openVerdicts } from '#renderer/session/run/verdicts.ts';
import { isOpen } from '#shared/contract/link-events.ts';
import { carrierOf } from '#shared/contract/protocols.ts';
import { ownParticipant } from '#shared/run-view/seat.ts';
import type { RunView, VerdictView } from '#shared/run-view/run-view.ts';
import { quietWords, triedWords } from './seat-words.ts';

interface GoneBannerProps {
  readonly view: RunView;
  readonly silence: Silence;
}

/** The coordinator is not heard. There from the first seconds on, whether or not the diagnosis has said so yet. */
export function GoneBanner({ view, silence }: GoneBannerProps): JSX.Element {
  const now = useNow(1000);
  const actions = useSeatActions();
  useSilenceCommands(silence.givesUpAt !== 0);
  const unsent = unsentRound(view);
  const kept = unsent === null ? '' : ` Your update of round ${unsent} is kept.`;
  const broker = brokerVerdict(view);
  const link = ownParticipant(view)?.link;
  const lost = link !== undefined && !isOpen(link.state);
  const label = broker === null ? 'The coordinator does not answer' : 'The broker is out of reach';
  return (
    <section className="verdict gone" aria-label={label}>
      <span className="vh" role="alert">
        {label}.{kept} Trying goes on by itself.
      </span>
      <svg className="i ic" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M5 1.3h6L14.7 5v6L11 14.7H5L1.3 11V5zM8 4.5v4.5M8 11.3v.1" />
      </svg>
      <div>
        <div className="say">{coordinatorSilentWords(silence.heardAt, now, { lost, between: broker?.sentence })}</div>
        <Facts view={view} silence={silence} now={now} unsent={unsent} />
      </div>
      <div className="acts two">
        {silence.givesUpAt === 0 ? (
          <button type="button" className="btn pri wide" onClick={actions.tryNow}>
            Try now
          </button>
        ) : (
          <button
            type="button"
            className="btn pri wide"
            title="Without a time limit; else this node gives up by itself"
            onClick={actions.keepTrying}
          >
            Keep trying
          </button>
        )}
        {silence.givesUpAt !== 0 && (
          <button type="button" className="btn" onClick={actions.tryNow}>
            Try now
          </button>
        )}
        <button type="button" className={silence.givesUpAt === 0 ? 'btn wide' : 'btn'} onClick={askToEndRun}>
          Leave…
        </button>
      </div>
    </section>
  );
}

/** A broker that cannot be reached is why the coordinator is not heard; it is no other trouble beside that. */
function brokerVerdict(view: RunView): VerdictView | null {
  return openVerdicts(view).find(({ rule }) => rule === 'broker-lost') ?? null;
}

function Facts({
  view,
  silence,
  now,
  unsent,
}: GoneBannerProps & { readonly now: number; readonly unsent: number | null }): JSX.Element {
  const { attempts, nextAt, givesUpAt } = silence;
  const last = attempts.at(-1);
  const others = openVerdicts(view).filter(
    ({ rule, subject }) => subject !== 'coordinator' && rule !== 'broker-lost',
  ).length;
  const leftMs = nextAt - now;
  const way = nextCarrier(attempts);
  const quiet = quietWords(view);
  return (
    <div className="facts">
      {last === undefined ? (
        <span className="f">
          <i>Link</i>
          {quiet}
        </span>
      ) : (
        <span className="f">
          <i>Tried</i>
          {triedWords(attempts)}
        </span>
      )}
      {last?.result === 'trying' ? (
        <span className="f">
          <i>Now</i>dialing over {carrierOf(last.stack)}
        </span>
      ) : (
        nextAt !== 0 && (
          <span className="f">
            <i>Next</i>
            {way ?? 'try'} {leftMs > 500 ? 'in ' : ''}
            <b>{leftMs > 500 ? formatSeconds(leftMs) : 'now'}</b>
          </span>
        )
      )}
      {unsent !== null && (
        <span className="f">
          <i>Your update</i>of round {unsent} is kept
        </span>
      )}
      {last !== undefined && (
        <span className="f w-lg">
          <i>Gives up</i>
          {givesUpAt === 0 ? 'never, until you leave' : `in ${formatDuration(Math.max(1000, givesUpAt - now))}`}
        </span>
      )}
      {others > 0 && <span className="f">and {others} more under Diagnosis</span>}
    </div>
  );
}

function useSilenceCommands(limited: boolean): void {
  const { keepTrying, tryNow } = useSeatActions();
  useCommands(
    useMemo(
      (): Command[] => [
        {
          id: 'try-now',
          group: 'do',
          title: 'Try to reach the coordinator now',
          icon: 'redial',
          key: 'r',
          run: tryNow,
        },
        ...(limited
          ? [
              {
                id: 'keep-trying',
                group: 'do' as const,
                title: 'Keep trying to reach the coordinator',
                detail: 'without a time limit',
                icon: 'redial',
                run: keepTrying,
              },
            ]
          : []),
      ],
      [keepTrying, tryNow, limited],
    ),
  );
}
