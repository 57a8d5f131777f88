import { loadCyclone } from '#engine/transport/dds/worker/cyclone.ts';
import { libraryVariable } from '#engine/transport/dds/library.ts';

/** Why tests of DDS are skipped; false where its library is. */
export async function missingLibrary(): Promise<string | false> {
  try {
    await loadCyclone(process.env[libraryVariable]);
    return false;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
