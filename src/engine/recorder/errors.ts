import { RoundscopeError, type ErrorCode } from '#shared/base/errors.ts';

/** Result codes of SQLite (sqlite.org/rescode.html), primary part. */
const sqliteReadonly = 8;
const sqliteIoerr = 10;
const sqliteCorrupt = 11;
const sqliteFull = 13;
const sqliteCantopen = 14;
const sqliteToobig = 18;
const sqliteConstraint = 19;
const sqliteNotadb = 26;

const codes: Readonly<Record<number, ErrorCode>> = {
  [sqliteReadonly]: 'path_unwritable',
  [sqliteIoerr]: 'disk_full',
  [sqliteCorrupt]: 'recording_invalid',
  [sqliteFull]: 'disk_full',
  [sqliteCantopen]: 'path_unwritable',
  [sqliteToobig]: 'recording_invalid',
  [sqliteConstraint]: 'recording_invalid',
  [sqliteNotadb]: 'recording_invalid',
};
const systemCodes: Readonly<Record<string, ErrorCode>> = { ENOSPC: 'disk_full', EDQUOT: 'disk_full' };
/** Node's, for a whole number that no recorder writes. */
const nodeCodes: Readonly<Record<string, ErrorCode>> = { ERR_OUT_OF_RANGE: 'recording_invalid' };

const advice: { readonly [C in ErrorCode]?: string } = {
  disk_full: 'free space on that disk, or record somewhere else',
  path_unwritable: 'choose another folder, or change its permissions',
  recording_invalid: 'choose another file; recordings end in .rscope, older ones in .sqlite',
};

/** What a failure of the disk or of SQLite means to people; errors of ours pass through. */
export function recorderError(error: unknown, path: string, doing: string): RoundscopeError {
  if (error instanceof RoundscopeError) return error;
  const { errcode, code, message } = error as {
    readonly errcode?: number;
    readonly code?: string;
    readonly message?: string;
  };
  const fromSqlite = errcode === undefined ? undefined : codes[errcode & 0xff];
  const fromSystem =
    code?.startsWith('E') === true && !code.startsWith('ERR_') ? (systemCodes[code] ?? 'path_unwritable') : undefined;
  const known = fromSqlite ?? fromSystem ?? nodeCodes[code ?? ''] ?? 'recorder_crashed';
  const tail = advice[known] === undefined ? '' : `: ${advice[known]}`;
  return new RoundscopeError(known, {
    layer: 'recorder',
    message: `${doing} ${path} failed (${message ?? String(error)})${tail}`,
    retryable: known === 'disk_full',
    cause: error,
    context: { path },
  });
}

/** Of a question to a recording. */
export function overruled(): RoundscopeError {
  return new RoundscopeError('not_now', {
    layer: 'recorder',
    message: 'A newer question has taken the place of this one.',
  });
}
