import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { RoundscopeError } from '#shared/base/errors.ts';
import { hashSchema } from '#shared/contract/ids.ts';
import { fileMode, folderMode, writeFully } from './atomic-file.ts';
import { diskError, isMissing } from './disk-errors.ts';

/** A line is a few hundred bytes: this is tens of thousands of answers. */
const logBytesMax = 16 * 1024 * 1024;
const text = z.string().max(1000);

const entrySchema = z.strictObject({
  /** From 1. */
  number: z.number().int().positive(),
  /** Wall ms. */
  at: z.number(),
  participant: z.string().max(64),
  run: z.string().max(64),
  name: text,
  /** Fingerprint of the coordinator's key. */
  coordinator: z.string().max(64),
  plan: hashSchema,
  model: hashSchema,
  answer: z.enum(['approved', 'refused']),
  by: text,
  reason: text,
  /** Peer id of the key that signs. */
  key: z.string().max(100),
  /** SHA-256 of the line before; of the first, zeros. */
  before: hashSchema,
});
export type ApprovalEntry = z.infer<typeof entrySchema>;
const lineSchema = z.strictObject({ entry: entrySchema, signature: z.string().regex(/^[0-9a-f]{128}$/) });

/** Who signs, and who checks what was signed; identities know nothing of files. */
export interface ApprovalSigner {
  readonly peerId: string;
  sign(bytes: Uint8Array): Uint8Array;
}
export type SignatureCheck = (peerId: string, bytes: Uint8Array, signature: Uint8Array) => boolean;

const beginning = '0'.repeat(64);

/** Each participant has a log of its own, since a log is a chain of one key. */
export function approvalLogPath(folder: string, participant: string): string {
  return join(folder, 'approvals', `${participant}.jsonl`);
}

/** Paths of all logs there, in order of their names; none: nobody has answered yet. */
export function approvalLogs(folder: string): readonly string[] {
  try {
    const names = readdirSync(join(folder, 'approvals')).filter((name) => name.endsWith('.jsonl'));
    return names.toSorted().map((name) => join(folder, 'approvals', name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskError(folder, error);
  }
}

/** How a log was found: its answers up to the first fault, and what that is; null: the chain is whole. */
export interface CheckedLog {
  readonly entries: readonly ApprovalEntry[];
  readonly fault: string | null;
}

/**
 * Reads a log and checks each line: its form, its number, the hash of the line before it, and its signature.
 * @throws RoundscopeError when it cannot be read
 */
export function checkApprovals(path: string, hasSigned: SignatureCheck): CheckedLog {
  const lines = linesOf(path);
  const entries: ApprovalEntry[] = [];
  let before = beginning;
  for (const [i, line] of lines.entries()) {
    const parsed = parseLine(line);
    const fault =
      parsed === null
        ? 'is not one that was written here'
        : faultOf(parsed, { i, before, first: entries[0] }, hasSigned);
    if (parsed === null || fault !== null) return { entries, fault: `line ${i + 1} ${fault}` };
    entries.push(parsed.entry);
    before = hashOf(line);
  }
  return { entries, fault: null };
}

function faultOf(
  { entry, signature }: z.infer<typeof lineSchema>,
  { i, before, first }: { readonly i: number; readonly before: string; readonly first: ApprovalEntry | undefined },
  hasSigned: SignatureCheck,
): string | null {
  if (entry.number !== i + 1) return `says that it is number ${entry.number}: one is missing, or they changed places`;
  if (entry.before !== before) return 'does not follow from the line before it, which was changed or taken away';
  if (first !== undefined && entry.key !== first.key) return 'is signed by another key than the first';
  const good = hasSigned(entry.key, Buffer.from(JSON.stringify(entry)), Buffer.from(signature, 'hex'));
  return good ? null : 'was changed after it was signed';
}

/**
 * Adds an answer, on disk when it returns. What was answered to the same plan in the same way is not written again.
 * @throws RoundscopeError `state_invalid` where the log is damaged: nothing is added to it; `disk_full`, `path_unwritable`
 */
export function logApproval(
  path: string,
  answer: Omit<ApprovalEntry, 'number' | 'key' | 'before'>,
  signer: ApprovalSigner,
  hasSigned: SignatureCheck,
): void {
  const { entries, fault } = checkApprovals(path, hasSigned);
  if (fault !== null)
    throw new RoundscopeError('state_invalid', {
      layer: 'settings',
      message: `${path}: ${fault}. Nothing is added to a log that was changed: look at it, then move it away to begin another.`,
      context: { path },
    });
  const last = entries.findLast(({ plan }) => plan === answer.plan);
  if (last !== undefined && last.answer === answer.answer && last.reason === answer.reason) return;
  const lines = linesOf(path);
  const before = lines.length === 0 ? beginning : hashOf(lines.at(-1) ?? '');
  const entry = entrySchema.parse({ ...answer, number: lines.length + 1, key: signer.peerId, before });
  const signature = Buffer.from(signer.sign(Buffer.from(JSON.stringify(entry)))).toString('hex');
  append(path, `${JSON.stringify({ entry, signature })}\n`);
}

function append(path: string, line: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: folderMode });
    const file = openSync(path, 'a', fileMode);
    try {
      writeFully(file, Buffer.from(line, 'utf8'));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw diskError(path, error);
  }
}

function linesOf(path: string): readonly string[] {
  try {
    if (statSync(path).size > logBytesMax) throw new Error(`it has more than ${logBytesMax} bytes`);
    const lines = readFileSync(path, 'utf8').split('\n');
    // Each line ends with a line feed: what stands after the last one was cut.
    if (lines.at(-1) === '') lines.pop();
    return lines;
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskError(path, error);
  }
}

function parseLine(line: string): z.infer<typeof lineSchema> | null {
  try {
    const parsed = lineSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    // No JSON; the caller says which line.
    return null;
  }
}

function hashOf(line: string): string {
  return createHash('sha256').update(line).digest('hex');
}
