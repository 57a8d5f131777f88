/**
 * Writes src/engine/transport/dds/worker/type-descriptors.ts from resources/idl/roundscope.idl: Cyclone DDS's serialised type
 * descriptions as numbers, so that nothing is compiled where Roundscope runs. For development only; needs `idlc`, a C
 * compiler and the headers (Debian: cyclonedds-tools, cyclonedds-dev, gcc). Run it after changing the IDL.
 *
 * The numbers hold offsets of a 64-bit C struct; they are the same on Linux, macOS and Windows for these members.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const idl = join(root, 'resources/idl/roundscope.idl');
const target = join(root, 'src/engine/transport/dds/worker/type-descriptors.ts');
const folder = mkdtempSync(join(tmpdir(), 'dds-types-'));

/** Structs of the IDL with the names of their members. */
function structs() {
  const text = readFileSync(idl, 'utf8').replace(/\/\/.*$/gm, '');
  return [...text.matchAll(/struct (\w+) \{([^}]*)\}/g)].map(([, name, body]) => ({
    name,
    members: [...body.matchAll(/(\w+);/g)].map(([, member]) => member),
  }));
}

/** A C program that prints what the compiler knows: offsets and the words of each type's description. */
function printer(types) {
  const prints = types.map(({ name, members }) => {
    const d = `roundscope_${name}_desc`;
    const offsets = members.map((m) => `  printf("\\"${m}\\":%zu,", offsetof(roundscope_${name}, ${m}));`);
    return `  printf("{\\"name\\":\\"%s\\",\\"size\\":%u,\\"align\\":%u,\\"flags\\":%u,\\"keys\\":[", ${d}.m_typename, ${d}.m_size, ${d}.m_align, ${d}.m_flagset & ~DDS_TOPIC_XTYPES_METADATA);
  for (unsigned i = 0; i < ${d}.m_nkeys; i++) printf("%s{\\"name\\":\\"%s\\",\\"offset\\":%u,\\"index\\":%u}", i ? "," : "", ${d}.m_keys[i].m_name, ${d}.m_keys[i].m_offset, ${d}.m_keys[i].m_idx);
  printf("],\\"opCount\\":%u,\\"ops\\":[", ${d}.m_nops);
  for (size_t i = 0; i < sizeof roundscope_${name}_ops / 4; i++) printf("%s%u", i ? "," : "", ${d}.m_ops[i]);
  printf("],\\"offsets\\":{");
${offsets.join('\n')}
  printf("\\"end\\":%u}}\\n", ${d}.m_size);`;
  });
  return `#include <stdio.h>\n#include "roundscope.c"\nint main(void) {\n${prints.join('\n')}\n  return 0;\n}\n`;
}

try {
  execFileSync('idlc', [idl], { cwd: folder, stdio: 'inherit' });
  const types = structs();
  writeFileSync(join(folder, 'print.c'), printer(types));
  execFileSync('cc', ['-o', 'print', 'print.c', '-lddsc'], { cwd: folder, stdio: 'inherit' });
  const lines = execFileSync(join(folder, 'print'), { encoding: 'utf8' }).trim().split('\n');
  const entries = lines.map((line, i) => {
    const { offsets, ...type } = JSON.parse(line);
    const fields = Object.entries(offsets).map(
      ([name, at]) => `${name.replace(/_([a-z])/g, (_, c) => c.toUpperCase())}: ${at}`,
    );
    const keys = type.keys.map((k) => `{ name: '${k.name}', offset: ${k.offset}, index: ${k.index} }`);
    return `export const ${types[i].name.toLowerCase()}Type = {
  name: '${type.name}',
  sizeBytes: ${type.size},
  alignBytes: ${type.align},
  flags: ${type.flags},
  keys: [${keys.join(', ')}],
  opCount: ${type.opCount},
  // prettier-ignore
  ops: [${type.ops.join(', ')}],
  offsets: { ${fields.join(', ')} },
} as const;\n`;
  });
  writeFileSync(
    target,
    `// Made by scripts/generate-dds-types.mjs from resources/idl/roundscope.idl; not to be changed by hand.\n\n${entries.join('\n')}`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
