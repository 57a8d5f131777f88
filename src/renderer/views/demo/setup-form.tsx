import { useEffect } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { Choice } from '#renderer/components/forms/choice.tsx';
import { copyText } from '#renderer/components/copy-text.ts';
import { Stepper } from '#renderer/components/forms/stepper.tsx';
import { useRequest } from '#renderer/session/hooks.ts';
import { showInfo } from '#renderer/session/toasts.ts';
import { bundledData, digitsData, facesData } from '#shared/contract/run/bundled-data.ts';
import { demoDefaults } from '#shared/contract/run/settings.ts';
import type { DemoSettings } from '#shared/contract/run/settings.ts';
import { demoCommand } from './demo-command.ts';
import { faultsOf } from './demo-draft.ts';
import { PaceFields, SizeFields } from './run-fields.tsx';
import { withData } from './network-choice.ts';
import { NetworkRow } from './network-row.tsx';
import { SplitPreview } from './split-preview.tsx';
import { TransportFields } from './transport-fields.tsx';

interface SetupFormProps {
  readonly settings: DemoSettings;
  readonly running: boolean;
  readonly onChange: (settings: DemoSettings) => void;
}

const skews = [
  { value: 'iid', name: 'even' },
  { value: 'dirichlet:1', name: 'mild 1' },
  { value: 'dirichlet:0.5', name: 'medium 0.5' },
  { value: 'dirichlet:0.3', name: 'strong 0.3' },
  { value: 'dirichlet:0.1', name: 'extreme 0.1' },
] as const;

/** All settings of the demo, with the split of the data drawn before anything starts. */
export function SetupForm({ settings, running, onChange }: SetupFormProps): JSX.Element {
  const set = (change: Partial<DemoSettings>): void => onChange({ ...settings, ...change });
  const faults = faultsOf(settings);
  return (
    <>
      <TransportFields settings={settings} set={set} onChange={onChange} />
      <NetworkRow settings={settings} running={running} set={set} />
      <DataField data={settings.data} fault={faults.get('data')} onChange={(data) => set(withData(settings, data))} />
      <SizeFields settings={settings} set={set} />
      <div className="fl two">
        <Stepper
          label="Local epochs"
          value={settings.localEpochs}
          min={1}
          max={100}
          onChange={(localEpochs) => set({ localEpochs })}
        />
        <Stepper label="Seed" value={settings.seed} min={0} max={2 ** 31 - 1} onChange={(seed) => set({ seed })} />
      </div>
      <PaceFields settings={settings} set={set} />
      <div className="fl top">
        <span className="lab">Data skew</span>
        <div>
          <Choice label="Data skew" value={settings.split} options={skews} onChange={(split) => set({ split })} />
          <Preview settings={settings} />
        </div>
      </div>
      {running && <div className="t3 lock">Changes apply to the next start.</div>}
      <CommandLine settings={settings} />
    </>
  );
}

/** No name of bundled data. */
const own = 'own';

interface DataFieldProps {
  readonly data: string;
  readonly fault: string | undefined;
  readonly onChange: (data: string) => void;
}

function DataField({ data, fault, onChange }: DataFieldProps): JSX.Element {
  const bundled = bundledData.some(({ name }) => name === data);
  return (
    <div className="fl top">
      <span className="lab">Data</span>
      <div>
        <Choice
          label="Data"
          value={bundled ? data : own}
          options={[
            { value: digitsData.name, name: 'digits, bundled' },
            { value: facesData.name, name: 'faces, synthetic' },
            { value: own, name: 'own data' },
          ]}
          onChange={(choice) => onChange(choice === own ? '' : choice)}
        />
        {!bundled && (
          <input
            className="inp data folder"
            aria-label="Path of the data"
            // An empty field is one to be filled in, not a mistake.
            aria-invalid={fault !== undefined && data !== ''}
            placeholder="/path/to/images or /path/to/table.csv"
            spellCheck={false}
            value={data}
            onChange={(event) => onChange(event.target.value)}
          />
        )}
        {!bundled && (
          <p className="help">
            A folder with one sub-folder of PNG or JPEG for each class, MNIST-style IDX files, NumPy .npz or .npy, or a
            CSV table with pixels.
          </p>
        )}
      </div>
    </div>
  );
}

/** Typing rests for this long before the service is asked. */
const previewDelayMs = 250;

function Preview({ settings }: { readonly settings: DemoSettings }): JSX.Element {
  const { state, send } = useRequest('preview_split');
  const { participants, data, split, seed } = settings;
  const valid = faultsOf(settings).size === 0;
  useEffect(() => {
    if (!valid) return undefined;
    const timer = setTimeout(
      () => spawn('previewing the split', send({ settings: { ...demoDefaults, participants, data, split, seed } })),
      previewDelayMs,
    );
    return () => clearTimeout(timer);
  }, [send, valid, participants, data, split, seed]);
  return <SplitPreview state={state} />;
}

function CommandLine({ settings }: { readonly settings: DemoSettings }): JSX.Element {
  const command = demoCommand(settings);
  const copy = async (): Promise<void> => {
    showInfo(
      (await copyText(command)) ? 'Command copied' : 'The clipboard is not available here; select the command instead.',
    );
  };
  return (
    <div className="cli">
      <span>{command}</span>
      <button type="button" className="btn sm" onClick={() => spawn('copying', copy())}>
        Copy
      </button>
    </div>
  );
}
