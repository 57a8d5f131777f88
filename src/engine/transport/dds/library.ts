import { RoundscopeError } from '#shared/base/errors.ts';

/** Where Cyclone DDS's C library may lie; names without a folder are looked for as the system does. */
const usualNames: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['libddsc.so.0debian', 'libddsc.so.0', 'libddsc.so'],
  darwin: ['libddsc.dylib', '/opt/homebrew/lib/libddsc.dylib', '/usr/local/lib/libddsc.dylib'],
  win32: ['ddsc.dll'],
};

/** Names a library of one's own, as a path. */
export const libraryVariable = 'ROUNDSCOPE_LIBDDSC';

/** What to try to load, best first. A path that was given is the only one: whoever gives it wants that and no other. */
export function libraryCandidates(given: string | undefined, platform: NodeJS.Platform): readonly string[] {
  return given !== undefined && given !== '' ? [given] : (usualNames[platform] ?? usualNames.linux ?? []);
}

/** For peers that use our topics in another way. */
export const incompatibleFix =
  'Build it from resources/idl/roundscope.idl and docs/decisions/0040-dds.md of this version, or run the same version of Roundscope.';

export const libraryFix = `Debian and Ubuntu: sudo apt-get install cyclonedds-dev. Elsewhere build Cyclone DDS 0.10 and put the path of libddsc into ${libraryVariable}. The other transports work without it.`;

export function libraryMissing(given: string | undefined, cause: unknown): RoundscopeError {
  const where =
    given === undefined || given === ''
      ? 'Eclipse Cyclone DDS is not installed on this machine'
      : `${libraryVariable} names ${given}, which is not Cyclone DDS's library`;
  return new RoundscopeError('transport_unavailable', {
    layer: 'transport',
    message: `${where}, so DDS cannot be spoken. ${libraryFix}`,
    cause,
  });
}
