import { formatCount } from '#shared/base/text/counted.ts';
import type { JSX } from 'react';
import { protocolNames } from '#shared/contract/protocols.ts';
import type { ChoiceView, ParticipantView } from '#shared/run-view/run-view.ts';
import { formatClock, formatDuration } from '#renderer/components/words/format.ts';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { protocolColors } from '#renderer/theme/protocols.ts';
import './choice-section.css';

/** Earlier choices that are listed; all of them are in the recording. */
const earlierMax = 6;

/** Which protocol it chose and why, beside what was expected of the others; nothing where it was told what to take. */
export function ChoiceSection({ participant }: { readonly participant: ParticipantView }): JSX.Element | null {
  const choice = participant.choices.at(-1);
  if (choice === undefined) return null;
  const earlier = participant.choices.slice(-1 - earlierMax, -1).toReversed();
  const count = participant.choices.length + participant.choicesDropped;
  return (
    <div className="sec choice">
      <h3>
        Protocol, chosen by {choice.strategy}{' '}
        <span className="end">
          {count === 1 ? 'once' : `${formatCount(count)} times`}, last at {formatClock(choice.at)}
        </span>
      </h3>
      <p className="reason">{choice.reason}</p>
      <ExpectedTimes choice={choice} />
      {earlier.length > 0 && (
        <details>
          <summary>Before that</summary>
          <ol className="earlier">
            {earlier.map((one) => (
              <li key={one.at}>
                <span className="t3">{formatClock(one.at)}</span> {one.reason}
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}

/** Bars by time on one scale; the chosen one is marked, whether or not it is the shortest. */
function ExpectedTimes({ choice }: { readonly choice: ChoiceView }): JSX.Element {
  const rows = choice.expected.toSorted((a, b) => (a.seconds ?? Infinity) - (b.seconds ?? Infinity));
  const longest = Math.max(1e-9, ...rows.map(({ seconds }) => seconds ?? 0));
  return (
    <table className="qs expected">
      <caption className="vh">Expected time of the next model over each protocol</caption>
      <tbody>
        {rows.map(({ protocol, seconds }) => (
          <tr key={protocol}>
            <th scope="row">
              <ProtocolMark protocol={protocol} bare /> {protocolNames[protocol]}
            </th>
            <td className="span" aria-hidden="true">
              <i style={{ width: `${((seconds ?? 0) / longest) * 100}%`, background: protocolColors[protocol] }} />
            </td>
            <td className="num">{seconds === null ? 'cannot work' : formatDuration(seconds * 1000)}</td>
            <td className="t3">{protocol === choice.protocol ? (choice.explored ? 'tried' : 'chosen') : ''}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
