import { useId } from 'react';
import type { JSX } from 'react';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { ProtocolMark } from '#renderer/components/protocol-mark.tsx';
import { changeCoordinate } from '#renderer/session/run/drafts.ts';
import { namedProtocols, type Protocol } from '#shared/contract/protocols.ts';
import { isLoopback } from '#shared/base/loopback.ts';
import { secrecyOf } from '#shared/contract/app/secrecy.ts';
import { chosenTransports, coordinateFieldOf, hostOf } from './check-coordinate.ts';
import type { Coordinate } from './use-coordinate.ts';

/** How participants reach this machine. */
export function NetworkFields({ coordinate }: { readonly coordinate: Coordinate }): JSX.Element {
  return (
    <>
      <Transports coordinate={coordinate} />
      <Address coordinate={coordinate} />
      <div className="field">
        <span className="t2">This machine</span>
        <label className="check">
          <input
            type="checkbox"
            checked={coordinate.draft.keepAwake}
            onChange={(event) => changeCoordinate({ keepAwake: event.target.checked })}
          />
          Keep awake until the run is over
        </label>
      </div>
    </>
  );
}

function Transports({ coordinate }: { readonly coordinate: Coordinate }): JSX.Element {
  const { draft, own, faults } = coordinate;
  const chosen = chosenTransports(draft, own);
  const id = useId();
  const failure = draft.failure !== null && coordinateFieldOf(draft.failure) === 'transports' ? draft.failure : null;
  const toggle = (protocol: Protocol): void =>
    changeCoordinate({
      transports: chosen.includes(protocol) ? chosen.filter((one) => one !== protocol) : [...chosen, protocol],
    });
  return (
    <div className="field" role="group" aria-labelledby={id}>
      <span className="t2" id={id}>
        Transports
      </span>
      <div className="tps">
        {namedProtocols.map((protocol) => {
          const found = own?.transports.find((one) => one.protocol === protocol);
          const works = found?.works ?? own === null;
          return (
            <label key={protocol} className={works ? 'tp' : 'tp off'} title={shownWithin(found?.detail)}>
              <input
                type="checkbox"
                disabled={!works}
                checked={chosen.includes(protocol)}
                onChange={() => toggle(protocol)}
              />
              <ProtocolMark protocol={protocol} />
            </label>
          );
        })}
      </div>
      <span className="help">
        {faults.has('transports')
          ? faults.get('transports')
          : chosen.length > 1
            ? 'Participants take them in turn, in the order in which you chose them.'
            : 'Several: participants take them in turn.'}
        {own?.transports.some(({ works }) => !works) === true &&
          ` Not here: ${own.transports
            .filter(({ works }) => !works)
            .map(({ protocol }) => protocol)
            .join(', ')}; Home says what is missing.`}
      </span>
      <span className="help">
        {[...new Set(chosen.map((protocol) => secrecyOf[protocol].text))].map((text) => `${text} `)}
      </span>
      {failure !== null && <ErrorCard error={failure} />}
    </div>
  );
}

function Address({ coordinate }: { readonly coordinate: Coordinate }): JSX.Element {
  const { draft, own, faults } = coordinate;
  const id = useId();
  const host = hostOf(draft, own);
  const failure = draft.failure !== null && coordinateFieldOf(draft.failure) === 'host' ? draft.failure : null;
  const what = own?.addresses.find((one) => one.host === host)?.what;
  return (
    <>
      <div className="field">
        <label htmlFor={id}>Address</label>
        <div className="fc">
          <input
            id={id}
            className="inp data"
            list={`${id}-own`}
            spellCheck={false}
            autoComplete="off"
            maxLength={253}
            placeholder={shownWithin(own?.addresses[0]?.host ?? 'this machine’s')}
            value={draft.host}
            aria-invalid={failure !== null || faults.has('host')}
            aria-describedby={`${id}-help`}
            onChange={(event) => changeCoordinate({ host: event.target.value })}
          />
          <datalist id={`${id}-own`}>
            {own?.addresses.map((one) => (
              <option key={one.host} value={one.host}>
                {shownWithin(one.what)}
              </option>
            ))}
          </datalist>
        </div>
        <span className="help" id={`${id}-help`}>
          {isLoopback(host) ? (
            <>
              <span className="wrn">
                <Icon name="warn" as="small" /> Only programs on this machine
              </span>{' '}
              reach {shownWithin(host)}; choose another address for others.
            </>
          ) : (
            (faults.get('host') ?? <AddressWords host={host} what={what} />)
          )}
        </span>
        {failure !== null && (
          <div className="wide">
            <ErrorCard error={failure} />
          </div>
        )}
      </div>
      <PortField port={draft.port} />
    </>
  );
}

function AddressWords({ host, what }: { readonly host: string; readonly what: string | undefined }): JSX.Element {
  return (
    <>
      Told in the invitation: <span className="data">{shownWithin(host)}</span>
      {what === undefined ? ', which has to lead to this machine' : ` (${shownWithin(what)})`}
    </>
  );
}

function PortField({ port }: { readonly port: number }): JSX.Element {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>Port</label>
      <div className="fc">
        <input
          id={id}
          className="inp port"
          type="number"
          inputMode="numeric"
          min={0}
          max={65_535}
          placeholder="any free one"
          value={port === 0 ? '' : port}
          onChange={(event) => {
            const typed = event.target.valueAsNumber;
            changeCoordinate({ port: Number.isInteger(typed) ? Math.min(65_535, Math.max(0, typed)) : 0 });
          }}
        />
      </div>
    </div>
  );
}
