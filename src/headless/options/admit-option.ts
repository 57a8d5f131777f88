import { textWithin } from '#engine/host/text-within.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import { admitsAnyone, type AdmissionPolicy } from '#shared/contract/run/admission.ts';
import { emptyListWords, parseAdmissionList } from '#shared/contract/run/admission-list.ts';
import type { Option } from '../arguments.ts';

export const admitOption: Option = {
  name: 'admit',
  value: 'WHO',
  help: 'anyone with the invitation, ask about each newcomer, or a list of names and keys (in words or hex) with commas between, or @FILE with one a line; ask,anna asks about all but anna. A name lets in whoever takes it first, a key its owner alone',
  default: 'anyone',
};

const bytesMax = 512 * 1024;

/** Reads `--admit`; the error is one sentence for people. */
export async function parseAdmit(text: string | undefined): Promise<Result<AdmissionPolicy, string>> {
  if (text === undefined || text === 'anyone') return ok(admitsAnyone);
  const listed = text.startsWith('@') ? await textOf(text.slice(1)) : ok(text);
  if (!listed.ok) return listed;
  const [, asks, named] = /^\s*(ask\b(?!-))?(.*)$/s.exec(listed.value) ?? [];
  const entries = parseAdmissionList(named ?? '');
  if (!entries.ok) return err(`--admit: ${entries.error}`);
  if (asks === undefined && entries.value.length === 0) return err(`--admit: ${emptyListWords}`);
  for (const entry of entries.value)
    if (entry === 'anyone' || entry === 'ask') return err(`--admit: ${entry} stands alone or, ask, in front of names.`);
  return ok({ rule: asks === undefined ? 'list' : 'ask', entries: entries.value });
}

/** A line each; what stands behind a # is for people. */
async function textOf(path: string): Promise<Result<string, string>> {
  try {
    const text = await textWithin(path, bytesMax);
    if (text === null) return err(`--admit: ${path} is longer than a list can be.`);
    return ok(text.replaceAll(/#.*$/gm, ''));
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return err(`--admit: the list ${path} cannot be read (${why}). Check its name and who may read it.`);
  }
}
