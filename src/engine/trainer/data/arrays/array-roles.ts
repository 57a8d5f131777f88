/** What an array is for, by its name: `X_train`, `test_labels`, `images`, `arr_1`. */
export interface ArrayRole {
  readonly what: 'pictures' | 'labels' | 'names';
  readonly part: 'training' | 'test' | 'all';
}

const parts: readonly { readonly part: ArrayRole['part']; readonly name: RegExp }[] = [
  { part: 'training', name: /(^|[_.-])train(ing)?($|[_.-])/ },
  { part: 'test', name: /(^|[_.-])(test|testing|val|valid|validation|t10k)($|[_.-])/ },
];

const kinds: readonly { readonly what: ArrayRole['what']; readonly name: RegExp }[] = [
  { what: 'names', name: /^((class|label|target)_?(names?)|classes)$/ },
  { what: 'pictures', name: /^(x|xs|images?|imgs?|pictures?|pixels|data|features|inputs?|arr_?0)$/ },
  { what: 'labels', name: /^(y|ys|labels?|targets?|class|emotions?|outputs?|arr_?1)$/ },
];

/** Null: a name that says nothing. */
export function arrayRole(name: string): ArrayRole | null {
  const lower = name.toLowerCase();
  const part = parts.find((one) => one.name.test(lower));
  const rest = part === undefined ? lower : lower.replace(part.name, '_').replaceAll(/^[_.-]+|[_.-]+$/g, '');
  const kind = kinds.find((one) => one.name.test(rest));
  return kind === undefined ? null : { what: kind.what, part: part?.part ?? 'all' };
}
