import type { JSX } from 'react';
import { Choice } from '#renderer/components/forms/choice.tsx';
import { formatSeconds } from '#renderer/components/words/format.ts';
import { Stepper } from '#renderer/components/forms/stepper.tsx';
import { demoDefaults, demoParticipantsMax, untilStopped } from '#shared/contract/run/settings.ts';
import type { DemoSettings } from '#shared/contract/run/settings.ts';
import { withParticipants } from './network-choice.ts';

interface FieldsProps {
  readonly settings: DemoSettings;
  readonly set: (change: Partial<DemoSettings>) => void;
}

/** How many take part, and for how long. */
export function SizeFields({ settings, set }: FieldsProps): JSX.Element {
  return (
    <>
      <div className="fl two">
        <Stepper
          label="Participants"
          value={settings.participants}
          min={1}
          max={demoParticipantsMax}
          onChange={(participants) => set(withParticipants(settings, participants))}
        />
        {settings.rounds === untilStopped ? (
          <>
            <span className="lab">Rounds</span>
            <span>until stopped</span>
          </>
        ) : (
          <Stepper label="Rounds" value={settings.rounds} min={1} max={1000} onChange={(rounds) => set({ rounds })} />
        )}
      </div>
      <Load participants={settings.participants} />
      <div className="fl">
        <span className="lab">Ends</span>
        <Choice
          label="When the demo ends"
          value={settings.rounds === untilStopped ? 'stopped' : 'rounds'}
          options={[
            { value: 'rounds', name: 'after its rounds' },
            { value: 'stopped', name: 'when stopped' },
          ]}
          onChange={(ends) => set({ rounds: ends === 'stopped' ? untilStopped : demoDefaults.rounds })}
        />
      </div>
    </>
  );
}

/** How long a phase may take, and how long a round is to take. */
export function PaceFields({ settings, set }: FieldsProps): JSX.Element {
  return (
    <>
      <div className="fl two">
        <Stepper
          label="Deadline"
          unit="s"
          value={settings.deadlineMs / 1000}
          min={1}
          max={3600}
          step={5}
          onChange={(seconds) => set({ deadlineMs: seconds * 1000 })}
        />
        <Stepper
          label="Pace"
          unit="s"
          value={settings.paceMs / 1000}
          min={0}
          max={120}
          onChange={(seconds) => set({ paceMs: Math.round(seconds * 1000) })}
        />
      </div>
      <p className="fl help pace">{paceWords(settings)}</p>
    </>
  );
}

/** What the pace makes of a round; the steps of training are real whatever it is. */
function paceWords({ paceMs, deadlineMs }: DemoSettings): string {
  if (paceMs === 0) return 'Rounds are as fast as this machine: under a second with the bundled data.';
  const short = paceMs * 0.88 > deadlineMs / 2 ? ' The deadline is too short for this pace and shortens it.' : '';
  return `About ${formatSeconds(paceMs)} a round: gradient steps are spread over the time, as on slower machines.${short}`;
}

/** Processes for each core above which they wait for each other longer than they work. */
const perCoreMax = 6;

/** Said before the start: with too many at once even the clocks that tell a stall come late. */
function Load({ participants }: { readonly participants: number }): JSX.Element | null {
  const cores = navigator.hardwareConcurrency;
  if (participants === demoParticipantsMax || participants + 1 > cores * perCoreMax) {
    return (
      <p className="fl help warn" role="status">
        {participants + 1 > cores * perCoreMax
          ? `${participants + 1} processes on ${cores} ${cores === 1 ? 'core' : 'cores'}: rounds will be slow to start, and pauses of this machine may look like stalls. `
          : ''}
        {participants === demoParticipantsMax && `${demoParticipantsMax} participants at most.`}
      </p>
    );
  }
  return null;
}
