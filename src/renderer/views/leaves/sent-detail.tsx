import { useMemo } from 'react';
import type { JSX } from 'react';
import { formatCount } from '#shared/base/text/counted.ts';
import { shownWithin } from '#shared/base/text/visible-text.ts';
import type { RunView } from '#shared/run-view/run-view.ts';
import { sentFields } from '#shared/run-view/sent-fields.ts';
import type { SentField } from '#shared/run-view/sent-fields.ts';
import { leavingOf } from '#shared/run-view/sent-tally.ts';
import type { SentKind } from '#shared/run-view/sent-tally.ts';
import { Icon } from '#renderer/components/icon.tsx';
import { formatClock } from '#renderer/components/words/format.ts';
import { navigate } from '#renderer/session/navigation.ts';
import { useLiveRequest } from '#renderer/session/run/use-live-request.ts';
import { TensorTable } from './tensor-table.tsx';

const valuesShownMax = 12;

/** The last message of a kind, value by value, as it was sent. */
export function SentDetail({
  view,
  kind,
  onClose,
}: {
  readonly view: RunView;
  readonly kind: SentKind;
  readonly onClose: () => void;
}): JSX.Element {
  const { value, error } = useLiveRequest('packet_detail', kind.lastPacket === 0 ? null : { id: kind.lastPacket }, 0);
  const packet = value?.packet?.kind === kind.kind ? value.packet : null;
  const fields = useMemo(() => (packet === null ? null : sentFields(packet.header, packet.kind)), [packet]);
  const hash = fields?.find(({ field }) => field === 'envelope.payload.hash')?.value ?? null;
  return (
    <aside className="panel lv-det" aria-label={`Sent: ${kind.kind}`}>
      <div className="ph">
        <h2 className="data">{kind.kind}</h2>
        <span className="sub">
          {packet !== null && packet.round > 0 && `round ${packet.round}, `}
          the last of {formatCount(kind.frames)}
        </span>
        <div className="end">
          <button
            type="button"
            className="btn ghost sm"
            aria-label={`Close ${kind.kind}`}
            title="Close"
            onClick={onClose}
          >
            <Icon name="close" />
          </button>
        </div>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by key */}
      <div className="scroll" tabIndex={0} role="region" aria-label={`Values of the last ${kind.kind}`}>
        <div className="sec">
          <h3>
            Sent{' '}
            <span className="end">{packet === null ? '' : `${formatClock(packet.at)}, by ${packet.protocol}`}</span>
          </h3>
          {fields !== null ? (
            <Values fields={fields} />
          ) : (
            <p className="t2">
              {error !== null || value !== null || kind.lastPacket === 0
                ? 'What was in it is not recorded any more.'
                : 'Reading it…'}
            </p>
          )}
        </div>
        {typeof hash === 'string' && <TensorTable tensors={view.sentTensors} hash={hash} />}
      </div>
      <div className="acts">
        <button
          type="button"
          className="btn sm"
          onClick={() => navigate({ view: 'packets', filter: `kind == ${kind.kind} && direction == up` })}
        >
          Its packets
        </button>
      </div>
    </aside>
  );
}

function Values({ fields }: { readonly fields: readonly SentField[] }): JSX.Element {
  const groups = new Map<string, Map<string, SentField['value'][]>>();
  for (const { field, value } of fields) {
    const what = leavingOf(field)?.what ?? 'Not on the list';
    const group = groups.get(what) ?? new Map<string, SentField['value'][]>();
    groups.set(what, group);
    group.set(field, [...(group.get(field) ?? []), value]);
  }
  return (
    <dl className="lv-v">
      {[...groups].map(([what, values]) => (
        <div key={what}>
          <dt className={what === 'Not on the list' ? 'stl' : 't2'}>{what}</dt>
          {[...values].map(([field, all]) => (
            <dd key={field}>
              <span className="data t3">{field.replace(/^[^.]*\./, '')}</span>
              <span className="data">{valueText(field, all)}</span>
            </dd>
          ))}
        </div>
      ))}
    </dl>
  );
}

function valueText(field: string, all: readonly SentField['value'][]): string {
  if (field.endsWith(' payload')) return 'the bytes themselves';
  const shown = all
    .slice(0, valuesShownMax)
    .map((value) => (typeof value === 'string' ? shownWithin(value) : String(value)));
  const more = all.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${formatCount(more)} more` : shown.join(', ');
}
