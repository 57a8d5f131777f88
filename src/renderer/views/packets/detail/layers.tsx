import { useMemo } from 'react';
import type { JSX } from 'react';
import { formatCount } from '#shared/base/text/counted.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import type { DissectorField } from '#shared/dissect/dissector.ts';
import { dissect } from '#shared/dissect/registry.ts';
import { quoteValue } from '#shared/filter/filter-lexer.ts';
import { formatMs } from '#renderer/components/words/format.ts';

/** What each layer of a packet says of it, as dissectors declare it; a click on a value filters by it. */
export function Layers({
  packet,
  onFollow,
}: {
  readonly packet: PacketRow;
  readonly onFollow: (filter: string) => void;
}): JSX.Element {
  const layers = useMemo(() => dissect(packet), [packet]);
  return (
    <>
      {layers.map(({ dissector, values, summary }) => (
        <div className="d-sec" key={dissector.id}>
          <h3>
            {dissector.title}
            <span className="end data" title={summary}>
              {summary}
            </span>
          </h3>
          <dl className="kv">
            {values.map(({ field, value }) => (
              <div key={field.name}>
                <dt title={`${field.name}: ${field.words}`}>{field.label}</dt>
                <dd title={shownValue(field, value)}>
                  <button
                    type="button"
                    className="lnk data"
                    title={`Show only ${filterFor(field, value)}`}
                    onClick={() => onFollow(filterFor(field, value))}
                  >
                    {shownValue(field, value)}
                  </button>
                </dd>
              </div>
            ))}
          </dl>
        </div>
      ))}
    </>
  );
}

function shownValue({ type }: DissectorField, value: string | number): string {
  if (typeof value === 'string') return value;
  if (type === 'duration') return formatMs(value);
  return type === 'size' ? `${formatCount(value)} B` : formatCount(value);
}

/** The filter that lets all through that has this value. */
export function filterFor({ name, type }: DissectorField, value: string | number): string {
  if (typeof value === 'string') return `${name} == ${quoteValue(value)}`;
  // A measured length of time is hardly ever met again to the digit.
  return type === 'duration' ? `${name} >= ${Math.floor(value)}ms` : `${name} == ${value}`;
}
