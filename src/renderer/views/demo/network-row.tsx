import { useState } from 'react';
import type { JSX } from 'react';
import { useRunView, useSession } from '#renderer/session/hooks.ts';
import { showError } from '#renderer/session/toasts.ts';
import { toErrorReport } from '#shared/base/errors.ts';
import {
  networkOf,
  networkPresets,
  networkWords,
  type NetworkPreset,
  type NetworkSpec,
} from '#shared/contract/run/network.ts';
import type { DemoSettings } from '#shared/contract/run/settings.ts';
import { everyone, specFor, withNetwork, withoutOwn } from './network-choice.ts';

interface NetworkRowProps {
  readonly settings: DemoSettings;
  readonly running: boolean;
  readonly set: (change: Partial<DemoSettings>) => void;
}

/** What lies between participants and coordinator: for everyone, and for each its own. Acts at once while a demo runs. */
export function NetworkRow({ settings, running, set }: NetworkRowProps): JSX.Element {
  const [whom, setWhom] = useState(everyone);
  const apply = useLiveNetwork(running);
  const ids = Array.from({ length: settings.participants }, (_, i) => `node-${i + 1}`);
  const target = ids.includes(whom) ? whom : everyone;
  const shown = networkOf(settings.network, target);
  const own = settings.network.flatMap(({ participant }) => participant ?? []);
  const choose = (preset: NetworkPreset): void => {
    const spec = specFor(target, preset);
    set(withNetwork(settings, spec));
    apply(spec);
  };
  const remove = (name: string): void => {
    set(withoutOwn(settings, name));
    apply(specFor(name, networkOf(settings.network, '').preset));
  };
  return (
    <div className="fl top">
      <span className="lab">Network</span>
      <div className="picks">
        <select
          className="pick"
          aria-label="Whose network"
          value={target}
          onChange={(event) => setWhom(event.target.value)}
        >
          <option value={everyone}>everyone</option>
          {ids.map((id) => (
            <option key={id}>{id}</option>
          ))}
        </select>
        <select
          className="pick"
          aria-label={`Network of ${target === everyone ? 'everyone' : target}`}
          value={shown.preset}
          onChange={(event) => choose(event.target.value as NetworkPreset)}
        >
          {networkPresets.map((preset) => (
            <option key={preset} value={preset}>
              {optionWords(preset)}
            </option>
          ))}
        </select>
        <p className="help">{networkWords(shown)}, each way</p>
        {own.map((name) => (
          <p key={name} className="help">
            {name}: {networkWords(networkOf(settings.network, name))}{' '}
            <button type="button" className="btn sm" onClick={() => remove(name)}>
              As everyone
            </button>
          </p>
        ))}
        {running && <NowInForce />}
      </div>
    </div>
  );
}

/** With its figures, so that they are known before it is chosen: `poor: 100 ms, 1 % loss`. */
function optionWords(preset: NetworkPreset): string {
  return preset === 'none' ? 'none' : networkWords(networkOf([{ preset }], ''));
}

/** What the relay says that it does, faults on cue included. */
function NowInForce(): JSX.Element | null {
  const networks = useRunView((view) => view.networks);
  if (networks === null || networks.length === 0) return null;
  return (
    <p className="help">
      Now:{' '}
      {networks
        .toSorted((a, b) => a.participant.localeCompare(b.participant, 'en', { numeric: true }))
        .map(({ participant, note }) => `${participant} ${note}`)
        .join('; ')}
    </p>
  );
}

function useLiveNetwork(running: boolean): (network: NetworkSpec) => void {
  const session = useSession();
  return (network) => {
    if (running) session.request('set_network', { network }).catch((error: unknown) => showError(toErrorReport(error)));
  };
}
