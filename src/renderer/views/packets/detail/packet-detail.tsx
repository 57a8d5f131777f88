import { useEffect, useMemo } from 'react';
import type { JSX } from 'react';
import { spawn } from '#shared/base/spawn.ts';
import { receiverOf, senderOf } from '#shared/contract/packet.ts';
import type { PacketDetail, PacketRow } from '#shared/contract/packet.ts';
import { ErrorCard } from '#renderer/components/error-card.tsx';
import { formatCount } from '#shared/base/text/counted.ts';
import { formatBytes, formatClockMs, formatMs } from '#renderer/components/words/format.ts';
import { HexView, hexText } from '#renderer/components/hex-view.tsx';
import { Icon } from '#renderer/components/icon.tsx';
import { JsonTree } from '#renderer/components/json-tree.tsx';
import { copyText, saveFile } from '#renderer/components/save.ts';
import { useRequest } from '#renderer/session/hooks.ts';
import { showInfo } from '#renderer/session/toasts.ts';
import { DecodedBody } from './decoded-body.tsx';
import { FollowBar } from './follow-bar.tsx';
import { Layers } from './layers.tsx';
import { MessageSection } from '../messages/message-section.tsx';
import { noteWords } from './packet-note.ts';

interface DetailProps {
  readonly id: number;
  /** The row, if it is held: shown at once while the rest is fetched. */
  readonly row: PacketRow | undefined;
  readonly filter: string;
  readonly onFollow: (filter: string) => void;
  readonly onClose: () => void;
}

/** Everything that the recording kept of one packet. */
export function PacketDetailPane({ id, row, filter, onFollow, onClose }: DetailProps): JSX.Element {
  const { state, send } = useRequest('packet_detail');
  useEffect(() => spawn('asking for a packet', send({ id })), [id, send]);
  const detail = state.kind === 'done' && state.value.packet?.id === id ? state.value.packet : null;
  const shown = detail ?? row;
  return (
    <aside className="panel p-pd" aria-label="Packet detail">
      <div className="ph">
        <h2 className="nw" title={`packet:${id}`}>
          {shown === undefined ? `packet ${id}` : titleOf(shown)}
        </h2>
        <span className="sub data">packet:{id}</span>
        <div className="end">
          <SaveBody packet={detail} />
          <button
            type="button"
            className="btn ghost sm"
            aria-label="Close packet detail"
            title="Close (Esc)"
            onClick={onClose}
          >
            <Icon name="close" />
          </button>
        </div>
      </div>
      {shown === undefined ? null : <FollowBar row={shown} filter={filter} onFollow={onFollow} />}
      <div className="scroll" tabIndex={0} role="region" aria-label="Header, tensors and bytes">
        {row === undefined && detail !== null && filter !== '' ? (
          <div className="d-sec out">
            <span>Not in the table: it does not pass the filter.</span>
            <button type="button" className="btn sm" onClick={() => onFollow('')}>
              Clear the filter
            </button>
          </div>
        ) : null}
        {shown === undefined ? null : <Facts packet={shown} />}
        {shown === undefined ? null : <MessageSection key={shown.messageId} packet={shown} />}
        {shown === undefined ? null : <Layers packet={shown} onFollow={onFollow} />}
        {shown === undefined && state.kind === 'pending' ? (
          <div className="d-sec t2">Reading the recording …</div>
        ) : null}
        {state.kind === 'failed' ? (
          <div className="d-sec">
            <ErrorCard error={state.error} />
          </div>
        ) : null}
        {state.kind === 'done' && state.value.packet === null ? (
          <div className="d-sec t2">
            The recording does not hold this packet any more: its oldest go when it reaches its size.
          </div>
        ) : null}
        {detail === null ? null : <Contents packet={detail} />}
      </div>
    </aside>
  );
}

function titleOf(packet: PacketRow): string {
  const [chunk, of] = packet.chunk.split('/');
  return packet.chunk === '' || of === undefined
    ? packet.kind
    : `${packet.kind === 'chunk' ? 'body of a message' : packet.kind}, part ${chunk} of ${of}`;
}

