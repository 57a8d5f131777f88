/** What a file with data is, by its first bytes, whatever its name says. */
export type DataFileKind =
  | 'idx'
  | 'npy'
  | 'npz'
  | 'gzip'
  | 'picture'
  | 'parquet'
  | 'pickle'
  | 'hdf5'
  | 'sqlite'
  | 'text';

const signatures: readonly { readonly kind: DataFileKind; readonly bytes: readonly number[] }[] = [
  { kind: 'npy', bytes: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] },
  { kind: 'npz', bytes: [0x50, 0x4b, 3, 4] },
  { kind: 'gzip', bytes: [0x1f, 0x8b] },
  { kind: 'picture', bytes: [0x89, 0x50, 0x4e, 0x47] },
  { kind: 'picture', bytes: [0xff, 0xd8, 0xff] },
  { kind: 'parquet', bytes: [0x50, 0x41, 0x52, 0x31] },
  { kind: 'hdf5', bytes: [0x89, 0x48, 0x44, 0x46] },
  { kind: 'sqlite', bytes: [...Buffer.from('SQLite format 3')] },
  { kind: 'pickle', bytes: [0x80, 2] },
  { kind: 'pickle', bytes: [0x80, 3] },
  { kind: 'pickle', bytes: [0x80, 4] },
  { kind: 'pickle', bytes: [0x80, 5] },
  { kind: 'idx', bytes: [0, 0, 8] },
];

export function dataFileKind(start: Uint8Array): DataFileKind {
  return signatures.find(({ bytes }) => bytes.every((byte, i) => start[i] === byte))?.kind ?? 'text';
}

/** Kinds that are known and not read, each with what to try, to be said behind a path. */
export const refusals: Readonly<Partial<Record<DataFileKind, string>>> = {
  picture: 'is a picture. Give the folder that holds a folder of pictures for each class.',
  parquet: 'is a Parquet file, which is not read here. Save its pictures and labels as .npz, with numpy.savez.',
  hdf5: 'is an HDF5 file, which is not read here. Save its pictures and labels as .npz, with numpy.savez.',
  sqlite: 'is a database, which is not read here. Export the table as CSV.',
  pickle: 'is a pickle of Python, which only running code could read. Save the arrays as .npz, with numpy.savez.',
};
