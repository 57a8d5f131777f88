import type { ComponentProps, JSX } from 'react';
import { Stepper } from '#renderer/components/forms/stepper.tsx';
import { changeCoordinate } from '#renderer/session/run/drafts.ts';
import { limits } from '#shared/contract/limits.ts';
import { weightRuleWords } from '#shared/contract/run/weight-rule.ts';
import { weightRuleOf } from './check-coordinate.ts';
import type { Coordinate } from './use-coordinate.ts';

interface FieldsProps {
  readonly draft: Coordinate['draft'];
}

/** Whom a round needs, how long it may take, and what one participant can do to the model. */
export function RoundFields({ draft }: FieldsProps): JSX.Element {
  const { participants, enough } = draft;
  return (
    <>
      <StepField
        label="Participants"
        value={participants}
        min={1}
        max={limits.participantsMax}
        onChange={(value) =>
          changeCoordinate({
            participants: value,
            enough: enough === participants ? value : Math.min(enough, value),
          })
        }
      />
      <StepField
        label="Counts with"
        value={Math.min(enough, participants)}
        min={1}
        max={participants}
        unit={`of ${participants}`}
        help={
          enough >= participants
            ? 'A round needs the updates of all; one that is missing at the deadline stops the run.'
            : `A round ends when ${participants === 1 ? 'the one update is' : `all ${participants} updates are`} in, or at the deadline with ${enough}.`
        }
        onChange={(value) => changeCoordinate({ enough: value })}
      />
      <StepField
        label="Deadline"
        value={draft.deadlineS}
        min={1}
        max={3600}
        step={5}
        unit="s"
        help="For an update, after its round began; again for the evaluation."
        onChange={(deadlineS) => changeCoordinate({ deadlineS })}
      />
      <StepField
        label="Rounds"
        value={draft.rounds}
        min={1}
        max={limits.roundsMax}
        onChange={(rounds) => changeCoordinate({ rounds })}
      />
      <StepField
        label="Local epochs"
        value={draft.localEpochs}
        min={1}
        max={1000}
        help="Passes over its own data that each makes in a round."
        onChange={(localEpochs) => changeCoordinate({ localEpochs })}
      />
      <WeightFields draft={draft} />
    </>
  );
}

/** 0 says off. */
function WeightFields({ draft }: FieldsProps): JSX.Element {
  const [, share, size] = weightRuleWords(weightRuleOf(draft));
  return (
    <>
      <StepField
        label="Weight cap"
        value={draft.weightCap}
        min={0}
        max={100}
        unit={draft.weightCap === 0 ? 'off' : 'equal shares'}
        help={share}
        onChange={(weightCap) => changeCoordinate({ weightCap })}
      />
      <StepField
        label="Norm clip"
        value={draft.normClip}
        min={0}
        max={100}
        unit={draft.normClip === 0 ? 'off' : 'medians'}
        help={size}
        onChange={(normClip) => changeCoordinate({ normClip })}
      />
    </>
  );
}

function StepField(props: ComponentProps<typeof Stepper>): JSX.Element {
  return (
    <div className="field">
      <Stepper {...props} />
    </div>
  );
}
