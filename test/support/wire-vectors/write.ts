/**
 * `npx node test/support/wire-vectors/write.ts`: records the frames again. Whoever has to do it has changed the wire: the
 * change belongs into docs/protocol.md, and into a version where an older peer must not misunderstand it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { linkVectors } from './link-vectors.ts';
import { transportVectors } from './transport-vectors.ts';

const folder = fileURLToPath(new URL('../../fixtures/wire/', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [name, vectors] of Object.entries({ link: linkVectors(), transports: transportVectors() }))
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify(vectors, null, 2)}\n`);
