import type { JSX } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { toldParticipants } from '#renderer/session/run/seat-link.ts';
import { ordinal } from '#shared/base/text/ordinal.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { SeatSparks } from '../overview/sparks.tsx';
import { runOver, toldCounted, toldWords } from './told-layout.ts';

/** Is the model getting better, and how far the others are, as told. */
export function SeatSide({ view, silent }: { readonly view: RunView; readonly silent: boolean }): JSX.Element {
  return (
    <section className="panel p-side" aria-label="Model and other participants">
      <SeatSparks view={view} />
      <OthersTold view={view} silent={silent} />
    </section>
  );
}

/** Rows that are read; of more participants the rest stands in Participants. */
const othersMax = 8;

function OthersTold({ view, silent }: { readonly view: RunView; readonly silent: boolean }): JSX.Element | null {
  const ids = toldParticipants(view);
  const round = view.rounds.at(-1);
  if (ids.length === 0) return null;
  const shown = ids.slice(0, othersMax);
  return (
    <div className="p-others">
      <table>
        <thead>
          <tr>
            <th>Others, as told</th>
            <th>{round === undefined ? 'Round' : `Round ${round.round}`}</th>
            <th className="num w-lg">Counted</th>
            <th>Phase, link, data</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((id, i) => {
            const counted = toldCounted(view.rounds, id);
            return (
              <tr key={id}>
                <td>
                  <b>{id}</b>
                </td>
                <td>{inRound(view, id, silent)}</td>
                <td className="num w-lg">{counted === null ? '–' : `${counted.counted} of ${counted.of}`}</td>
                {i === 0 && (
                  <td rowSpan={shown.length} className="ntw">
                    <div className="ntb">not told to participants</div>
                  </td>
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
      {ids.length > shown.length && <p className="more">and {ids.length - shown.length} more, in Participants</p>}
    </div>
  );
}

function inRound(view: RunView, id: string, silent: boolean): JSX.Element | string {
  const round = view.rounds.at(-1);
  const place = round?.arrivals.findIndex((one) => one.participant === id) ?? -1;
  if (place >= 0)
    return (
      <>
        <span className="okc">
          <Icon name="check" as="small" />
        </span>{' '}
        in, {ordinal(place + 1)}
      </>
    );
  if (round?.endedAt === null && round.selected.some((other) => other === id))
    return silent ? 'not known now' : 'not in yet';
  return toldWords(round, id, runOver(view));
}
