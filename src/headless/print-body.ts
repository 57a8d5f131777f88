import { open } from 'node:fs/promises';
import { formatBytes } from '#shared/base/bytes.ts';
import { visibleText } from '#shared/base/text/visible-text.ts';
import { exitStatus } from '#shared/contract/run/summary.ts';
import { decodeBody } from '#shared/decode/decode-body.ts';
import type { MessageReading } from '#shared/decode/protobuf.ts';
import { parseProto } from '#shared/decode/proto-file.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { textWithin } from '#engine/host/text-within.ts';
import { typedIn } from '#engine/host/user-path.ts';
import { createFile } from '#engine/recorder/writing/create-file.ts';
import { recorderError } from '#engine/recorder/errors.ts';
import type { OpenedRecording } from '#engine/recorder/reading/open-recording.ts';
import { fileOf } from '#service/checks/typed-paths.ts';
import type { Arguments, Option } from './arguments.ts';
import { bodyLines, bodyRecord } from './body-lines.ts';
import { complain } from './complain.ts';
import { writeOut } from './json-lines.ts';
import { inflateHere, keptBody, type KeptBody } from './packet-body.ts';

/** Options of `packets` that are about one body. */
export const bodyOptions: readonly Option[] = [
  {
    name: 'body',
    value: 'PACKET',
    help: 'in place of rows, what the body of that packet holds: arrays with their figures, JSON, text or bytes; of a chunk the body of its message',
  },
  { name: 'out', value: 'FILE', help: 'with --body: writes the bytes as they are to a new file' },
  { name: 'proto', value: 'FILE', help: 'with --body: reads it by this .proto' },
  { name: 'message', value: 'NAME', help: 'with --proto: as this message, such as lab.v1.Envelope' },
];

const protoBytesMax = 1024 * 1024;

export async function printBody(recording: OpenedRecording, args: Arguments): Promise<number> {
  const typed = args.text('body') ?? '';
  const id = /^(?:packet:)?(\d{1,15})$/.exec(typed)?.[1];
  if (id === undefined)
    return complain(`--body takes the number of a packet, such as 27650, not ${typed}.`, exitStatus.usage);
  const reading = await readingOf(args);
  if (!reading.ok) return complain(reading.error, exitStatus.usage);
  const packet = await recording.packetDetail(Number(id));
  if (packet === null) return complain(`The recording has no packet ${id}.`, exitStatus.failed);
  const body = await keptBody(recording, packet);
  if (body.bodyBytes === 0) return complain(`Packet ${id}, ${packet.kind}, has no body.`, exitStatus.failed);
  const out = args.text('out');
  if (out !== undefined) return await writeBody(body, fileOf(out, typedIn(process.env)));
  const { bodyBytes, packets, source } = body;
  const decoded = await decodeBody(source(), {
    bodyBytes,
    inflate: inflateHere,
    ...(reading.value === null ? {} : { message: reading.value }),
  });
  if (args.has('json')) {
    const record = { event: 'body', packet: Number(id), body_bytes: bodyBytes, packets, decoded: bodyRecord(decoded) };
    await writeOut(`${JSON.stringify(record)}\n`);
    return exitStatus.completed;
  }
  const what = packets === 1 ? `packet ${id}, ${packet.kind}` : `message ${packet.messageId} in ${packets} chunks`;
  await writeOut(`${visibleText(`${what}, a body of ${formatBytes(bodyBytes)}`)}\n${bodyLines(decoded)}`);
  return exitStatus.completed;
}

/** As what the body is to be read; null: as what it looks like. */
async function readingOf(args: Arguments): Promise<Result<MessageReading | null, string>> {
  const path = args.text('proto');
  const name = args.text('message') ?? '';
  if (path === undefined) return name === '' ? ok(null) : err('--message goes with --proto, which says what is in it.');
  const file = fileOf(path, typedIn(process.env));
  try {
    const text = await textWithin(file, protoBytesMax);
    if (text === null) return err(`${path} is longer than 1 MiB, which no .proto is.`);
    const parsed = parseProto(text);
    if (!parsed.ok) return err(`${path} cannot be read: ${parsed.error}`);
    const names = [...parsed.value.messages.keys()];
    const only = name === '' && names.length === 1 ? (names[0] as string) : name;
    if (parsed.value.messages.has(only)) return ok({ name: only, file: parsed.value });
    return err(
      `${name === '' ? 'Say which message it is with --message' : `There is no message ${name} in ${path}`}: it has ${names.slice(0, 20).join(', ')}.`,
    );
  } catch (error) {
    return err(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** Piece by piece. A file that is there already is not written over. */
async function writeBody({ bodyBytes, source }: KeptBody, target: string): Promise<number> {
  let written = 0;
  try {
    createFile(target);
    const file = await open(target, 'w', 0o600);
    try {
      for await (const piece of source()) {
        await file.writeFile(piece);
        written += piece.length;
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw recorderError(error, target, 'writing');
  }
  if (written === bodyBytes) process.stdout.write(`${visibleText(`${written} bytes in ${target}`)}\n`);
  else
    process.stderr.write(
      `${visibleText(`Only the first ${written} of ${bodyBytes} bytes were kept: they are in ${target}`)}\n`,
    );
  return exitStatus.completed;
}
