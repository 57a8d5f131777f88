import { useState } from 'react';
import type { JSX } from 'react';
import { keyWords } from '#shared/base/text/key-words.ts';
import { formatCount } from '#shared/base/text/counted.ts';
import { formatClock, formatMs, formatNames } from '#renderer/components/words/format.ts';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import type { AskingView, ParticipantView, RunView } from '#shared/run-view/run-view.ts';
import { ExpelDialog } from './expel-dialog.tsx';

/** Participants that are in the run now: registered, not linked alone. */
export function hereOf(view: RunView): readonly ParticipantView[] {
  return view.participants.filter((one) => one.joinedAt > 0 && one.left === null && one.exited === null);
}

/** Who has come, with what. */
export function Arrivals({ view }: { readonly view: RunView }): JSX.Element {
  const [expels, setExpels] = useState<ParticipantView | null>(null);
  if (view.participants.length === 0) {
    return <p className="in t2">Nobody yet. Send the invitation; who joins is listed here at once.</p>;
  }
  return (
    // Rows hold nothing to focus, so the keyboard scrolls the table itself.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="scroll" tabIndex={0} role="group" aria-label="Participants">
      <table className="who">
        <thead>
          <tr>
            <th>Name, key</th>
            <th className="w-lg">Came</th>
            <th>Transport</th>
            <th className="num">Pictures</th>
            <th>Classes</th>
            <th>
              <span className="vh">State</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {view.participants.map((one) => (
            <Row
              key={one.id}
              one={one}
              asking={view.asking.find(({ participant }) => participant === one.id)}
              classes={view.classes}
              onExpel={setExpels}
            />
          ))}
        </tbody>
      </table>
      {expels !== null && <ExpelDialog participant={expels.id} asked={expels.key} onClose={() => setExpels(null)} />}
    </div>
  );
}

interface RowProps {
  readonly one: ParticipantView;
  /** Its question, while that stands. */
  readonly asking: AskingView | undefined;
  readonly classes: readonly string[];
  readonly onExpel: (participant: ParticipantView) => void;
}

function Row({ one, asking, classes, onExpel }: RowProps): JSX.Element {
  const state = asking === undefined ? stateOf(one) : asks;
  const key = one.key === '' ? (asking?.key ?? '') : one.key;
  return (
    <tr>
      <td className="two-l" title={one.id}>
        <b>{one.id}</b>
        <small className="data" title={key}>
          {key === '' ? 'no key told' : keyWords(key)}
        </small>
      </td>
      <td className="data t2 w-lg">{one.joinedAt === 0 ? '–' : formatClock(one.joinedAt)}</td>
      <td className="two-l">
        <ProtocolMark protocol={one.protocol} />
        <small>{one.link.rttMs === null ? '– ms' : formatMs(one.link.rttMs)}</small>
      </td>
      <td className="num">{one.data === null ? '–' : formatCount(one.data.examples)}</td>
      <td className="cl">{classWords(one, classes)}</td>
      <td className="num">
        <span className={`tag ${state.tone}`} title={state.why}>
          {state.text}
        </span>
        {one.left === null && one.link.state !== 'closed' && (
          <button type="button" className="btn sm away" onClick={() => onExpel(one)}>
            Send away…
          </button>
        )}
      </td>
    </tr>
  );
}

const asks = { text: 'asks', tone: 'warn', why: 'it waits for your answer above' } as const;

function stateOf(one: ParticipantView): { readonly text: string; readonly tone: string; readonly why: string } {
  if (one.exited !== null) return { text: 'ended', tone: 'stall', why: one.exited.note };
  if (one.expelled !== null) return { text: 'sent away', tone: '', why: one.expelled.reason };
  if (one.left !== null) return { text: 'left', tone: '', why: one.left.reason };
  if (one.paused !== null) return { text: 'paused', tone: 'warn', why: one.paused.reason };
  if (one.link.state === 'lost' || one.link.state === 'resuming')
    return { text: 'link lost', tone: 'warn', why: one.link.reason };
  if (one.joinedAt === 0 && one.link.state === 'closed')
    return { text: 'not in the run', tone: '', why: one.link.reason };
  if (one.joinedAt === 0) return { text: 'registering', tone: '', why: 'its link is open, it is not in the run yet' };
  return { text: 'here', tone: 'ok', why: '' };
}

/** `all 7`, `6, no disgust`. */
function classWords(one: ParticipantView, classes: readonly string[]): string {
  const { data } = one;
  if (data === null) return '–';
  const held = data.classes.filter((_, index) => (data.classCounts[index] ?? 0) > 0);
  const missing = classes.filter((name) => !held.includes(name));
  if (classes.length === 0) return String(held.length);
  return missing.length === 0 ? `all ${classes.length}` : `${held.length}, no ${formatNames(missing, 3)}`;
}
