import qrcode from 'qrcode-generator';

export interface QrPath {
  /** Modules along one side. */
  readonly size: number;
  /** Dark modules as a path, one unit each. */
  readonly path: string;
}

/** Bytes that the largest code holds at the lowest correction. */
const bytesMax = 2953;

/** The dark modules of a QR code with low correction, since a long line makes a dense code; null: too long for any. */
export function qrPath(text: string): QrPath | null {
  if (new TextEncoder().encode(text).length > bytesMax) return null;
  const code = qrcode(0, 'L');
  code.addData(text, 'Byte');
  code.make();
  const size = code.getModuleCount();
  let path = '';
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      if (!code.isDark(row, column)) continue;
      const from = column;
      while (column + 1 < size && code.isDark(row, column + 1)) column++;
      path += `M${from} ${row}h${column - from + 1}v1H${from}z`;
    }
  }
  return { size, path };
}
