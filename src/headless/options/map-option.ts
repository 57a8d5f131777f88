import type { ParticipantStart } from '#shared/contract/child-messages.ts';
import { limits } from '#shared/contract/limits.ts';
import { err, ok, type Result } from '#shared/base/result.ts';
import type { Option } from '../arguments.ts';

export const mapOption: Option = {
  name: 'map',
  value: 'CLASS=CLASS,...',
  help: "which class of the run each of your classes is; nothing behind = leaves one out: 'Happy=happy,junk='",
  default: 'classes of the same name',
  repeatable: true,
};

type Mapping = NonNullable<ParticipantStart['mapping']>;

/** Reads `--map`, given once or several times; a backslash before a comma, an equals sign or a backslash makes it part of a name. */
export function parseMaps(texts: readonly string[]): Result<Mapping, string> {
  const mapping: Mapping = [];
  for (const text of texts) {
    for (const pair of splitAt(text, ',')) {
      const [from = '', to, ...more] = splitAt(pair, '=').map((part) => part.replaceAll(/\\([\\,=])/g, '$1'));
      if (from === '' || to === undefined || more.length > 0)
        return err(`--map ${pair}: write it as CLASS=CLASS, or CLASS= to leave one out; several with commas between.`);
      if (from.length > nameMax || to.length > nameMax)
        return err(`--map ${pair.slice(0, 40)}...: no class has such a long name.`);
      mapping.push({ from, to: to === '' ? null : to });
    }
  }
  if (mapping.length > limits.classesMax) return err(`--map names more than ${limits.classesMax} classes.`);
  return ok(mapping);
}

const nameMax = 80;

/** At each separator that no backslash stands before. */
function splitAt(text: string, separator: string): string[] {
  const parts = [''];
  for (let i = 0; i < text.length; i++) {
    const sign = text.charAt(i);
    if (sign === separator) parts.push('');
    else {
      const escaped = sign === '\\' ? text.charAt(++i) : '';
      parts.push(`${parts.pop() ?? ''}${sign}${escaped}`);
    }
  }
  return parts;
}
