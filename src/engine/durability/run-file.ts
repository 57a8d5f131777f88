import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { coordinatorStartSchema } from '#shared/contract/child-messages.ts';
import { endpointSchema, endpointsMax } from '#shared/contract/app/invitation.ts';
import { limits } from '#shared/contract/limits.ts';
import { runSettingsSchema } from '#shared/contract/run/settings.ts';
import { modelConfigSchema } from '#shared/contract/run/model-config.ts';
import { writeAtomically } from './atomic-file.ts';
import { diskError, isMissing, stateInvalid } from './disk-errors.ts';

const runFileSchema = z.object({
  version: z.literal(1),
  /** What the coordinator was told to serve; who starts it again need not say it again. */
  start: coordinatorStartSchema,
  /** With everything decided that `start` leaves open. */
  settings: runSettingsSchema,
  model: modelConfigSchema,
  baselineAccuracy: z.number(),
  /** Names of the run's classes; a run that an older version began has none, and takes those of its data. */
  classes: z.array(z.string().max(80)).max(limits.classesMax).default([]),
  /** Secret of the invitation, so the file is its owner's alone. */
  token: z.string().min(16).max(128),
  /** Where it listened: it does so again, and invitations stay good. */
  endpoints: z.array(endpointSchema).max(endpointsMax),
});
export type RunFile = z.infer<typeof runFileSchema>;

/** What does not change in a run that a coordinator keeps in `folder`; null: none lies there. @throws RoundscopeError `state_invalid` */
export async function readRunFile(folder: string): Promise<RunFile | null> {
  const path = join(folder, 'run.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw diskError(path, error);
  }
  if (text.length > limits.portMessageBytesMax) throw stateInvalid(path, 'is too large to be of a run');
  const checked = runFileSchema.safeParse(jsonOf(path, text));
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  throw stateInvalid(path, `does not describe a run (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`);
}

export async function writeRunFile(folder: string, file: RunFile): Promise<void> {
  await writeAtomically(join(folder, 'run.json'), [Buffer.from(`${JSON.stringify(file, null, 2)}\n`, 'utf8')]);
}

function jsonOf(path: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw stateInvalid(path, `is no JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
