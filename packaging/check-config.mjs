/**
 * `node packaging/check-config.mjs SCHEME`: holds electron-builder.json against the schema of the tool that reads it, the
 * `scheme.json` of the npm package app-builder-lib, which is no dependency: a few hundred packages come with that tool. Ends
 * with 1 where a key is unknown there, or a value of another kind. So much of JSON Schema as that file uses.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @returns {string[]} what is wrong, a line each */
export function faultsOf(value, schema, root = schema, path = 'config') {
  const { $ref: ref } = schema;
  if (ref !== undefined) return faultsOf(value, root.definitions[ref.replace('#/definitions/', '')], root, path);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) {
    const all = choices.map((one) => faultsOf(value, one, root, path));
    // The nearest: of an object it is the one that says which key is wrong.
    return all.toSorted((a, b) => a.length - b.length || depthOf(b) - depthOf(a))[0] ?? [];
  }
  if ('const' in schema && schema.const !== value) return [`${path} is not ${JSON.stringify(schema.const)}`];
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return [`${path} is none of ${schema.enum.join(', ')}`];
  const kind = kindOf(value);
  const kinds = schema.type === undefined ? [kind] : [schema.type].flat();
  if (!kinds.includes(kind)) return [`${path} is ${kind}, not ${kinds.join(' or ')}`];
  if (kind === 'array') return value.flatMap((item, i) => faultsOf(item, schema.items ?? {}, root, `${path}[${i}]`));
  return kind === 'object' ? faultsOfObject(value, schema, root, path) : [];
}

function faultsOfObject(value, { properties = {}, additionalProperties = true, required = [] }, root, path) {
  const missing = required.filter((key) => !(key in value)).map((key) => `${path}.${key} is missing`);
  const wrong = Object.entries(value).flatMap(([key, item]) => {
    const known = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    if (known === false) return [`${path}.${key} is not known`];
    return known === true ? [] : faultsOf(item, known, root, `${path}.${key}`);
  });
  return [...missing, ...wrong];
}

function kindOf(value) {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function depthOf(faults) {
  return Math.max(0, ...faults.map((line) => line.split(/[.[]/).length));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const config = JSON.parse(readFileSync(new URL('electron-builder.json', import.meta.url), 'utf8'));
  const faults = faultsOf(config, JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
  for (const line of faults) console.error(line);
  if (faults.length === 0) console.log('The packaging configuration is as its tool demands.');
  process.exitCode = faults.length > 0 ? 1 : 0;
}
