import { formatBytes } from '#shared/base/bytes.ts';
import { counted } from '#shared/base/text/counted.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { toWireNames } from '#shared/contract/wire-names.ts';
import type { Decoded } from '#shared/decode/decode-body.ts';
import type { ProtobufField } from '#shared/decode/protobuf.ts';
import type { TensorRow } from '#shared/decode/tensor-table.ts';

const hexBytesShown = 256;
const bytesPerLine = 16;

/** A decoded body for people. Nothing of it can move the cursor. */
export function bodyLines(decoded: Decoded): string {
  return linesOf(decoded)
    .map((line) => `${visibleText(line)}\n`)
    .join('');
}

function linesOf(decoded: Decoded): readonly string[] {
  switch (decoded.kind) {
    case 'tensors':
      return [
        `${decoded.format}, ${counted(decoded.tensors.length, 'array')}`,
        ...tableOf(decoded.tensors),
        ...metadataOf(decoded.metadata),
      ];
    case 'json':
      return JSON.stringify(decoded.value, null, 2).split('\n');
    case 'protobuf':
      return [`protobuf${decoded.message === '' ? '' : `, ${decoded.message}`}`, ...fieldsOf(decoded.fields, 1)];
    case 'text':
      return [...decoded.start.split('\n'), ...(decoded.whole ? [] : ['… and more text'])];
    case 'bytes':
      return hexOf(decoded.start);
    case 'compressed':
      return [`${decoded.method}, and in it:`, ...linesOf(decoded.inner)];
    case 'malformed':
      return [
        `It looks like ${decoded.format}, and cannot be read as that. ${decoded.message}`,
        ...hexOf(decoded.start),
      ];
  }
}

function tableOf(tensors: readonly TensorRow[]): readonly string[] {
  const head = ['name', 'type', 'shape', 'min', 'mean', 'max', 'std', 'NaN', 'infinite'];
  const rows = tensors.map(({ name, dtype, shape, stats }) => [
    name,
    dtype.toLowerCase(),
    shape.length === 0 ? 'scalar' : shape.join(' × '),
    ...(stats === null
      ? ['not kept', '', '', '', '', '']
      : [...[stats.min, stats.mean, stats.max, stats.std].map(figure), String(stats.nanCount), String(stats.infCount)]),
  ]);
  const widths = head.map((title, i) =>
    Math.min(60, Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0))),
  );
  return [head, ...rows].map((row) =>
    row
      .map((cell, i) => (i < 3 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function metadataOf(metadata: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(metadata).map(([name, value]) => `${name}: ${value}`);
}

function figure(value: number | null): string {
  if (value === null) return '–';
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e6) ? value.toExponential(3) : Number(value.toPrecision(5)).toString();
}

function fieldsOf(fields: readonly ProtobufField[], depth: number): readonly string[] {
  const indent = '  '.repeat(depth);
  return fields.flatMap(({ number, name, type, value }) => {
    const title = `${indent}${number}${name === '' ? '' : ` ${name}`} (${type})`;
    return typeof value === 'object' ? [title, ...fieldsOf(value, depth + 1)] : [`${title}: ${String(value)}`];
  });
}

function hexOf(start: Uint8Array): readonly string[] {
  const shown = start.subarray(0, hexBytesShown);
  const lines: string[] = [];
  for (let at = 0; at < shown.length; at += bytesPerLine) {
    const row = [...shown.subarray(at, at + bytesPerLine)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('');
    lines.push(`${at.toString(16).padStart(4, '0')}  ${hex.padEnd(bytesPerLine * 3)} ${ascii}`);
  }
  return start.length > shown.length ? [...lines, `… of ${formatBytes(start.length)} that were read`] : lines;
}

/** The same for scripts, in wire names; names that come from the body stay as they are. Bytes are base64. */
export function bodyRecord(decoded: Decoded): unknown {
  switch (decoded.kind) {
    case 'compressed':
      return { ...decoded, inner: bodyRecord(decoded.inner) };
    case 'tensors':
      return { ...decoded, tensors: toWireNames(decoded.tensors) };
    case 'bytes':
    case 'malformed':
      return { ...decoded, start: Buffer.from(decoded.start).toString('base64') };
    default:
      return decoded;
  }
}
