import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { z } from 'zod';
import { eventSchemas, eventTypes, parseEvent, type RecordedEvent } from '#shared/contract/events.ts';
import { toWireNames } from '#shared/contract/wire-names.ts';
import { recordedView } from '#test/support/recorded/recorded-view.ts';
import { ConsoleReporter } from './output/console-reporter.ts';
import { runSummary } from './summary.ts';

/** Clears the screen, names the window, rings, begins a line that looks like ours, and turns the direction of writing. */
const hostile =
  '\u001b[2J\u001b]0;owned\u0007\r\n12:00:00 Run completed FAKE \u202eexe.gnp\u2066 \u009b31m <b>bold</b>';
/** What may not reach a terminal; the line end of each line is ours. */
// eslint-disable-next-line no-control-regex
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
}

/** A value of the schema with hostile text wherever text is free, and one item in each list. */
function sampleOf(schema: JsonSchema, choice: number): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[choice % schema.enum.length];
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return sampleOf(either[choice % either.length] ?? {}, choice);
  const type = typeof schema.type === 'object' ? schema.type[choice % schema.type.length] : schema.type;
  switch (type) {
    case 'string':
      if (schema.pattern !== undefined) return schema.pattern.includes('64') ? 'ab'.repeat(32) : 'node-1';
      return hostile.slice(0, schema.maxLength);
    case 'number':
    case 'integer':
      return 1;
    case 'boolean':
      return choice % 2 === 0;
    case 'array':
      return schema.prefixItems?.map((item) => sampleOf(item, choice)) ?? [sampleOf(schema.items ?? {}, choice)];
    case 'null':
      return null;
    default:
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          // Settings are this user's own, and checked beyond what a schema says.
          .filter(([key]) => key !== 'demo')
          .map(([key, inner]) => [key, sampleOf(inner, choice)]),
      );
  }
}

/** Each type of event, several times, so that each of its choices and of its optional parts is there once. */
function hostileEvents(): readonly RecordedEvent[] {
  const view = recordedView(4);
  return eventTypes.flatMap((type) =>
    Array.from({ length: 6 }, (_, choice) => {
      const data = sampleOf(z.toJSONSchema(eventSchemas[type], { io: 'input' }) as JsonSchema, choice);
      const event = parseEvent({ type, run: view.run, source: 'coordinator', at: view.startedAt, data });
      assert.ok(event !== null, `${type}: the sample is no such event: ${JSON.stringify(data)}`);
      return { ...event, id: 1 };
    }),
  );
}

test('no event of any type, from any chair, sends a terminal what it would obey', () => {
  const whole = recordedView(4);
  const views = (['demo', 'coordinator', 'participant'] as const).map((chair) => ({
    ...whole,
    chair,
    self: 'node-1' as typeof whole.self,
  }));
  const told = new Set<string>();
  for (const event of hostileEvents())
    for (const view of views) {
      const terminal = new PassThrough({ encoding: 'utf8' });
      new ConsoleReporter(terminal as unknown as NodeJS.WriteStream).event(event, view);
      const text = String((terminal.read() as string | null) ?? '');
      if (text === '') continue;
      told.add(event.type);
      assert.doesNotMatch(text, obeyed, event.type);
      assert.doesNotMatch(text, /^12:00:00 Run completed FAKE/m, `${event.type}: a line that is not ours`);
    }
  for (const type of ['run_started', 'participant_left', 'participant_refused', 'verdict_raised', 'notice'])
    assert.ok(told.has(type), `${type} says nothing, so this test says nothing of it`);
});

test('the end of a run is told the same way', () => {
  const terminal = new PassThrough({ encoding: 'utf8' });
  const view = recordedView(4);
  const summary = { ...runSummary(view), status: 'failed' as const, reason: hostile };
  new ConsoleReporter(terminal as unknown as NodeJS.WriteStream).end(summary, view);
  assert.doesNotMatch(String(terminal.read()), obeyed);
});

test('a line of --json is one line of JSON that says exactly what was said', () => {
  for (const event of hostileEvents()) {
    const line = JSON.stringify(toWireNames({ event: event.type, ...event.data }));
    // Programs read it: control characters come as JSON's own escapes, a letter that turns the direction as itself.
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(line, /[\u0000-\u001f]/, event.type);
    assert.deepEqual(JSON.parse(line), toWireNames({ event: event.type, ...event.data }), event.type);
  }
});
