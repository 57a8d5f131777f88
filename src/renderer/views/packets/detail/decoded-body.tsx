import { useEffect, useState } from 'react';
import type { JSX } from 'react';
import { counted } from '#shared/base/text/counted.ts';
import { spawn } from '#shared/base/spawn.ts';
import type { PacketDetail } from '#shared/contract/packet.ts';
import { bytesOf, type ByteSource } from '#shared/decode/byte-reader.ts';
import { decodeBody, type Decoded } from '#shared/decode/decode-body.ts';
import type { Inflate } from '#shared/decode/npz.ts';
import { dissectedRecord } from '#shared/dissect/registry.ts';
import { JsonTree } from '#renderer/components/json-tree.tsx';
import { TensorSection } from './tensor-section.tsx';

/** What a body holds, as far as it was kept. Plain bytes are shown by the hex view below. */
export function DecodedBody({ packet }: { readonly packet: PacketDetail }): JSX.Element | null {
  const decoded = useDecoded(packet);
  return decoded === null ? null : <Shown decoded={decoded} />;
}

function Shown({ decoded }: { readonly decoded: Decoded }): JSX.Element | null {
  switch (decoded.kind) {
    case 'tensors':
      return <TensorSection {...decoded} />;
    case 'json':
      return (
        <Section title="JSON" end="">
          <JsonTree value={decoded.value} label="Body as JSON" />
        </Section>
      );
    case 'text':
      return (
        <Section title="Text" end={decoded.whole ? counted(decoded.start.split('\n').length, 'line') : 'its beginning'}>
          <pre className="data d-raw">{decoded.start}</pre>
        </Section>
      );
    case 'compressed':
      return (
        <>
          <Section title="Compressed" end={decoded.method} />
          <Shown decoded={decoded.inner} />
        </>
      );
    case 'malformed':
      return (
        <Section title="Body" end={`looks like ${decoded.format}`}>
          <p className="d-note">{decoded.message}</p>
        </Section>
      );
    case 'protobuf':
    case 'bytes':
      return null;
  }
}

function Section({
  title,
  end,
  children,
}: {
  readonly title: string;
  readonly end: string;
  readonly children?: JSX.Element;
}): JSX.Element {
  return (
    <div className="d-sec">
      <h3>
        {title}
        <span className="end">{end}</span>
      </h3>
      {children}
    </div>
  );
}

/** Null: nothing yet, no body, or the middle of one. */
function useDecoded(packet: PacketDetail): Decoded | null {
  const [decoded, setDecoded] = useState<{ readonly of: PacketDetail; readonly value: Decoded } | null>(null);
  useEffect(() => {
    const sample = packet.bodySample;
    const bodyBytes = wholeBytes(packet);
    if (sample === undefined || sample.length === 0 || bodyBytes === null) return;
    let gone = false;
    const decode = async (): Promise<void> => {
      const value = await decodeBody(bytesOf(sample), { bodyBytes, inflate: inflateHere });
      if (!gone) setDecoded({ of: packet, value });
    };
    spawn('decoding a body', decode());
    return () => void (gone = true);
  }, [packet]);
  return decoded?.of === packet ? decoded.value : null;
}

/** Of the whole body, at most; null: this is a later part of one, which says nothing by itself. */
function wholeBytes(packet: PacketDetail): number | null {
  const { part, parts } = dissectedRecord(packet);
  if (typeof part !== 'number' || typeof parts !== 'number') return packet.bodyBytes;
  return part === 1 ? parts * packet.bodyBytes : null;
}

/** What a browser undoes by itself; zstd is not among it. */
const inflateHere: Inflate = (method, source) => {
  if (method === 'zstd') return null;
  return inflated(method, source);
};

async function* inflated(method: 'gzip' | 'deflate-raw', source: ByteSource): AsyncGenerator<Uint8Array, undefined> {
  const stream = new DecompressionStream(method);
  const writer = stream.writable.getWriter();
  const fill = async (): Promise<void> => {
    for await (const piece of source) await writer.write(piece.slice());
    await writer.close();
  };
  // Told by the reading end too, which is the one that is waited for.
  const filled = fill().catch((error: unknown) => writer.abort(error).catch(() => undefined));
  const reader = stream.readable.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  await filled;
}
