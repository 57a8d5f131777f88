import type { JSX } from 'react';
import { Choice } from '#renderer/components/forms/choice.tsx';
import { SelectionChoice } from '#renderer/components/forms/selection-choice.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import type { DemoSettings } from '#shared/contract/run/settings.ts';
import { namedProtocols } from '#shared/contract/protocols.ts';
import type { TransportPlan } from '#shared/contract/run/transport-plan.ts';
import { useMissingProtocols } from './machine-check.ts';
import type { Missing } from './machine-check.ts';
import { controlFault, turnsOf, withSelection, withTransport } from './transport-choice.ts';

interface TransportFieldsProps {
  readonly settings: DemoSettings;
  readonly set: (change: Partial<DemoSettings>) => void;
  readonly onChange: (settings: DemoSettings) => void;
}

/** What carries the models and the control messages. What this machine cannot speak says why, and what to do. */
export function TransportFields({ settings, set, onChange }: TransportFieldsProps): JSX.Element {
  const { transport, control, participants } = settings;
  const { missing, checking, again } = useMissingProtocols();
  const turns = turnsOf(transport, participants, new Set(missing.map(({ protocol }) => protocol)));
  const fault = controlFault(transport);
  return (
    <>
      <div className="fl top">
        <span className="lab">Transport</span>
        <div className="plans">
          <Choice
            label="Transport of the models"
            value={transport}
            options={optionsOf(transport, missing)}
            onChange={(plan) => set(withTransport(plan))}
          />
          {turns.length > 0 && (
            <p className="help turns">
              {turns.map(({ participant, protocol }) => (
                <span key={participant}>
                  {participant} <ProtocolMark protocol={protocol} />
                </span>
              ))}
              {participants > turns.length && <span>and so on</span>}
            </p>
          )}
          {missing.length > 0 && <MissingHere missing={missing} checking={checking} again={again} />}
        </div>
      </div>
      {transport === 'auto' && (
        <div className="fl top">
          <span className="lab">Chosen by</span>
          <div>
            <SelectionChoice
              label="How a participant chooses its protocol"
              value={settings.selection ?? null}
              usual={{ name: 'usual', words: 'As the settings of this app say.' }}
              before="Each participant chooses by itself, at the start and between rounds."
              onChange={(next) => onChange(withSelection(settings, next))}
            />
          </div>
        </div>
      )}
      <div className="fl">
        <span className="lab">Control</span>
        <Choice
          label="What carries control messages"
          value={control}
          options={[
            { value: 'same', name: 'same session' },
            { value: 'mqtt', name: 'over mqtt', ...(fault === undefined ? {} : { disabled: fault }) },
          ]}
          onChange={(next) => set({ control: next })}
        />
      </div>
    </>
  );
}

interface MissingHereProps {
  readonly missing: readonly Missing[];
  readonly checking: boolean;
  readonly again: () => void;
}

/** One line that names them; reasons and fixes are long, and unfold. */
function MissingHere({ missing, checking, again }: MissingHereProps): JSX.Element {
  return (
    <details className="help missing">
      <summary>
        {missing.map(({ protocol }) => (
          <ProtocolMark key={protocol} protocol={protocol} />
        ))}{' '}
        not on this machine: how to get {missing.length === 1 ? 'it' : 'them'}
      </summary>
      <dl>
        {missing.map(({ protocol, detail, fix }) => (
          <div key={protocol}>
            <dt>
              <ProtocolMark protocol={protocol} />
            </dt>
            <dd>
              {detail.replace(/\.$/, '')}. {fix}
            </dd>
          </div>
        ))}
      </dl>
      <button type="button" className="btn sm" disabled={checking} onClick={again}>
        {checking ? 'Checking' : 'Check again'}
      </button>
    </details>
  );
}

interface Option {
  readonly value: TransportPlan;
  readonly name: JSX.Element | string;
  readonly disabled?: string;
}

function optionsOf(transport: TransportPlan, missing: readonly Missing[]): readonly Option[] {
  const named = namedProtocols.map((protocol): Option => {
    const line = missing.find((candidate) => candidate.protocol === protocol);
    return {
      value: protocol,
      name: <ProtocolMark protocol={protocol} />,
      ...(line === undefined ? {} : { disabled: `${line.detail} ${line.fix}` }),
    };
  });
  const options: Option[] = [{ value: 'auto', name: 'auto' }, ...named, { value: 'mixed', name: 'mixed' }];
  // A list comes from the command line; the turns below say what is in it.
  return options.some(({ value }) => value === transport) ? options : [...options, { value: transport, name: 'list' }];
}