function Facts({ packet }: { readonly packet: PacketRow }): JSX.Element {
  const facts: readonly (readonly [string, string, boolean?])[] = [
    ['time', formatClockMs(packet.at), true],
    ['from', senderOf(packet)],
    ['to', receiverOf(packet)],
    ['seen by', `${packet.source}, ${packet.side}`],
    ['link of', packet.participant],
    ['protocol', `${packet.protocol}, ${packet.stack}`],
    ['round', packet.round === 0 ? 'before the first' : String(packet.round)],
    ['message', packet.messageId, true],
    ['reply to', packet.replyTo, true],
    ['connection', packet.connection === 0 ? '' : `number ${packet.connection}`],
    ['stream', packet.stream, true],
    ['size', `${formatCount(packet.sizeBytes)} B`],
    ['body', packet.bodyBytes === 0 ? 'none' : `${formatCount(packet.bodyBytes)} B`],
    ['status', packet.status],
    ['took', packet.durationMs === undefined ? '' : formatMs(packet.durationMs)],
  ];
  return (
    <div className="d-sec">
      <h3>Packet</h3>
      <dl className="kv">
        {facts.map(([name, value, data]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className={data === true ? 'data' : ''} title={value}>
              {value === '' ? '–' : value}
            </dd>
          </div>
        ))}
      </dl>
      {packet.note === '' ? null : <p className="d-note">{noteWords(packet)}</p>}
    </div>
  );
}

function Contents({ packet }: { readonly packet: PacketDetail }): JSX.Element {
  const header = useMemo(() => readHeader(packet.header), [packet.header]);
  const sample = packet.bodySample;
  return (
    <>
      <div className="d-sec">
        <h3>
          Header
          <span className="end">
            {packet.header === '' ? 'this frame has none' : formatBytes(packet.header.length)}
          </span>
          {packet.header === '' ? null : <CopyButton what="header" text={() => packet.header} />}
        </h3>
        {packet.header === '' ? null : header.ok ? (
          <JsonTree value={header.value} label="Header as JSON" />
        ) : (
          <pre className="data d-raw">{packet.header}</pre>
        )}
      </div>
      {sample === undefined || sample.length === 0 ? null : (
        <>
          <DecodedBody packet={packet} />
          <div className="d-sec">
            <h3>
              Bytes
              <span className={`end${sample.length < packet.bodyBytes ? ' wrn' : ''}`}>
                {sample.length < packet.bodyBytes
                  ? `first ${formatCount(sample.length)} of ${formatCount(packet.bodyBytes)} B kept`
                  : `${formatCount(sample.length)} B, kept in full`}
              </span>
              <CopyButton what="bytes" text={() => hexText(sample)} />
            </h3>
            <HexView bytes={sample} label="Bytes of the body, hex and ASCII" />
          </div>
        </>
      )}
    </>
  );
}

function readHeader(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // Shown as the text that it is.
    return { ok: false };
  }
}

function CopyButton({ what, text }: { readonly what: string; readonly text: () => string }): JSX.Element {
  const copy = (): void => {
    spawn(
      'copying',
      copyText(text()).then((done) => showInfo(done ? `Copied: ${what}` : 'The browser does not let this page copy.')),
    );
  };
  return (
    <button type="button" className="btn ghost sm" aria-label={`Copy ${what}`} title={`Copy ${what}`} onClick={copy}>
      <Icon name="copy" as="small" />
    </button>
  );
}

function SaveBody({ packet }: { readonly packet: PacketDetail | null }): JSX.Element | null {
  const sample = packet?.bodySample;
  if (packet === null || sample === undefined || packet.bodyBytes === 0) return null;
  const whole = sample.length >= packet.bodyBytes;
  return (
    <button
      type="button"
      className="btn sm"
      disabled={!whole}
      title={whole ? 'Save the body as a file' : 'Only the first bytes of this body were kept'}
      onClick={() => saveFile(`packet-${packet.id}.bin`, 'application/octet-stream', sample.slice())}
    >
      Save body
    </button>
  );
}
