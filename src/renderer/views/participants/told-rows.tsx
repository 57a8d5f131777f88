import type { JSX, ReactNode } from 'react';
import { Icon } from '#renderer/components/icon.tsx';
import { NotTold } from '#renderer/components/not-told.tsx';
import { countedOf } from '#renderer/components/words/contribution-facts.ts';
import type { ParticipantView, RunView } from '#shared/run-view/run-view.ts';
import { roundWords } from './participant-facts.ts';

interface ToldRowsProps {
  readonly view: RunView;
  readonly order: readonly ParticipantView[];
  readonly selected: string | null;
  readonly onOpen: (id: string) => void;
}

/** The others as a participant knows them: names, and what rounds say of them. One cell stands for all that it is not told. */
export function ToldRows({ view, order, selected, onOpen }: ToldRowsProps): JSX.Element {
  return (
    <>
      <GroupRow>
        <b>The others</b>, as told by the coordinator
      </GroupRow>
      {order.map((participant, i) => {
        const counted = countedOf(view, participant);
        const isSelected = participant.id === selected;
        return (
          <tr key={participant.id} className={`oth${isSelected ? ' sel' : ''}`} onClick={() => onOpen(participant.id)}>
            <td>
              <button
                type="button"
                className="nm"
                aria-pressed={isSelected}
                onClick={(event) => (event.stopPropagation(), onOpen(participant.id))}
              >
                {participant.id}
              </button>
            </td>
            {i === 0 && (
              <td colSpan={5} rowSpan={order.length} className="told-cell">
                <NotTold what="Key, transport, phase, link, process and progress" />
              </td>
            )}
            <td className="num">
              {counted === null ? (
                <span className="t3">–</span>
              ) : (
                <b>
                  {counted.counted} of {counted.of}
                </b>
              )}
            </td>
            {i === 0 && (
              <>
                <td rowSpan={order.length} className="told-cell w-lg c-mix">
                  <NotTold what="Data" />
                </td>
                <td colSpan={2} rowSpan={order.length} className="told-cell w-lg c-upd">
                  <NotTold what="Norm and cosine" />
                </td>
              </>
            )}
            <td className="lastc">
              <InRound view={view} participant={participant} />
            </td>
          </tr>
        );
      })}
    </>
  );
}

/** Stands over rows of one kind, in as many cells as there are columns that give way. */
export function GroupRow({ children }: { readonly children: ReactNode }): JSX.Element {
  return (
    <tr className="grp">
      <td colSpan={7}>{children}</td>
      <td className="w-lg c-mix" />
      <td className="w-lg c-upd" colSpan={2} />
      <td />
    </tr>
  );
}

function InRound({
  view,
  participant,
}: {
  readonly view: RunView;
  readonly participant: ParticipantView;
}): JSX.Element {
  const round = view.rounds.at(-1);
  if (round === undefined) return <span className="tag">{view.endedAt === null ? 'here' : 'was here'}</span>;
  const { words, isIn } = roundWords(view, participant.id);
  return isIn ? (
    <span className="tag ok">
      <Icon name="check" />
      {words}
    </span>
  ) : (
    <span className="tag">{words}</span>
  );
}
