import { toldCount } from '#shared/base/text/told-count.ts';
import { roundedConfusion } from '#shared/contract/run/confusion.ts';
import type { BodyOf, DataSummary } from '#shared/contract/messages.ts';

/** How much of its own data a participant tells the coordinator. */
export interface Telling {
  /** Counts and shares as they are; else rounded, so that what is told does not say whether one picture more or less is there. */
  readonly exact: boolean;
  /** What kind of data it is, in words that name no place; absent: as the data says. */
  readonly source?: string;
}

/** For runs whose participants are all of one machine, or whose user asks for it. */
export const tellsAll: Telling = { exact: true };

/** Steps of an accuracy from 0 to 1: a fraction says of how many it is one. */
const accuracySteps = 1000;

function counted(count: number, { exact }: Telling): number {
  return exact ? count : toldCount(count);
}

export function toldData(data: DataSummary, telling: Telling): DataSummary {
  return {
    ...data,
    source: telling.source ?? data.source,
    examples: counted(data.examples, telling),
    heldOut: counted(data.heldOut, telling),
    classCounts: data.classCounts.map((count) => counted(count, telling)),
    skipped: counted(data.skipped, telling),
  };
}

export function toldUpdate(body: BodyOf<'model_update'>, telling: Telling): BodyOf<'model_update'> {
  return { ...body, examples: counted(body.examples, telling), accuracy: toldAccuracy(body.accuracy, telling) };
}

export function toldEvaluation(body: BodyOf<'evaluation_result'>, telling: Telling): BodyOf<'evaluation_result'> {
  const { confusion } = body;
  return {
    ...body,
    examples: counted(body.examples, telling),
    accuracy: toldAccuracy(body.accuracy, telling),
    ...(confusion === undefined ? {} : { confusion: telling.exact ? confusion : roundedConfusion(confusion) }),
  };
}

/** In batches of as many examples as were told: how many batches there are would say how many pictures. */
export function toldProgress(
  body: BodyOf<'training_progress'>,
  {
    telling,
    examples,
    batchSize,
  }: { readonly telling: Telling; readonly examples: number; readonly batchSize: number },
): BodyOf<'training_progress'> {
  if (telling.exact || body.batches === 0) return body;
  const batches = Math.max(1, Math.ceil(counted(examples, telling) / batchSize));
  return { ...body, batches, batch: Math.round((body.batch / body.batches) * batches) };
}

function toldAccuracy(accuracy: number, { exact }: Telling): number {
  return exact ? accuracy : Math.round(accuracy * accuracySteps) / accuracySteps;
}

/** Where a file lies on this machine is nobody else's business: what goes out has `(a path)` in its place. */
export function withoutPaths(text: string): string {
  return text.replaceAll(/(?<![\w/:.])(?:~|\.{1,2}|[a-z]:|\\)?[\\/](?=[^\s/\\])[^\s,;:"'()]*/gi, '(a path)');
}
