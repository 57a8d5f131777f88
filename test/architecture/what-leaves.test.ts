import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { z } from 'zod';
import { linkFrameSchema } from '#engine/link/link-frames.ts';
import {
  bodySchemas,
  envelopeSchema,
  messageKinds,
  payloadKinds,
  participantKinds,
} from '#shared/contract/messages.ts';
import { alsoSeen, whatLeaves } from '#shared/contract/app/what-leaves.ts';

/** Frames between the ends that a participant sends; the coordinator alone answers a hello. */
const linkFrames = ['hello', 'proof', 'message', 'chunk', 'ack', 'heartbeat', 'withdraw', 'goodbye'];

/** Paths of all values that a schema has room for. */
function fieldsOf(given: z.core.$ZodType, path: string): string[] {
  const { def } = (given as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
      return fieldsOf(def.innerType, path);
    case 'array':
      return fieldsOf(def.element, path);
    case 'union':
      return [...new Set(def.options.flatMap((option) => fieldsOf(option, path)))];
    case 'object':
      return Object.entries(def.shape).flatMap(([name, field]) => fieldsOf(field, `${path}.${name}`));
    default:
      return [path];
  }
}

function everySentField(): string[] {
  const messages = participantKinds.flatMap((kind) => [
    ...fieldsOf(bodySchemas[kind], kind),
    ...(payloadKinds.has(kind) ? [`${kind} payload`] : []),
  ]);
  const frames = linkFrames.flatMap((kind) => fieldsOf(linkFrameSchema(kind) as z.ZodType, `link ${kind}`));
  // Its body is the message above, and the header of a frame is the envelope.
  const inside = new Set(['envelope.body', 'link message.header']);
  return [...messages, ...fieldsOf(envelopeSchema, 'envelope'), ...frames].filter((field) => !inside.has(field));
}

describe('what leaves a participant’s machine', () => {
  test('is told field by field: nothing is sent that is not in the list, and nothing is in it that is not sent', () => {
    const told = whatLeaves.flatMap(({ fields }) => fields);
    assert.deepEqual(
      told.toSorted(),
      everySentField().toSorted(),
      'say in src/shared/contract/app/what-leaves.ts, docs/security.md and nowhere else what a new field is',
    );
    assert.equal(new Set(told).size, told.length);
  });

  test('a kind of message is the participant’s, the coordinator’s or both’s', () => {
    for (const kind of participantKinds) assert.ok(messageKinds.includes(kind));
  });

  test('stands in docs/security.md in the same words', () => {
    const text = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
    const section = /\n## What leaves this machine\n(.*?)(\n## |$)/s.exec(text)?.[1] ?? '';
    const rows = section.split('\n').filter((line) => line.startsWith('| '));
    const plain = (line: string): string => line.replaceAll('`', '');
    for (const { what, when, note, fields } of whatLeaves) {
      const row = rows.find((line) => line.startsWith(`| ${what} | ${when} | ${note} |`));
      assert.ok(row !== undefined, `no row for: ${what}`);
      const named = shortened(fields);
      assert.ok(plain(row).endsWith(`| ${named} |`), `the fields of "${what}" are: ${named}`);
    }
    for (const { what, note } of alsoSeen) assert.ok(rows.includes(`| ${what} | ${note} |`), `no row for: ${what}`);
    const told = rows.filter((row) => !row.startsWith('| What |')).length;
    assert.equal(told, whatLeaves.length + alsoSeen.length, 'a row in the document that is not in the list');
  });
});

/** As the document names fields: by their message, so that a row stays readable. */
function shortened(fields: readonly string[]): string {
  const byMessage = new Map<string, string[]>();
  for (const field of fields) {
    const [message = '', ...rest] = field.split('.');
    byMessage.set(message, [...(byMessage.get(message) ?? []), rest.join('.')]);
  }
  return [...byMessage]
    .map(([message, names]) => [message, names.filter(Boolean).join(', ')].join(' ').trim())
    .join('; ');
}
