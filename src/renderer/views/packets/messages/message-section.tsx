import { useEffect, useMemo } from 'react';
import type { JSX } from 'react';
import { counted, formatCount } from '#shared/base/text/counted.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { PacketRow } from '#shared/contract/packet.ts';
import { leftAt, messageFlow, type MessageFlow, type MessagePart } from '#shared/dissect/message-flow.ts';
import { quoteValue } from '#shared/filter/filter-lexer.ts';
import { formatBytes, formatClockMs, formatMs } from '#renderer/components/words/format.ts';
import { useRequest } from '#renderer/session/hooks.ts';
import { navigate } from '#renderer/session/navigation.ts';

const rowsMax = 2000;
const partsShownMax = 100;

/** The message that a packet is a part of: how much was sent and came, how long it was under way, and its frames. */
export function MessageSection({ packet }: { readonly packet: PacketRow }): JSX.Element | null {
  const { state, send } = useRequest('query_packets');
  const { messageId, id } = packet;
  useEffect(() => {
    if (messageId === '') return;
    spawn('asking for a message', send({ filter: `message == ${quoteValue(messageId)}`, beforeId: 0, limit: rowsMax }));
  }, [messageId, send]);
  const rows = state.kind === 'done' ? state.value.rows : null;
  const flow = useMemo(
    () => (rows === null ? null : messageFlow(rows.filter((row) => row.messageId === messageId))),
    [rows, messageId],
  );
  if (messageId === '' || flow === null) return null;
  const shown = flow.parts.slice(0, partsShownMax);
  return (
    <div className="d-sec">
      <h3>
        Delivery
        <span className="end">
          {flow.kind}, {counted(flow.parts.length, 'frame')}
        </span>
      </h3>
      <dl className="kv">
        <Fact name="sent" value={amount(flow.sentBytes, flow.from)} />
        <Fact name="received" value={amount(flow.receivedBytes, flow.to)} />
        <Fact name="transit" value={flow.transitMs === null ? 'not known' : formatMs(flow.transitMs)} />
        <Fact name="rate" value={rateOf(flow)} />
      </dl>
      <table className="tt">
        <thead>
          <tr>
            <th>Frame</th>
            <th>Sent</th>
            <th className="num">Transit</th>
            <th className="num">Size</th>
            <th>Came</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((part) => (
            <Part key={`${part.sent?.id ?? '-'} ${part.received?.id ?? '-'}`} part={part} open={id} />
          ))}
        </tbody>
      </table>
      {flow.parts.length > shown.length ? (
        <p className="d-note">{formatCount(flow.parts.length - shown.length)} more are not listed here.</p>
      ) : null}
    </div>
  );
}

function Part({ part, open }: { readonly part: MessagePart; readonly open: number }): JSX.Element {
  const { sent, received } = part;
  const target = (received?.id === open ? sent : (received ?? sent))?.id ?? open;
  const isOpen = sent?.id === open || received?.id === open;
  return (
    <tr className={isOpen ? 'on' : ''}>
      <td>
        <button
          type="button"
          className="lnk"
          title={`Open packet ${target}`}
          onClick={() => navigate({ packet: target })}
        >
          {part.chunk === '' ? part.kind : `part ${part.chunk}`}
        </button>
      </td>
      <td>{sent === null ? '–' : formatClockMs(leftAt(sent))}</td>
      <td className="num">{part.transitMs === null ? '–' : formatMs(part.transitMs)}</td>
      <td className="num">{formatBytes(part.sizeBytes)}</td>
      <td className={sent !== null && sent.status !== 'ok' ? 'stl' : ''}>{outcomeOf(part)}</td>
    </tr>
  );
}

/** How it went with one frame, as far as anybody reports. */
function outcomeOf({ sent, received }: MessagePart): string {
  if (received !== null) return received.status === 'ok' ? 'yes' : received.status;
  return sent === null || sent.status === 'ok' ? 'not reported' : sent.status;
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd title={value}>{value}</dd>
    </div>
  );
}

function amount(bytes: number | null, by: string): string {
  return bytes === null ? `not reported by ${by}` : `${formatBytes(bytes)}, ${by}`;
}

function rateOf({ receivedBytes, transitMs }: MessageFlow): string {
  if (receivedBytes === null || transitMs === null || transitMs < 1) return 'not known';
  return `${formatBytes((receivedBytes / transitMs) * 1000)}/s`;
}
